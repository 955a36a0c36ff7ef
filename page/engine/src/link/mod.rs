//! What a link carries: what is known to be needed, and nothing else. Of the configuration, what the schema declares; of the body, what
//! a decision compares; of everything, only what is plain ([`plain`]).

mod config;
mod escapes;
mod key;
mod known;
mod left_out;
mod plain;
mod request;
mod telltale;
#[cfg(test)]
mod tests;

use crate::given::text;
use crate::outline::{Node, Parts, outline};
use eec_authn::config::{Absent, review};
use eec_authn::policy::operations::OPERATIONS;
use eec_authn::policy::{Binding, Identities, Policy};
use known::Known;
use left_out::LEFT_OUT;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ops::Range;

/// What the link to `question` carries, and how many values were left out. `known` are the secrets of the page's fields, `texts` are
/// JSON of which some members are secrets. What a link has brought goes through here as well: there it changes nothing any more.
pub(crate) fn carried(question: &Value) -> Value {
    let mut link = Link { known: Known::of(question), left_out: 0 };
    let config = link.config(text(question, "config"));
    // As whoever opens the link has it.
    let places = policy(&config).map_or_else(usual_places, |policy| places(&policy));
    let body = question["body"].as_str().map(|body| link.body(body, &places));
    let headers = question["headers"].as_array().into_iter().flatten();
    let headers: Vec<Value> = headers.filter_map(|header| link.header(header)).collect();
    let carried = json!({
        "config": config, "method": link.method(text(question, "method")), "path": link.path(text(question, "path")),
        "host": link.host(text(question, "host")), "headers": headers, "body": body,
    });
    json!({"carried": carried, "left_out": link.left_out})
}

fn policy(config: &str) -> Option<Policy> {
    let reviewed = review(config.as_bytes(), &|_| None, Absent::StandIn);
    reviewed.result.ok().map(|loaded| loaded.policy)
}

/// Where a decision looks at the body, as JSON pointers.
fn places(policy: &Policy) -> BTreeSet<String> {
    let bound =
        policy.rules.as_slice().iter().flat_map(|rule| rule.bind.iter()).map(|binding| match binding {
            Binding::Claim { body, .. } | Binding::Absent(body) => body.as_str().to_owned(),
        });
    built_in(&policy.identities).chain(bound).collect()
}

fn usual_places() -> BTreeSet<String> {
    built_in(&Identities::default()).collect()
}

fn built_in(identities: &Identities) -> impl Iterator<Item = String> {
    let of = OPERATIONS.iter().flat_map(|operation| identities.of(operation.identity).all());
    of.map(|place| place.as_str().to_owned())
}

/// What the keys of the configuration can be called by, as anybody can work out who has them.
fn published(policy: &Policy) -> Vec<String> {
    let keys = policy.entitlement_servers.iter().flat_map(|server| server.keys.keys());
    keys.flat_map(|key| [Some(key.key.thumbprint()), key.x5t_s256.as_deref()])
        .flatten()
        .map(str::to_owned)
        .collect()
}

struct Link {
    known: Known,
    left_out: usize,
}

impl Link {
    fn or_left_out(&mut self, text: &str, is_good: bool) -> String {
        // What was left out before is not counted again.
        if is_good || text == LEFT_OUT {
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
                let published = policy(config).map(|policy| published(&policy)).unwrap_or_default();
                let strikes = config::strikes(config, &root, &self.known, &published);
                self.struck(config, strikes)
            }
            Err(_) => self.or_left_out(config, false),
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
            Parts::Text(text) if text == LEFT_OUT || is_compared && self.known.is_plain(text) => {}
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
}
