//! `POST /oauth2/introspect`: token introspection (RFC 7662).

use super::Entitlement;
use crate::cli::http::Problem;
use axum::Json;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// RFC 7662, section 2.1: a form, never JSON. Unknown parameters are ignored.
#[derive(Deserialize)]
pub(super) struct Question {
    token: String,
}

/// Whether the token is active, and its claims if it is.
pub(super) async fn introspect(
    State(entitlement): State<Arc<Entitlement>>,
    headers: HeaderMap,
    question: Result<Form<Question>, FormRejection>,
) -> Response {
    if let Some(client) = entitlement.client()
        && !headers.get(header::AUTHORIZATION).is_some_and(|v| client.is_authenticated_by(v.as_bytes()))
    {
        let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"entitlement server\"")];
        return (challenge, Problem::new(StatusCode::UNAUTHORIZED, "the client is unknown")).into_response();
    }
    let token = match question {
        Ok(Form(question)) => question.token,
        Err(rejection) => {
            return Problem::new(StatusCode::BAD_REQUEST, rejection.body_text()).into_response();
        }
    };
    Json(answer(entitlement.active(&token))).into_response()
}

fn answer(claims: Option<Value>) -> Value {
    match claims {
        Some(mut claims) => {
            if let Some(claims) = claims.as_object_mut() {
                claims.insert("active".to_owned(), json!(true));
                let bound = claims.get("cnf").is_some_and(|cnf| cnf.get("jkt").is_some());
                let token_type = if bound { "DPoP" } else { "Bearer" };
                claims.insert("token_type".to_owned(), json!(token_type));
            }
            claims
        }
        None => json!({"active": false}),
    }
}
