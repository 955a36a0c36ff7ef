//! A DPoP proof (RFC 9449, section 4): read as strictly as a token, and held against the request and the token that it came with.

use super::presented::Presented;
use super::target;
use crate::decision::{Denial, DenyReason};
use crate::json::Json;
use crate::jws::CompactJws;
use crate::keys::{Algorithm, HostVerifier, PresentedKey};
use crate::policy::{DpopRules, Protects};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// The longest `jti`, in characters.
const MAX_JTI: usize = 256;

/// The longest modulus of an RSA key that comes with a proof, in base64url: 4,096 bits. It is read before it is known whose it is.
const MAX_MODULUS: usize = 683;

/// A proof whose signature and claims are good. Whether it comes in time, and for the first time, is another question.
pub(super) struct Proof {
    /// Its `jti`.
    pub jti: Box<str>,
    /// Its `iat`.
    pub issued_at: f64,
    /// Its `exp`, if it has one: RFC 9449 asks for none.
    pub expires: Option<f64>,
    /// Its `nbf`, likewise.
    pub not_before: Option<f64>,
    /// Its `nonce`, if it has one.
    pub nonce: Option<Box<str>>,
}

impl Proof {
    /// Checks the proof `text` by the key with the thumbprint `jkt`, for what is `presented`. `see` is shown its header and payload.
    ///
    /// # Errors
    ///
    /// `proof_invalid`; `confirmation_failed` where the key is another.
    pub(super) fn check(
        text: &[u8],
        jkt: &str,
        presented: &Presented<'_>,
        rules: &DpopRules,
        protects: &Protects,
        host: &dyn HostVerifier,
        see: &mut dyn FnMut(&Json, &Json),
    ) -> Result<Proof, Denial> {
        let jws = CompactJws::parse(text, |_| {}).map_err(invalid)?;
        see(&jws.header, &jws.payload);
        let key = key(&jws, rules).map_err(invalid)?;
        if key.thumbprint() != jkt {
            let because = "the proof is by another key than the token is bound to";
            return Err(Denial::new(DenyReason::ConfirmationFailed, because));
        }
        let proof = claims(&jws.payload, presented, rules, protects).map_err(invalid)?;
        // Last, since these take longest.
        let key = key.examined().map_err(|_| invalid("`jwk` of the proof is a weak key"))?;
        if !key.verify(jws.signing_input, &jws.signature, host) {
            return Err(invalid("the signature of the proof is not that of its key"));
        }
        Ok(proof)
    }
}

/// The key in the header, for the algorithm in the header.
fn key(jws: &CompactJws<'_>, rules: &DpopRules) -> Result<PresentedKey, &'static str> {
    if jws.header_text("typ") != Some("dpop+jwt") {
        return Err("`typ` of the proof is not `dpop+jwt`");
    }
    let alg = jws.header_text("alg").unwrap_or_default();
    let algorithm = rules.algorithms.iter().find(|algorithm| algorithm.is_named(alg));
    let algorithm: Algorithm = *algorithm.ok_or("`alg` of the proof is not in `proof.dpop.algorithms`")?;
    let jwk = jws.header.get("jwk").ok_or("the proof has no `jwk`")?;
    if jwk.get("n").and_then(Json::as_str).is_some_and(|n| n.len() > MAX_MODULUS) {
        return Err("the RSA key in the proof is longer than 4,096 bits");
    }
    PresentedKey::parse(jwk, algorithm).map_err(|_| "`jwk` of the proof is no good public key for its `alg`")
}

/// The claims, held against the request and the token.
fn claims(
    payload: &Json,
    presented: &Presented<'_>,
    rules: &DpopRules,
    protects: &Protects,
) -> Result<Proof, &'static str> {
    let text = |name| payload.get(name).and_then(Json::as_str);
    let jti = text("jti").filter(|jti| !jti.is_empty() && jti.chars().count() <= MAX_JTI);
    let jti = jti.ok_or("`jti` of the proof is not a string of 1 to 256 characters")?;
    if text("htm").map(str::as_bytes) != Some(presented.method) {
        return Err("`htm` of the proof is not the request's method");
    }
    let is_meant = |htu| target::is_meant(htu, rules.scheme, protects, presented.authority, presented.target);
    if !text("htu").is_some_and(is_meant) {
        return Err("`htu` of the proof is not the request's URI");
    }
    if text("ath") != Some(&*URL_SAFE_NO_PAD.encode(Sha256::digest(presented.token))) {
        return Err("`ath` of the proof is not the hash of the token");
    }
    let issued_at = payload.get("iat").and_then(Json::as_finite);
    let no_date = "`exp` or `nbf` of the proof is not a finite number";
    let date = |name| payload.get(name).map(|date| date.as_finite().ok_or(no_date)).transpose();
    let (expires, not_before) = (date("exp")?, date("nbf")?);
    Ok(Proof {
        jti: jti.into(),
        issued_at: issued_at.ok_or("`iat` of the proof is not a finite number")?,
        expires,
        not_before,
        nonce: text("nonce").map(Box::from),
    })
}

/// The denial of a proof that is no good.
pub(super) fn invalid(because: &'static str) -> Denial {
    Denial::new(DenyReason::ProofInvalid, because)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::proof::UriScheme;

    /// What becomes of the header of a proof with an RSA key whose `n` has so many characters.
    fn of_modulus(characters: usize) -> Result<(), &'static str> {
        let rules = DpopRules {
            algorithms: vec![Algorithm::Rs256],
            max_age_seconds: 60.0,
            scheme: UriScheme::Https,
            nonce: None,
        };
        let jwk = format!(r#"{{"kty":"RSA","e":"AQAB","n":"{}"}}"#, "v".repeat(characters));
        let header = format!(r#"{{"typ":"dpop+jwt","alg":"RS256","jwk":{jwk}}}"#);
        let text = format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(header));
        let jws = CompactJws::parse(text.as_bytes(), |_| {})?;
        key(&jws, &rules).map(|_| ())
    }

    #[test]
    fn a_modulus_of_more_than_4096_bits_is_not_read() {
        let too_long = Err("the RSA key in the proof is longer than 4,096 bits");
        assert_ne!(of_modulus(MAX_MODULUS), too_long);
        assert_ne!(of_modulus(342), too_long);
        assert_eq!([MAX_MODULUS + 1, 1_366].map(of_modulus), [too_long; 2]);
    }
}
