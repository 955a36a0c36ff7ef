//! What a link carries: what is known to be needed, and nothing else. Of the configuration, what the schema declares; of the body, what
//! a decision compares; of everything, only what is plain ([`plain`]).

mod config;
mod plain;
#[cfg(test)]
mod tests;

use crate::given::text;
use crate::outline::{Node, Parts, outline};
use eec_authn::config::{Absent, review};
use eec_authn::policy::operations::OPERATIONS;
use eec_authn::policy::{Binding, Identities, Policy};
use plain::Known;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ops::Range;

/// What stands for what was left out. It needs no escape anywhere.
const LEFT_OUT: &str = "left-out";

/// Headers whose values decide something. Of others, the name alone goes.
const WITH_VALUE: &[&str] = &[
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];

/// Headers that are the token or the proof: a link has neither.
const CREDENTIALS: &[&str] = &["authorization", "dpop"];

/// What the link to `question` carries, and how many values were left out; `known` are the secrets of the page's fields.
pub(crate) fn carried(question: &Value) -> Value {
    let known = Known::new(question["known"].as_array().into_iter().flatten().filter_map(Value::as_str));
    let mut link = Link { known, left_out: 0 };
    let config = text(question, "config");
    let body = question["body"].as_str().map(|body| link.body(body, &places(config)));
    let headers = question["headers"].as_array().into_iter().flatten();
    let headers: Vec<Value> = headers.filter_map(|header| link.header(header)).collect();
    let carried = json!({
        "config": link.config(config), "method": link.method(text(question, "method")), "path": link.path(text(question, "path")),
        "host": link.host(text(question, "host")), "headers": headers, "body": body,
    });
    json!({"carried": carried, "left_out": link.left_out})
}

/// Where a decision looks at the body, as JSON pointers.
fn places(config: &str) -> BTreeSet<String> {
    let reviewed = review(config.as_bytes(), &|_| None, Absent::StandIn);
    let policy: Option<Policy> = reviewed.result.ok().map(|loaded| loaded.policy);
    let usual = Identities::default();
    let identities = policy.as_ref().map_or(&usual, |policy| &policy.identities);
    let built_in = OPERATIONS.iter().flat_map(|operation| identities.of(operation.identity).all());
    let rules = policy.iter().flat_map(|policy| policy.rules.as_slice().iter());
    let bound = rules.flat_map(|rule| rule.bind.iter()).map(|binding| match binding {
        Binding::Claim { body, .. } | Binding::Absent(body) => body,
    });
    built_in.chain(bound).map(|place| place.as_str().to_owned()).collect()
}

struct Link {
    known: Known,
    left_out: usize,
}

impl Link {
    fn or_left_out(&mut self, text: &str, is_good: bool) -> String {
        if is_good {
            return text.to_owned();
        }
        self.left_out = self.left_out.saturating_add(1);
        LEFT_OUT.to_owned()
    }

    /// What is no JSON has no places of which one could know what stands there.
    fn config(&mut self, config: &str) -> String {
        if config.trim().is_empty() {
            return String::new();
        }
        match outline(config) {
            Ok(root) => {
                let strikes = config::strikes(&root, &self.known);
                self.struck(config, strikes)
            }
            Err(_) => self.or_left_out("", false),
        }
    }

    /// `text` with other texts in these places; all of the text but for them stays as it is.
    fn struck(&mut self, text: &str, strikes: Vec<(Range<usize>, String)>) -> String {
        let (mut result, mut done) = (String::new(), 0);
        self.left_out = self.left_out.saturating_add(strikes.len());
        for (place, instead) in strikes {
            result.push_str(text.get(done..place.start).unwrap_or_default());
            result.push_str(&instead);
            done = place.end;
        }
        result.push_str(text.get(done..).unwrap_or_default());
        result
    }

    fn body(&mut self, body: &str, places: &BTreeSet<String>) -> String {
        if body.trim().is_empty() {
            return body.to_owned();
        }
        let Ok(root) = outline(body) else { return self.or_left_out(body, false) };
        let mut strikes = Vec::new();
        self.strike_body(&root, "", body, places, &mut strikes);
        self.struck(body, strikes)
    }

    fn strike_body(
        &self,
        node: &Node,
        at: &str,
        body: &str,
        places: &BTreeSet<String>,
        strikes: &mut Vec<(Range<usize>, String)>,
    ) {
        let is_compared = places.contains(at);
        match &node.parts {
            Parts::Members(members) => {
                for member in members {
                    if !self.known.is_plain(&member.name) {
                        // Each another, so that no two are one.
                        strikes.push((member.name_at.clone(), format!("\"{LEFT_OUT}-{}\"", strikes.len())));
                    }
                    let step = member.name.replace('~', "~0").replace('/', "~1");
                    self.strike_body(&member.value, &format!("{at}/{step}"), body, places, strikes);
                }
            }
            Parts::Items(items) => {
                for (number, item) in items.iter().enumerate() {
                    self.strike_body(item, &format!("{at}/{number}"), body, places, strikes);
                }
            }
            Parts::Text(text) if is_compared && self.known.is_plain(text) => {}
            Parts::Text(_) => strikes.push((node.at.clone(), format!("\"{LEFT_OUT}\""))),
            // `true`, `false`, `null`; a number says something only where it is compared.
            Parts::Word => {
                let word = body.get(node.at.clone()).unwrap_or_default();
                let is_number = word.starts_with(|c: char| c == '-' || c.is_ascii_digit());
                if is_number && word != "0" && !(is_compared && self.known.is_plain(word)) {
                    strikes.push((node.at.clone(), "0".to_owned()));
                }
            }
        }
    }

    fn method(&mut self, method: &str) -> String {
        let is_good = method.len() <= 16
            && method.bytes().all(|b| b.is_ascii_alphabetic())
            && self.known.is_plain(method);
        self.or_left_out(method, is_good)
    }

    /// A name or an address, and a port.
    fn host(&mut self, host: &str) -> String {
        let is_taken = |b: u8| b.is_ascii_alphanumeric() || b".-:[]".contains(&b);
        let bare = host.replace(['[', ']', ':'], " ");
        let is_good = host.bytes().all(is_taken)
            && self.known.is_plain(&bare)
            && self.known.is_plain(&host.replace(['[', ']'], ""));
        self.or_left_out(host, is_good)
    }

    /// Segments that are plain, and the names of parameters. What a parameter says decides nothing.
    fn path(&mut self, path: &str) -> String {
        if !path.is_empty() && !path.starts_with('/') || path.len() > 4096 {
            return self.or_left_out(path, false);
        }
        let end = path.find(['?', '#']).unwrap_or(path.len());
        let (before, rest) = path.split_at(end);
        let segments: Vec<String> = before.split('/').map(|segment| self.segment(segment)).collect();
        let mut shown = segments.join("/");
        if let Some(query) = rest.strip_prefix('?') {
            let (query, fragment) =
                query.split_once('#').map_or((query, None), |(query, rest)| (query, Some(rest)));
            let parameters: Vec<String> =
                query.split('&').map(|parameter| self.parameter(parameter)).collect();
            shown.push('?');
            shown.push_str(&parameters.join("&"));
            shown.push_str(fragment.map_or("", |_| "#"));
            shown.push_str(
                &fragment.map(|fragment| self.or_left_out("", fragment.is_empty())).unwrap_or_default(),
            );
        } else if let Some(fragment) = rest.strip_prefix('#') {
            shown.push('#');
            shown.push_str(&self.or_left_out("", fragment.is_empty()));
        }
        shown
    }

    fn segment(&mut self, segment: &str) -> String {
        let mut parts = segment.split(';');
        let name = parts.next().unwrap_or_default();
        let mut shown = vec![self.or_left_out(name, self.known.is_plain(name))];
        shown.extend(parts.map(|parameter| self.parameter(parameter)).collect::<Vec<_>>());
        shown.join(";")
    }

    /// `name=value` without its value; without a `=` there is no telling which of both it is.
    fn parameter(&mut self, parameter: &str) -> String {
        match parameter.split_once('=') {
            Some((name, value)) => {
                let name = self.or_left_out(name, self.known.is_plain(name));
                format!("{name}={}", self.or_left_out(value, value.is_empty()))
            }
            None => self.or_left_out(parameter, parameter.is_empty()),
        }
    }

    fn header(&mut self, header: &Value) -> Option<Value> {
        let part = |number: usize| header[number].as_str().unwrap_or_default().trim();
        let (name, value) = (part(0), part(1));
        let small = name.to_ascii_lowercase();
        let is_whole = header.as_array().is_some_and(|parts| parts.len() == 2);
        if !is_whole || CREDENTIALS.contains(&&*small) || !self.known.is_plain(name) {
            self.left_out = self.left_out.saturating_add(1);
            return None;
        }
        let is_good = value.is_empty() || WITH_VALUE.contains(&&*small) && self.is_plain_list(value);
        Some(json!([name, self.or_left_out(value, is_good)]))
    }

    /// A list such as `text/html;q=0.5, application/json; charset="utf-8"`.
    fn is_plain_list(&self, value: &str) -> bool {
        value.split([',', ';']).all(|piece| match piece.trim().split_once('=') {
            Some((name, value)) => {
                matches!(&*name.to_ascii_lowercase(), "charset" | "q")
                    && self.known.is_plain(value.trim_matches('"'))
            }
            None => self.known.is_plain(piece.trim()),
        })
    }
}
