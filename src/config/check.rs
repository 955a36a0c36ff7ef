//! The walk that holds a document against its declaration.

use super::node::Node;
use super::shape::{Form, Member, Presence, Shape, alternatives, expectation, quote, whole_number};
use crate::json::Json;

/// Reports everything in `node` that its shape does not allow.
pub(super) fn check(node: &Node<'_>) {
    let Some(json) = node.json() else { return };
    match (node.shape(), json) {
        (Shape::Object(_) | Shape::Forms(..) | Shape::AnyOf(..), Json::Object(given)) => {
            let members = node.shape().members();
            for (name, _) in given {
                if !members.iter().any(|m| m.name == &**name) {
                    node.member(name).error(unknown(name, members));
                }
            }
            for member in members {
                let child = node.member(member.name);
                if child.json().is_none() && matches!(member.presence, Presence::Required) {
                    child.error(format!("is required; give {}", expectation(&member.shape)));
                }
                check(&child);
            }
            check_together(node);
            duplicates(node, given);
        }
        (Shape::Named(_), Json::Object(given)) => {
            given.iter().for_each(|(name, _)| check(&node.member(name)));
            duplicates(node, given);
        }
        (Shape::List { min, .. }, Json::Array(given)) => {
            if given.len() < *min {
                node.error(format!("is empty; give {}", expectation(node.shape())));
            }
            node.items().iter().for_each(check);
        }
        (Shape::Foreign, Json::Object(_)) => deep_duplicates(node, json),
        (Shape::Text, Json::String(text)) if text.is_empty() => {
            node.error("is empty; give a string that is not empty, or leave it out".into());
        }
        (Shape::Text, Json::String(_)) | (Shape::Flag, Json::Bool(_)) => {}
        (Shape::Scalar, Json::String(_) | Json::Number(_) | Json::Bool(_)) => {}
        (Shape::Choice(words), Json::String(text)) => {
            if !words.contains(&&**text) {
                node.error(format!("{} is not supported; use {}", quote(text), expectation(node.shape())));
            }
        }
        (Shape::Integer { min, max }, Json::Number(text)) => {
            if whole_number(json).is_none_or(|n| n < *min || n > *max) {
                node.error(format!("`{text}` is out of range; give {}", expectation(node.shape())));
            }
        }
        (shape, json) => {
            let hint = hint(shape, json);
            node.error(format!("is {}; give {}{hint}", json.kind(), expectation(shape)));
        }
    }
}

/// What else may have been meant where a key or a set of keys belongs.
fn hint(shape: &Shape, json: &Json) -> &'static str {
    let is_url = |text: &str| text.starts_with("https://") || text.starts_with("http://");
    match (shape, json) {
        (Shape::Foreign | Shape::Forms(..), Json::String(text)) if is_url(text) => {
            "; what is at a URL is fetched by \"jwks_remote\""
        }
        (Shape::Foreign, Json::Array(_)) => "; a JWK set has its keys in a member `keys`",
        _ => "",
    }
}

/// Reports members that do not go together.
fn check_together(node: &Node<'_>) {
    match node.shape() {
        Shape::Forms(_, forms) => check_form(node, forms),
        Shape::AnyOf(_, names) if !names.iter().any(|name| node.member(name).is_present()) => {
            node.error(format!(
                "is not complete; give {}",
                alternatives(names.iter().map(|name| quote(name)))
            ));
        }
        Shape::Object(_) | Shape::AnyOf(..) | Shape::List { .. } | Shape::Named(_) | Shape::Foreign => {}
        Shape::Text | Shape::Choice(_) | Shape::Flag | Shape::Integer { .. } | Shape::Scalar => {}
    }
}

fn check_form(node: &Node<'_>, forms: &[Form]) {
    let begun = node.forms();
    let [form] = begun.as_slice() else {
        let begun: Vec<String> = begun.into_iter().map(spelled).collect();
        let found =
            if begun.is_empty() { "is not complete".into() } else { format!("has {}", begun.join(" and ")) };
        return node
            .error(format!("{found}; give exactly one of {}", alternatives(forms.iter().map(spelled))));
    };
    for missing in form.needs.iter().map(|name| node.member(name)).filter(|member| !member.is_present()) {
        missing.error(format!("is required; give {}", expectation(missing.shape())));
    }
    let foreign = |name: &&str| !form.has(name) && forms.iter().any(|other| other.has(name));
    for name in node.shape().members().iter().map(|member| member.name).filter(|name| foreign(name)) {
        let member = node.member(name);
        if member.is_present() {
            member.error(format!("means nothing beside {}; leave one of them out", spelled(form)));
        }
    }
}

/// The members that make a form.
fn spelled(form: &Form) -> String {
    form.needs.iter().map(|name| quote(name)).collect::<Vec<_>>().join(" with ")
}

fn duplicates(node: &Node<'_>, given: &[(Box<str>, Json)]) {
    let mut names: Vec<&str> = given.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    for pair in names.windows(2) {
        if let [a, b] = pair
            && a == b
        {
            node.member(a).error("is there twice; keep one of them".into());
        }
    }
}

fn deep_duplicates(node: &Node<'_>, json: &Json) {
    match json {
        Json::Object(given) => {
            duplicates(node, given);
            given.iter().for_each(|(name, value)| deep_duplicates(&node.member(name), value));
        }
        Json::Array(items) => node.items().iter().zip(items).for_each(|(n, j)| deep_duplicates(n, j)),
        _ => {}
    }
}

fn unknown(name: &str, members: &[Member]) -> String {
    if name == "_rules_" {
        // Higress wraps what it configures for single routes and hosts so; it would look like no rule at all.
        return "is how Higress wraps configurations for single routes or hosts, which this filter does not \
                support; give one filter JSON for the whole plugin, and use `rules` in it"
            .into();
    }
    if name.starts_with("jwks_ur") && members.iter().any(|m| matches!(m.name, "jwks_remote" | "keys")) {
        return "is not known here; keys are fetched by an entry \"jwks_remote\" of `keys`, through a cluster of Envoy's".into();
    }
    let names: Vec<String> = members.iter().map(|m| format!("\"{}\"", m.name)).collect();
    let meant = meant(name, members);
    let meant = meant.map(|known| format!("did you mean \"{known}\"? ")).unwrap_or_default();
    format!("is not known here; {meant}known members are {}", names.join(", "))
}

/// The member that was meant, if one is nearer than all others.
fn meant(name: &str, members: &[Member]) -> Option<&'static str> {
    let known = || members.iter().map(|member| member.name);
    let only = |found: Vec<&'static str>| <[&str; 1]>::try_from(found).ok().map(|[one]| one);
    known()
        .find(|known| is_near(name, known))
        // Without its unit: by whole words, and only where one member begins so.
        .or_else(|| only(known().filter(|known| begins(known, name)).collect()))
        .or_else(|| only(known().filter(|known| shares_most(name, known)).collect()))
}

/// Whether `long` is `short` with more words behind it.
fn begins(long: &str, short: &str) -> bool {
    short.len() >= 3 && long.strip_prefix(short).is_some_and(|rest| rest.starts_with('_'))
}

/// Whether two names begin alike, and two letters differ, or a fifth of a long one.
fn shares_most(name: &str, known: &str) -> bool {
    let [a, b]: [Vec<char>; 2] = [name, known].map(|text| text.to_ascii_lowercase().chars().collect());
    a.first() == b.first() && a.len().min(b.len()) >= 4 && distance(&a, &b) <= (b.len() / 5).max(2)
}

/// How many letters must be put in, taken out or replaced to make `b` of `a`.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (n, of_a) in a.iter().enumerate() {
        let mut diagonal = n;
        let mut left = n.saturating_add(1);
        let mut next = vec![left];
        for (of_b, above) in b.iter().zip(row.iter().skip(1)) {
            let replaced = diagonal.saturating_add(usize::from(of_a != of_b));
            left = replaced.min(left.saturating_add(1)).min(above.saturating_add(1));
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// Whether two names differ by one letter, by two that changed places, or by how they are written.
fn is_near(name: &str, known: &str) -> bool {
    let fold = |text: &str| -> Vec<char> {
        text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
    };
    let (a, b) = (fold(name), fold(known));
    let start = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (rest_a, rest_b) = (a.get(start..).unwrap_or_default(), b.get(start..).unwrap_or_default());
    let without = |text: &[char], n| text.get(n..).unwrap_or_default().to_vec();
    let swapped = || match (rest_a, rest_b) {
        ([a1, a2, ..], [b1, b2, ..]) => a1 == b2 && a2 == b1 && without(rest_a, 2) == without(rest_b, 2),
        _ => false,
    };
    rest_a == rest_b
        || without(rest_a, 1) == *rest_b
        || *rest_a == without(rest_b, 1)
        || without(rest_a, 1) == without(rest_b, 1)
        || swapped()
}
