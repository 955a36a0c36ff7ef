//! The files of `envoy/docker`, without Docker: what Compose is told, the script that pins the key, and both Envoys with
//! what they are given. `make docker-demo` plays the story in containers.

use crate::fixture::running::Running;
use crate::fixture::shipped::{adapt, read};
use crate::support::entitlement_server::Server;
use crate::support::request::{Request, Response};
use crate::support::seal::{EEC_1, SECRET, in_environment};
use crate::support::token::{Key, claims_with};
use crate::support::{find, foreign, h1};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
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
    // From the environment of whoever starts it, and no secret of everybody's.
    assert_eq!(services["envoy"]["environment"], json!({"EEC_AUTHN_OWNERSHIP": "${EEC_AUTHN_OWNERSHIP:-}"}));
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

/// What `start.sh` makes of the template when the entitlement server answers so, and the secret that Envoy would find in its environment.
fn started(server: &Server, secret: &str) -> (bool, TempDir, String) {
    let directory = directory();
    let etc = format!("{}/", directory.path().display());
    let script = adapt(
        &read("envoy/docker/start.sh"),
        &[
            ("/dev/tcp/entitlement-server/8080", &format!("/dev/tcp/127.0.0.1/{}", server.address.port())),
            ("/tmp/", &etc),
            ("/etc/envoy/", &etc),
            ("exec envoy -c", "printenv EEC_AUTHN_OWNERSHIP; : envoy -c"),
        ],
    );
    fs::write(directory.path().join("envoy.yaml.in"), read("envoy/docker/envoy.yaml.in")).expect("a file");
    let output = Command::new("bash")
        .arg("-c")
        .arg(script)
        .env("EEC_AUTHN_OWNERSHIP", secret)
        .output()
        .expect("bash starts");
    let secret = String::from_utf8(output.stdout).expect("text").trim().to_owned();
    (output.status.success(), directory, secret)
}

#[test]
fn without_keys_it_does_not_start() {
    let server = Server::start();
    server.answers("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let (succeeded, directory, _) = started(&server, "");
    assert!(!succeeded && !directory.path().join("envoy.yaml").exists());
}

/// Compose gives an empty variable where there is none.
#[test]
fn without_a_secret_each_start_makes_one_and_one_that_is_given_stays() {
    let server = Server::start();
    server.says(&json!({"keys": [Key::new(1).jwk()]}));
    let secret = |given: &str| {
        let (succeeded, _, secret) = started(&server, given);
        assert!(succeeded);
        secret
    };
    let (first, second, given) = (secret(""), secret(""), in_environment(&SECRET));
    for made in [&first, &second] {
        let bytes = URL_SAFE_NO_PAD.decode(made).expect("base64url");
        assert!(bytes.len() >= 32, "{made}");
    }
    assert_ne!(first, second);
    assert_eq!(secret(&given), given);
}

/// Both Envoys as `start.sh` and Compose would have them, with what it takes to make tokens.
struct Demo {
    key: Key,
    envoy: Running,
    _ees: Running,
}

impl Demo {
    fn start() -> Demo {
        let key = Key::new(1);
        let server = Server::start();
        server.says(&json!({"keys": [key.jwk()]}));
        let (succeeded, directory, secret) = started(&server, &in_environment(&SECRET));
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
        let envoy = Running::start(directory, &[("EEC_AUTHN_OWNERSHIP", &secret)]);
        Demo { key, envoy, _ees: ees }
    }

    fn token(&self, eec_id: &str) -> String {
        self.key.token(&claims_with(json!({"sub": eec_id})))
    }

    fn ask(&self, request: &Request) -> Response {
        h1::exchange(self.envoy.address, request).expect("an answer")
    }
}

fn denied_as(response: &Response) -> (u16, Value) {
    let problem: Value = serde_json::from_slice(&response.body).expect("JSON");
    (response.status, problem["detail"].clone())
}

#[test]
fn the_key_is_pinned_and_clients_are_told_apart() {
    let demo = Demo::start();
    let good = demo.ask(&Request::register("eec-1").bearer(demo.token("eec-1")).header("x-eec-id", "eec-2"));
    assert_eq!(
        (good.status, good.one("seen-eec-id"), good.one("seen-authorization")),
        (201, Some("eec-1"), None)
    );
    assert_eq!(demo.ask(&Request::new("GET", "/healthz")).status, 201);
    let forged = Key::new(2).token_with(&demo.key.header(), &claims_with(json!({})));
    let forged = demo.ask(&Request::register("eec-1").bearer(forged));
    assert_eq!(denied_as(&forged), (401, json!("signature_invalid")));
}

#[test]
fn who_made_a_resource_owns_it() {
    let demo = Demo::start();
    let made = demo.ask(&Request::register("eec-1").bearer(demo.token("eec-1")));
    let location = made.one("location").expect("a place").to_owned();
    let (bare, seal) = location.split_once('.').expect("a seal");
    let id = bare.strip_prefix("/eees-eecregistration/v1/registrations/").expect("an item");
    assert_eq!(format!(".{seal}"), EEC_1.seal(&SECRET, id));
    let again = demo.ask(&Request::register("eec-1").bearer(demo.token("eec-1")));
    assert_ne!(again.one("location"), Some(location.as_str()), "no identifier is given twice");

    let delete =
        |path: &str, eec_id: &str| demo.ask(&Request::new("DELETE", path).bearer(demo.token(eec_id)));
    assert_eq!(denied_as(&delete(&location, "eec-2")), (403, json!("ownership_mismatch")));
    assert_eq!(denied_as(&delete(bare, "eec-1")), (403, json!("ownership_mismatch")));
    let own = delete(&location, "eec-1");
    assert_eq!((own.status, own.one("seen-path")), (201, Some(bare)));
}
