//! `proof`: how clients prove that a token is theirs.

use super::node::Node;
use super::secret_env::{Environment, mac_keys};
use super::words;
use crate::keys::Algorithm;
use crate::policy::ProofRules;
use crate::policy::proof::{DpopRules, NonceRules};

/// Compiles `proof`: `Some(None)` where there is none.
pub(super) fn proof(node: &Node<'_>, environment: &Environment<'_>) -> Option<Option<ProofRules>> {
    if !node.is_present() {
        return Some(None);
    }
    let dpop = node.member("dpop");
    let client_certificate = node.member("client_certificate").flag();
    if !dpop.is_present()
        && node.member("client_certificate").is_present()
        && client_certificate == Some(false)
    {
        node.error("checks no proof at all; give `dpop`, or \"client_certificate\": true".into());
    }
    let dpop = if dpop.is_present() { Some(dpop_rules(&dpop, environment)?) } else { None };
    let required = node.member("required").flag()?;
    Some(Some(ProofRules { required, dpop, client_certificate: client_certificate? }))
}

fn dpop_rules(node: &Node<'_>, environment: &Environment<'_>) -> Option<DpopRules> {
    let nonce = node.member("nonce");
    let nonce = if nonce.is_present() { Some(nonce_rules(&nonce, environment)?) } else { None };
    Some(DpopRules {
        algorithms: algorithms(&node.member("algorithms"))?,
        max_age_seconds: node.member("max_age_seconds").integer()? as f64,
        scheme: node.member("scheme").word(&words::SCHEME)?,
        nonce,
    })
}

fn algorithms(node: &Node<'_>) -> Option<Vec<Algorithm>> {
    if !node.is_present() {
        return Some(vec![Algorithm::Es256, Algorithm::EdDsa]);
    }
    let mut algorithms = Vec::new();
    for item in node.items() {
        let algorithm = item.word(&words::PROOF_ALGORITHM)?;
        // Ed25519 goes by two names.
        if !algorithms.contains(&algorithm) {
            algorithms.push(algorithm);
        }
    }
    Some(algorithms)
}

fn nonce_rules(node: &Node<'_>, environment: &Environment<'_>) -> Option<NonceRules> {
    Some(NonceRules {
        keys: mac_keys(&node.member("secret_env"), environment)?,
        seconds: node.member("seconds").integer()? as f64,
    })
}
