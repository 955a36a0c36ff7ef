//! `eec-authn demo`: a real Envoy with the filter, an entitlement server, an edge ECS and an EES, and the story they play.

mod environment;
mod envoy;
mod expected;
mod hints;
mod lived;
mod names;
mod observed;
mod result;
mod rotation;
mod step;
mod story;
mod witnesses;
mod workspace;

use super::failure::Failure;
use super::help::long_help;
use super::stop_signal::StopSignal;
use super::{Exit, Output};
use environment::Environment;
use std::ffi::OsString;
use std::path::PathBuf;

/// Shows the filter at work in a real Envoy, on loopback; leaves nothing behind.
///
/// An entitlement server, an edge ECS and an EES stand around it, and real requests tell the story: how a client finds its EES and
/// lives there, who else is let through, and who is refused and how. The entitlement server rotates its key while clients go on. Then
/// counters and access log must agree with the story.
#[derive(clap::Args)]
#[command(after_long_help = long_help! {
    examples {
        "The story" => "eec-authn demo --wasm dist/eec_authn.wasm",
        "The same set-up, to try requests of one's own" =>
            "eec-authn demo --wasm dist/eec_authn.wasm --keep-running",
    }
    exit_codes {
        0 => "Everything went as told, or Ctrl-C ended --keep-running",
        1 => "Something did not go as told, or could not be started",
    }
})]
pub(crate) struct Args {
    /// The Envoy binary (1.36 or later).
    #[arg(long, value_name = "PATH", default_value = "envoy")]
    envoy: OsString,
    /// The filter, `eec_authn.wasm`.
    #[arg(long, value_name = "FILE")]
    wasm: PathBuf,
    /// Tell no story: keep everything up until Ctrl-C, and print what to try.
    #[arg(long)]
    keep_running: bool,
}

/// Plays the story, or keeps the environment for the user. Whatever ends it, Envoy and its files go first.
pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    super::block_on(async move {
        let mut stop = StopSignal::catch()?;
        let played = tokio::select! {
            biased;
            () = stop.wait() => None,
            environment = Environment::start(&args.envoy, &args.wasm, output) => Some(environment?),
        };
        let Some(mut environment) = played else { return Err(interrupted()) };
        let ended = tokio::select! {
            biased;
            () = stop.wait() => if args.keep_running { Ok(Exit::Fine) } else { Err(interrupted()) },
            ended = perform(&mut environment, args.keep_running, output) => ended,
        };
        environment.clear().await;
        ended
    })
}

async fn perform(environment: &mut Environment, keep_running: bool, output: Output) -> Result<Exit, Failure> {
    if keep_running {
        hints::print(environment, output)?;
        return Err(environment.envoy.ended().await);
    }
    let result = story::play(environment, output).await?;
    result.print_end(output)?;
    Ok(if result.is_as_told() { Exit::Fine } else { Exit::Failure })
}

fn interrupted() -> Failure {
    Failure::new("interrupted")
}
