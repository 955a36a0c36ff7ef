//! The key that a client wants its token bound to: a proof in the token request (RFC 9449, section 5).

use crate::cli::clock;
use crate::cli::http::Problem;
use axum::http::HeaderMap;
use eec_authn::json::Json;
use eec_authn::jws::CompactJws;
use eec_authn::keys::{Algorithm, NoHost, PresentedKey, PublicKey};

/// How far a proof's `iat` may be away, in seconds.
const MAX_AGE: f64 = 300.0;

/// The thumbprint of the key whose proof the request brings; `None` if it brings none.
pub(super) fn thumbprint(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut proofs = headers.get_all("dpop").iter();
    match (proofs.next(), proofs.next()) {
        (None, _) => Ok(None),
        (Some(proof), None) => key_of(proof.as_bytes()).map(|key| Some(key.thumbprint().to_owned())),
        (Some(_), Some(_)) => Err(Problem::bad_request("invalid_dpop_proof: several")),
    }
}

/// The key of a good proof for `POST /token`, whatever the server is called.
fn key_of(proof: &[u8]) -> Result<PublicKey, Problem> {
    let bad = |what: &str| Problem::bad_request(format!("invalid_dpop_proof: {what}"));
    let jws = CompactJws::parse(proof, |_| {}).map_err(bad)?;
    if jws.header_text("typ") != Some("dpop+jwt") {
        return Err(bad("`typ` is not `dpop+jwt`"));
    }
    let alg = jws.header_text("alg").unwrap_or_default();
    let algorithm = Algorithm::ALL.iter().find(|algorithm| algorithm.is_named(alg));
    let jwk = jws.header.get("jwk").ok_or_else(|| bad("no `jwk`"))?;
    let key = algorithm.and_then(|algorithm| PresentedKey::parse(jwk, *algorithm).ok()?.examined().ok());
    let key = key.ok_or_else(|| bad("`jwk` is no good public key for `alg`"))?;
    let text = |name| jws.payload.get(name).and_then(Json::as_str);
    if text("htm") != Some("POST") || !text("htu").is_some_and(|htu| htu.ends_with("/token")) {
        return Err(bad("`htm` and `htu` are not those of POST /token"));
    }
    let issued = jws.payload.get("iat").and_then(Json::as_finite);
    if !issued.is_some_and(|issued| (issued - clock::now() as f64).abs() < MAX_AGE) || text("jti").is_none() {
        return Err(bad("`iat` is not now, or there is no `jti`"));
    }
    if !key.verify(jws.signing_input, &jws.signature, &NoHost) {
        return Err(bad("the signature is not that of `jwk`"));
    }
    Ok(key)
}
