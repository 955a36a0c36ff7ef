//! What of the request line and the headers may stand in a link.

use super::Link;
use super::escapes::without_escapes;
use super::telltale::ends_with_word;
use eec_authn::request::is_token;
use serde_json::{Value, json};

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

impl Link {
    pub(super) fn method(&mut self, method: &str) -> String {
        let is_good = method.len() <= 16
            && method.bytes().all(|b| b.is_ascii_alphabetic())
            && self.known.is_plain(method);
        self.or_left_out(method, is_good)
    }

    /// A name or an address, and a port.
    pub(super) fn host(&mut self, host: &str) -> String {
        let is_taken = |b: u8| b.is_ascii_alphanumeric() || b".-:[]".contains(&b);
        let bare = host.replace(['[', ']', ':'], " ");
        let is_good = host.bytes().all(is_taken)
            && self.known.is_plain(&bare)
            && self.known.is_plain(&host.replace(['[', ']'], ""));
        self.or_left_out(host, is_good)
    }

    /// Segments that are plain, and the names of parameters. What a parameter says decides nothing.
    pub(super) fn path(&mut self, path: &str) -> String {
        if !path.is_empty() && !path.starts_with('/') || path.len() > 4096 {
            return self.or_left_out(path, false);
        }
        let end = path.find(['?', '#']).unwrap_or(path.len());
        let (before, rest) = path.split_at(end);
        let mut shown = self.segments(before);
        if let Some(query) = rest.strip_prefix('?') {
            let (query, fragment) =
                query.split_once('#').map_or((query, None), |(query, rest)| (query, Some(rest)));
            let parameters: Vec<String> =
                query.split('&').map(|parameter| self.parameter(parameter)).collect();
            shown.push('?');
            shown.push_str(&parameters.join("&"));
            shown.push_str(fragment.map_or("", |_| "#"));
            shown.push_str(
                &fragment.map(|fragment| self.or_left_out(fragment, fragment.is_empty())).unwrap_or_default(),
            );
        } else if let Some(fragment) = rest.strip_prefix('#') {
            shown.push('#');
            shown.push_str(&self.or_left_out(fragment, fragment.is_empty()));
        }
        shown
    }

    /// What comes after a segment such as `password` is left out with all behind it.
    fn segments(&mut self, path: &str) -> String {
        let (mut shown, mut so_far, mut is_named) = (Vec::new(), String::new(), false);
        for segment in path.split('/') {
            shown.push(if is_named {
                self.or_left_out(segment, segment.is_empty())
            } else {
                self.segment(segment)
            });
            so_far.push_str(segment);
            is_named = is_named || ends_with_word(&without_escapes(&so_far));
            so_far.push('/');
        }
        shown.join("/")
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

    pub(super) fn header(&mut self, header: &Value) -> Option<Value> {
        let part = |number: usize| header[number].as_str().unwrap_or_default().trim();
        let (name, value) = (part(0), part(1));
        let small = name.to_ascii_lowercase();
        let is_whole = header.as_array().is_some_and(|parts| parts.len() == 2);
        if !is_whole || CREDENTIALS.contains(&&*small) || !is_token(name) || !self.known.is_plain(name) {
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
