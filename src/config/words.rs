//! The words of the filter JSON, each with what it stands for: the declaration lists them, the compilers look them up.

use crate::keys::Algorithm;
use crate::policy::online::{ApplyTo, OnUnavailable};
use crate::policy::ownership::Unsealed;
use crate::policy::proof::UriScheme;
use crate::policy::{Action, GpsiMode, Mode, Operations, RequiredType, Role, Scopes};

pub(super) const MODE: [(&str, Mode); 2] = [("enforce", Mode::Enforce), ("shadow", Mode::Shadow)];

pub(super) const ROLE: [(&str, Role); 2] = [("ees", Role::Ees), ("ecs", Role::Ecs)];

pub(super) const OPERATIONS: [(&str, Operations); 2] =
    [("built_in", Operations::BuiltIn), ("none", Operations::None)];

pub(super) const GPSI: [(&str, GpsiMode); 3] =
    [("off", GpsiMode::Off), ("if_present", GpsiMode::IfPresent), ("required", GpsiMode::Required)];

pub(super) const ACTION: [(&str, Action); 3] = [
    ("authenticate", Action::Authenticate),
    ("pass_without_token", Action::PassWithoutToken),
    ("deny", Action::Deny),
];

pub(super) const UNSEALED: [(&str, Unsealed); 2] = [("deny", Unsealed::Deny), ("allow", Unsealed::Allow)];

/// A method without what is configured of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MethodName {
    Rfc7662,
    Ts43,
}

pub(super) const METHOD: [(&str, MethodName); 2] =
    [("rfc7662", MethodName::Rfc7662), ("ts43", MethodName::Ts43)];

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

pub(super) const SCOPES: [(&str, Scopes); 2] = [("off", Scopes::Off), ("per_api", Scopes::PerApi)];

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
