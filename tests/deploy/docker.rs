//! The files of `envoy/docker`, without Docker: what Compose is told, the script that pins the key, and both Envoys with
//! what they are given. `make docker-demo` plays the story in containers.

use crate::fixture::running::Running;
use crate::fixture::shipped::{adapt, read};
use crate::support::entitlement_server::Server;
use crate::support::request::Request;
use crate::support::token::{Key, claims_with};
use crate::support::{find, foreign, h1};
use serde_json::{Value, json};
use std::fs;
use std::process::Command;
use tempfile::TempDir;

const NO_ADDRESS: &str = "address: 127.0.0.1, port_value: 0";

fn directory() -> TempDir {
    TempDir::with_prefix("eec-authn-compose-").expect("a temporary directory")
}

#[test]
fn containers_have_no_rights_and_publish_on_loopback_alone() {
    let text = read("envoy/docker/compose.yaml");
    let compose = foreign::run("yaml_documents.py", &json!({"text": text}))[0].clone();
    let services = compose["services"].as_object().expect("services");
    assert_eq!(services.keys().collect::<Vec<_>>(), ["ees", "entitlement-server", "envoy"]);
    for (name, service) in services {
        assert_eq!(service["user"], "65534:65534", "{name}");
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["cap_drop"], json!(["ALL"]), "{name}");
        assert_eq!(service["security_opt"], json!(["no-new-privileges:true"]), "{name}");
        assert!(service["healthcheck"]["test"].is_array(), "{name}");
        for port in service["ports"].as_array().into_iter().flatten() {
            assert!(port.as_str().is_some_and(|p| p.starts_with("127.0.0.1:")), "{name}: {port}");
        }
        for volume in service["volumes"].as_array().expect("volumes") {
            let volume = volume
                .as_str()
                .and_then(|v| v.strip_suffix(":ro"))
                .unwrap_or_else(|| panic!("{volume} is writable"));
            let shipped = volume.strip_prefix("./").map(|v| v.split(':').next().unwrap_or_default());
            let there = |file: &str| find::root().join("envoy/docker").join(file).is_file();
            assert!(
                volume.starts_with("${EEC_AUTHN_DIST:-../../dist}/") || shipped.is_some_and(there),
                "{name}: {volume}"
            );
        }
    }
}

/// The sample EES, with an admin interface, so that its port can be found.
fn ees() -> Running {
    let directory = directory();
    let text = adapt(&read("envoy/docker/ees.yaml"), &[("address: 0.0.0.0, port_value: 8080", NO_ADDRESS)]);
    let text = format!("admin: {{address: {{socket_address: {{{NO_ADDRESS}}}}}}}\n{text}");
    fs::write(directory.path().join("envoy.yaml"), text).expect("a file");
    Running::start(directory, &[])
}

/// What `start.sh` makes of the template when the entitlement server answers so.
fn started(server: &Server) -> (bool, TempDir) {
    let directory = directory();
    let etc = format!("{}/", directory.path().display());
    let script = adapt(
        &read("envoy/docker/start.sh"),
        &[
            ("/dev/tcp/entitlement-server/8080", &format!("/dev/tcp/127.0.0.1/{}", server.address.port())),
            ("/tmp/", &etc),
            ("/etc/envoy/", &etc),
            ("exec envoy -c", "echo envoy -c"),
        ],
    );
    fs::write(directory.path().join("envoy.yaml.in"), read("envoy/docker/envoy.yaml.in")).expect("a file");
    let output = Command::new("bash").arg("-c").arg(script).output().expect("bash starts");
    (output.status.success(), directory)
}

#[test]
fn without_keys_it_does_not_start() {
    let server = Server::start();
    server.answers("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let (succeeded, directory) = started(&server);
    assert!(!succeeded && !directory.path().join("envoy.yaml").exists());
}

#[test]
fn the_key_is_pinned_and_clients_are_told_apart() {
    let key = Key::new(1);
    let server = Server::start();
    server.says(&json!({"keys": [key.jwk()]}));
    let (succeeded, directory) = started(&server);
    assert!(succeeded);
    let ees = ees();
    let text = fs::read_to_string(directory.path().join("envoy.yaml")).expect("what the script wrote");
    let text = adapt(
        &text,
        &[
            ("address: 127.0.0.1, port_value: 9901", NO_ADDRESS),
            ("address: 0.0.0.0, port_value: 8080", NO_ADDRESS),
            (
                "address: ees, port_value: 8080",
                &format!("address: 127.0.0.1, port_value: {}", ees.address.port()),
            ),
            ("/etc/envoy/eec_authn.wasm", &find::module().display().to_string()),
        ],
    );
    fs::write(directory.path().join("envoy.yaml"), text).expect("a file");
    let envoy = Running::start(directory, &[]);
    let ask = |request: Request| h1::exchange(envoy.address, &request).expect("an answer");

    let good = ask(Request::register("eec-1")
        .bearer(key.token(&claims_with(json!({}))))
        .header("x-eec-id", "eec-2"));
    assert_eq!(
        (good.status, good.one("seen-eec-id"), good.one("seen-authorization")),
        (201, Some("eec-1"), None)
    );
    assert_eq!(ask(Request::new("GET", "/healthz")).status, 201);
    let forged = ask(
        Request::register("eec-1").bearer(Key::new(2).token_with(&key.header(), &claims_with(json!({}))))
    );
    let problem: Value = serde_json::from_slice(&forged.body).expect("JSON");
    assert_eq!((forged.status, &problem["detail"]), (401, &json!("signature_invalid")));
}
