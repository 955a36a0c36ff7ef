//! `POST /revoke` (RFC 7009).

use super::Entitlement;
use crate::cli::http::Input;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;

/// The parameters of RFC 7009, section 2.1.
#[derive(Deserialize)]
pub(super) struct Revocation {
    token: String,
}

/// `POST /revoke` (RFC 7009): 200 whether or not the token is known.
pub(super) async fn revoke(
    State(entitlement): State<Arc<Entitlement>>,
    Input(request): Input<Revocation>,
) -> StatusCode {
    // Only our own: strangers' texts would fill the memory.
    if entitlement.issued(&request.token).is_some() {
        entitlement.issued_tokens().revoke(request.token);
    }
    StatusCode::OK
}
