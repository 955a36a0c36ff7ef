//! `docs/contract.md#decisions`, the rows that concern the head of a request, in its order.

/// What `WWW-Authenticate` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// The header is absent.
    None,
    /// Only the realm.
    Realm,
    /// The realm, this error, and the code as its description.
    Error(&'static str),
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The stable code.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The challenge.
    pub challenge: Challenge,
}

const fn row(code: &'static str, status: u16, challenge: Challenge) -> Row {
    Row { code, status, challenge }
}

const INVALID: Challenge = Challenge::Error("invalid_token");

/// The table; the order of the checks is its order.
pub const ROWS: &[Row] = &[
    row("path_not_normal", 400, Challenge::None),
    row("header_not_allowed", 400, Challenge::None),
    row("route_unmatched", 403, Challenge::None),
    row("route_denied", 403, Challenge::None),
    row("host_mismatch", 421, Challenge::None),
    row("token_repeated", 400, Challenge::Error("invalid_request")),
    row("token_missing", 401, Challenge::Realm),
    row("token_too_large", 401, INVALID),
    row("token_malformed", 401, INVALID),
    row("issuer_unknown", 401, INVALID),
    row("algorithm_not_allowed", 401, INVALID),
    row("key_unknown", 401, INVALID),
    row("key_not_valid_now", 401, INVALID),
    row("signature_invalid", 401, INVALID),
    row("token_expired", 401, INVALID),
    row("token_not_yet_valid", 401, INVALID),
    row("lifetime_too_long", 401, INVALID),
    row("audience_mismatch", 401, INVALID),
    row("claim_missing", 401, INVALID),
    row("claim_malformed", 401, INVALID),
    row("confirmation_failed", 401, INVALID),
    row("token_revoked", 401, INVALID),
    row("token_inactive", 401, INVALID),
    row("entitlement_unavailable", 503, Challenge::None),
    row("claim_mismatch", 403, Challenge::Error("insufficient_scope")),
    row("body_required", 400, Challenge::None),
    row("media_type_unsupported", 415, Challenge::None),
    row("body_too_large", 413, Challenge::None),
    row("body_malformed", 400, Challenge::None),
    row("binding_missing", 400, Challenge::None),
    row("binding_mismatch", 403, Challenge::None),
];

/// The row of a code.
pub fn find(code: &str) -> &'static Row {
    ROWS.iter().find(|r| r.code == code).unwrap_or_else(|| panic!("{code} is not in the contract"))
}

impl Row {
    /// The exact value of `WWW-Authenticate` for the first protected FQDN.
    pub fn www_authenticate(&self, realm: &str) -> Option<String> {
        match self.challenge {
            Challenge::None => None,
            Challenge::Realm => Some(format!("Bearer realm=\"{realm}\"")),
            Challenge::Error(error) => {
                let code = self.code;
                Some(format!("Bearer realm=\"{realm}\", error=\"{error}\", error_description=\"{code}\""))
            }
        }
    }
}
