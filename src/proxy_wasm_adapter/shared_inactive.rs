//! What entitlement servers have called inactive, known to all workers and configurations of this host.

use super::hostcalls;
use crate::online::{Answer, SharedDigest};

/// How often a record is tried: another worker may be writing beside it at the same time.
const ATTEMPTS: usize = 8;

/// What `answer` comes to for a token that, once inactive, stays so while the server cannot be asked.
pub(super) fn lasting(token: &SharedDigest, answer: Answer) -> Answer {
    match answer {
        Answer::Unavailable => match hostcalls::shared_data(token.key()) {
            Some((kept, _)) if !token.is_in(&kept) => Answer::Unavailable,
            // Also where the host cannot say.
            _ => Answer::Inactive,
        },
        Answer::Inactive | Answer::Active(_) => {
            record(token, matches!(answer, Answer::Inactive));
            answer
        }
    }
}

/// Writes until what is there is what is wanted.
fn record(token: &SharedDigest, inactive: bool) {
    for _ in 0..ATTEMPTS {
        let Some((kept, version)) = hostcalls::shared_data(token.key()) else { return };
        let Some(wanted) = token.put(&kept, inactive) else { return };
        hostcalls::set_shared_data(token.key(), &wanted, version);
    }
}
