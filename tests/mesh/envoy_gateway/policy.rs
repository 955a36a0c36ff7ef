//! The shipped resources at a Gateway: who passes, and who does not.

use super::edge::{Edge, PHONE};
use crate::cluster::bound;
use crate::fixture::shipped::read;
use crate::fixture::tls::request;
use crate::support::fixture::{FQDN, ISSUER};
use crate::support::request::{Request, Response};
use crate::support::seal::{EEC_1, SECRET};
use crate::support::token::claims_with;
use crate::support::upstream::End;
use serde_json::{Value, json};
use std::fs;
use std::process::Command;

/// Status and code of an answer.
pub fn code(response: &Response) -> (u16, String) {
    let problem: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    (response.status, problem["detail"].as_str().unwrap_or_default().to_owned())
}

fn decides(edge: &Edge) {
    let proxy = &edge.proxy;
    let token = edge.key.token(&claims_with(json!({"jti": "t-1"})));
    let good =
        Request::register("eec-1").bearer(&token).header("x-eec-id", "eec-9").header("x-eec-issuer", "me");
    assert_eq!(proxy.send(&good).status, 201, "{}", proxy.log());
    let arrived = edge.upstream.records.wait_for(&good.case, |r| r.end == End::Complete);
    assert_eq!(arrived.all("x-eec-id"), ["eec-1"]);
    assert_eq!(arrived.all("authorization"), Vec::<&str>::new());

    assert_eq!(code(&proxy.send(&Request::register("eec-1"))), (401, "token_missing".into()));
    let foreign = Request::register("eec-2").bearer(&token);
    assert_eq!(code(&proxy.send(&foreign)), (403, "binding_mismatch".into()));
    let probe = Request::new("GET", "/healthz").authority("10.0.0.7:8080").header("x-eec-id", "eec-9");
    assert_eq!(proxy.send(&probe).status, 201);
    let arrived = edge.upstream.records.wait_for(&probe.case, |r| r.end == End::Complete);
    assert_eq!(arrived.all("x-eec-id"), Vec::<&str>::new(), "a forged identity passed with the probe");

    // The secret of `ownership` came out of the environment of the Envoy.
    let item = "/eees-eecregistration/v1/registrations/r1";
    let bare = Request::new("DELETE", item).bearer(&token);
    assert_eq!(code(&proxy.send(&bare)), (403, "ownership_mismatch".into()));
    let own = Request::new("DELETE", format!("{item}{}", EEC_1.seal(&SECRET, "r1"))).bearer(&token);
    assert_eq!(proxy.send(&own).status, 201);

    // An opaque token is asked about through the cluster of the route, with the secret from the environment.
    let asked = Request::register("eec-7").bearer("opaque");
    assert_eq!(proxy.send(&asked).status, 201, "{}", proxy.log());
    let question = edge.entitlement_server.line();
    assert_eq!(question["authorization"], "Basic ZWVzMTpzM2NyZXQ=");
}

pub fn a_policy_as_shipped(edge: &Edge) {
    edge.install(&edge.shipped("envoy/envoy-gateway/envoyextensionpolicy.yaml"));
    decides(edge);
    // `clienttrafficpolicy.yaml`: slashes are as they were sent, and refused.
    let doubled = Request::new("GET", "/x//healthz").authority("10.0.0.7:8080");
    assert_eq!(code(&edge.proxy.send(&doubled)), (400, "path_not_normal".into()));
    let escaped = Request::new("GET", "/x%2Fhealthz").authority("10.0.0.7:8080");
    assert_eq!(edge.proxy.send(&escaped).status, 400);
    // `entitlement-server.yaml`: what passes without a token goes to the EES by the entitlement server's name, too.
    let probe = Request::new("GET", "/healthz").authority(ISSUER);
    assert_eq!(edge.proxy.send(&probe).status, 201);
    assert!(edge.upstream.records.find(&probe.case).is_some(), "it went to the entitlement server");
    // Its memory is shared with no other plugin.
    let dump = edge.proxy.admin_get("/config_dump?resource=dynamic_listeners");
    let ids = dump
        .lines()
        .filter(|line| line.trim_start().starts_with("\"vm_id\": \"envoyextensionpolicy/edge/eec-authn"));
    assert!(ids.count() > 0, "{dump}");
    // What it cannot turn off: dots are resolved before the filter sees them.
    assert_eq!(edge.proxy.send(&Request::new("GET", "/x/../healthz")).status, 201);
}

pub fn the_patches_as_shipped_hold_headers_back_and_leave_paths_alone(edge: &Edge) {
    let mut policy = edge.shipped("envoy/envoy-gateway/envoyextensionpolicy.yaml");
    policy["spec"]["wasm"][0]["config"]["body"] = json!({"hold_headers": true});
    edge.kubernetes.apply(&read("envoy/envoy-gateway/envoypatchpolicy.yaml"));
    edge.install(&policy);
    let dump = || edge.proxy.admin_get("/config_dump?resource=dynamic_listeners");
    edge.proxy.wait("the patches", || dump().contains("allow_on_headers_stop_iteration").then_some(()));
    assert!(dump().contains("FAIL_RELOAD"));

    let token = edge.key.token(&claims_with(json!({})));
    let path = "/eees-eecregistration/v1/registrations";
    let mut foreign = request("POST", path, Some(&token), Some(&json!({"eecId": "eec-2"})));
    foreign["headers"].as_array_mut().expect("headers").push(json!(["x-case", "held"]));
    let answer = edge.client.answer(&foreign);
    assert_eq!(answer["status"], 403, "{answer}");
    let good = request("POST", path, Some(&token), Some(&json!({"eecId": "eec-1"})));
    assert_eq!(edge.client.answer(&good)["status"], 201);
    assert!(
        edge.upstream.records.find("held").is_none(),
        "the server saw headers of a request that was refused"
    );

    let dots = edge.client.answer(&request("GET", "/x/../healthz", None, None));
    assert_eq!(dots["status"], 400, "{dots}");
    edge.kubernetes.delete("EnvoyPatchPolicy", "edge", "eec-authn");
    edge.proxy.wait("no patches", || (!dump().contains("allow_on_headers_stop_iteration")).then_some(()));
}

pub fn the_access_log_says_why_and_statistics_have_labels(edge: &Edge) {
    edge.install(&edge.shipped("envoy/envoy-gateway/envoyextensionpolicy.yaml"));
    let token = edge.key.token(&claims_with(json!({"jti": "t-log"})));
    edge.proxy.send(&Request::register("eec-2").bearer(&token));
    let line = edge.proxy.wait("the line", || {
        let log = edge.proxy.log();
        let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.rfind(|line| line["denied_token_id"] == "t-log")
    });
    assert_eq!(
        (&line["decision"], &line["details"]),
        (&json!("deny:binding_mismatch"), &json!("eec_authn.binding_mismatch"))
    );
    // `logging.level: info` shows the line in words, too.
    assert!(edge.proxy.log().contains(": deny binding_mismatch: "), "{}", edge.proxy.log());
    let shown = edge.proxy.wait("the counter", || {
        let shown = edge.proxy.admin_get("/stats/prometheus");
        shown.contains("eec_authn_denied{").then_some(shown)
    });
    assert!(shown.contains("code=\"binding_mismatch\""), "{shown}");
    assert!(shown.contains("envoy_wasm_eec_authn_vm_reload_success"), "{shown}");
}

pub fn what_render_prints(edge: &Edge) {
    let shipped = edge.shipped("envoy/envoy-gateway/envoyextensionpolicy.yaml");
    let folder = edge.folder.join("render");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("filter.json"), shipped["spec"]["wasm"][0]["config"].to_string()).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_eec-authn"))
        .args([
            "render",
            "envoy-gateway",
            "--config",
            "filter.json",
            "--namespace",
            "edge",
            "--target",
            "edge",
        ])
        .args([
            "--image",
            &format!("{}/edge/eec-authn:{}", edge.images.address, env!("CARGO_PKG_VERSION")),
            "--sha256",
            &edge.images.digest,
        ])
        .current_dir(&folder)
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let [policy] = <[Value; 1]>::try_from(crate::fixture::shipped::documents(&text)).expect("one document");
    edge.install_text(&policy, &text);
    decides(edge);
}

pub fn a_route_without_the_policy_is_open(edge: &Edge) {
    edge.install(&edge.shipped("envoy/envoy-gateway/envoyextensionpolicy.yaml"));
    let request = Request::new("GET", "/anything");
    assert_eq!(code(&edge.proxy.send(&request)), (403, "route_unmatched".into()));
    // A policy of the route's own, without any filter, takes the Gateway's place.
    let own = json!({"apiVersion": "gateway.envoyproxy.io/v1alpha1", "kind": "EnvoyExtensionPolicy",
        "metadata": {"name": "of-the-route", "namespace": "edge"},
        "spec": {"targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "ees"}]}});
    edge.kubernetes.apply(&own.to_string());
    edge.proxy.wait("an open route", || (edge.proxy.send(&request).status == 201).then_some(()));
    edge.kubernetes.delete("EnvoyExtensionPolicy", "edge", "of-the-route");
    edge.proxy.wait("a closed route", || (edge.proxy.send(&request).status == 403).then_some(()));
}

/// What `docs/security.md` says of a rewrite: the filter judges the path that the client sent, and an operation that is made of it later is
/// not bound to its body.
pub fn a_rewrite_is_behind_the_filter(edge: &Edge) {
    let mut policy = edge.shipped("envoy/envoy-gateway/envoyextensionpolicy.yaml");
    let rules = policy["spec"]["wasm"][0]["config"]["rules"].as_array_mut().expect("rules");
    rules.push(json!({"name": "wide", "match": {"path_prefix": "/public"}}));
    let route = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "rewritten", "namespace": "edge"},
        "spec": {"parentRefs": [{"name": "edge"}], "rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "/public"}}],
            "filters": [{"type": "URLRewrite", "urlRewrite": {"path":
                {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/eees-eecregistration/v1"}}}],
            "backendRefs": [{"group": "gateway.envoyproxy.io", "kind": "Backend", "name": "ees"}]}]}});
    edge.kubernetes.apply(&route.to_string());
    edge.install(&policy);
    let token = edge.key.token(&claims_with(json!({})));
    let asked = |path: &str| Request::new("POST", path).json(r#"{"eecId":"eec-2"}"#).bearer(&token);
    let rewritten = edge.proxy.wait("the route", || {
        let request = asked("/public/registrations");
        let status = edge.proxy.send(&request).status;
        let arrived = edge.upstream.records.find(&request.case)?;
        (status == 201 && arrived.path != "/public/registrations").then_some(arrived)
    });
    assert_eq!(rewritten.path, "/eees-eecregistration/v1/registrations");
    assert_eq!(
        (rewritten.all("x-eec-id"), &rewritten.body[..]),
        (vec!["eec-1"], &br#"{"eecId":"eec-2"}"#[..])
    );
    // A token there must be, and at the server's own path the body must speak for its client.
    let without = Request::new("POST", "/public/registrations").json(r#"{"eecId":"eec-2"}"#);
    assert_eq!(code(&edge.proxy.send(&without)), (401, "token_missing".into()));
    let own = asked("/eees-eecregistration/v1/registrations");
    assert_eq!(code(&edge.proxy.send(&own)), (403, "binding_mismatch".into()));
    edge.kubernetes.delete("HTTPRoute", "edge", "rewritten");
}

/// Tokens bound to a client's certificate, where the Gateway asks for one.
pub fn a_token_bound_to_a_certificate_passes_with_it_alone(edge: &Edge) {
    let mut policy = edge.shipped("envoy/envoy-gateway/envoyextensionpolicy.yaml");
    policy["spec"]["wasm"][0]["config"]["proof"] = json!({"required": true, "client_certificate": true});
    let mut traffic =
        crate::fixture::shipped::documents(&read("envoy/envoy-gateway/clienttrafficpolicy.yaml"))[0].clone();
    traffic["spec"]["tls"] = json!({"clientValidation":
        {"optional": true, "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "entitlement-server-ca"}]}});
    edge.kubernetes.apply(&traffic.to_string());
    edge.install(&policy);
    let phone = &edge.made["certificates"][PHONE];
    let token = bound::token(&edge.key, phone);
    let with = |certificate| bound::register(edge.proxy.https.port(), &edge.made, &token, certificate);
    edge.proxy
        .wait("a listener that asks for certificates", || (with(Some(phone)).0 == Some(201)).then_some(()));
    let refused = (Some(401), "confirmation_failed".to_owned());
    assert_eq!(with(None), refused);
    assert_eq!(with(Some(&edge.made["certificates"][FQDN])), refused, "another's certificate");
    edge.kubernetes.apply(&read("envoy/envoy-gateway/clienttrafficpolicy.yaml"));
}
