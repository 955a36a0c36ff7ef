//! `ownership`: who made a resource owns it.

use super::node::Node;
use super::secret_env::{Environment, mac_keys};
use super::words;
use crate::policy::Ownership;

/// Compiles `ownership`: `Some(None)` where there is none.
pub(super) fn ownership(node: &Node<'_>, environment: &Environment<'_>) -> Option<Option<Ownership>> {
    if !node.is_present() {
        return Some(None);
    }
    let keys = mac_keys(&node.member("secret_env"), environment);
    let unsealed = node.member("unsealed").word(&words::UNSEALED);
    Some(Some(Ownership { keys: keys?, unsealed: unsealed? }))
}
