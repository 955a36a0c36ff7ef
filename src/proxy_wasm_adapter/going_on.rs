//! Lets streams go on that have waited.

use super::ready::After;
use super::shared::Shared;
use super::{answers, fetching, hostcalls};

/// Lets the next few go on; runs in the root context, outside any stream's callback.
pub(super) fn some(shared: &Shared) {
    for (stream, after) in shared.ready.take() {
        match after {
            After::Callback(grant) => {
                hostcalls::set_effective_context(stream);
                hostcalls::continue_request(grant);
            }
            After::Answer(exchange, answer) => {
                if let Some(exchange) = exchange.upgrade() {
                    answers::give(shared, stream, &exchange, &answer);
                }
            }
            After::Keys(exchange) => {
                if let Some(exchange) = exchange.upgrade() {
                    fetching::decide(shared, stream, &exchange);
                }
            }
        }
    }
    shared.calls.enter_root();
}
