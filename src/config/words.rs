//! The words of the filter JSON, each with what it stands for: the declaration lists them, the compilers look them up.

use crate::keys::Algorithm;
use crate::policy::online::{ApplyTo, OnUnavailable};
use crate::policy::ownership::Unsealed;
use crate::policy::proof::UriScheme;
use crate::policy::{Action, GpsiMode, Mode, RequiredType, Role};

pub(super) const MODE: [(&str, Mode); 2] = [("enforce", Mode::Enforce), ("shadow", Mode::Shadow)];

pub(super) const ROLE: [(&str, Role); 2] = [("ees", Role::Ees), ("ecs", Role::Ecs)];

/// Whether the built-in operations apply.
pub(super) const OPERATIONS: [(&str, bool); 2] = [("built_in", true), ("none", false)];

pub(super) const GPSI: [(&str, GpsiMode); 3] =
    [("off", GpsiMode::Off), ("if_present", GpsiMode::IfPresent), ("required", GpsiMode::Required)];

pub(super) const ACTION: [(&str, Action); 3] = [
    ("authenticate", Action::Authenticate),
    ("pass_without_token", Action::PassWithoutToken),
    ("deny", Action::Deny),
];

pub(super) const UNSEALED: [(&str, Unsealed); 2] = [("deny", Unsealed::Deny), ("allow", Unsealed::Allow)];

/// Whether the method is RFC 7662's.
pub(super) const METHOD: [(&str, bool); 2] = [("rfc7662", true), ("ts43", false)];

pub(super) const APPLY_TO: [(&str, ApplyTo); 2] = [("opaque", ApplyTo::Opaque), ("all", ApplyTo::All)];

pub(super) const ON_UNAVAILABLE: [(&str, OnUnavailable); 2] =
    [("deny", OnUnavailable::Deny), ("allow_verified", OnUnavailable::AllowVerified)];

/// The algorithms of proofs; one goes by two names.
pub(super) const PROOF_ALGORITHM: [(&str, Algorithm); 6] = [
    ("EdDSA", Algorithm::EdDsa),
    ("Ed25519", Algorithm::EdDsa),
    ("ES256", Algorithm::Es256),
    ("ES384", Algorithm::Es384),
    ("RS256", Algorithm::Rs256),
    ("PS256", Algorithm::Ps256),
];

pub(super) const SCHEME: [(&str, UriScheme); 2] = [("https", UriScheme::Https), ("http", UriScheme::Http)];

pub(super) const REQUIRE_TYP: [(&str, RequiredType); 2] =
    [("at+jwt", RequiredType::AccessToken), ("JWT", RequiredType::Jwt)];

/// Whether an operation needs its API's name among the scopes.
pub(super) const SCOPES: [(&str, bool); 2] = [("off", false), ("per_api", true)];

/// The words alone. Called by constants only, where a mistake ends the build.
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
pub(super) const fn names<T, const N: usize>(words: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut row = 0;
    while row < N {
        names[row] = words[row].0;
        row += 1;
    }
    names
}
