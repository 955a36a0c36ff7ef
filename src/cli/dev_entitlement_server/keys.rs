//! `GET /jwks`: the key set to pin (RFC 7517).

use super::Entitlement;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use std::sync::Arc;

/// The public key set.
pub(super) async fn jwks(State(entitlement): State<Arc<Entitlement>>) -> Json<Value> {
    Json(json!({"keys": [entitlement.key().public_jwk()]}))
}
