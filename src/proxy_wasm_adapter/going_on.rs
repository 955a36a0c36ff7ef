//! Lets streams go on that have waited.

use super::ready::After;
use super::shared::Shared;
use super::{answers, fetching, hostcalls};

/// Lets the next few go on; runs in the root context, outside any stream's callback.
pub(super) fn some(shared: &Shared) {
    for (stream, after) in shared.ready.take() {
        // One that the host does not know does not go on.
        if hostcalls::enter_stream(stream).is_err() {
            continue;
        }
        match after {
            After::Callback(grant) => hostcalls::continue_request(grant),
            After::Answer(exchange, answer) => {
                if let Some(exchange) = exchange.upgrade() {
                    answers::give(shared, &exchange, &answer);
                }
            }
            After::Keys(exchange) => {
                if let Some(exchange) = exchange.upgrade() {
                    fetching::decide(shared, &exchange);
                }
            }
        }
    }
    shared.calls.enter_root();
}
