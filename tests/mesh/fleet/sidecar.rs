//! What the filter costs in a sidecar beside RequestAuthentication and AuthorizationPolicy, which do the same there but for the body: three
//! listeners of one Envoy, in slices that take turns (`benches/load_generator`), in several sittings with an Envoy of their own.

use super::{count, results};
use crate::harness::part::Part;
use crate::istio::mesh::Mesh;
use crate::istio::options::Options;
use crate::istio::sidecar::Sidecar;
use crate::support::find;
use crate::support::fixture::{FQDN, ISSUER};
use crate::support::h1;
use crate::support::request::Request;
use crate::support::token::{claims_with, now};
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The listeners of `resources/istio-bench.yaml`.
const WAYS: [(&str, u16); 3] = [("none", 8101), ("ours", 8102), ("istio", 8103)];
/// Different tokens: one, and twice as many as the filter keeps, so that each is verified.
const TOKENS: [usize; 2] = [1, 20_000];
const SITTINGS: usize = 3;
const SLICE: usize = 2_000;
const METHOD: &str = "DELETE";
const PATH: &str = "/eees-eecregistration/v1/registrations/1";
const SERVER: u16 = 8100;

/// A server that costs little: an Envoy that answers itself.
fn server(mesh: &Mesh) -> Part {
    let manager = json!({"@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "server", "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"],
            "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}]}]},
        "http_filters": [{"name": "router", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}]});
    let config = json!({"static_resources": {"listeners": [{"name": "server",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": SERVER}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}]}]}});
    let mut command = Command::new(find::envoy());
    command.args([
        "--config-yaml",
        &config.to_string(),
        "--concurrency",
        "1",
        "--use-dynamic-base-id",
        "-l",
        "error",
    ]);
    let part = Part::start(&mesh.run, "bench-server", &mut command);
    let address = SocketAddr::from(([127, 0, 0, 1], SERVER));
    part.wait("an answer", || h1::exchange(address, &Request::new("GET", "/")).ok());
    part
}

/// Files of tokens, one a line.
fn tokens(mesh: &Mesh) -> Vec<(usize, String, PathBuf)> {
    let token = |number: usize| {
        mesh.key.token(&claims_with(
            json!({"sub": format!("eec-{number:06}"), "aud": [FQDN], "exp": now() + 12 * 3600,
            "gpsi": format!("msisdn-{}", 491_700_000_000 + number), "jti": format!("{number:032x}")}),
        ))
    };
    let all: Vec<String> = (0..*TOKENS.last().expect("a count")).map(token).collect();
    let file = |count: usize| {
        let file = mesh.run.folder.join(format!("{count}.tokens"));
        fs::write(&file, all[..count].join("\n")).expect("a file");
        (count, all[0].clone(), file)
    };
    TOKENS.map(file).to_vec()
}

/// The filter as shipped, with what Istio's own way cannot do taken out: questions, owners.
fn plugin(mesh: &Mesh) -> Value {
    let mut plugin = mesh.shipped("envoy/istio/wasmplugin.yaml");
    plugin["metadata"]["name"] = json!("eec-authn-bench");
    plugin["spec"]["selector"]["matchLabels"]["app"] = json!("bench");
    plugin["spec"]["match"][0]["ports"] = json!([{"number": 8102}]);
    let filter = plugin["spec"]["pluginConfig"].as_object_mut().expect("a filter JSON");
    filter.remove("ownership");
    filter["entitlement_servers"][0].as_object_mut().expect("a server").remove("online");
    plugin
}

/// Nothing that lets everybody through, or nobody, is worth a number.
fn decides(sidecar: &Sidecar, token: &str) {
    let forged = format!("{}AAAA", &token[..token.len() - 4]);
    let status = |port: u16, token: &str| {
        let request = Request::new(METHOD, PATH).bearer(token);
        h1::exchange(SocketAddr::from(([127, 0, 0, 1], port)), &request).map_or(0, |response| response.status)
    };
    let seen = || WAYS.map(|(_, port)| (status(port, token), status(port, &forged)));
    sidecar.wait("three ways that decide", || (seen() == [(200, 200), (200, 401), (200, 401)]).then_some(()));
}

/// The process of the sidecar's Envoy.
fn process(mesh: &Mesh, pod: &str) -> String {
    let home = mesh.run.folder.join(pod).join("envoy");
    let is_its = |process: &Path| {
        let Ok(line) = fs::read(process.join("cmdline")) else { return false };
        let words: Vec<String> =
            line.split(|b| *b == 0).map(|w| String::from_utf8_lossy(w).into_owned()).collect();
        Path::new(&words[0]) == find::envoy() && words.iter().any(|word| Path::new(word).starts_with(&home))
    };
    let mut all = fs::read_dir("/proc").expect("processes").flatten().map(|entry| entry.path());
    let found = all.find(|process| is_its(process)).expect("the sidecar's Envoy");
    found.file_name().expect("a number").to_string_lossy().into_owned()
}

pub fn beside_istios_own_way(mesh: &Mesh) {
    let cycles = count("EEC_AUTHN_FLEET_CYCLES", 20);
    let generator =
        std::env::var_os("EEC_AUTHN_FLEET_LOAD").expect("EEC_AUTHN_FLEET_LOAD names the load generator");
    let _server = server(mesh);
    let text = include_str!("../resources/istio-bench.yaml")
        .replace("${SERVER}", &format!("127.0.0.1:{SERVER}"))
        .replace("${ISSUER}", ISSUER)
        .replace("${FQDN}", FQDN)
        .replace("${JWK}", &mesh.key.jwk().to_string());
    mesh.kubernetes.apply(&text);
    mesh.kubernetes.apply(&plugin(mesh).to_string());
    let tokens = tokens(mesh);
    let mut slices = json!({});
    for sitting in 0..SITTINGS {
        let pod = format!("bench-{sitting}");
        let sidecar =
            Sidecar::launch(&mesh.run, &Options::new(&pod, 2, mesh.images.address).label("app", "bench"));
        decides(&sidecar, &tokens[0].1);
        let process = process(mesh, &pod);
        let named = tokens.iter().flat_map(|(count, _, file)| {
            WAYS.map(|(way, port)| format!("{way}-{count}={port}={}", file.display()))
        });
        let mut command = Command::new(&generator);
        command.args([&process, &SLICE.to_string(), &cycles.to_string(), METHOD, PATH, FQDN]).args(named);
        let output = command.stdin(Stdio::null()).output().expect("the load generator starts");
        assert!(output.status.success(), "{}\n{}", String::from_utf8_lossy(&output.stderr), sidecar.log());
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let mut words = line.split(' ');
            let (name, _) = (words.next().expect("a name"), words.next());
            let numbers: Vec<f64> = words.map(|word| word.parse().expect("a number")).collect();
            if slices[name].is_null() {
                slices[name] = json!([]);
            }
            slices[name].as_array_mut().expect("an array").push(json!(numbers));
        }
        sidecar.quit();
        mesh.run.progress(&format!("sitting {} of {SITTINGS} is over", sitting + 1));
    }
    mesh.kubernetes.delete("WasmPlugin", "edge", "eec-authn-bench");
    results("sidecar", json!({"sittings": SITTINGS, "cycles": cycles, "slice": SLICE, "slices": slices}));
}
