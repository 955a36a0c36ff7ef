//! The last act: the entitlement server rotates its key while clients go on, and the filters' configurations stay as they are.

use super::environment::Environment;
use super::lived::{self, Lived};
use super::result::PlayResult;
use super::witnesses::Recorded;
use crate::cli::Output;
use crate::cli::eec::{Client, Outcome, Step};
use crate::cli::failure::Failure;
use std::cell::Cell;
use std::time::Duration;

/// How many lives are lived before anything changes.
const FIRST: usize = 4;
/// How long a client rests between two lives.
const REST: Duration = Duration::from_millis(50);
const POLL: Duration = Duration::from_millis(20);
/// How many fetched keys a filter has, at the EES and at the edge ECS.
const GAUGES: [&str; 2] = ["jwks.keys.0", "ecs.jwks.keys.0"];
/// What the client tries whose tokens are of the key that is gone: one request to each server.
const TRIED: [&str; 2] = ["provision", "register"];
/// What must come of that.
const GONE: &str = "401 key_unknown";

/// What the entitlement server's operator does.
#[derive(Clone, Copy)]
enum Change {
    /// Publishes a new key and signs with it at once.
    NewKey,
    /// Takes the old one out of the set.
    OldKeyGone,
}

/// Requests and what was wrong with them.
#[derive(Default)]
struct Lives {
    recorded: Vec<Recorded>,
    faults: Vec<String>,
}

/// Plays it; what Envoy must have recorded.
pub(super) async fn play(
    environment: &Environment,
    result: &mut PlayResult,
    output: Output,
) -> Result<Vec<Recorded>, Failure> {
    if !output.json {
        output.line("")?;
    }
    result.open("a rotation of the entitlement server's key", output)?;
    // A client that keeps its tokens, whatever comes.
    let mut keeper = lived::client(environment)?;
    let life = keeper.life();
    let mut before = Lives::default();
    before.live(&mut keeper, &life, environment).await;
    let mut recorded = before.recorded;

    let mut crowd = during(Change::NewKey, environment).await?;
    // What goes wrong before anything is rotated stands in the first row, too.
    crowd.faults.splice(0..0, before.faults);
    recorded.extend(crowd.told("clients live on, while a new key comes", result, output)?);

    let operations: Vec<Step> = life.into_iter().filter(|step| matches!(step, Step::Operation(_))).collect();
    let mut kept = Lives::default();
    kept.live(&mut keeper, &operations, environment).await;
    recorded.extend(kept.told("old tokens, while both keys are in the set", result, output)?);

    let crowd = during(Change::OldKeyGone, environment).await?;
    recorded.extend(crowd.told("clients live on, while the old key goes", result, output)?);

    let tried = |step: &Step| matches!(step, Step::Operation(operation) if TRIED.contains(&operation.name));
    for step in operations.into_iter().filter(tried) {
        let visits = environment.ees.visits();
        let lived = lived::step(&mut keeper, step).await;
        let mut faults = Vec::new();
        let got = match &lived.report.outcome {
            Outcome::Refused(status, Some(cause)) => format!("{status} {}", cause.to_ascii_lowercase()),
            _ => lived.text(),
        };
        if got != GONE {
            faults.push(lived.report.ended().unwrap_or_else(|| "it was not refused".to_owned()));
        }
        if environment.ees.visits() != visits {
            faults.push("the request reached the EES".to_owned());
        }
        let what = format!("the old token, once its key is gone: {}", lived.what());
        result.other(&what, [GONE.to_owned(), got], faults, output)?;
        let code = Some("key_unknown");
        recorded.extend(lived.recorded().map(|recorded| Recorded { status: 401, code, ..recorded }));
    }
    Ok(recorded)
}

/// Has four clients live on while the change is made: there are lives before it, and each client has one that begins after it.
async fn during(change: Change, environment: &Environment) -> Result<Lives, Failure> {
    let (lived, is_over) = (Cell::new(0_usize), Cell::new(false));
    let one = || live_on(environment, &lived, &is_over);
    let changed = async {
        while lived.get() < FIRST {
            tokio::time::sleep(POLL).await;
        }
        let changed = make(change, environment).await;
        is_over.set(true);
        changed
    };
    let (changed, a, b, c, d) = tokio::join!(changed, one(), one(), one(), one());
    changed?;
    let mut all = Lives::default();
    for lives in [a, b, c, d] {
        let lives = lives?;
        all.recorded.extend(lives.recorded.into_iter().map(|one| Recorded { in_crowd: true, ..one }));
        all.faults.extend(lives.faults);
    }
    Ok(all)
}

/// Makes the change, and waits until both filters have the key set that comes of it.
async fn make(change: Change, environment: &Environment) -> Result<(), Failure> {
    let keys = match change {
        Change::NewKey => environment.rotate().await.map(|()| 2)?,
        Change::OldKeyGone => environment.retire().await.map(|()| 1)?,
    };
    // Far longer than it takes.
    for _ in 0..1500 {
        let statistics = environment.envoy.statistics().await?;
        let has = |gauge: &&str| statistics.iter().any(|(name, number)| name == gauge && *number == keys);
        // Envoy has one worker here: what its gauges tell is what it decides by.
        if GAUGES.iter().all(has) {
            return Ok(());
        }
        tokio::time::sleep(POLL).await;
    }
    Err(Failure::new(format!("the filters never had the key set with {keys} keys")))
}

/// One new client after the other, each with tokens of its own.
async fn live_on(
    environment: &Environment,
    lived: &Cell<usize>,
    is_over: &Cell<bool>,
) -> Result<Lives, Failure> {
    let mut lives = Lives::default();
    loop {
        let is_last = is_over.get();
        let mut client = lived::client(environment)?;
        let life = client.life();
        lives.live(&mut client, &life, environment).await;
        lived.set(lived.get().saturating_add(1));
        if is_last {
            return Ok(lives);
        }
        tokio::time::sleep(REST).await;
    }
}

impl Lives {
    async fn live(&mut self, client: &mut Client, steps: &[Step], environment: &Environment) {
        for step in steps {
            let lived: Lived = lived::step(client, *step).await;
            self.recorded.extend(lived.recorded());
            let what = lived.what();
            self.faults.extend(lived.faults(environment).into_iter().map(|fault| format!("{what}: {fault}")));
        }
    }

    /// Adds its row; what Envoy must have recorded.
    fn told(self, what: &str, result: &mut PlayResult, output: Output) -> Result<Vec<Recorded>, Failure> {
        let at_ecs = self.recorded.iter().filter(|recorded| recorded.at_ecs).count();
        let at_ees = self.recorded.len().saturating_sub(at_ecs);
        let got = match self.faults.len() {
            0 => format!("none, of {at_ees} at the EES and {at_ecs} at the edge ECS"),
            number => number.to_string(),
        };
        result.other(what, ["no request refused".to_owned(), got], self.faults, output)?;
        Ok(self.recorded)
    }
}
