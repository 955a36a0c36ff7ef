//! Ends a verb that would run for ever.

use super::failure::Failure;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C, and the signals that service managers and closed terminals send.
pub(crate) struct StopSignal {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl StopSignal {
    /// Catches the signals from now on: before anybody is told that the verb is up.
    pub(crate) fn catch() -> Result<StopSignal, Failure> {
        let catch = |kind| signal(kind).map_err(Failure::because("cannot wait for signals"));
        Ok(StopSignal {
            interrupt: catch(SignalKind::interrupt())?,
            terminate: catch(SignalKind::terminate())?,
            hangup: catch(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
