//! `keys` of an entitlement server: public keys in four forms, and when each may be used.

use super::node::Node;
use super::shape::quote;
use super::values::time;
use crate::fqdn::Fqdn;
use crate::keys::{Certificate, Jwk, JwkSet, KeyErrors, PinnedKey, PublicKey, Window};

/// Reads the keys of one form: its member, the entry around it, and the server's name.
type Reader = fn(&Node<'_>, &Node<'_>, Option<&Fqdn>) -> Vec<PinnedKey>;

/// The forms that `members` declares, each with its reader.
const READERS: [(&str, Reader); 4] = [
    ("jwk", |jwk, _, _| self::jwk(jwk)),
    ("jwks", |jwks, _, _| self::jwks(jwks)),
    ("public_key_pem", |pem, entry, _| public_key(entry, pem).into_iter().collect()),
    ("certificate_pem", |pem, entry, server| certificate(entry, pem, server).into_iter().collect()),
];

/// Compiles the keys of the server with this FQDN.
pub(super) fn pinned_keys(node: &Node<'_>, server: Option<&Fqdn>) -> Vec<PinnedKey> {
    let mut keys: Vec<PinnedKey> = Vec::new();
    for entry in node.items() {
        for key in entry_keys(&entry, server) {
            // Real sets have a key under one name twice, or one for each algorithm.
            match keys.iter().find(|other| key.is_namesake_of(other)) {
                Some(other) if other.key.thumbprint() == key.key.thumbprint() => {
                    entry.warn("has a key of this server once more, which is left out".into());
                    continue;
                }
                Some(_) => entry.error(format!(
                    "`kid` {} is there twice in this server; give each key its own",
                    quote(key.kid.as_deref().unwrap_or_default())
                )),
                None => {}
            }
            keys.push(key);
        }
    }
    keys
}

/// The keys that stand in one entry; none in one that says where they are fetched.
pub(super) fn entry_keys(entry: &Node<'_>, server: Option<&Fqdn>) -> Vec<PinnedKey> {
    let Some(form) = entry.form() else { return Vec::new() };
    let configured = Window { not_before: bound(entry, "not_before"), not_after: bound(entry, "not_after") };
    let node = entry.member(form);
    let Some((_, read)) = READERS.iter().find(|(name, _)| *name == form) else { return Vec::new() };
    let keys = read(&node, entry, server);
    let narrow = |key: PinnedKey| PinnedKey { window: key.window.narrowed_by(&configured), ..key };
    let keys: Vec<PinnedKey> = keys.into_iter().map(narrow).collect();
    if keys.iter().any(|key| key.window.is_empty()) {
        entry.error(
            "is never valid: its end is not after its start; mend `not_before` and `not_after`".into(),
        );
    }
    keys
}

fn bound(entry: &Node<'_>, name: &str) -> Option<crate::time::UnixTime> {
    let member = entry.member(name);
    if member.is_present() { time(&member) } else { None }
}

/// A key by itself: whatever is wrong with it is an error.
fn jwk(node: &Node<'_>) -> Vec<PinnedKey> {
    let Some(json) = node.json().filter(|json| json.as_object().is_some()) else { return Vec::new() };
    if json.get("keys").is_some() && json.get("kty").is_none() {
        node.error("is a JWK set; give it as \"jwks\"".into());
        return Vec::new();
    }
    let Some(jwk) = reported(node, Jwk::parse(json)) else { return Vec::new() };
    warn(node, "", &jwk.key);
    vec![named(jwk)]
}

/// A key set as its issuer publishes it: keys for other uses are left out, with a warning.
fn jwks(node: &Node<'_>) -> Vec<PinnedKey> {
    let Some(json) = node.json().filter(|json| json.as_object().is_some()) else { return Vec::new() };
    if json.get("kty").is_some() && json.get("keys").is_none() {
        node.error("is one JWK and no set; give it as \"jwk\"".into());
        return Vec::new();
    }
    let Some(set) = reported(node, JwkSet::parse(json)) else { return Vec::new() };
    set.warnings.into_iter().for_each(|fault| node.warn_below(&fault.member, fault.message));
    set.keys.iter().for_each(|(index, jwk)| warn(node, &format!(".keys[{index}]"), &jwk.key));
    set.keys.into_iter().map(|(_, jwk)| named(jwk)).collect()
}

fn public_key(entry: &Node<'_>, node: &Node<'_>) -> Option<PinnedKey> {
    let key = reported(entry, PublicKey::from_pem(node.text()?, entry.member("alg").text()))?;
    warn(node, "", &key);
    Some(plain(key, entry.member("kid").text().map(Box::from)))
}

fn certificate(entry: &Node<'_>, node: &Node<'_>, server: Option<&Fqdn>) -> Option<PinnedKey> {
    let certificate = reported(entry, Certificate::from_pem(node.text()?, entry.member("alg").text()))?;
    warn(node, "", &certificate.key);
    reported(entry, certificate.check_name(server?).map_err(|fault| vec![fault]))?;
    Some(PinnedKey {
        key: certificate.key,
        kid: entry.member("kid").text().map(Box::from),
        x5t_s256: Some(certificate.x5t_s256),
        window: certificate.window,
        fetched: None,
    })
}

fn named(jwk: Jwk) -> PinnedKey {
    PinnedKey { x5t_s256: jwk.x5t_s256, ..plain(jwk.key, jwk.kid) }
}

fn plain(key: PublicKey, kid: Option<Box<str>>) -> PinnedKey {
    PinnedKey { key, kid, x5t_s256: None, window: Window::default(), fetched: None }
}

/// Reports what is legal about the key, at the member path `suffix` below `node`.
fn warn(node: &Node<'_>, suffix: &str, key: &PublicKey) {
    if let Some(warning) = key.warning() {
        node.warn_below(suffix, warning);
    }
}

/// The result without its faults, which are reported below `node`.
fn reported<T>(node: &Node<'_>, result: Result<T, KeyErrors>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(faults) => {
            faults.into_iter().for_each(|fault| node.error_below(&fault.member, fault.message));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::READERS;
    use crate::config::shape::Shape;
    use crate::config::{jwks_remote, members};

    #[test]
    fn every_declared_form_has_a_reader() {
        let Shape::Forms(_, forms) = &members::keys::KEY else { panic!("keys have forms") };
        let declared: Vec<&str> = forms.iter().map(|form| form.needs[0]).collect();
        let read = READERS.map(|(name, _)| name);
        assert_eq!(declared, [&read[..], &[jwks_remote::FORM]].concat());
    }
}
