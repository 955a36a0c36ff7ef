//! Where the module comes from: what a digest holds, and what a controller without a module does.

use super::edge::Edge;
use super::pushes::{denies_everything, policy};
use crate::support::request::Request;
use crate::support::token::claims_with;
use serde_json::{Value, json};

fn good(edge: &Edge) -> Request {
    Request::register("eec-1").bearer(edge.key.token(&claims_with(json!({}))))
}

/// With this `revoked`, by which each is told from the one before.
fn with_revoked(edge: &Edge, eec_id: &str) -> Value {
    policy(edge, |policy| policy["spec"]["wasm"][0]["config"]["revoked"] = json!({"eec_ids": [eec_id]}))
}

/// Whoever can push to the registry, or stands before it, moves a tag; what is named by its digest is what it was, or nothing.
pub fn another_image_under_the_tag_is_run_by_its_tag_alone(edge: &Edge) {
    let [wanted, sent] = edge.images.put_another_under("moved");
    let url = format!("{}/edge/eec-authn:moved", edge.images.address);
    edge.install(&with_revoked(edge, "eec-91"));
    let mut named = with_revoked(edge, "eec-92");
    named["spec"]["wasm"][0]["code"]["image"] = json!({"url": url, "sha256": wanted});
    let why = denies_everything(edge, &named);
    assert!(why.contains(&format!("has checksum {sent}, which does not match: {wanted}")), "{why}");
    // Nobody is warned of the same without a digest.
    named["spec"]["wasm"][0]["code"]["image"] = json!({"url": url});
    edge.install(&named);
    edge.proxy.wait("the filter", || (edge.proxy.send(&good(edge)).status == 201).then_some(()));
    edge.install(&with_revoked(edge, "eec-93"));
}

/// It has forgotten its modules, and fetches them before anything else; its Envoys, which have theirs, get what it makes of that.
pub fn a_controller_that_starts_while_the_registry_is_away_denies_everything(edge: &Edge) {
    edge.install(&with_revoked(edge, "eec-91"));
    edge.proxy.wait("the filter", || (edge.proxy.send(&good(edge)).status == 201).then_some(()));
    edge.images.away(true);
    edge.restart_the_controller();
    edge.proxy.wait("500", || (edge.proxy.send(&good(edge)).status == 500).then_some(()));
    assert_eq!(edge.proxy.send(&Request::register("eec-1")).status, 500);
    // The way out, once the registry is back: any change of the policy.
    edge.images.away(false);
    edge.install(&with_revoked(edge, "eec-92"));
    edge.proxy.wait("the filter", || (edge.proxy.send(&good(edge)).status == 201).then_some(()));
}
