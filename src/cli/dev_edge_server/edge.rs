//! A small honest edge server: an EES (Eees_EECRegistration, Eees_EASDiscovery) or an edge ECS (Eecs_ServiceProvisioning) of TS 24.558, in
//! memory. It serves whoever comes, compares no owners, and says whom each request came from.

use super::resources::Resources;
use crate::cli::http::{Problem, WholeBody};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The collections that an EES keeps (TS 24.558, clauses 5.2 and 5.5).
const EES_COLLECTIONS: [&str; 2] =
    ["/eees-eecregistration/v1/registrations", "/eees-easdiscovery/v1/subscriptions"];
const DISCOVERY: &str = "/eees-easdiscovery/v1/eas-profiles/request-discovery";
/// The collection that an edge ECS keeps (TS 24.558, clause 6.2).
const ECS_COLLECTIONS: [&str; 1] = ["/eecs-serviceprovisioning/v1/subscriptions"];
const PROVISIONING: &str = "/eecs-serviceprovisioning/v1/request";

/// What it keeps, shared with whoever started it.
#[derive(Clone, Default)]
pub(crate) struct Edge(Arc<Mutex<Resources>>);

impl Edge {
    /// How many requests reached it.
    pub(crate) fn visits(&self) -> usize {
        self.resources().visits()
    }

    /// Whether there is a resource at `path`.
    pub(crate) fn has(&self, path: &str) -> bool {
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

/// The operations of an EES.
pub(crate) fn ees(edge: Edge) -> Router {
    collections(&EES_COLLECTIONS).route(DISCOVERY, post(discover)).with_state(edge)
}

/// The operations of an edge ECS that names the EES at `root` to everybody.
pub(crate) fn ecs(edge: Edge, root: String) -> Router {
    let provide = move |State(edge): State<Edge>, headers: HeaderMap, WholeBody(body): WholeBody| async move {
        provide(&edge, &root, &headers, &body)
    };
    collections(&ECS_COLLECTIONS).route(PROVISIONING, post(provide)).with_state(edge)
}

fn collections(collections: &[&str]) -> Router<Edge> {
    let router = Router::new().route("/healthz", get(StatusCode::NO_CONTENT)).fallback(elsewhere);
    collections.iter().fold(router, |router, collection| {
        let item = format!("{collection}/{{id}}");
        router.route(collection, post(make)).route(&item, put(replace).patch(patch).delete(remove))
    })
}

async fn make(
    State(edge): State<Edge>,
    uri: Uri,
    headers: HeaderMap,
    WholeBody(body): WholeBody,
) -> Result<Response, Problem> {
    let mut resources = edge.visited();
    let resource = read(&body)?;
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or("localhost");
    let location = format!("http://{host}{}", resources.make(uri.path(), resource.clone()));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], shown(&headers, resource)).into_response())
}

async fn replace(
    State(edge): State<Edge>,
    uri: Uri,
    headers: HeaderMap,
    WholeBody(body): WholeBody,
) -> Result<Response, Problem> {
    let replaced = edge.visited().replace(uri.path(), read(&body)?);
    Ok(replaced.map_or_else(not_found, |resource| shown(&headers, resource).into_response()))
}

async fn patch(
    State(edge): State<Edge>,
    uri: Uri,
    headers: HeaderMap,
    WholeBody(body): WholeBody,
) -> Result<Response, Problem> {
    let patched = edge.visited().patch(uri.path(), read(&body)?);
    Ok(patched.map_or_else(not_found, |resource| shown(&headers, resource).into_response()))
}

async fn remove(State(edge): State<Edge>, uri: Uri) -> Response {
    if edge.visited().remove(uri.path()) { StatusCode::NO_CONTENT.into_response() } else { not_found() }
}

/// No EAS is known here, which is an answer, too.
async fn discover(
    State(edge): State<Edge>,
    headers: HeaderMap,
    WholeBody(body): WholeBody,
) -> Result<Response, Problem> {
    drop(edge.visited());
    read(&body)?;
    let none = Map::from_iter([("discoveredEas".to_owned(), json!([]))]);
    Ok(shown(&headers, none).into_response())
}

/// `ECSServProvResp`, with one network and one EES.
fn provide(edge: &Edge, root: &str, headers: &HeaderMap, body: &[u8]) -> Result<Response, Problem> {
    drop(edge.visited());
    read(body)?;
    let host = root.split_once("://").map_or(root, |(_, rest)| rest);
    let id = host.split(['/', ':']).next().unwrap_or(host);
    let ees = json!({"eesId": id, "endPt": {"uri": root}, "eecRegConf": true});
    let networks = json!([{"ednConInfo": {"dnn": "edge"}, "eess": [ees]}]);
    Ok(shown(headers, Map::from_iter([("ednCnfgInfo".to_owned(), networks)])).into_response())
}

async fn elsewhere(State(edge): State<Edge>, headers: HeaderMap) -> Response {
    drop(edge.visited());
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
