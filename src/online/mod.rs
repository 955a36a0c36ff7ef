//! Asking the entitlement server about a token, as plain values: what to ask, what an answer says, and who
//! waits for it. Nothing here makes a call.

mod answer;
mod desk;
mod inactive;
mod question;
mod quota;

pub use answer::{Answer, RawAnswer, Reading, read};
pub use desk::{Asked, Desk, TokenDigest};
pub use inactive::{InactiveTokens, LastingToken};
pub use question::{HttpQuestion, HttpVerb};
pub use quota::Party;
