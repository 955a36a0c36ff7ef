//! One client's life, told step by step.

use super::client::{Client, Step};
use super::report::Outcome;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::stop_signal::StopSignal;

/// The steps up to the first that does not end well; then what was made is taken away, whatever ended it. A signal while that is done
/// ends it.
pub(super) async fn live(client: &mut Client, output: Output) -> Result<Exit, Failure> {
    let mut stop = StopSignal::catch()?;
    let lived = tokio::select! {
        biased;
        () = stop.wait() => Err(Failure::new("interrupted")),
        lived = steps(client, output) => lived,
    };
    let left = tokio::select! {
        biased;
        () = stop.wait() => false,
        () = leave(client, output) => true,
    };
    let count = client.leave().len();
    if left || count == 0 {
        return lived;
    }
    Err(Failure::new(format!("interrupted: of what was made, {count} are left behind")))
}

async fn leave(client: &mut Client, output: Output) {
    for step in client.leave() {
        // If nobody can be told, it is done all the same.
        let _ = perform(client, step, output).await;
    }
}

async fn steps(client: &mut Client, output: Output) -> Result<Exit, Failure> {
    let steps = client.life();
    let count = steps.len();
    for step in steps {
        let exit = exit(&perform(client, step, output).await?);
        if exit != Exit::Fine {
            return Ok(exit);
        }
    }
    if !output.json {
        output.line(format_args!("\nall {count} steps as they should be"))?;
    }
    Ok(Exit::Fine)
}

async fn perform(client: &mut Client, step: Step, output: Output) -> Result<Outcome, Failure> {
    let report = client.perform(step).await;
    if output.json {
        output.line(report.json())?;
    } else {
        output.lines(report.text())?;
    }
    Ok(report.outcome)
}

fn exit(outcome: &Outcome) -> Exit {
    match outcome {
        Outcome::Done => Exit::Fine,
        Outcome::Refused(..) => Exit::Denied,
        Outcome::Failed(_) => Exit::NoAnswer,
    }
}
