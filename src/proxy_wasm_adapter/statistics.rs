//! Envoy statistics, `wasmcustom.eec_authn.*`: defined once, so that counting is one host call.

use super::hostcalls;
use crate::host::Counter;

/// The handles of all counters, in the order of [`Counter::all`].
pub(super) struct Statistics {
    counters: Vec<Option<u32>>,
}

impl Statistics {
    pub(super) fn define() -> Statistics {
        let define = |counter: Counter| hostcalls::define_counter(&format!("eec_authn.{}", counter.name()));
        Statistics { counters: Counter::all().map(define).collect() }
    }

    pub(super) fn count(&self, counter: Counter) {
        if let Some(Some(id)) = self.counters.get(counter.index()) {
            hostcalls::increment_metric(*id, 1);
        }
    }
}
