//! The shipped resources in a sidecar, each as it is: who passes, and who does not.

use super::mesh::{Mesh, code};
use super::sidecar::Sidecar;
use crate::cluster::tool;
use crate::release::key_pair;
use crate::support::find;
use crate::support::request::Request;
use crate::support::seal::{EEC_1, SECRET};
use crate::support::token::claims_with;
use crate::support::upstream::End;
use serde_json::{Value, json};
use std::fs;
use std::process::Command;

/// What every resource must come to.
pub fn decides(mesh: &Mesh, sidecar: &Sidecar) {
    let token = mesh.key.token(&claims_with(json!({"jti": "t-1"})));

    let good =
        Request::register("eec-1").bearer(&token).header("x-eec-id", "eec-9").header("X_EEC_ISSUER", "me");
    assert_eq!(sidecar.send(&good).status, 201, "{}", sidecar.log());
    let arrived = mesh.upstream.records.wait_for(&good.case, |r| r.end == End::Complete);
    assert_eq!(arrived.all("x-eec-id"), ["eec-1"]);
    assert_eq!(arrived.all("x-eec-issuer"), [crate::support::fixture::ISSUER]);
    assert_eq!(arrived.all("authorization"), Vec::<&str>::new());
    assert_eq!(arrived.body, br#"{"eecId":"eec-1"}"#);

    assert_eq!(code(&sidecar.send(&Request::register("eec-1"))), (401, "token_missing".into()));
    let foreign = Request::register("eec-2").bearer(&token);
    assert_eq!(code(&sidecar.send(&foreign)), (403, "binding_mismatch".into()));

    let probe = Request::new("GET", "/healthz").authority("10.0.0.7:8080").header("x-eec-id", "eec-9");
    assert_eq!(sidecar.send(&probe).status, 201);
    let arrived = mesh.upstream.records.wait_for(&probe.case, |r| r.end == End::Complete);
    assert_eq!(arrived.all("x-eec-id"), Vec::<&str>::new(), "a forged identity passed with the probe");

    // `pathNormalization: NONE`: what the client sent is what is judged.
    let odd = Request::new("GET", "/x/../healthz").authority("10.0.0.7:8080");
    assert_eq!(code(&sidecar.send(&odd)), (400, "path_not_normal".into()));
}

/// The secret of `ownership` came out of the environment of the proxy's container.
fn owners_are_known(mesh: &Mesh) {
    let token = mesh.key.token(&claims_with(json!({})));
    let item = "/eees-eecregistration/v1/registrations/r1";
    let bare = Request::new("DELETE", item).bearer(&token);
    assert_eq!(code(&mesh.sidecar.send(&bare)), (403, "ownership_mismatch".into()));
    let own = Request::new("DELETE", format!("{item}{}", EEC_1.seal(&SECRET, "r1"))).bearer(&token);
    assert_eq!(mesh.sidecar.send(&own).status, 201);
    assert_eq!(mesh.upstream.records.wait_for(&own.case, |r| r.end == End::Complete).path, item);
}

/// An opaque token is asked about through the mesh's cluster, with the secret from the environment.
fn questions_go_through_the_mesh(mesh: &Mesh) {
    let asked = Request::register("eec-7").bearer("opaque");
    assert_eq!(mesh.sidecar.send(&asked).status, 201, "{}", mesh.sidecar.log());
    let question = mesh.entitlement_server.line();
    assert_eq!(question["path"], "/oauth2/introspect");
    // `ees1:s3cret`.
    assert_eq!(question["authorization"], "Basic ZWVzMTpzM2NyZXQ=");
    assert!(question["body"].as_str().is_some_and(|body| body.contains("token=opaque")), "{question}");
}

pub fn a_wasm_plugin_as_shipped(mesh: &Mesh) {
    mesh.install(&mesh.shipped("envoy/istio/wasmplugin.yaml"));
    let ours =
        mesh.sidecar.extensions().into_iter().find(|e| e.to_string().contains("eec_authn")).expect("ours");
    assert!(ours.pointer("/typed_config/config/vm_config/vm_id").is_none(), "{ours}");
    decides(mesh, &mesh.sidecar);
    owners_are_known(mesh);
    questions_go_through_the_mesh(mesh);
}

pub fn a_traffic_extension_as_shipped(mesh: &Mesh) {
    mesh.install(&mesh.shipped("envoy/istio/trafficextension.yaml"));
    decides(mesh, &mesh.sidecar);
    owners_are_known(mesh);
    questions_go_through_the_mesh(mesh);
}

pub fn an_envoy_filter_as_shipped_holds_headers_back(mesh: &Mesh) {
    mesh.install(&mesh.shipped("envoy/istio/hold-headers.yaml"));
    decides(mesh, &mesh.sidecar);
    let token = mesh.key.token(&claims_with(json!({})));
    let foreign = Request::register("eec-2").bearer(&token);
    assert_eq!(code(&mesh.sidecar.send(&foreign)), (403, "binding_mismatch".into()));
    // What comes later on the same way has come: nothing of the other is under way any more.
    let good = Request::register("eec-1").bearer(&token);
    assert_eq!(mesh.sidecar.send(&good).status, 201);
    assert!(
        mesh.upstream.records.find(&foreign.case).is_none(),
        "the server saw headers of a request that was refused"
    );
}

pub fn what_render_prints(mesh: &Mesh) {
    let shipped = mesh.shipped("envoy/istio/wasmplugin.yaml");
    let folder = mesh.run.folder.join("render");
    fs::create_dir_all(&folder).expect("a folder");
    let mut filter = shipped["spec"]["pluginConfig"].clone();
    for (hold_headers, more) in [(false, &[][..]), (false, &["--traffic-extension"]), (true, &[])] {
        filter["body"] = json!({"hold_headers": hold_headers});
        fs::write(folder.join("filter.json"), filter.to_string()).expect("a file");
        let output = Command::new(find::root().join(env!("CARGO_BIN_EXE_eec-authn")))
            .args([
                "render",
                "istio",
                "--config",
                "filter.json",
                "--namespace",
                "edge",
                "--target",
                "app=ees",
                "--port",
                "8080",
            ])
            .args([
                "--image",
                &format!("{}/edge/eec-authn:{}", mesh.images.address, env!("CARGO_PKG_VERSION")),
                "--sha256",
                &mesh.images.digest,
            ])
            .args(more)
            .current_dir(&folder)
            .env("ES_CLIENT_SECRET", "s3cret")
            .output()
            .expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout);
        let documents = crate::fixture::shipped::documents(&text);
        let [resource] = <[Value; 1]>::try_from(documents).expect("one document");
        mesh.install_text(&resource, &text);
        decides(mesh, &mesh.sidecar);
        owners_are_known(mesh);
        questions_go_through_the_mesh(mesh);
    }
}

/// Istio's own tool, which looks at files alone.
pub fn istioctl_finds_nothing(_: &Mesh) {
    let files =
        ["wasmplugin", "trafficextension", "hold-headers", "authorizationpolicy", "http-alone", "telemetry"];
    let files = files.map(|name| format!("envoy/istio/{name}.yaml"));
    let run = |arguments: &[&str]| {
        let output = Command::new(tool("istioctl")).args(arguments).current_dir(find::root()).output();
        let output = output.expect("istioctl starts");
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{arguments:?}: {text}");
        text
    };
    let paths: Vec<&str> = files.iter().map(String::as_str).collect();
    let told = run(&[&["analyze", "--use-kube=false"], &paths[..]].concat());
    assert!(told.contains("No validation issues found"), "{told}");
    for path in paths {
        let told = run(&["validate", "-f", path]);
        let (head, more) = told.split_once('\n').unwrap_or((&told, ""));
        // What it says of every EnvoyFilter, and what this policy is for.
        let warned = [
            ("hold-headers", "EnvoyFilter exposes internal implementation details"),
            ("http-alone", "will deny all traffic to TCP ports under its scope"),
        ];
        let warned = warned.iter().any(|(file, text)| path.contains(file) && more.contains(text));
        assert!(head.ends_with("is valid") && more.trim().is_empty() || warned, "{told}");
    }
}

/// Signatures lie beside the image: the agent fetches it like any other.
pub fn a_signed_image_is_fetched(mesh: &Mesh) {
    let mut plugin = mesh.shipped("envoy/istio/wasmplugin.yaml");
    let digest = mesh.images.put(find::module(), "signed");
    let (image, keys) = (format!("{}/edge/eec-authn", mesh.images.address), mesh.run.folder.join("keys"));
    key_pair(&keys);
    for verb in [
        &["sign", "--key", "cosign.key", "--tlog-upload=false", "--use-signing-config=false", "--yes"][..],
        &["verify", "--key", "cosign.pub", "--insecure-ignore-tlog"],
    ] {
        let mut cosign = Command::new(tool("cosign"));
        cosign
            .args(verb)
            .arg(format!("{image}@sha256:{digest}"))
            .env("COSIGN_PASSWORD", "")
            .env("HOME", &keys)
            .current_dir(&keys);
        let output = cosign.output().expect("cosign starts");
        assert!(output.status.success(), "{verb:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    plugin["spec"]["url"] = json!(format!("oci://{image}:signed"));
    plugin["spec"]["sha256"] = json!(digest);
    plugin["spec"]["pluginConfig"]["rules"][0]["name"] = json!("probe of the signed one");
    mesh.install(&plugin);
    assert!(mesh.sidecar.log().contains("with tag signed"), "it was not fetched");
    decides(mesh, &mesh.sidecar);
}
