//! Who made a resource owns it (`docs/contract.md#ownership`), though the server behind knows nothing of it and no state is kept:
//! the identifier that a client is given carries a seal, a MAC over where the resource is and whose.
//!
//! [`Subject`] is what a request makes or acts on; [`Passage`] is what its seal comes to; [`answer`] seals what the server's answer
//! names. [`Owner`] makes seals, [`mod@reference`] reads `Location`, [`identifier`] is the form of what is sealed.

pub mod answer;
pub mod identifier;
mod passage;
pub mod reference;
mod seal;
mod subject;

pub use answer::{Answer, Sealing};
pub use passage::{Opened, Passage};
pub use seal::Owner;
pub use subject::{Deed, Subject, without_seal};
