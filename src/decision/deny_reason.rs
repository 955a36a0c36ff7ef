//! The stable codes, one row each. Their order is the order of the checks: `docs/contract.md#decisions`.

use super::check::Check;
use super::status::Status;

/// What the reply says in `WWW-Authenticate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// Nothing: another token would not help.
    None,
    /// That a token is needed, and no error (RFC 6750, section 3.1).
    Plain,
    /// The error code of RFC 6750, section 3.1, or of RFC 9449, sections 7.1 and 9.
    Error(&'static str),
}

use Challenge::{Error, Plain};
use Status::{
    BadRequest, ContentTooLarge, Forbidden, MisdirectedRequest, ServiceUnavailable, Unauthorized,
    UnsupportedMediaType,
};

macro_rules! deny_reasons {
    ($($variant:ident, $code:literal, $status:ident, $challenge:expr, $check:ident, $doc:literal;)*) => {
        /// Why a request is refused. Codes are stable: dashboards and clients key on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum DenyReason {
            $(#[doc = $doc] $variant,)*
        }

        impl DenyReason {
            /// Every reason, in the order of the checks.
            pub const ALL: &'static [DenyReason] = &[$(DenyReason::$variant,)*];

            /// The stable code, as in statistics, `WWW-Authenticate` and the access log.
            pub fn code(self) -> &'static str {
                match self { $(DenyReason::$variant => $code,)* }
            }

            /// The status of the reply.
            pub fn status(self) -> Status {
                match self { $(DenyReason::$variant => $status,)* }
            }

            /// What `WWW-Authenticate` says.
            pub fn challenge(self) -> Challenge {
                match self { $(DenyReason::$variant => $challenge,)* }
            }

            /// The check that finds it.
            pub fn check(self) -> Check {
                match self { $(DenyReason::$variant => Check::$check,)* }
            }
        }
    };
}

const NONE: Challenge = Challenge::None;
const INVALID_TOKEN: Challenge = Error("invalid_token");
const INVALID_PROOF: Challenge = Error("invalid_dpop_proof");

#[rustfmt::skip]
deny_reasons! {
    PathNotNormal, "path_not_normal", BadRequest, NONE, Path, "The path is not in normal form; it is refused, never repaired.";
    HeaderNotAllowed, "header_not_allowed", BadRequest, NONE, Connection, "A `Connection` header that names a header which must not get lost on the way, or an upgrade of what is checked.";
    RouteUnmatched, "route_unmatched", Forbidden, NONE, Route, "No rule and no built-in operation covers method and path.";
    RouteDenied, "route_denied", Forbidden, NONE, Route, "A rule with `action: deny`.";
    HostMismatch, "host_mismatch", MisdirectedRequest, NONE, Host, "`:authority` is not one of the protected FQDNs.";
    TokenRepeated, "token_repeated", BadRequest, Error("invalid_request"), Credentials, "More than one `Authorization`, or a second token in the query.";
    TokenMissing, "token_missing", Unauthorized, Plain, Credentials, "No `Authorization`, or a scheme that brings no token here.";
    TokenTooLarge, "token_too_large", Unauthorized, INVALID_TOKEN, TokenSize, "Longer than `token.max_bytes`.";
    TokenMalformed, "token_malformed", Unauthorized, INVALID_TOKEN, TokenForm, "Not a strict compact JWS (RFC 7515) with JSON claims (RFC 7519).";
    IssuerUnknown, "issuer_unknown", Unauthorized, INVALID_TOKEN, Issuer, "`iss` names no configured entitlement server.";
    AlgorithmNotAllowed, "algorithm_not_allowed", Unauthorized, INVALID_TOKEN, Algorithm, "`alg` is not that of a pinned key.";
    KeyUnknown, "key_unknown", Unauthorized, INVALID_TOKEN, Key, "No pinned key fits, or several do.";
    KeyNotValidNow, "key_not_valid_now", Unauthorized, INVALID_TOKEN, KeyDates, "The key is outside its window, or the certificate outside its dates.";
    SignatureInvalid, "signature_invalid", Unauthorized, INVALID_TOKEN, Signature, "The signature is not the key's.";
    TokenExpired, "token_expired", Unauthorized, INVALID_TOKEN, Expiry, "`exp` has passed.";
    TokenNotYetValid, "token_not_yet_valid", Unauthorized, INVALID_TOKEN, NotBefore, "`nbf` or `iat` lies in the future.";
    LifetimeTooLong, "lifetime_too_long", Unauthorized, INVALID_TOKEN, Lifetime, "Valid for longer than `token.max_lifetime_seconds`.";
    AudienceMismatch, "audience_mismatch", Unauthorized, INVALID_TOKEN, Audience, "`aud` names none of the protected FQDNs.";
    ClaimMissing, "claim_missing", Unauthorized, INVALID_TOKEN, Claims, "A required claim is absent.";
    ClaimMalformed, "claim_malformed", Unauthorized, INVALID_TOKEN, Claims, "A claim has the wrong type or is empty.";
    ConfirmationMissing, "confirmation_missing", Unauthorized, INVALID_TOKEN, Confirmation, "Only tokens that are bound to a key (`cnf`) are accepted.";
    ConfirmationFailed, "confirmation_failed", Unauthorized, INVALID_TOKEN, Confirmation, "The token is bound to another key than the client's, or in a way that is not accepted.";
    ProofInvalid, "proof_invalid", Unauthorized, INVALID_PROOF, Proof, "Not one good DPoP proof for this request and token.";
    ProofNonce, "proof_nonce", Unauthorized, Error("use_dpop_nonce"), ProofNonce, "The proof lacks a recent nonce of this filter.";
    ProofReplayed, "proof_replayed", Unauthorized, INVALID_PROOF, Replay, "The proof has been used before.";
    TokenRevoked, "token_revoked", Unauthorized, INVALID_TOKEN, Revocation, "Revoked by configuration.";
    TokenInactive, "token_inactive", Unauthorized, INVALID_TOKEN, Introspection, "The entitlement server says that it is not active.";
    EntitlementUnavailable, "entitlement_unavailable", ServiceUnavailable, NONE, Introspection, "The entitlement server cannot be asked.";
    ClaimMismatch, "claim_mismatch", Forbidden, Error("insufficient_scope"), RuleClaims, "A claim check of a rule fails.";
    OwnershipMismatch, "ownership_mismatch", Forbidden, NONE, Ownership, "The resource is not this client's.";
    BodyRequired, "body_required", BadRequest, NONE, Body, "The operation needs a body and there is none.";
    MediaTypeUnsupported, "media_type_unsupported", UnsupportedMediaType, NONE, MediaType, "The body is not declared as JSON in UTF-8 without a content coding.";
    BodyTooLarge, "body_too_large", ContentTooLarge, NONE, BodySize, "The body is longer than `body.limit_bytes`.";
    BodyMalformed, "body_malformed", BadRequest, NONE, BodyForm, "The body is not one strict JSON object.";
    BindingMissing, "binding_missing", BadRequest, NONE, Binding, "The body lacks a mandatory EEC ID or UE ID.";
    BindingMismatch, "binding_mismatch", Forbidden, NONE, Binding, "The body speaks for another EEC or UE than the token.";
}
