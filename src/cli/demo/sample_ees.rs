//! A small honest EES: Eees_EECRegistration and Eees_EASDiscovery of TS 24.558, in memory. It serves whoever comes, compares no owners,
//! and says whom each request came from.

use super::resources::Resources;
use crate::cli::http::Problem;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The collections that it keeps (TS 24.558, clauses 5.2 and 5.5).
const COLLECTIONS: [&str; 2] =
    ["/eees-eecregistration/v1/registrations", "/eees-easdiscovery/v1/subscriptions"];
const DISCOVERY: &str = "/eees-easdiscovery/v1/eas-profiles/request-discovery";

/// What it keeps, shared with the story.
#[derive(Clone, Default)]
pub(super) struct Ees(Arc<Mutex<Resources>>);

impl Ees {
    /// How many requests reached it.
    pub(super) fn visits(&self) -> usize {
        self.resources().visits()
    }

    /// Whether there is a resource at `path`.
    pub(super) fn has(&self, path: &str) -> bool {
        self.resources().has(path)
    }

    /// What it keeps, with one more request counted.
    fn visited(&self) -> MutexGuard<'_, Resources> {
        let mut resources = self.resources();
        resources.visit();
        resources
    }

    fn resources(&self) -> MutexGuard<'_, Resources> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Its operations.
pub(super) fn router(ees: Ees) -> Router {
    let collections = COLLECTIONS.into_iter().fold(Router::new(), |router, collection| {
        let item = format!("{collection}/{{id}}");
        router.route(collection, post(make)).route(&item, put(replace).patch(patch).delete(remove))
    });
    collections
        .route("/healthz", get(StatusCode::NO_CONTENT))
        .route(DISCOVERY, post(discover))
        .fallback(elsewhere)
        .with_state(ees)
}

async fn make(
    State(ees): State<Ees>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let mut resources = ees.visited();
    let resource = read(&body)?;
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or("localhost");
    let location = format!("http://{host}{}", resources.make(uri.path(), resource.clone()));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], shown(&headers, resource)).into_response())
}

async fn replace(
    State(ees): State<Ees>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let replaced = ees.visited().replace(uri.path(), read(&body)?);
    Ok(replaced.map_or_else(not_found, |resource| shown(&headers, resource).into_response()))
}

async fn patch(
    State(ees): State<Ees>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let patched = ees.visited().patch(uri.path(), read(&body)?);
    Ok(patched.map_or_else(not_found, |resource| shown(&headers, resource).into_response()))
}

async fn remove(State(ees): State<Ees>, uri: Uri) -> Response {
    if ees.visited().remove(uri.path()) { StatusCode::NO_CONTENT.into_response() } else { not_found() }
}

/// No EAS is known here, which is an answer, too.
async fn discover(State(ees): State<Ees>, headers: HeaderMap, body: Bytes) -> Result<Response, Problem> {
    drop(ees.visited());
    read(&body)?;
    let none = Map::from_iter([("discoveredEas".to_owned(), json!([]))]);
    Ok(shown(&headers, none).into_response())
}

async fn elsewhere(State(ees): State<Ees>, headers: HeaderMap) -> Response {
    drop(ees.visited());
    (StatusCode::NOT_FOUND, Json(json!({"seen": seen(&headers)}))).into_response()
}

fn not_found() -> Response {
    Problem::new(StatusCode::NOT_FOUND, "there is no such resource").into_response()
}

fn read(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    serde_json::from_slice(body)
        .map_err(|error| Problem::bad_request(format!("the body is not a JSON object: {error}")))
}

/// The resource, with a member of ours: what the filter tells an upstream.
fn shown(headers: &HeaderMap, mut resource: Map<String, Value>) -> Json<Value> {
    resource.insert("seen".to_owned(), seen(headers));
    Json(Value::Object(resource))
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
