//! What of a configuration may stand in a link: the members that the schema declares, where they say what belongs there.

use super::LEFT_OUT;
use super::plain::Known;
use crate::outline::{Member, Node, Parts};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eec_authn::config::FILTER_JSON;
use eec_authn::config::shape::Shape;
use std::ops::Range;

/// Members of the operator's choice: they go to the entitlement server, and decide nothing here.
const FOR_THE_SERVER: &str = "parameters";

/// The members of public JWKs (RFC 7518, RFC 8037) that are bytes in base64url.
const PUBLIC_BYTES: &[&str] = &["x", "y", "n", "e", "x5t", "x5t#S256"];
const PUBLIC_NAMES: &[&str] = &["kty", "crv", "alg", "use", "key_ops"];

/// The places to be struck, and what stands there instead, from the first to the last.
pub(super) fn strikes(root: &Node, known: &Known) -> Vec<(Range<usize>, String)> {
    let mut config = Config { known, found: Vec::new() };
    config.value(root, &FILTER_JSON, "");
    config.found
}

struct Config<'a> {
    known: &'a Known,
    found: Vec<(Range<usize>, String)>,
}

impl Config<'_> {
    fn strike(&mut self, at: &Range<usize>) {
        self.found.push((at.clone(), format!("\"{LEFT_OUT}\"")));
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
                        self.strike(&member.value.at);
                    } else {
                        self.value(&member.value, inner, &member.name);
                    }
                }
            }
            (Parts::Members(members), shape) => {
                let known = shape.members();
                if known.is_empty() {
                    return self.strike(&node.at);
                }
                for member in members {
                    self.name(member);
                    match known.iter().find(|declared| declared.name == member.name) {
                        Some(declared) => self.value(&member.value, &declared.shape, declared.name),
                        None => self.strike(&member.value.at),
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
            (Parts::Word, _) if node.at.len() < 20 => {}
            _ => self.strike(&node.at),
        }
    }

    fn may_go(&self, name: &str, text: &str) -> bool {
        match name {
            "public_key_pem" | "certificate_pem" | "trust_anchors_pem" => is_public_pem(text),
            // The names of variables, not what they hold.
            "client_secret_env" | "secret_env" => {
                text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
                    && self.known.is_plain(text)
            }
            // Often a thumbprint, which looks like a secret.
            "kid" | "key_ids" => {
                self.known.is_plain(text) || text.len() < 87 && self.known.is_public_part(text)
            }
            "path_template" => text.split('/').all(|segment| {
                let named = segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}'));
                self.known.is_plain(named.filter(|name| !name.contains([' ', ':'])).unwrap_or(segment))
            }),
            _ => self.known.is_plain(text),
        }
    }

    /// A JWK or a set of them: the public members.
    fn foreign(&mut self, node: &Node, name: &str) {
        match &node.parts {
            Parts::Members(members) => {
                for member in members {
                    self.name(member);
                    let value = &member.value;
                    match (&*member.name, &value.parts) {
                        ("keys", Parts::Items(_)) | ("x5c" | "key_ops", Parts::Items(_)) => {
                            self.foreign(value, &member.name)
                        }
                        (_, Parts::Text(_)) => self.foreign(value, &member.name),
                        _ => self.strike(&value.at),
                    }
                }
            }
            Parts::Items(items) if matches!(name, "keys" | "x5c" | "key_ops") => {
                for item in items {
                    match item.parts {
                        Parts::Members(_) if name == "keys" => self.foreign(item, ""),
                        Parts::Text(_) if name != "keys" => self.foreign(item, name),
                        _ => self.strike(&item.at),
                    }
                }
            }
            Parts::Text(text) => {
                let is_good = match name {
                    "x5c" => is_public_der(text),
                    "kid" => self.may_go(name, text),
                    _ if PUBLIC_NAMES.contains(&name) => self.known.is_plain(text),
                    _ => PUBLIC_BYTES.contains(&name) && self.known.is_public_part(text),
                };
                if !is_good {
                    self.strike(&node.at);
                }
            }
            _ => self.strike(&node.at),
        }
    }
}

/// Certificates and public keys, and nothing before, between or after them.
fn is_public_pem(text: &str) -> bool {
    let mut rest = text.trim();
    while !rest.is_empty() {
        let inner = ["PUBLIC KEY", "CERTIFICATE"].iter().find_map(|label| {
            let after = rest.strip_prefix(&format!("-----BEGIN {label}-----"))?;
            after.split_once(&format!("-----END {label}-----"))
        });
        let Some((base64, after)) = inner else { return false };
        if !is_public_der(&base64.split_ascii_whitespace().collect::<String>()) {
            return false;
        }
        rest = after.trim_start();
    }
    true
}

/// A certificate and a public key are a sequence that begins with another; a private key is one that begins with its version.
fn is_public_der(base64: &str) -> bool {
    let der = STANDARD.decode(base64).unwrap_or_default();
    let header = match der.get(1) {
        Some(0..=0x7f) => 2,
        Some(length) => 2_usize.saturating_add(usize::from(length & 0x7f)),
        None => return false,
    };
    der.first() == Some(&0x30) && der.get(header) == Some(&0x30)
}
