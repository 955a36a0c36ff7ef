//! The claims of solution #25 (TR 33.739, clause 6.25) and of RFC 7519, with the shapes they must have.

use crate::decision::{Check, Denial, DenyReason, Trace};
use crate::json::{Json, Pointer};
use crate::policy::{ClientClaims, EntitlementServer, Policy, TokenRules};
use crate::proof::Confirmation;
use crate::time::UnixTime;

/// The claims of a token that somebody has vouched for.
#[derive(Debug, Clone)]
pub struct Claims {
    object: Json,
    dates: Dates,
}

/// The NumericDates of a token, read once: nearly every check wants them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dates {
    pub(super) exp: NumericDate,
    pub(super) nbf: NumericDate,
    pub(super) iat: NumericDate,
}

/// What stands where a NumericDate would.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum NumericDate {
    Absent,
    /// Something that is no finite number.
    Malformed,
    /// Seconds since 1970.
    At(f64),
}

impl NumericDate {
    fn of(claim: Option<&Json>) -> NumericDate {
        let at = |value: &Json| value.as_finite().map_or(NumericDate::Malformed, NumericDate::At);
        claim.map_or(NumericDate::Absent, at)
    }

    /// Seconds since 1970, where it is there and finite.
    pub(super) fn seconds(self) -> Option<f64> {
        match self {
            NumericDate::At(seconds) => Some(seconds),
            NumericDate::Absent | NumericDate::Malformed => None,
        }
    }
}

impl Claims {
    /// Wraps a JSON object of claims.
    pub(crate) fn new(object: Json) -> Claims {
        let [exp, nbf, iat] = ["exp", "nbf", "iat"].map(|name| NumericDate::of(object.get(name)));
        Claims { object, dates: Dates { exp, nbf, iat } }
    }

    /// The memory that they take.
    pub fn allocated_bytes(&self) -> usize {
        size_of::<Claims>().saturating_add(self.object.allocated_bytes())
    }

    /// The claim at `pointer`.
    pub fn find(&self, pointer: &Pointer) -> Option<&Json> {
        pointer.resolve(&self.object)
    }

    /// The string at `pointer`.
    pub(super) fn text(&self, pointer: &Pointer) -> Option<&str> {
        self.find(pointer).and_then(Json::as_str)
    }

    /// The top-level claim `name`.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.object.get(name)
    }

    /// `exp`, where it is a finite number.
    pub fn expiry(&self) -> Option<f64> {
        self.dates.exp.seconds()
    }

    /// `exp`, `nbf` and `iat`.
    pub(super) fn dates(&self) -> Dates {
        self.dates
    }

    /// Notes what the checks of the claims are about to compare.
    pub(super) fn note(&self, policy: &Policy, server: &EntitlementServer, now: UnixTime, trace: &mut Trace) {
        let rules = &policy.token;
        let skew = rules.clock_skew_seconds;
        let date = |name: &str| match self.get(name).and_then(Json::as_finite).and_then(UnixTime::new) {
            Some(date) => date.to_string(),
            None => Json::shown(self.get(name)),
        };
        trace.note(Check::Expiry, || (format!("after {now}, {skew} s of skew allowed"), date("exp")));
        trace.note(Check::NotBefore, || {
            (
                format!("not after {now}, {skew} s of skew allowed"),
                format!("nbf {}, iat {}", date("nbf"), date("iat")),
            )
        });
        trace.note(Check::Lifetime, || {
            (
                format!("at most {} s", rules.max_lifetime_seconds),
                format!("from {} to {}", date("iat"), date("exp")),
            )
        });
        trace.note(Check::Audience, || {
            let fqdns = policy.protects.fqdns.iter().map(|fqdn| fqdn.as_str());
            let names: Vec<&str> = fqdns.chain(server.audiences.iter().map(|exact| &**exact)).collect();
            (names.join(" or "), Json::shown(self.get("aud")))
        });
        trace.note(Check::Claims, || {
            let more = rules.require_claims.iter().map(|claim| claim.as_str());
            let names = ["/iss", server.claims.eec_id.as_str(), "/aud", "/exp"].into_iter().chain(more);
            let eec_id = Json::shown(self.find(&server.claims.eec_id));
            let gpsi = Json::shown(self.find(&server.claims.gpsi));
            let found = format!("EEC ID {eec_id}, GPSI {gpsi}{}", self.odd(rules));
            (names.collect::<Vec<_>>().join(", "), found)
        });
        trace.note(Check::Revocation, || {
            ("not in `revoked`".into(), format!("jti {}, iat {}", Json::shown(self.get("jti")), date("iat")))
        });
    }

    /// Those of other claims that are absent or malformed, for people; good ones are shown by the checks before.
    fn odd(&self, rules: &TokenRules) -> String {
        let of = |name: &str, is_good: bool| {
            if is_good { String::new() } else { format!(", {name} {}", Json::shown(self.get(name))) }
        };
        let time = |name: &str| self.get(name).is_none_or(|value| value.as_finite().is_some());
        let mut odd = [
            of("aud", self.get("aud").is_some_and(is_text_or_texts)),
            of("exp", self.get("exp").is_some() && time("exp")),
            of("nbf", time("nbf")),
            of("iat", time("iat")),
            of("jti", self.get("jti").is_none_or(is_text)),
        ]
        .concat();
        for claim in &rules.require_claims {
            let value = self.find(claim);
            if value.is_none_or(|value| *value == Json::Null) {
                odd.push_str(&format!(", {} {}", claim.as_str(), Json::shown(value)));
            }
        }
        odd
    }

    /// `aud` must name one of the protected FQDNs. An `aud` of the wrong type is [`Claims::check_shapes`]' affair.
    pub(super) fn check_audience(&self, policy: &Policy, server: &EntitlementServer) -> Result<(), Denial> {
        let Some(mut audience) = self.get("aud").and_then(Json::strings) else { return Ok(()) };
        let names_us = |aud: &str| {
            policy.protects.fqdns.iter().any(|fqdn| fqdn.is_named_by(aud))
                || server.audiences.iter().any(|exact| **exact == *aud)
        };
        if audience.any(names_us) {
            Ok(())
        } else {
            Err(Denial::new(
                DenyReason::AudienceMismatch,
                "`aud` names none of `protects.fqdns` and of the server's `audiences`",
            ))
        }
    }

    /// Required claims are there, and all claims that we know have the shape they must have.
    pub(super) fn check_shapes(&self, rules: &TokenRules, names: &ClientClaims) -> Result<(), Denial> {
        let missing = |because| Err(Denial::new(DenyReason::ClaimMissing, because));
        let Some(eec_id) = self.find(&names.eec_id) else {
            return missing("the EEC ID claim is absent");
        };
        let Some(audience) = self.get("aud") else {
            return missing("`aud` is absent");
        };
        if self.dates.exp == NumericDate::Absent {
            return missing("`exp` is absent");
        }
        if rules.require_claims.iter().any(|claim| self.find(claim).is_none()) {
            return missing("a claim of `token.require_claims` is absent");
        }
        let malformed = |because| Err(Denial::new(DenyReason::ClaimMalformed, because));
        if !is_text(eec_id) {
            return malformed("the EEC ID claim is not a string with characters in it");
        }
        if !self.find(&names.gpsi).is_none_or(is_text_or_texts) {
            return malformed("the GPSI claim is neither a string nor an array of strings");
        }
        if !is_text_or_texts(audience) {
            return malformed("`aud` is neither a string nor an array of strings");
        }
        if !self.times_are_well_formed() {
            return malformed("`exp`, `nbf` or `iat` is not a finite number");
        }
        if !self.get("jti").is_none_or(is_text) {
            return malformed("`jti` is not a string with characters in it");
        }
        if rules.require_claims.iter().any(|claim| self.find(claim) == Some(&Json::Null)) {
            return malformed("a claim of `token.require_claims` is null");
        }
        Ok(())
    }

    /// Whether those of `exp`, `nbf` and `iat` that are there are finite numbers.
    pub(super) fn times_are_well_formed(&self) -> bool {
        let Dates { exp, nbf, iat } = self.dates;
        ![exp, nbf, iat].contains(&NumericDate::Malformed)
    }

    /// What the token is bound to, if it is.
    ///
    /// # Errors
    ///
    /// `confirmation_failed`.
    pub(super) fn confirmation(&self) -> Result<Option<Confirmation>, Denial> {
        let read = self.get("cnf").map(Confirmation::read).transpose();
        read.map_err(|because| Denial::new(DenyReason::ConfirmationFailed, because))
    }

    /// Whether an answer calls the token one that needs a proof, or may do so in a way that nobody understands.
    pub(super) fn may_be_of_dpop(&self) -> bool {
        let is_dpop = |kind: &Json| kind.as_str().is_none_or(|kind| kind.eq_ignore_ascii_case("DPoP"));
        self.get("token_type").is_some_and(is_dpop)
    }
}

fn is_text(value: &Json) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

fn is_text_or_texts(value: &Json) -> bool {
    match value {
        Json::Array(items) => !items.is_empty() && items.iter().all(is_text),
        other => is_text(other),
    }
}
