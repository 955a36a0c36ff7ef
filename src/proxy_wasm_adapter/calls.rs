//! Calls to entitlement servers, sent by the root context so that they outlive the client that asked first, and the
//! streams that wait for their answers.

use super::clock::now;
use super::hostcalls;
use super::statistics::Statistics;
use crate::exchange::{Exchange, Inquiry, PendingIntrospection};
use crate::plugin_state::StreamId;
use crate::time::UnixTime;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::time::Duration;

/// Questions on their way and the streams that wait for answers.
pub(super) struct Calls {
    root: u32,
    outbox: RefCell<Vec<Call>>,
    unsent: RefCell<Vec<Rc<PendingIntrospection>>>,
    under_way: RefCell<HashMap<u32, Call>>,
    waiting: RefCell<HashMap<StreamId, Weak<RefCell<Exchange>>>>,
    /// Whether the root context runs inside a stream's callback.
    in_stream: Cell<bool>,
}

/// A question, and since when its answer is waited for.
pub(super) struct Call {
    pub(super) inquiry: Inquiry,
    pub(super) since: UnixTime,
}

impl Calls {
    pub(super) fn new(root: u32) -> Calls {
        Calls {
            root,
            outbox: RefCell::default(),
            unsent: RefCell::default(),
            under_way: RefCell::default(),
            waiting: RefCell::default(),
            in_stream: Cell::new(false),
        }
    }

    /// A stream waits for an answer that is under way.
    pub(super) fn wait(&self, statistics: &Statistics, exchange: &Rc<RefCell<Exchange>>) {
        let stream = exchange.borrow().stream();
        if self.waiting.borrow_mut().insert(stream, Rc::downgrade(exchange)).is_none() {
            statistics.add_waiting(1);
        }
    }

    /// A stream does not wait any longer.
    pub(super) fn leave(&self, statistics: &Statistics, stream: StreamId) {
        if self.waiting.borrow_mut().remove(&stream).is_some() {
            statistics.add_waiting(-1);
        }
    }

    /// Sends the question of a stream. `false`: it cannot be sent, and nobody else waits for it.
    pub(super) fn send(&self, inquiry: Inquiry, stream: StreamId) -> bool {
        self.outbox.borrow_mut().push(Call { inquiry, since: now() });
        self.run_in_root(stream);
        self.unsent.borrow_mut().drain(..).count() == 0
    }

    /// Runs the root context's tick inside the callback of a stream.
    pub(super) fn run_in_root(&self, stream: StreamId) {
        self.in_stream.set(true);
        hostcalls::in_root_context(self.root, stream);
        self.in_stream.set(false);
    }

    /// Whether the root context runs inside the callback of a stream: then nobody else goes on.
    pub(super) fn is_in_stream(&self) -> bool {
        self.in_stream.get()
    }

    /// Sends what is in the outbox; runs in the root context.
    pub(super) fn send_all(&self) {
        let calls = std::mem::take(&mut *self.outbox.borrow_mut());
        for call in calls {
            if let Err(call) = self.dispatch(call) {
                self.unsent.borrow_mut().push(call.inquiry.pending);
            }
        }
    }

    /// Sends one question; runs in the root context. The error is a question that cannot be sent.
    pub(super) fn dispatch(&self, call: Call) -> Result<(), Call> {
        let question = call.inquiry.question();
        let headers = question.headers.iter().map(|(name, value)| (*name, &**value)).collect();
        let body = (!question.body.is_empty()).then_some(question.body.as_bytes());
        let spent = (now().seconds() - call.since.seconds()).max(0.0) * 1e3;
        let left = question.timeout_ms.saturating_sub(spent as u64).max(1);
        let timeout = Duration::from_millis(left);
        match proxy_wasm::hostcalls::dispatch_http_call(question.cluster, headers, body, Vec::new(), timeout)
        {
            Ok(number) => {
                self.under_way.borrow_mut().insert(number, call);
                Ok(())
            }
            Err(_) => Err(call),
        }
    }

    /// The question that the host's call `number` has asked.
    pub(super) fn take(&self, number: u32) -> Option<Call> {
        self.under_way.borrow_mut().remove(&number)
    }

    /// The request of a stream that waits.
    pub(super) fn waiting(&self, stream: StreamId) -> Option<Weak<RefCell<Exchange>>> {
        self.waiting.borrow().get(&stream).cloned()
    }

    /// Back from a stream's context to the root's.
    pub(super) fn enter_root(&self) {
        hostcalls::set_effective_context(self.root);
    }
}
