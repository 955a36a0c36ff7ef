//! `docs/contract.md#decisions`, the rows that concern the head of a request, in its order.

use serde_json::Value;

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
const INVALID_PROOF: Challenge = Challenge::Error("invalid_dpop_proof");

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
    row("confirmation_missing", 401, INVALID),
    row("confirmation_failed", 401, INVALID),
    row("proof_invalid", 401, INVALID_PROOF),
    row("proof_nonce", 401, Challenge::Error("use_dpop_nonce")),
    row("proof_replayed", 401, INVALID_PROOF),
    row("token_revoked", 401, INVALID),
    row("token_inactive", 401, INVALID),
    row("entitlement_unavailable", 503, Challenge::None),
    row("claim_mismatch", 403, Challenge::Error("insufficient_scope")),
    row("ownership_mismatch", 403, Challenge::None),
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

/// The schemes that a configuration offers, and what `algs` says.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Whether some token may come under `Bearer`.
    pub bearer: bool,
    /// `algs`, where proofs are checked.
    pub dpop: Option<String>,
}

impl Offer {
    /// What this filter JSON offers (`docs/contract.md#replies`).
    pub fn of(filter: &Value) -> Offer {
        let proof = &filter["proof"];
        let dpop = proof.get("dpop").map(|dpop| {
            let names = dpop["algorithms"].as_array().map_or(vec!["ES256", "EdDSA"], |names| {
                names.iter().map(|name| name.as_str().expect("a name")).collect()
            });
            names.join(" ").replace("EdDSA", "Ed25519 EdDSA")
        });
        let bearer = dpop.is_none() || proof["required"] != true || proof["client_certificate"] == true;
        Offer { bearer, dpop }
    }
}

impl Row {
    /// The exact values of `WWW-Authenticate`, to a request that has used `DPoP` or not.
    pub fn challenges(&self, realm: &str, offer: &Offer, used_dpop: bool) -> Vec<String> {
        let error = |used: bool| match self.challenge {
            Challenge::Error(error) if used || self.code == "token_repeated" => {
                format!(", error=\"{error}\", error_description=\"{}\"", self.code)
            }
            Challenge::Error(_) | Challenge::Realm | Challenge::None => String::new(),
        };
        let names_used = !matches!(self.code, "token_missing" | "token_repeated");
        let (bearer, dpop) = (names_used && !used_dpop, names_used && used_dpop);
        let mut challenges = Vec::new();
        if offer.bearer || bearer {
            challenges.push(format!("Bearer realm=\"{realm}\"{}", error(bearer)));
        }
        if let Some(algs) = &offer.dpop {
            challenges.push(format!("DPoP realm=\"{realm}\", algs=\"{algs}\"{}", error(dpop)));
        }
        if self.challenge == Challenge::None { Vec::new() } else { challenges }
    }
}
