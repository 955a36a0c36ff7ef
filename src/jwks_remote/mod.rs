//! Keys that are fetched from the entitlement server (`docs/contract.md#fetched-keys`), as values: what is asked, what an
//! answer comes to, when it is asked, and what of all that the workers of a process share. Nothing is sent from here.
//!
//! A set is anchored to something pinned, kept through outages, and belongs to one server as it is configured.

mod answer;
mod fetched_keys;
mod request;
mod response;
mod schedule;
mod shared_sets;
mod signed_set;

pub use answer::{Answer, Failure, Form, KeySetAnswer, Moment};
pub use fetched_keys::{FetchedKeys, Taken};
pub use request::FetchRequest;
pub use response::read;
pub use schedule::{Brought, Pace, Schedule, Want};
pub use shared_sets::{Admission, SharedSets, StoredSet};
