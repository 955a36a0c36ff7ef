//! From the Authorization header to claims one may act on.
//!
//! Each step takes the type of the step before, so that a claim cannot be read before its signature is
//! checked: [`Credentials`] → [`Bearer`] → [`UntrustedToken`] → [`VerifiedToken`] → [`ValidToken`].

mod answer;
mod bearer;
mod claims;
mod digest;
mod identity_headers;
mod untrusted;
mod valid;
mod validity;
mod verified;

pub use answer::check_answer;
pub use bearer::{Bearer, Credentials};
pub use claims::Claims;
pub use digest::TokenDigest;
pub use untrusted::UntrustedToken;
pub use valid::ValidToken;
pub use verified::VerifiedToken;
