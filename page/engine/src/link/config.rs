//! What of a configuration may stand in a link: the members that the schema declares, where they say what belongs there.

use super::key::{is_key_name, is_public_der, is_public_member, is_public_pem};
use super::known::Known;
use super::left_out::LEFT_OUT;
use super::telltale::names_secret;
use crate::outline::{Member, Node, Parts};
use eec_authn::config::FILTER_JSON;
use eec_authn::config::shape::Shape;
use std::ops::Range;

/// Members of the operator's choice: they go to the entitlement server, and decide nothing here.
const FOR_THE_SERVER: &str = "parameters";

/// The members of public JWKs (RFC 7517, RFC 7518) that are words.
const PUBLIC_NAMES: &[&str] = &["kty", "crv", "alg", "use", "key_ops"];

/// The places of `text` to be struck, and what stands there instead, from the first to the last; `published` are names of keys that
/// whoever has the keys knows.
pub(super) fn strikes(
    text: &str,
    root: &Node,
    known: &Known,
    published: &[String],
) -> Vec<(Range<usize>, String)> {
    let mut config = Config { text, known, published, found: Vec::new() };
    config.value(root, &FILTER_JSON, "");
    config.found
}

struct Config<'a> {
    text: &'a str,
    known: &'a Known,
    published: &'a [String],
    found: Vec<(Range<usize>, String)>,
}

impl Config<'_> {
    fn strike(&mut self, node: &Node) {
        // What a link has brought may have been struck before.
        if !matches!(&node.parts, Parts::Text(text) if text == LEFT_OUT) {
            self.found.push((node.at.clone(), format!("\"{LEFT_OUT}\"")));
        }
    }

    fn name(&mut self, member: &Member) {
        if !self.known.is_plain(&member.name) {
            let instead = format!("\"{LEFT_OUT}-{}\"", self.found.len());
            self.found.push((member.name_at.clone(), instead));
        }
    }

    fn value(&mut self, node: &Node, shape: &'static Shape, name: &str) {
        match (&node.parts, shape) {
            (_, Shape::Foreign) => self.foreign(node, name),
            (Parts::Members(members), Shape::Named(inner)) => {
                for member in members {
                    self.name(member);
                    if name == FOR_THE_SERVER {
                        self.strike(&member.value);
                    } else {
                        self.value(&member.value, inner, &member.name);
                    }
                }
            }
            (Parts::Members(members), shape) => {
                let known = shape.members();
                if known.is_empty() {
                    return self.strike(node);
                }
                for member in members {
                    self.name(member);
                    match known.iter().find(|declared| declared.name == member.name) {
                        Some(declared) => self.value(&member.value, &declared.shape, declared.name),
                        None => self.strike(&member.value),
                    }
                }
            }
            (Parts::Items(items), Shape::List { item, .. }) => {
                for node in items {
                    self.value(node, item, name);
                }
            }
            (Parts::Text(text), Shape::Text | Shape::Choice(_) | Shape::Scalar)
                if self.may_go(name, text) => {}
            // Numbers and words of JSON, unless they are long.
            (Parts::Word, _) if node.at.len() < 20 && !self.known.knows(self.word(node)) => {}
            _ => self.strike(node),
        }
    }

    fn word(&self, node: &Node) -> &str {
        self.text.get(node.at.clone()).unwrap_or_default()
    }

    fn may_go(&self, name: &str, text: &str) -> bool {
        match name {
            "public_key_pem" | "certificate_pem" | "trust_anchors_pem" => is_public_pem(text),
            // The names of variables, not what they hold.
            "client_secret_env" | "secret_env" => {
                text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
                    && self.known.is_plain(text)
            }
            "kid" | "key_ids" => is_key_name(text, self.known, self.published),
            "path_template" => {
                let is_plain = |segment: &str| {
                    let named = segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}'));
                    self.known.is_plain(named.filter(|name| !name.contains([' ', ':'])).unwrap_or(segment))
                };
                text.split('/').all(is_plain) && !names_secret(text) && !self.known.knows(text)
            }
            _ => self.known.is_plain(text),
        }
    }

    /// A JWK or a set of them: the public members, of the length that its curve or type has.
    fn foreign(&mut self, node: &Node, name: &str) {
        match &node.parts {
            Parts::Members(members) => {
                let text = |name: &str| {
                    let member = members.iter().find(|member| member.name == name)?;
                    if let Parts::Text(text) = &member.value.parts { Some(&**text) } else { None }
                };
                let of = (text("kty").unwrap_or_default(), text("crv").unwrap_or_default());
                for member in members {
                    self.name(member);
                    let value = &member.value;
                    match (&*member.name, &value.parts) {
                        ("keys", Parts::Items(items)) => self.items(items, "keys"),
                        (name @ ("x5c" | "key_ops"), Parts::Items(items)) => self.items(items, name),
                        (name, Parts::Text(text)) if self.is_public(name, text, of) => {}
                        _ => self.strike(value),
                    }
                }
            }
            Parts::Items(items) if matches!(name, "keys" | "x5c" | "key_ops") => self.items(items, name),
            _ => self.strike(node),
        }
    }

    fn items(&mut self, items: &[Node], name: &str) {
        for item in items {
            match &item.parts {
                Parts::Members(_) if name == "keys" => self.foreign(item, ""),
                Parts::Text(text) if name != "keys" && self.is_public(name, text, ("", "")) => {}
                _ => self.strike(item),
            }
        }
    }

    /// Whether a member of a JWK with these `kty` and `crv` is public, as its form has it.
    fn is_public(&self, name: &str, text: &str, (kty, crv): (&str, &str)) -> bool {
        match name {
            "x5c" => is_public_der(text),
            "kid" => self.may_go(name, text),
            _ if PUBLIC_NAMES.contains(&name) => self.known.is_plain(text),
            _ => is_public_member(kty, crv, name, text, self.known),
        }
    }
}
