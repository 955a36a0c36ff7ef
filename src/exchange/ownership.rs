//! Whose the resource is that the request is about, and what the answer to it may name.

use super::route::Route;
use crate::counter::Counter;
use crate::decision::{Check, Denial, Trace};
use crate::ownership::{Answer, Deed, Passage, Sealing, Subject, answer};
use crate::plugin_state::PluginState;
use crate::policy::{Mode, Policy, operations, path};
use crate::request::RequestView;
use crate::token::ValidToken;
use std::rc::Rc;

/// What an answer may name: a resource of this client's.
#[derive(Debug)]
pub struct Named {
    subject: Box<Subject>,
    token: Rc<ValidToken>,
}

impl Named {
    fn new(mut subject: Box<Subject>, token: &Rc<ValidToken>) -> Named {
        subject.forget_query();
        Named { subject, token: Rc::clone(token) }
    }

    /// Seals it in `answer`.
    pub fn seal(&self, policy: &Policy, answer: &Answer<'_>) -> Sealing {
        answer::seal(policy, &self.subject, &self.token, answer)
    }
}

/// What follows from whose the resource is: for the step that lets the request go on, and for the answer.
#[derive(Debug, Default)]
pub(super) struct Owned {
    /// The path that the upstream gets instead of the client's.
    pub(super) target: Option<Vec<u8>>,
    /// What the answer may name.
    pub(super) named: Option<Named>,
}

/// Whether the resource is this client's, if it has an owner; it is taken out of the route.
pub(super) fn check(
    plugin: &PluginState,
    route: &mut Route,
    token: &Rc<ValidToken>,
    trace: &mut Trace,
) -> Result<Owned, Denial> {
    let policy = &plugin.policy;
    let mut owned = Owned::default();
    let (Some(ownership), Some(subject)) = (&policy.ownership, route.subject.take()) else {
        return Ok(owned);
    };
    if subject.deed == Deed::Changes && route.is_bound() {
        trace.note(Check::Ownership, || {
            let owner = subject.owned_by(policy, token);
            let expected = format!("a seal of {} by {}, for {}", owner.eec_id, owner.issuer, owner.fqdn);
            (expected, String::from_utf8_lossy(subject.segment()).into_owned())
        });
    }
    let passage = Passage::check(policy, ownership, &subject, route.is_bound(), token)?;
    let watches = policy.mode == Mode::Shadow;
    match passage {
        Passage::AsItIs => {}
        Passage::Unsealed => plugin.tally.count(Counter::OwnershipUnsealed),
        // Nothing is sealed, and what looks like a seal is taken off in any case.
        Passage::Makes | Passage::Opened(_) if watches => {}
        Passage::Makes => owned.named = Some(Named::new(subject, token)),
        Passage::Opened(_) => {
            owned.target = subject.unsealed_target();
            owned.named = Some(Named::new(subject, token));
        }
    }
    Ok(owned)
}

/// Where the filter only watches: the target without what has the form of a seal, whosever it is, so that clients which were given
/// seals go on.
pub(super) fn watched_target(policy: &Policy, request: &RequestView<'_>) -> Option<Vec<u8>> {
    policy.ownership.as_ref().filter(|_| policy.mode == Mode::Shadow)?;
    let sent = path::without_query(request.target);
    let protects = &policy.protects;
    let item = operations::item_at(protects.role, &protects.api_root, &path::in_one_spelling(sent));
    item.filter(|_| path::is_normal(sent)).and_then(|_| crate::ownership::without_seal(request.target))
}
