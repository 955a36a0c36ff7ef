//! What a push does here: it replaces the listener.

use super::edge::Edge;
use super::policy::code;
use crate::cluster::load::Load;
use crate::support::h1::{H1, bytes_of};
use crate::support::request::Request;
use crate::support::token::{Key, claims_with};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// The shipped policy, which asks about no token here, with changes.
pub fn policy(edge: &Edge, change: impl FnOnce(&mut Value)) -> Value {
    let mut policy = edge.shipped("envoy/envoy-gateway/envoyextensionpolicy.yaml");
    let filter = &mut policy["spec"]["wasm"][0]["config"];
    // The load's clients are asked about by no server.
    filter["entitlement_servers"][0].as_object_mut().expect("a server").remove("online");
    change(&mut policy);
    policy
}

pub fn a_revocation_under_load_takes_one_more_request_of_each_connection(edge: &Edge) {
    const CLIENTS: usize = 2;
    edge.install(&policy(edge, |_| ()));
    let [good, revoked] = ["t-1", "t-2"]
        .map(|id| Request::register("eec-1").bearer(edge.key.token(&claims_with(json!({"jti": id})))));
    // One that keeps its connection and does not use it meanwhile.
    let mut kept = H1::connect(edge.proxy.address).expect("a connection");
    let mut ask = || {
        kept.send(&bytes_of(&revoked)).expect("it is open");
        kept.response(false).map(|response| (response.status, response.closes))
    };
    assert_eq!(ask().expect("an answer"), (201, false));
    let load = Load::start(edge.proxy.address, &[good, revoked.clone()], CLIENTS);
    let created = || edge.proxy.stat("listener_manager.listener_create_success");
    let before = created();
    let next =
        policy(edge, |policy| policy["spec"]["wasm"][0]["config"]["revoked"] = json!({"token_ids": ["t-2"]}));
    edge.install(&next);
    edge.proxy.wait("the worker's new listener", || (created() > before).then_some(()));
    let holds = Instant::now();
    std::thread::sleep(Duration::from_millis(500));
    let answers = load.stop();
    assert!(answers.iter().filter(|a| a.kind == 0).all(|a| a.status == 201), "a good request was lost");
    let late: Vec<_> = answers.iter().filter(|a| a.kind == 1 && a.sent > holds && a.status == 201).collect();
    let connections: BTreeSet<usize> = late.iter().map(|a| a.connection).collect();
    assert!(
        late.len() <= CLIENTS && connections.len() == late.len() && late.iter().all(|a| a.closes),
        "more than one request of a connection: {late:?}"
    );
    let denied: BTreeSet<u16> =
        answers.iter().filter(|a| a.kind == 1 && a.status != 201).map(|a| a.status).collect();
    assert_eq!(denied, BTreeSet::from([401]));
    // Each connection that was there was told to close with one answer, and not cut.
    let closed = answers.iter().filter(|a| a.kind == 0 && a.closes).count();
    assert!(closed >= CLIENTS, "{closed} connections were closed");
    let longest = answers.iter().filter(|a| a.kind == 0).map(|a| a.took).max().expect("answers");
    println!(
        "    {} requests; {} of the revoked passed after the push; the longest took {longest:?}",
        answers.len(),
        late.len()
    );
}

pub fn a_rotation_and_an_upgrade_under_load_lose_nothing(edge: &Edge) {
    let new = Key::new(2);
    let [by_old, by_new] =
        [&edge.key, &new].map(|key| Request::register("eec-1").bearer(key.token(&claims_with(json!({})))));
    let with_keys = |keys: Value, image: &str, digest: &str| {
        policy(edge, |policy| {
            policy["spec"]["wasm"][0]["config"]["entitlement_servers"][0]["keys"] = keys;
            policy["spec"]["wasm"][0]["code"]["image"] =
                json!({"url": format!("{}/edge/eec-authn:{image}", edge.images.address), "sha256": digest});
        })
    };
    let (old_key, new_key) = (json!({"jwk": edge.key.jwk()}), json!({"jwk": new.jwk()}));
    edge.install(&policy(edge, |_| ()));
    let load = Load::start(edge.proxy.address, &[by_old.clone(), by_new.clone()], 2);
    edge.install(&with_keys(json!([old_key, new_key]), env!("CARGO_PKG_VERSION"), &edge.images.digest));
    edge.proxy.wait("the new key", || (edge.proxy.send(&by_new).status == 201).then_some(()));
    let both = Instant::now();
    std::thread::sleep(Duration::from_millis(300));
    let digest = edge.images.put_next("0.1.1");
    edge.install(&with_keys(json!([old_key, new_key, {"jwk": Key::new(3).jwk()}]), "0.1.1", &digest));
    std::thread::sleep(Duration::from_millis(300));
    let old_is_used_until = Instant::now();
    edge.install(&with_keys(json!([new_key]), "0.1.1", &digest));
    edge.proxy.wait("the end of the old key", || (edge.proxy.send(&by_old).status == 401).then_some(()));
    let alone = Instant::now();
    std::thread::sleep(Duration::from_millis(300));
    let answers = load.stop();
    let statuses = |kind: usize, from: Option<Instant>, to: Option<Instant>| -> BTreeSet<u16> {
        let within = answers.iter().filter(|a| {
            // One that passes and is told to close had the configuration of before.
            let before = a.status == 201 && a.closes;
            let known = from.is_none_or(|from| a.sent > from && !before);
            a.kind == kind && known && to.is_none_or(|to| a.sent + a.took < to)
        });
        within.map(|a| a.status).collect()
    };
    assert_eq!(statuses(0, None, Some(old_is_used_until)), BTreeSet::from([201]));
    assert_eq!(statuses(0, Some(alone), None), BTreeSet::from([401]));
    assert_eq!(statuses(1, Some(both), None), BTreeSet::from([201]));
    let others: Vec<_> = answers.iter().filter(|a| ![201, 401].contains(&a.status)).collect();
    assert!(others.is_empty(), "{} answers were lost: {:?}", others.len(), others.first());
}

pub fn a_refused_configuration_leaves_the_last_good_one_and_the_alert_fires(edge: &Edge) {
    let good = policy(edge, |_| ());
    edge.install(&good);
    let refused = || edge.proxy.stat("listener_manager.lds.update_rejected");
    let before = refused();
    let request = Request::register("eec-1").bearer(edge.key.token(&claims_with(json!({}))));
    let load = Load::start(edge.proxy.address, std::slice::from_ref(&request), 2);
    let bad = policy(edge, |policy| policy["spec"]["wasm"][0]["config"]["mode"] = json!("enforec"));
    edge.kubernetes.apply(&bad.to_string());
    edge.proxy.wait("a refusal", || (refused() > before).then_some(()));
    let answers = load.stop();
    assert!(answers.iter().all(|a| a.status == 201), "a good request was lost");
    assert_eq!(code(&edge.proxy.send(&Request::register("eec-1"))), (401, "token_missing".into()));
    // Nobody but the Envoy knows.
    let status = condition(edge, "Accepted");
    assert_eq!(status["status"], "True", "{status}");
    let shown = edge.proxy.admin_get("/stats/prometheus");
    crate::cluster::alert::fires("EecAuthnPushRefused", &shown, &edge.folder);
    edge.install(&good);
}

pub fn an_image_that_cannot_be_had_denies_everything_and_the_way_out_works(edge: &Edge) {
    let good = policy(edge, |_| ());
    edge.install(&good);
    let gone = policy(edge, |policy| {
        policy["spec"]["wasm"][0]["code"]["image"] =
            json!({"url": format!("{}/edge/eec-authn:gone", edge.images.address), "sha256": "f".repeat(64)});
    });
    let why = denies_everything(edge, &gone);
    assert!(why.to_lowercase().contains("wasm"), "{why}");
    edge.install(&good);
    let request = Request::register("eec-1").bearer(edge.key.token(&claims_with(json!({}))));
    edge.proxy.wait("the filter", || (edge.proxy.send(&request).status == 201).then_some(()));
}

/// The policy names an image that the controller does not get. What its status says.
pub fn denies_everything(edge: &Edge, policy: &Value) -> String {
    edge.kubernetes.apply(&policy.to_string());
    let request = Request::register("eec-1").bearer(edge.key.token(&claims_with(json!({}))));
    edge.proxy.wait("500", || (edge.proxy.send(&request).status == 500).then_some(()));
    for request in [&request, &Request::new("GET", "/healthz"), &Request::register("eec-1")] {
        assert_eq!(edge.proxy.send(request).status, 500);
    }
    edge.proxy.wait("a status that says why", || {
        let status = condition(edge, "Accepted");
        (status["status"] == "False").then(|| status["message"].as_str().unwrap_or_default().to_owned())
    })
}

/// A registry, or somebody on the way, that sends other code under the right names: neither by the digest nor by the tag is it run.
pub fn an_image_with_another_layer_is_not_run(edge: &Edge) {
    let good = policy(edge, |_| ());
    edge.install(&good);
    let request = Request::register("eec-1").bearer(edge.key.token(&claims_with(json!({}))));
    let digest = edge.images.put_with_another_layer("changed");
    for pinned in [Some(digest), None] {
        let changed = policy(edge, |policy| {
            let url = format!("{}/edge/eec-authn:changed", edge.images.address);
            policy["spec"]["wasm"][0]["code"]["image"] = match &pinned {
                Some(digest) => json!({"url": url, "sha256": digest}),
                None => json!({"url": url}),
            };
        });
        let why = denies_everything(edge, &changed);
        assert!(why.contains("error verifying sha256 checksum"), "{why}");
        edge.install(&good);
        edge.proxy.wait("the filter", || (edge.proxy.send(&request).status == 201).then_some(()));
    }
}

/// Where there was no filter before, a policy that the Envoys refuse leaves the Gateway open, and its status says *Accepted*.
pub fn a_first_policy_that_is_refused_leaves_the_gateway_open(edge: &Edge) {
    edge.kubernetes.delete("EnvoyExtensionPolicy", "edge", "eec-authn");
    let without = Request::register("eec-1");
    edge.proxy.wait("no filter", || (edge.proxy.send(&without).status == 201).then_some(()));
    edge.proxy.wait("no listener with the filter", || edge.proxy.configurations().is_empty().then_some(()));
    let refused = || edge.proxy.stat("listener_manager.lds.update_rejected");
    let before = refused();
    let bad = policy(edge, |policy| policy["spec"]["wasm"][0]["config"]["mode"] = json!("enforec"));
    edge.kubernetes.apply(&bad.to_string());
    edge.proxy.wait("a refusal", || (refused() > before).then_some(()));
    assert_eq!(edge.proxy.send(&without).status, 201);
    let status = condition(edge, "Accepted");
    assert_eq!(status["status"], "True", "{status}");
    edge.install(&policy(edge, |_| ()));
}

/// `docs/rolling-out.md`, step by step: one policy from the beginning, whose targets change. Two, of which one takes the other's place, leave
/// the route open for a moment.
pub fn rolling_out_one_route_first(edge: &Edge) {
    let (first, other) = ("ees1-rolled.edge.example.net", "ees1.edge.example.net");
    edge.kubernetes.delete("EnvoyExtensionPolicy", "edge", "eec-authn");
    edge.kubernetes.apply(include_str!("../resources/gateway-first-route.yaml"));
    let at = |kind: &str, name: &str, mode: &str| {
        let mut policy = policy(edge, |_| ());
        policy["spec"]["targetRefs"] =
            json!([{"group": "gateway.networking.k8s.io", "kind": kind, "name": name}]);
        let filter = &mut policy["spec"]["wasm"][0]["config"];
        (filter["mode"], filter["protects"]["fqdns"]) = (json!(mode), json!([first, other]));
        edge.kubernetes.apply(&policy.to_string());
    };
    let without = |authority: &str| Request::register("eec-1").authority(authority);
    let becomes = |authority: &str, wanted: u16| {
        let ask = || edge.proxy.send(&without(authority)).status;
        edge.proxy.wait(&format!("{wanted} at {authority}"), || (ask() == wanted).then_some(()));
    };
    becomes(first, 201);
    becomes(other, 201);
    // 1 and 2. In shadow: nothing is refused, and it is counted.
    at("HTTPRoute", "ees-first", "shadow");
    let counter = "wasmcustom.eec_authn.shadow_denied.token_missing";
    edge.proxy.wait("a counter", || {
        assert_eq!(edge.proxy.send(&without(first)).status, 201);
        (edge.proxy.stat(counter) > 0).then_some(())
    });
    // 3. Enforced there, and nowhere else.
    at("HTTPRoute", "ees-first", "enforce");
    becomes(first, 401);
    assert_eq!(edge.proxy.send(&without(other)).status, 201);
    // 4. Everywhere, and 5. back, without a moment in which the first route is open.
    let load = Load::start(edge.proxy.address, &[without(first)], 2);
    at("Gateway", "edge", "enforce");
    becomes(other, 401);
    at("HTTPRoute", "ees-first", "enforce");
    becomes(other, 201);
    let statuses: BTreeSet<u16> = load.stop().iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, BTreeSet::from([401]), "the route was open in between");
    edge.kubernetes.delete("EnvoyExtensionPolicy", "edge", "eec-authn");
    becomes(first, 201);
    edge.kubernetes.delete("HTTPRoute", "edge", "ees-first");
}

/// A condition of the policy's status.
fn condition(edge: &Edge, kind: &str) -> Value {
    let policy = edge.kubernetes.get("EnvoyExtensionPolicy", "edge", "eec-authn").expect("the policy");
    let conditions = policy["status"]["ancestors"][0]["conditions"].as_array().cloned().unwrap_or_default();
    conditions.into_iter().find(|condition| condition["type"] == kind).unwrap_or_default()
}
