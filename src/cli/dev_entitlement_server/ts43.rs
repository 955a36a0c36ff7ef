//! `/ts43`: ValidateOperatorToken (TS.43, 14.1.6.1), as POST with JSON and as GET.

use super::Entitlement;
use crate::cli::http::{Input, Problem};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The parameters that matter here; the others of TS.43 may be there.
#[derive(Deserialize)]
pub(super) struct Question {
    app: String,
    operation: String,
    operator_token: String,
    client_id: String,
}

/// The operation as POST.
pub(super) async fn post(
    State(entitlement): State<Arc<Entitlement>>,
    Input(question): Input<Question>,
) -> Result<Json<Value>, Problem> {
    validate(&entitlement, &question)
}

/// The operation as GET.
pub(super) async fn get(
    State(entitlement): State<Arc<Entitlement>>,
    question: Result<Query<Question>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let Query(question) = question.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    validate(&entitlement, &question)
}

fn validate(entitlement: &Entitlement, question: &Question) -> Result<Json<Value>, Problem> {
    if question.app != "ap2015" {
        return Err(Problem::bad_request("`app` is not `ap2015`"));
    }
    if question.operation != "ValidateOperatorToken" {
        return Err(Problem::bad_request("`operation` is not `ValidateOperatorToken`"));
    }
    if entitlement.client().is_some_and(|client| !client.is(&question.client_id)) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "the client is unknown"));
    }
    let valid = entitlement.active(&question.operator_token).is_some();
    Ok(Json(json!({"OperatorTokenValidity": u8::from(valid)})))
}
