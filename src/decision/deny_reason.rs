//! The stable codes. Their order is the order of the checks.

/// Why a request is refused. Codes are stable: dashboards and clients key on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum DenyReason {
    /// The path is not in normal form; it is refused, never repaired.
    PathNotNormal,
    /// A `Connection` header that names a header which must not get lost on the way.
    HeaderNotAllowed,
    /// No rule and no built-in operation covers method and path.
    RouteUnmatched,
    /// A rule with `action: deny`.
    RouteDenied,
    /// `:authority` is not one of the protected FQDNs.
    HostMismatch,
    /// More than one `Authorization`, or a second token in the query.
    TokenRepeated,
    /// No `Authorization`, or another scheme than `Bearer`.
    TokenMissing,
    /// Longer than `token.max_bytes`.
    TokenTooLarge,
    /// Not a strict compact JWS (RFC 7515) with JSON claims (RFC 7519).
    TokenMalformed,
    /// `iss` names no configured entitlement server.
    IssuerUnknown,
    /// `alg` is not that of a pinned key.
    AlgorithmNotAllowed,
    /// No pinned key fits, or several do.
    KeyUnknown,
    /// The key is outside its window, or the certificate outside its dates.
    KeyNotValidNow,
    /// The signature is not the key's.
    SignatureInvalid,
    /// `exp` has passed.
    TokenExpired,
    /// `nbf` or `iat` lies in the future.
    TokenNotYetValid,
    /// Valid for longer than `token.max_lifetime_seconds`.
    LifetimeTooLong,
    /// `aud` names none of the protected FQDNs.
    AudienceMismatch,
    /// A required claim is absent.
    ClaimMissing,
    /// A claim has the wrong type or is empty.
    ClaimMalformed,
    /// The token is bound to a client key (`cnf`), and no such proof is checked.
    ConfirmationFailed,
    /// Revoked by configuration.
    TokenRevoked,
    /// The entitlement server says that it is not active.
    TokenInactive,
    /// The entitlement server cannot be asked.
    EntitlementUnavailable,
    /// A claim check of a rule fails.
    ClaimMismatch,
    /// The operation needs a body and there is none.
    BodyRequired,
    /// The body is not declared as JSON in UTF-8 without a content coding.
    MediaTypeUnsupported,
    /// The body is longer than `body.limit_bytes`.
    BodyTooLarge,
    /// The body is not one strict JSON object.
    BodyMalformed,
    /// The body lacks a mandatory EEC ID or UE ID.
    BindingMissing,
    /// The body speaks for another EEC or UE than the token.
    BindingMismatch,
}

/// The error code of RFC 6750, section 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BearerError {
    /// `invalid_request`
    InvalidRequest,
    /// `invalid_token`
    InvalidToken,
    /// `insufficient_scope`
    InsufficientScope,
}

impl BearerError {
    /// As it stands in `WWW-Authenticate`.
    pub fn as_str(self) -> &'static str {
        match self {
            BearerError::InvalidRequest => "invalid_request",
            BearerError::InvalidToken => "invalid_token",
            BearerError::InsufficientScope => "insufficient_scope",
        }
    }
}

impl DenyReason {
    /// Every reason, in the order of the checks.
    pub const ALL: &'static [DenyReason] = &[
        DenyReason::PathNotNormal,
        DenyReason::HeaderNotAllowed,
        DenyReason::RouteUnmatched,
        DenyReason::RouteDenied,
        DenyReason::HostMismatch,
        DenyReason::TokenRepeated,
        DenyReason::TokenMissing,
        DenyReason::TokenTooLarge,
        DenyReason::TokenMalformed,
        DenyReason::IssuerUnknown,
        DenyReason::AlgorithmNotAllowed,
        DenyReason::KeyUnknown,
        DenyReason::KeyNotValidNow,
        DenyReason::SignatureInvalid,
        DenyReason::TokenExpired,
        DenyReason::TokenNotYetValid,
        DenyReason::LifetimeTooLong,
        DenyReason::AudienceMismatch,
        DenyReason::ClaimMissing,
        DenyReason::ClaimMalformed,
        DenyReason::ConfirmationFailed,
        DenyReason::TokenRevoked,
        DenyReason::TokenInactive,
        DenyReason::EntitlementUnavailable,
        DenyReason::ClaimMismatch,
        DenyReason::BodyRequired,
        DenyReason::MediaTypeUnsupported,
        DenyReason::BodyTooLarge,
        DenyReason::BodyMalformed,
        DenyReason::BindingMissing,
        DenyReason::BindingMismatch,
    ];

    /// The stable code, as in statistics, `WWW-Authenticate` and the access log.
    pub fn code(self) -> &'static str {
        match self {
            DenyReason::PathNotNormal => "path_not_normal",
            DenyReason::HeaderNotAllowed => "header_not_allowed",
            DenyReason::RouteUnmatched => "route_unmatched",
            DenyReason::RouteDenied => "route_denied",
            DenyReason::HostMismatch => "host_mismatch",
            DenyReason::TokenRepeated => "token_repeated",
            DenyReason::TokenMissing => "token_missing",
            DenyReason::TokenTooLarge => "token_too_large",
            DenyReason::TokenMalformed => "token_malformed",
            DenyReason::IssuerUnknown => "issuer_unknown",
            DenyReason::AlgorithmNotAllowed => "algorithm_not_allowed",
            DenyReason::KeyUnknown => "key_unknown",
            DenyReason::KeyNotValidNow => "key_not_valid_now",
            DenyReason::SignatureInvalid => "signature_invalid",
            DenyReason::TokenExpired => "token_expired",
            DenyReason::TokenNotYetValid => "token_not_yet_valid",
            DenyReason::LifetimeTooLong => "lifetime_too_long",
            DenyReason::AudienceMismatch => "audience_mismatch",
            DenyReason::ClaimMissing => "claim_missing",
            DenyReason::ClaimMalformed => "claim_malformed",
            DenyReason::ConfirmationFailed => "confirmation_failed",
            DenyReason::TokenRevoked => "token_revoked",
            DenyReason::TokenInactive => "token_inactive",
            DenyReason::EntitlementUnavailable => "entitlement_unavailable",
            DenyReason::ClaimMismatch => "claim_mismatch",
            DenyReason::BodyRequired => "body_required",
            DenyReason::MediaTypeUnsupported => "media_type_unsupported",
            DenyReason::BodyTooLarge => "body_too_large",
            DenyReason::BodyMalformed => "body_malformed",
            DenyReason::BindingMissing => "binding_missing",
            DenyReason::BindingMismatch => "binding_mismatch",
        }
    }

    /// The HTTP status of the reply.
    pub fn status(self) -> u16 {
        match self {
            DenyReason::PathNotNormal
            | DenyReason::HeaderNotAllowed
            | DenyReason::TokenRepeated
            | DenyReason::BodyRequired
            | DenyReason::BodyMalformed
            | DenyReason::BindingMissing => 400,
            DenyReason::RouteUnmatched
            | DenyReason::RouteDenied
            | DenyReason::ClaimMismatch
            | DenyReason::BindingMismatch => 403,
            DenyReason::HostMismatch => 421,
            DenyReason::EntitlementUnavailable => 503,
            DenyReason::BodyTooLarge => 413,
            DenyReason::MediaTypeUnsupported => 415,
            _ => 401,
        }
    }

    /// The error of RFC 6750 that goes with it; `None` for those that have none.
    pub fn bearer_error(self) -> Option<BearerError> {
        match self {
            DenyReason::TokenRepeated => Some(BearerError::InvalidRequest),
            DenyReason::ClaimMismatch => Some(BearerError::InsufficientScope),
            DenyReason::PathNotNormal
            | DenyReason::HeaderNotAllowed
            | DenyReason::RouteUnmatched
            | DenyReason::RouteDenied
            | DenyReason::HostMismatch
            | DenyReason::TokenMissing
            | DenyReason::EntitlementUnavailable
            | DenyReason::BodyRequired
            | DenyReason::MediaTypeUnsupported
            | DenyReason::BodyTooLarge
            | DenyReason::BodyMalformed
            | DenyReason::BindingMissing
            | DenyReason::BindingMismatch => None,
            _ => Some(BearerError::InvalidToken),
        }
    }

    /// Whether the reply asks for a token with `WWW-Authenticate`.
    pub fn challenges(self) -> bool {
        self == DenyReason::TokenMissing || self.bearer_error().is_some()
    }
}
