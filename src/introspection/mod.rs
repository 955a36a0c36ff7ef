//! Asking the entitlement server about a token, as plain values: the request, what its response says, and who waits for which in
//! flight. Nothing here makes a call.

mod cause;
mod in_flight;
mod inactive;
mod quota;
mod request;
mod response;

pub use cause::Cause;
pub use in_flight::{Admission, InFlight};
pub use inactive::{InactiveTokens, LastingToken};
pub use quota::Party;
pub use request::{HttpVerb, IntrospectionRequest};
pub use response::{RawResponse, Reading, TokenStatus, read};
