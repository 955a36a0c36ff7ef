//! What a push does: to requests under way, to one that the filter refuses, to one whose image is not there.

use super::mesh::{Mesh, code};
use crate::cluster::load::{Answer, Load};
use crate::support::request::Request;
use crate::support::token::{Key, claims_with};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What the WasmPlugin has, with changes to its filter JSON.
fn plugin(mesh: &Mesh, change: impl FnOnce(&mut Value)) -> Value {
    let mut plugin = mesh.shipped("envoy/istio/wasmplugin.yaml");
    // The load's clients are asked about by no server.
    plugin["spec"]["pluginConfig"]["entitlement_servers"][0]
        .as_object_mut()
        .expect("a server")
        .remove("online");
    change(&mut plugin);
    plugin
}

fn status(answers: &[Answer], kind: usize) -> Vec<u16> {
    let mut all: Vec<u16> = answers.iter().filter(|a| a.kind == kind).map(|a| a.status).collect();
    all.dedup();
    all.sort_unstable();
    all.dedup();
    all
}

pub fn a_revocation_under_load_holds_at_once_and_loses_nothing(mesh: &Mesh) {
    mesh.install(&plugin(mesh, |_| ()));
    let [good, revoked] = ["t-1", "t-2"]
        .map(|id| Request::register("eec-1").bearer(mesh.key.token(&claims_with(json!({"jti": id})))));
    let bad = Request::register("eec-2").bearer(mesh.key.token(&claims_with(json!({"jti": "t-3"}))));
    let load = Load::start(mesh.sidecar.address, &[good, revoked.clone(), bad], 2);
    let next =
        plugin(mesh, |plugin| plugin["spec"]["pluginConfig"]["revoked"] = json!({"token_ids": ["t-2"]}));
    mesh.install(&next);
    let holds = Instant::now();
    // The proxy runs it; some more requests on the connections that there are.
    std::thread::sleep(Duration::from_millis(200));
    let answers = load.stop();
    assert_eq!(status(&answers, 0), [201], "a good request was lost");
    assert_eq!(status(&answers, 2), [403], "a foreign identity passed");
    assert_eq!(status(&answers, 1), [201, 401]);
    let late = answers.iter().filter(|a| a.kind == 1 && a.sent > holds && a.status != 401).count();
    assert_eq!(late, 0, "a revoked token passed after the sidecar had the push");
    // On the connections that were there: none was closed.
    assert!(answers.iter().all(|a| a.kind != 0 || !a.closes), "a connection was closed");
    let longest = answers.iter().filter(|a| a.kind == 0).map(|a| a.took).max().expect("answers");
    println!("    {} requests; the longest of those that pass took {longest:?}", answers.len());
}

pub fn a_rotation_and_an_upgrade_under_load_lose_nothing(mesh: &Mesh) {
    mesh.install(&plugin(mesh, |_| ()));
    let new = Key::new(2);
    let [by_old, by_new] =
        [&mesh.key, &new].map(|key| Request::register("eec-1").bearer(key.token(&claims_with(json!({})))));
    let load = Load::start(mesh.sidecar.address, &[by_old.clone(), by_new.clone()], 2);
    let with_keys = |keys: Value, image: Option<(&str, &str)>| {
        plugin(mesh, |plugin| {
            let server = &mut plugin["spec"]["pluginConfig"]["entitlement_servers"][0];
            server["keys"] = keys;
            if let Some((tag, digest)) = image {
                plugin["spec"]["url"] = json!(format!("oci://{}/edge/eec-authn:{tag}", mesh.images.address));
                plugin["spec"]["sha256"] = json!(digest);
            }
        })
    };
    let (old_key, new_key) = (json!({"jwk": mesh.key.jwk()}), json!({"jwk": new.jwk()}));
    mesh.install(&with_keys(json!([old_key, new_key]), None));
    let both = Instant::now();
    let digest = mesh.images.put_next("0.1.1");
    assert_ne!(digest, mesh.images.digest);
    mesh.install(&with_keys(json!([old_key, new_key, {"jwk": Key::new(3).jwk()}]), Some(("0.1.1", &digest))));
    let upgraded = Instant::now();
    std::thread::sleep(Duration::from_millis(200));
    let old_is_used_until = Instant::now();
    mesh.install(&with_keys(json!([new_key]), Some(("0.1.1", &digest))));
    let alone = Instant::now();
    std::thread::sleep(Duration::from_millis(200));
    let answers = load.stop();
    assert!(mesh.sidecar.log().contains(&digest) || upgraded > both, "{}", mesh.sidecar.log());
    let of = |kind: usize, from: Option<Instant>, to: Option<Instant>| {
        let within = |a: &&Answer| {
            a.kind == kind
                && from.is_none_or(|from| a.sent > from)
                && to.is_none_or(|to| a.sent + a.took < to)
        };
        status(&answers.iter().filter(within).copied().collect::<Vec<_>>(), kind)
    };
    assert_eq!(
        of(0, None, Some(old_is_used_until)),
        [201],
        "the old key's tokens passed until it was taken out"
    );
    assert_eq!(of(0, Some(alone), None), [401]);
    assert_eq!(of(1, Some(both), None), [201], "the new key's tokens passed from its push on");
    assert!(answers.iter().all(|a| a.status != 0 && a.status < 500), "an answer was lost");
    let longest = answers.iter().map(|a| a.took).max().expect("answers");
    println!("    {} requests; the longest took {longest:?}", answers.len());
}

pub fn a_refused_configuration_leaves_the_last_good_one_and_the_alert_fires(mesh: &Mesh) {
    let good = plugin(mesh, |_| ());
    mesh.install(&good);
    let fails = || mesh.sidecar.sum("^extension_config_discovery.*config_fail$");
    let before = fails();
    let request = Request::register("eec-1").bearer(mesh.key.token(&claims_with(json!({}))));
    let load = Load::start(mesh.sidecar.address, std::slice::from_ref(&request), 2);
    let bad = plugin(mesh, |plugin| plugin["spec"]["pluginConfig"]["mode"] = json!("enforec"));
    mesh.replace(&bad, &bad.to_string());
    mesh.sidecar.wait("a refusal", || (fails() > before).then_some(()));
    let answers = load.stop();
    assert_eq!(status(&answers, 0), [201]);
    assert_eq!(code(&mesh.sidecar.send(&Request::register("eec-1"))), (401, "token_missing".into()));
    let log = mesh.sidecar.log();
    assert!(
        log.contains("mode: \\\"enforec\\\"") || log.contains("mode: \"enforec\""),
        "the log does not say what is wrong:\n{log}"
    );

    // The names that Prometheus gets are those that the alert asks for.
    let shown = mesh.sidecar.admin_get("/stats/prometheus");
    crate::cluster::alert::fires("EecAuthnPushRefused", &shown, &mesh.run.folder);
    mesh.install(&good);
}

pub fn an_image_that_cannot_be_had_denies_everything_and_the_way_out_works(mesh: &Mesh) {
    let good = plugin(mesh, |_| ());
    mesh.install(&good);
    let request = Request::register("eec-1").bearer(mesh.key.token(&claims_with(json!({}))));
    assert_eq!(mesh.sidecar.send(&request).status, 201);
    let gone = plugin(mesh, |plugin| {
        plugin["spec"]["url"] = json!(format!("oci://{}/edge/eec-authn:gone", mesh.images.address));
        plugin["spec"]["sha256"] = json!("f".repeat(64));
    });
    denies_everything(mesh, &gone, &request);
    // The way out: the digest of an image that is there.
    mesh.install(&good);
    assert_eq!(mesh.sidecar.send(&request).status, 201);
}

/// It names an image that the sidecar does not get.
fn denies_everything(mesh: &Mesh, plugin: &Value, good: &Request) {
    mesh.replace(plugin, &plugin.to_string());
    mesh.sidecar.wait("a filter that denies", || (mesh.sidecar.send(good).status == 403).then_some(()));
    // Everything, probes included, and it is not the filter that answers.
    for request in [good, &Request::new("GET", "/healthz"), &Request::register("eec-1")] {
        let response = mesh.sidecar.send(request);
        assert_eq!((response.status, response.body.as_slice()), (403, &b"RBAC: access denied"[..]));
    }
    assert!(mesh.sidecar.log().contains("applying deny RBAC filter"));
}

/// A registry, or somebody on the way, that sends other code under the right names: neither by the digest nor by the tag is it run.
pub fn an_image_with_another_layer_is_not_run(mesh: &Mesh) {
    let good = plugin(mesh, |_| ());
    mesh.install(&good);
    let request = Request::register("eec-1").bearer(mesh.key.token(&claims_with(json!({}))));
    assert_eq!(mesh.sidecar.send(&request).status, 201);
    let digest = mesh.images.put_with_another_layer("changed");
    for pinned in [Some(digest), None] {
        let changed = plugin(mesh, |plugin| {
            plugin["spec"]["url"] = json!(format!("oci://{}/edge/eec-authn:changed", mesh.images.address));
            plugin["spec"]["sha256"] = json!(pinned);
        });
        denies_everything(mesh, &changed, &request);
        mesh.install(&good);
        assert_eq!(mesh.sidecar.send(&request).status, 201);
    }
    let log = mesh.sidecar.log();
    assert!(log.contains("error verifying sha256 checksum"), "the log does not say why:\n{log}");
}

/// Two at once refuse everybody, since the first takes the token away; one after the other leaves nobody unchecked.
pub fn from_one_kind_to_another_nothing_passes_unchecked(mesh: &Mesh) {
    mesh.install(&plugin(mesh, |_| ()));
    let good = Request::register("eec-1").bearer(mesh.key.token(&claims_with(json!({}))));
    let load = Load::start(mesh.sidecar.address, &[good.clone(), Request::register("eec-1")], 2);
    let next = mesh.shipped("envoy/istio/trafficextension.yaml");
    mesh.kubernetes.apply(&next.to_string());
    let refused = || (code(&mesh.sidecar.send(&good)) == (401, "token_missing".into())).then_some(());
    mesh.sidecar.wait("two filters", refused);
    mesh.kubernetes.delete("WasmPlugin", "edge", "eec-authn");
    mesh.sidecar.wait("one filter", || (mesh.sidecar.send(&good).status == 201).then_some(()));
    let answers = load.stop();
    assert_eq!(status(&answers, 1), [401], "a request without a token passed");
    assert!(status(&answers, 0).iter().all(|status| [201, 401].contains(status)));
}
