//! Many clients at once, at a rate that does not wait for answers: a slow server must show, not slow its clients down.

use super::client::{Client, Step};
use super::ending::Ending;
use super::identity::Identity;
use super::operations::{AT_EES, PROVISION};
use super::possession::Possession;
use super::report::Outcome;
use super::schedule::Schedule;
use super::surroundings::Surroundings;
use super::tally::Tally;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{Output, complain};
use crate::cli::stop_signal::StopSignal;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, sleep_until};

/// What the clients share.
struct Shared {
    tally: RefCell<Tally>,
    ending: Ending,
}

/// Lets the crowd live until time is up or a signal comes, has everybody leave, and reports.
pub(super) async fn run(
    surroundings: Arc<Surroundings>,
    identity: &Identity,
    dpop: bool,
    schedule: Schedule,
    output: Output,
) -> Result<Exit, Failure> {
    enough_files(schedule.clients)?;
    let clients: Result<Vec<Client>, Failure> = (0..schedule.clients)
        .map(|n| {
            let possession = dpop.then(|| Possession::new(None)).transpose()?.map(Arc::new);
            Ok(Client::new(Arc::clone(&surroundings), identity.numbered(n), possession))
        })
        .collect();
    let clients = clients?;
    let operations = std::iter::once(&PROVISION).chain(&AT_EES).map(|operation| operation.name);
    let steps = std::iter::once("token").chain(operations);
    let shared = Rc::new(Shared { tally: RefCell::new(Tally::new(steps)?), ending: Ending::new() });
    let mut stop = StopSignal::catch()?;
    let began = Instant::now();
    let (mut living, mut leaving) = (JoinSet::new(), JoinSet::new());
    let local = LocalSet::new();
    let ended = local.run_until(async {
        for (n, client) in clients.into_iter().enumerate() {
            living.spawn_local(live(client, n, schedule, began, Rc::clone(&shared)));
        }
        let mut left = Vec::new();
        while let Some(client) = next_ended(&mut living, &mut stop, &shared.ending).await? {
            left.push(client);
        }
        let took = began.elapsed();
        // Who has made nothing has nothing to wait for.
        left.retain(|client| !client.leave().is_empty());
        let now = Instant::now();
        for (n, client) in left.into_iter().enumerate() {
            // Two things are taken away by each, at the rate of all.
            let due = now + Duration::from_secs_f64(2.0 * n as f64 / schedule.rate);
            leaving.spawn_local(leave(client, due, Rc::clone(&shared)));
        }
        while next_ended(&mut leaving, &mut stop, &shared.ending).await?.is_some() {}
        Ok::<_, Failure>(took)
    });
    let took = ended.await?;
    report(&shared.tally.borrow(), took, schedule, output)
}

/// What the next client that has ended comes to; signals meanwhile are for all of them.
async fn next_ended<T: 'static>(
    clients: &mut JoinSet<T>,
    stop: &mut StopSignal,
    ending: &Ending,
) -> Result<Option<T>, Failure> {
    loop {
        tokio::select! {
            biased;
            () = stop.wait() => {
                if !ending.is_early() {
                    complain("interrupted: what was made is taken away; another signal ends that at once");
                }
                ending.hurry();
            }
            ended = clients.join_next() => {
                return ended.transpose().map_err(Failure::because("a client"));
            }
        }
    }
}

/// One client's requests, each when it is due or, if the one before has not ended by then, right after; but none after the end. The
/// time of an answer counts from when the request was due.
async fn live(
    mut client: Client,
    n: usize,
    schedule: Schedule,
    began: Instant,
    shared: Rc<Shared>,
) -> Client {
    let mut steps = VecDeque::new();
    for turn in 0.. {
        let Some(due) = schedule.due(n, turn) else { break };
        let due = began + due;
        if Instant::now() < due {
            tokio::select! {
                () = shared.ending.early() => {}
                () = sleep_until(due) => shared.tally.borrow_mut().add_late(due.elapsed()),
            }
        } else if began.elapsed() >= schedule.duration || shared.ending.is_early() {
            // It was busy until the end.
            let not_sent = schedule.due_before(n, turn, began.elapsed());
            shared.tally.borrow_mut().add_not_sent(not_sent);
            break;
        }
        if shared.ending.is_early() {
            break;
        }
        let step = next(&client, &mut steps);
        // What is on its way may make something, so it is waited for once.
        let report = tokio::select! {
            () = shared.ending.at_once() => break,
            report = client.perform(step) => report,
        };
        shared.tally.borrow_mut().add(report.step, &report.outcome, due.elapsed());
        if report.outcome != Outcome::Done {
            // It begins anew, as a phone would: without what may be in its way.
            if let Outcome::Refused(401, _) = report.outcome {
                client.forget_tokens();
            }
            steps = client.leave().into();
        }
    }
    client
}

/// The next step of a life that begins anew when it is over.
fn next(client: &Client, steps: &mut VecDeque<Step>) -> Step {
    loop {
        if steps.is_empty() {
            *steps = client.life().into();
        }
        match steps.pop_front() {
            Some(step) if !client.is_needless(step) => return step,
            _ => {}
        }
    }
}

async fn leave(mut client: Client, due: Instant, shared: Rc<Shared>) {
    let steps = client.leave();
    let mut left_behind = steps.len() as u64;
    tokio::select! {
        () = shared.ending.early() => {}
        () = sleep_until(due) => {}
    }
    for step in steps {
        let report = tokio::select! {
            biased;
            () = shared.ending.at_once() => break,
            report = client.perform(step) => report,
        };
        match report.outcome {
            Outcome::Done => left_behind = left_behind.saturating_sub(1),
            outcome => shared.tally.borrow_mut().note(&format!("at the end, {}", report.step), &outcome),
        }
    }
    let mut tally = shared.tally.borrow_mut();
    tally.left_behind = tally.left_behind.saturating_add(left_behind);
}

fn report(tally: &Tally, took: Duration, schedule: Schedule, output: Output) -> Result<Exit, Failure> {
    if output.json {
        tally.json(took).into_iter().try_for_each(|row| output.line(row))?;
    } else {
        output.lines(format_args!(
            "{} clients, {} requests a second for {} s\n\n{}",
            schedule.clients,
            schedule.rate,
            schedule.duration.as_secs(),
            tally.text(took)
        ))?;
    }
    let [_, refused, failed] = tally.counts();
    Ok(match (refused, failed, tally.left_behind) {
        (0, 0, 0) => Exit::Fine,
        (_, 0, 0) => Exit::Denied,
        _ => Exit::NoAnswer,
    })
}

/// Each client has a connection: better to say before than to count failures that are our own.
fn enough_files(clients: usize) -> Result<(), Failure> {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let most = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    let wanted = clients.saturating_add(32);
    match most.filter(|most| *most < wanted) {
        Some(most) => Err(Failure::new(format!(
            "--clients: {clients} connections, and {most} files may be open; `ulimit -n {wanted}` first"
        ))),
        None => Ok(()),
    }
}
