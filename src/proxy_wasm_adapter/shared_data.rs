//! What all workers and configurations of this host share, by host calls.

use super::hostcalls;
use crate::shared_map::{Put, Read, SharedMap};

/// The map of all VMs with this module's `vm_id`.
pub(super) struct SharedData;

impl SharedMap for SharedData {
    fn get(&self, name: &str) -> Read {
        hostcalls::shared_data(name)
    }

    fn put(&self, name: &str, value: &[u8], version: u32) -> Put {
        hostcalls::set_shared_data(name, value, version)
    }
}

/// Bytes that nobody can guess; `None` if the host has none.
pub(super) fn random<const LENGTH: usize>() -> Option<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).is_ok().then_some(bytes)
}
