//! Outages to rehearse: `POST /faults` orders one, `DELETE /faults` ends it, `GET /faults` tells how it stands.
//! Only questions about tokens are disturbed; issuing them is not.

use super::Entitlement;
use super::fault::{Fault, Kind};
use super::fault_answers;
use crate::cli::http::{Input, Problem};
use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::middleware::Next;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Orders a fault in place of the one before.
pub(super) async fn order(
    State(entitlement): State<Arc<Entitlement>>,
    Input(fault): Input<Fault>,
) -> Result<StatusCode, Problem> {
    if fault.times == Some(0) {
        return Err(Problem::bad_request("`times` is 0; leave it out to disturb every question"));
    }
    if fault.status.is_some_and(|status| !(200..=599).contains(&status)) {
        return Err(Problem::bad_request("`status` is not between 200 and 599"));
    }
    if fault.media_type.as_ref().is_some_and(|text| HeaderValue::try_from(text).is_err()) {
        return Err(Problem::bad_request("`media_type` cannot stand in a header"));
    }
    entitlement.faults().order(Some(fault));
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the fault.
pub(super) async fn end(State(entitlement): State<Arc<Entitlement>>) -> StatusCode {
    entitlement.faults().order(None);
    StatusCode::NO_CONTENT
}

/// The fault that holds, with the times that are left, and the number of questions since the start.
pub(super) async fn show(State(entitlement): State<Arc<Entitlement>>) -> Json<Value> {
    let (fault, questions) = entitlement.faults().stand();
    Json(json!({"fault": fault, "questions": questions}))
}

/// Stands before the resources that answer questions.
pub(super) async fn disturb(
    State(entitlement): State<Arc<Entitlement>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let Some(fault) = entitlement.faults().next(request.method().as_str()) else {
        return next.run(request).await;
    };
    tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    match fault.kind {
        Kind::None => next.run(request).await,
        Kind::WrongMediaType => fault_answers::as_html(next.run(request).await),
        Kind::Status => fault_answers::status(fault.status.unwrap_or(503)),
        Kind::Answer => fault_answers::ordered(fault),
        Kind::Garbage => fault_answers::garbage(),
        Kind::Huge => fault_answers::huge(),
        Kind::Half => fault_answers::half(),
        Kind::Redirect => fault_answers::redirect(request.uri()),
        Kind::Reset => fault_answers::reset(),
    }
}
