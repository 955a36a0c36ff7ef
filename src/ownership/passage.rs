//! What the seal of a request comes to.

use super::{Deed, Subject};
use crate::decision::{Denial, DenyReason};
use crate::policy::Policy;
use crate::policy::ownership::{Ownership, Unsealed};
use crate::token::ValidToken;

/// What becomes of a request whose client may act on the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// It makes one: the answer says which.
    Makes,
    /// Its seal is taken off.
    Opened(Opened),
    /// It has none, and that is allowed meanwhile.
    Unsealed,
    /// It goes on as it is: owners are not looked at here.
    AsItIs,
}

/// Which secret a seal was made with, by its number in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened(pub usize);

impl Passage {
    /// What the seal comes to; `bound` is whether no rule has turned the built-in binding off.
    ///
    /// # Errors
    ///
    /// `ownership_mismatch` if nothing says that the resource is this client's.
    pub fn check(
        policy: &Policy,
        ownership: &Ownership,
        subject: &Subject,
        bound: bool,
        token: &ValidToken,
    ) -> Result<Passage, Denial> {
        let opened = || {
            let (id, seal) = subject.sealed()?;
            subject.owned_by(policy, token).opens(&ownership.keys, id, seal).map(Opened)
        };
        match subject.deed {
            Deed::Makes => Ok(if bound { Passage::Makes } else { Passage::AsItIs }),
            Deed::Changes if bound => match (opened(), subject.sealed(), ownership.unsealed) {
                (Some(opened), _, _) => Ok(Passage::Opened(opened)),
                (None, None, Unsealed::Allow) => Ok(Passage::Unsealed),
                (None, None, Unsealed::Deny) => Err(mismatch("the identifier has no seal")),
                (None, Some(_), _) => Err(mismatch("the seal is not this client's for this resource")),
            },
            Deed::Changes | Deed::Touches => Ok(opened().map_or(Passage::AsItIs, Passage::Opened)),
        }
    }
}

fn mismatch(because: &'static str) -> Denial {
    Denial::new(DenyReason::OwnershipMismatch, because)
}
