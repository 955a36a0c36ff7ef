//! An EES or edge ECS as far as conformance needs one: it keeps registrations and subscriptions, and reads paths as leniently as
//! real servers do. It checks no token; where a proxy tells it who asks (`x-eec-id`), it lets an item's owner alone change it, as
//! TS 24.558 wants of the server.

use super::upstream::{Received, Upstream};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Items by their path, and their owner as far as it is known.
pub type Items = Arc<Mutex<BTreeMap<String, Option<String>>>>;

/// Starts one, and what it keeps.
pub fn start() -> (Upstream, Items) {
    let items = Items::default();
    let (kept, numbers) = (items.clone(), Mutex::new(0_u64));
    let server = Upstream::saying(move |received| {
        let path = leniently(&received.path);
        let asker = received.all("x-eec-id").first().map(|id| (*id).to_owned());
        let mut items = kept.lock().expect("items");
        let collection = path.ends_with("/registrations") || path.ends_with("/subscriptions");
        if collection && received.method.eq_ignore_ascii_case("POST") {
            let mut number = numbers.lock().expect("a number");
            *number += 1;
            let item = format!("{path}/i{number}");
            items.insert(item.clone(), asker);
            return answer("201 Created", &format!("location: {item}\r\n"));
        }
        let is_item = path.contains("/registrations/") || path.contains("/subscriptions/");
        match (items.get(&path), received.method.as_str()) {
            (None, _) if is_item => answer("404 Not Found", ""),
            (Some(owner), _) if asker.is_some() && *owner != asker => answer("403 Forbidden", ""),
            (Some(_), "DELETE") => {
                items.remove(&path);
                "HTTP/1.1 204 No Content\r\n\r\n".into()
            }
            (Some(_) | None, _) => answer("200 OK", ""),
        }
    });
    (server, items)
}

fn answer(status: &str, header: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{header}content-length: 2\r\n\r\n{{}}")
}

/// The path as some server reads it: in small letters, without query, escapes, dots, doubled slashes and endings.
fn leniently(path: &str) -> String {
    let path = path.split(['?', '#', ';']).next().unwrap_or_default().to_ascii_lowercase();
    let path = path
        .replace("%25", "%")
        .replace("%76", "v")
        .replace("%2e", ".")
        .replace("%2f", "/")
        .replace("%c0%af", "/");
    let path = path.replace("%20", "").replace("%00", "").replace('\\', "/");
    let path = path.strip_suffix(".json").unwrap_or(&path);
    let mut segments = Vec::new();
    for segment in path
        .split('/')
        .map(|segment| segment.trim_end_matches('.').to_owned() + if segment == ".." { ".." } else { "" })
    {
        match segment.as_str() {
            "" => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    format!("/{}", segments.join("/"))
}
