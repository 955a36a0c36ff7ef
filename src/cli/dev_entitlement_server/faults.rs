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
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The order that holds, and how much has been asked.
#[derive(Default)]
pub(super) struct Faults(Mutex<Book>);

#[derive(Default)]
struct Book {
    fault: Option<Fault>,
    questions: u64,
}

impl Faults {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a question, and takes the fault that hits it.
    fn next(&self, method: &str) -> Option<Fault> {
        let mut book = self.book();
        book.questions = book.questions.saturating_add(1);
        let fault = book.fault.as_mut()?;
        if fault.method.as_ref().is_some_and(|only| only != method) {
            return None;
        }
        let hit = fault.clone();
        if let Some(times) = &mut fault.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                book.fault = None;
            }
        }
        Some(hit)
    }
}

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
    entitlement.faults().book().fault = Some(fault);
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the fault.
pub(super) async fn end(State(entitlement): State<Arc<Entitlement>>) -> StatusCode {
    entitlement.faults().book().fault = None;
    StatusCode::NO_CONTENT
}

/// The fault that holds, with the times that are left, and the number of questions since the start.
pub(super) async fn show(State(entitlement): State<Arc<Entitlement>>) -> Json<Value> {
    let book = entitlement.faults().book();
    Json(json!({"fault": book.fault, "questions": book.questions}))
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
