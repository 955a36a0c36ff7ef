//! The files of `envoy/docker`, without Docker: what Compose is told, the script that pins the key, and all its servers with what they are
//! given, for its client. `make docker-demo` plays the story in containers.

use crate::fixture::running::Running;
use crate::fixture::shipped::{adapt, read};
use crate::support::entitlement_server::Server;
use crate::support::request::Request;
use crate::support::token::{Key, claims_with};
use crate::support::{find, foreign, h1};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const NO_ADDRESS: &str = "address: 127.0.0.1, port_value: 0";

fn directory() -> TempDir {
    TempDir::with_prefix("eec-authn-compose-").expect("a temporary directory")
}

#[test]
fn containers_have_no_rights_and_publish_on_loopback_alone() {
    let compose = compose();
    let services = compose["services"].as_object().expect("services");
    assert_eq!(services.keys().collect::<Vec<_>>(), ["ecs", "eec", "ees", "entitlement-server", "envoy"]);
    for (name, service) in services {
        assert_eq!(service["user"], "65534:65534", "{name}");
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["cap_drop"], json!(["ALL"]), "{name}");
        assert_eq!(service["security_opt"], json!(["no-new-privileges:true"]), "{name}");
        // The client ends by itself.
        assert!(service["healthcheck"]["test"].is_array() != (name == "eec"), "{name}");
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

/// A service of the compose file by its own arguments, on a free port of loopback; ended on drop.
struct Service(Child, SocketAddr);

impl Service {
    fn start(compose: &Value, name: &str) -> Service {
        let arguments = compose["services"][name]["entrypoint"].as_array().expect("arguments").iter();
        let arguments = arguments.skip(1).map(|argument| argument.as_str().expect("a text"));
        let arguments = arguments.map(|argument| argument.replace("0.0.0.0:8080", "127.0.0.1:0"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("its output")).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("http://").expect("where it is").parse().expect("an address");
        Service(child, address)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn compose() -> Value {
    foreign::run("yaml_documents.py", &json!({"text": read("envoy/docker/compose.yaml")}))[0].clone()
}

/// What `start.sh` makes of the template when the entitlement server at `address` answers, and the secret that it gives Envoy.
fn started(address: SocketAddr) -> (Option<String>, TempDir) {
    let directory = directory();
    let etc = format!("{}/", directory.path().display());
    let script = adapt(
        &read("envoy/docker/start.sh"),
        &[
            ("/dev/tcp/entitlement-server/8080", &format!("/dev/tcp/127.0.0.1/{}", address.port())),
            ("/tmp/", &etc),
            ("/etc/envoy/", &etc),
            ("exec envoy -c", "echo \"$EEC_AUTHN_OWNERSHIP\"; : envoy -c"),
        ],
    );
    fs::write(directory.path().join("envoy.yaml.in"), read("envoy/docker/envoy.yaml.in")).expect("a file");
    let output = Command::new("bash").arg("-c").arg(script).output().expect("bash starts");
    let secret = String::from_utf8(output.stdout).expect("text").trim().to_owned();
    (output.status.success().then_some(secret), directory)
}

#[test]
fn without_keys_it_does_not_start() {
    let server = Server::start();
    server.answers("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let (secret, directory) = started(server.address);
    assert!(secret.is_none() && !directory.path().join("envoy.yaml").exists());
}

#[test]
fn the_client_lives_its_life_and_others_are_told_apart() {
    let compose = compose();
    let [entitlement, ees, ecs] =
        ["entitlement-server", "ees", "ecs"].map(|name| Service::start(&compose, name));
    let (secret, directory) = started(entitlement.1);
    let secret = secret.expect("it has started");
    let text = fs::read_to_string(directory.path().join("envoy.yaml")).expect("what the script wrote");
    let at = |service: &Service| format!("address: 127.0.0.1, port_value: {}", service.1.port());
    let text = adapt(
        &text,
        &[
            ("address: 127.0.0.1, port_value: 9901", NO_ADDRESS),
            ("address: 0.0.0.0, port_value: 8080", NO_ADDRESS),
            ("address: 0.0.0.0, port_value: 8081", NO_ADDRESS),
            ("address: ees, port_value: 8080", &at(&ees)),
            ("address: ecs, port_value: 8080", &at(&ecs)),
            ("/etc/envoy/eec_authn.wasm", &find::module().display().to_string()),
        ],
    );
    fs::write(directory.path().join("envoy.yaml"), text).expect("a file");
    let mut envoy = Running::start(directory, &[("EEC_AUTHN_OWNERSHIP", &secret)]);
    let [ees, ecs] = ["ees", "ecs"].map(|name| envoy.listener(name));

    // The service's own arguments, but for where names are.
    let arguments = compose["services"]["eec"]["entrypoint"].as_array().expect("arguments").iter().skip(1);
    let arguments = arguments.map(|argument| argument.as_str().expect("a text"));
    let place = |name: &str, address: SocketAddr| ["--connect".to_owned(), format!("{name}={address}")];
    let output = Command::new(env!("CARGO_BIN_EXE_eec-authn"))
        .args(arguments.chain(["--dpop"]))
        .args(place("entitlement-server", entitlement.1))
        .args(place("ees1.edge.example.net", ees))
        .args(place("ecs1.edge.example.net", ecs))
        .output()
        .expect("the client starts");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("all 10 steps as they should be"), "{told}");
    envoy.wait_for_stat("wasmcustom.eec_authn.ownership.sealed", 2);

    let ask = |request: Request| h1::exchange(ees, &request).expect("an answer");
    assert_eq!(ask(Request::new("GET", "/healthz")).status, 204);
    let forged = ask(Request::register("eec-1")
        .bearer(Key::new(2).token_with(&Key::new(1).header(), &claims_with(json!({})))));
    let problem: Value = serde_json::from_slice(&forged.body).expect("JSON");
    assert_eq!((forged.status, &problem["detail"]), (401, &json!("key_unknown")));
}
