//! An EES as TS 24.558 has it, in memory: it makes, replaces, changes and deletes registrations and subscriptions for whoever asks, counts
//! its identifiers up, and knows nothing of owners. That is what `ownership` is for.

use super::upstream::{Answering, Received, Upstream};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// The header that tells it what to answer instead, byte for byte (base64); it does nothing else then.
pub const SCRIPT: &str = "x-script";

/// What it keeps: bodies by the path of the item.
pub type Items = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// A running EES.
pub struct Ees {
    /// Its side towards Envoy, with what has arrived.
    pub upstream: Upstream,
    /// What it keeps.
    pub items: Items,
}

impl Ees {
    /// Starts it with nothing registered.
    pub fn start() -> Ees {
        let items = Items::default();
        let kept = Arc::clone(&items);
        let answering: Arc<Answering> = Arc::new(move |request: &Received| match request.all(SCRIPT)[..] {
            [script] => STANDARD.decode(script).expect("a script"),
            _ => answer(&kept, request),
        });
        Ees { upstream: Upstream::answering(answering), items }
    }

    /// What is kept at `path`.
    pub fn item(&self, path: &str) -> Option<String> {
        let items = self.items.lock().expect("items");
        items.get(path).map(|body| String::from_utf8_lossy(body).into_owned())
    }
}

/// The value of [`SCRIPT`] for an answer with this status and these header lines, and no body.
pub fn script(status: &str, headers: &[&str]) -> String {
    let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    STANDARD.encode(format!("HTTP/1.1 {status}\r\n{lines}content-length: 0\r\n\r\n"))
}

/// The value of [`SCRIPT`] for these bytes.
pub fn raw(answer: &str) -> String {
    STANDARD.encode(answer)
}

fn answer(items: &Items, request: &Received) -> Vec<u8> {
    let mut items = items.lock().expect("items");
    let path = request.path.split('?').next().unwrap_or_default().to_owned();
    let is_collection = path.ends_with("/registrations") || path.ends_with("/subscriptions");
    let kept = items.contains_key(&path);
    match request.method.as_str() {
        "POST" if is_collection => {
            let number = items.len() + 1;
            let item = format!("{path}/{number}");
            items.insert(item.clone(), request.body.clone());
            // It believes who forwards requests, as servers behind proxies are often set to.
            let said = |name: &str| request.all(name).first().map(|value| (*value).to_owned());
            let host = said("x-forwarded-host").or_else(|| said("host")).unwrap_or_default();
            let prefix = said("x-forwarded-prefix").unwrap_or_default();
            respond("201 Created", &format!("location: http://{host}{prefix}{item}\r\n"), &request.body)
        }
        "PUT" | "PATCH" if kept => {
            items.insert(path, request.body.clone());
            respond("200 OK", "", &request.body)
        }
        "DELETE" if kept => {
            // Identifiers are counted: the place is kept, so that none comes twice.
            items.insert(path, Vec::new());
            b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()
        }
        "GET" if kept => respond("200 OK", "", &items[&path]),
        _ => respond("404 Not Found", "", b"{}"),
    }
}

fn respond(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}
