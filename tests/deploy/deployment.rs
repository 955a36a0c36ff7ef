//! `envoy/kubernetes`: what the pod gives Envoy is what `envoy/sidecar` asks for, and the probes go where they should.

use crate::fixture::running::Running;
use crate::fixture::shipped::{adapt, documents, read};
use crate::support::h1;
use crate::support::request::Request;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use tempfile::TempDir;

fn yaml(path: &str) -> Vec<Value> {
    documents(&read(path))
}

fn pod() -> Value {
    yaml("envoy/kubernetes/deployment.yaml")[0]["spec"]["template"].clone()
}

fn envoy() -> Value {
    let containers = pod()["spec"]["containers"].as_array().expect("containers").clone();
    containers.into_iter().find(|container| container["name"] == "envoy").expect("envoy")
}

#[test]
fn every_file_that_the_sidecar_names_is_mounted() {
    let mounts: Vec<(String, String)> = envoy()["volumeMounts"]
        .as_array()
        .expect("mounts")
        .iter()
        .map(|mount| {
            assert_eq!(mount["readOnly"], true, "{mount}");
            let text = |member: &str| mount[member].as_str().expect("text").to_owned();
            (text("mountPath"), text("name"))
        })
        .collect();
    let mut named = BTreeSet::from(["/etc/envoy/envoy.yaml".to_owned()]);
    for file in ["envoy.yaml", "eec_authn.yaml", "tls_certificate.yaml"] {
        let text = read(&format!("envoy/sidecar/{file}"));
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            let paths = line.split(|c: char| c.is_whitespace() || "{},\"".contains(c));
            named.extend(paths.filter(|word| word.starts_with("/etc/envoy/")).map(str::to_owned));
        }
    }
    assert!(named.len() > 6, "{named:?}");
    for path in &named {
        let there = mounts.iter().any(|(mount, _)| path == mount || path.starts_with(&format!("{mount}/")));
        assert!(there, "{path} is not mounted: {mounts:?}");
    }
    let volumes: BTreeSet<String> = pod()["spec"]["volumes"]
        .as_array()
        .expect("volumes")
        .iter()
        .map(|volume| volume["name"].as_str().expect("a name").to_owned())
        .collect();
    assert_eq!(mounts.into_iter().map(|(_, name)| name).collect::<BTreeSet<_>>(), volumes);
}

#[test]
fn secrets_ports_and_probes_are_those_of_the_sidecar() {
    let (envoy, sidecar) = (envoy(), yaml("envoy/sidecar/envoy.yaml")[0].clone());
    let filter = yaml("envoy/sidecar/eec_authn.yaml")[0]["resources"][0]["typed_config"]["config"].clone();
    let given: Vec<&Value> = envoy["env"].as_array().expect("variables").iter().map(|v| &v["name"]).collect();
    assert_eq!(json!(given), filter["vm_config"]["environment_variables"]["host_env_keys"]);

    let listeners = sidecar["static_resources"]["listeners"].as_array().expect("listeners");
    let port = |name: &str| {
        let listener = listeners.iter().find(|listener| listener["name"] == name).expect("a listener");
        listener["address"]["socket_address"]["port_value"].clone()
    };
    for (named, name) in envoy["ports"].as_array().expect("ports").iter().zip(["edge", "probes"]) {
        assert_eq!((&named["name"], &named["containerPort"]), (&json!(name), &port(name)));
    }
    assert_eq!(pod()["metadata"]["annotations"]["prometheus.io/port"], port("probes").to_string());

    // Readiness goes through the filter, by a rule that needs no token.
    let filter: Value = serde_json::from_str(filter["configuration"]["value"].as_str().expect("text"))
        .expect("the filter JSON");
    for probe in ["startupProbe", "readinessProbe"] {
        let get = &envoy[probe]["httpGet"];
        assert_eq!((&get["scheme"], &get["port"]), (&json!("HTTPS"), &json!("edge")), "{probe}");
        let passes =
            |rule: &&Value| rule["match"]["path"] == get["path"] && rule["action"] == "pass_without_token";
        assert!(filter["rules"].as_array().expect("rules").iter().find(passes).is_some(), "{probe}: {get}");
    }
    assert_eq!(envoy["livenessProbe"]["httpGet"], json!({"port": "probes", "path": "/ready"}));
    let args: Vec<&str> = envoy["args"].as_array().expect("args").iter().filter_map(Value::as_str).collect();
    assert!(args.windows(2).any(|pair| pair == ["--component-log-level", "wasm:info"]), "{args:?}");
    assert!(read("envoy/docker/compose.yaml").contains(envoy["image"].as_str().expect("an image")));
}

#[test]
fn containers_have_no_rights() {
    let pod = pod();
    assert_eq!(pod["spec"]["automountServiceAccountToken"], false);
    assert_eq!(pod["spec"]["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["spec"]["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    for container in pod["spec"]["containers"].as_array().expect("containers") {
        let context = json!({"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}});
        assert_eq!(container["securityContext"], context, "{}", container["name"]);
        assert!(container["resources"]["limits"]["memory"].is_string(), "{}", container["name"]);
    }
}

/// The command of `preStop`, but for the waiting, against a real Envoy's admin interface.
#[test]
fn a_pod_that_ends_drains_first() {
    let command = envoy()["lifecycle"]["preStop"]["exec"]["command"].clone();
    assert_eq!((&command[0], &command[1]), (&json!("bash"), &json!("-c")));
    let script = command[2].as_str().expect("a script");
    let directory = TempDir::with_prefix("eec-authn-drain-").expect("a temporary directory");
    let any = json!({"socket_address": {"address": "127.0.0.1", "port_value": 0}});
    let manager = json!({"@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "edge", "http_filters": [{"name": "router", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}]}]}});
    let bootstrap = json!({"admin": {"address": any}, "static_resources": {"listeners": [
        {"name": "edge", "address": any, "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}]}]}});
    fs::write(directory.path().join("envoy.yaml"), bootstrap.to_string()).expect("a file");
    let mut envoy = Running::start(directory, &[]);
    let script = adapt(script, &[("/9901", &format!("/{}", envoy.admin().port())), ("sleep 20\n", "")]);
    let output = Command::new("bash").args(["-c", &script]).output().expect("bash runs");
    let answer = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    // Clients that come are told, more and more of them, not to stay.
    let request = Request::new("GET", "/");
    envoy.wait("a connection that is closed", |e| {
        let response = h1::exchange(e.address, &request).expect("an answer");
        (response.status == 200 && response.one("connection") == Some("close")).then_some(())
    });
}
