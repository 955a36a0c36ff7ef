//! A sample EES: it registers whoever comes, and says whom the request came from.

use crate::cli::http::Problem;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";

/// How many requests reached it.
#[derive(Clone, Default)]
pub(super) struct Visits(Arc<AtomicUsize>);

impl Visits {
    /// The number so far; each one is also the number of a registration.
    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn next(&self) -> usize {
        self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }
}

/// Eees_EECRegistration of TS 24.558, as much of it as a demo needs.
pub(super) fn router(visits: Visits) -> Router {
    let item = format!("{REGISTRATIONS}/{{id}}");
    Router::new()
        .route("/healthz", get(StatusCode::NO_CONTENT))
        .route(REGISTRATIONS, post(register))
        .route(&item, put(update).patch(update).delete(deregister))
        .fallback(elsewhere)
        .with_state(visits)
}

async fn register(
    State(visits): State<Visits>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<impl IntoResponse, Problem> {
    let number = visits.next();
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or("localhost");
    let location = format!("http://{host}{REGISTRATIONS}/{number}");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], answer(&headers, &body)?))
}

async fn update(
    State(visits): State<Visits>,
    Path(_): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    visits.next();
    answer(&headers, &body)
}

async fn deregister(State(visits): State<Visits>) -> StatusCode {
    visits.next();
    StatusCode::NO_CONTENT
}

async fn elsewhere(State(visits): State<Visits>, headers: HeaderMap) -> impl IntoResponse {
    visits.next();
    (StatusCode::NOT_FOUND, Json(json!({"seen": seen(&headers)})))
}

/// The registration, with a member of ours: what the filter tells an upstream.
fn answer(headers: &HeaderMap, body: &[u8]) -> Result<Json<Value>, Problem> {
    let mut registration: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| Problem::bad_request(format!("the body is not a JSON object: {error}")))?;
    registration.insert("seen".to_owned(), seen(headers));
    Ok(Json(Value::Object(registration)))
}

/// The identity headers, however they are spelled, and whether there was a token, which nobody needs to read.
fn seen(headers: &HeaderMap) -> Value {
    let about_identity = |name: &HeaderName| {
        let name = name.as_str().replace('_', "-");
        name.starts_with("x-eec-") || name == "authorization"
    };
    let mut seen = Map::new();
    for name in headers.keys().filter(|name| about_identity(name)) {
        if name == header::AUTHORIZATION {
            seen.insert(name.to_string(), json!("a token"));
            continue;
        }
        let values: Vec<_> =
            headers.get_all(name).iter().map(|v| String::from_utf8_lossy(v.as_bytes())).collect();
        seen.insert(name.to_string(), json!(values.join(", ")));
    }
    Value::Object(seen)
}
