//! `GET /jwks`: the key set (RFC 7517), to pin or to fetch; `GET /jwks/signed`: the same as a JWS (OpenID Federation 1.0, section
//! 5.2.1); `GET /jwks/signer`: the key that signs it; `GET /jwks/chained`: the set with certificate chains; `GET /jwks/anchor`: the
//! certificate to which they lead; `POST /rotate`: a new key for tokens; `POST /retire`: the end of the others.

use super::Entitlement;
use crate::cli::clock;
use crate::cli::http::{Input, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// How long a signed set is good for, in seconds.
const SIGNED_FOR: i64 = 600;

/// A rotation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rotation {
    /// Whether the keys that were there stay in the set, so that their tokens stay good.
    #[serde(default)]
    keep: bool,
}

/// An answer of this media type.
type Typed = ([(HeaderName, &'static str); 1], String);

/// The public key set.
pub(super) async fn jwks(State(entitlement): State<Arc<Entitlement>>) -> Typed {
    set(&public(&entitlement))
}

/// The same, each key with its chain.
pub(super) async fn chained(State(entitlement): State<Arc<Entitlement>>) -> Typed {
    let keys = entitlement.keys().into_iter().map(|published| {
        let mut jwk = published.key.public_jwk();
        jwk["x5c"] = json!(published.chain);
        jwk
    });
    set(&keys.collect::<Vec<_>>())
}

/// The certificate to pin as one of `trust_anchors_pem`.
pub(super) async fn anchor(State(entitlement): State<Arc<Entitlement>>) -> Typed {
    ([(header::CONTENT_TYPE, "application/pem-certificate-chain")], entitlement.anchor_pem())
}

fn set(keys: &[Value]) -> Typed {
    ([(header::CONTENT_TYPE, "application/jwk-set+json")], json!({"keys": keys}).to_string())
}

/// The same, signed.
pub(super) async fn signed(State(entitlement): State<Arc<Entitlement>>) -> Typed {
    let signer = entitlement.signer();
    let now = clock::now();
    let header = json!({"alg": signer.alg(), "typ": "jwk-set+jwt", "kid": signer.kid()});
    let claims = json!({
        "iss": entitlement.issuer(),
        "sub": entitlement.issuer(),
        "iat": now,
        "exp": now.saturating_add(SIGNED_FOR),
        "keys": public(&entitlement),
    });
    ([(header::CONTENT_TYPE, "application/jwk-set+jwt")], signer.sign(&header, &claims))
}

/// The key to pin as `signed_by`.
pub(super) async fn signer(State(entitlement): State<Arc<Entitlement>>) -> Json<Value> {
    Json(entitlement.signer().public_jwk())
}

/// Signs tokens with a new key from now on.
pub(super) async fn rotate(
    State(entitlement): State<Arc<Entitlement>>,
    Input(rotation): Input<Rotation>,
) -> Result<Json<Value>, Problem> {
    let rotated = entitlement.rotate(rotation.keep);
    rotated.map_err(|failure| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, failure.to_string()))?;
    Ok(Json(json!({"kid": entitlement.key().kid()})))
}

/// Takes the keys out of the set that sign nothing any more.
pub(super) async fn retire(State(entitlement): State<Arc<Entitlement>>) -> Json<Value> {
    entitlement.retire();
    Json(json!({"kid": entitlement.key().kid()}))
}

fn public(entitlement: &Entitlement) -> Vec<Value> {
    entitlement.keys().iter().map(|published| published.key.public_jwk()).collect()
}
