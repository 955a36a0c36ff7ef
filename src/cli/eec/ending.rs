//! How a crowd is ended early: by a signal, and at once by another.

use tokio::sync::watch;

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wish {
    None,
    /// Nothing new is begun, and what was made is taken away without a pause.
    Early,
    /// Nothing is waited for.
    AtOnce,
}

/// What the signals so far ask for; all clients look at it and are woken by it.
pub(super) struct Ending(watch::Sender<Wish>);

impl Ending {
    pub(super) fn new() -> Ending {
        Ending(watch::Sender::new(Wish::None))
    }

    /// A signal has come.
    pub(super) fn hurry(&self) {
        self.0.send_modify(|wish| *wish = if *wish == Wish::None { Wish::Early } else { Wish::AtOnce });
    }

    /// Whether there has been a signal.
    pub(super) fn is_early(&self) -> bool {
        *self.0.borrow() >= Wish::Early
    }

    /// Waits for the first signal, if it has not come.
    pub(super) async fn early(&self) {
        self.reached(Wish::Early).await;
    }

    /// Waits for the second.
    pub(super) async fn at_once(&self) {
        self.reached(Wish::AtOnce).await;
    }

    async fn reached(&self, wish: Wish) {
        // It fails where there is no sender any more, and that is here.
        let _ = self.0.subscribe().wait_for(|now| *now >= wish).await;
    }
}
