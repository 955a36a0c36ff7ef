//! Streams that have waited and may go on, a few in each call of the VM.
//!
//! The host carries out what a call has asked for (an answer of ours, a request that goes on) once the call is over, and each of
//! those enters the VM again: for the headers of the answer, for a body that was held. What they ask for comes inside them. So a
//! thousand in one call lie a thousand deep, which is more than the stack holds.

use crate::exchange::{Exchange, Grant};
use crate::introspection::TokenStatus;
use crate::plugin_state::StreamId;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::time::Duration;

/// How many go on in one call.
const AT_ONCE: usize = 16;

/// How soon the next ones do.
pub(super) const A_MOMENT: Duration = Duration::from_millis(1);

/// What a stream has waited for.
pub(super) enum After {
    /// The end of its own callback, inside which it must not go on.
    Callback(Grant),
    /// This answer.
    Answer(Weak<RefCell<Exchange>>, Rc<TokenStatus>),
    /// Keys: those that are there.
    Keys(Weak<RefCell<Exchange>>),
}

/// Streams that may go on, in order.
#[derive(Default)]
pub(super) struct Ready {
    queue: RefCell<VecDeque<(StreamId, After)>>,
}

impl Ready {
    /// A stream may go on.
    pub(super) fn push(&self, stream: StreamId, after: After) {
        self.queue.borrow_mut().push_back((stream, after));
    }

    /// The next few.
    pub(super) fn take(&self) -> Vec<(StreamId, After)> {
        let mut queue = self.queue.borrow_mut();
        let number = queue.len().min(AT_ONCE);
        queue.drain(..number).collect()
    }

    /// A stream is gone.
    pub(super) fn leave(&self, stream: StreamId) {
        self.queue.borrow_mut().retain(|(other, _)| *other != stream);
    }

    /// How soon the root context is needed for them.
    pub(super) fn period(&self) -> Option<Duration> {
        (!self.queue.borrow().is_empty()).then_some(A_MOMENT)
    }
}
