//! `eec-authn eec` through real Envoys with the filter: the edge ECS behind one, the EES behind another, tokens of the development
//! entitlement server. What the client says of its steps is held against what Envoy counted.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::envoy::Envoy;
use crate::support::foreign;
use crate::support::seal::{SECRET, in_environment};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

const ECS: &str = "ecs1.edge.example.net";
const EES: &str = "ees1.edge.example.net";
const SUBSCRIBER: &str = "msisdn-447700900123";

/// A verb that serves until it is killed.
struct Server {
    child: Child,
    /// The line that says where it is.
    said: Value,
}

impl Server {
    fn start(arguments: &[&str]) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
        let command = command.arg("--json").args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut server = Server { child: command.spawn().expect("it starts"), said: Value::Null };
        let mut line = String::new();
        BufReader::new(server.child.stdout.as_mut().expect("its output"))
            .read_line(&mut line)
            .expect("a line");
        server.said = serde_json::from_str(&line).expect("JSON");
        server
    }

    fn url(&self) -> &str {
        self.said["url"].as_str().expect("a URL")
    }

    fn address(&self) -> SocketAddr {
        self.url().strip_prefix("http://").expect("http").parse().expect("an address")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The whole figure of the study: who issues tokens, and an edge ECS and an EES behind their filters.
struct Figure {
    entitlement: Server,
    ecs: Envoy,
    ees: Envoy,
    /// Files of the test, the CA among them.
    folder: tempfile::TempDir,
    scheme: &'static str,
    _servers: [Server; 2],
}

impl Figure {
    fn start(scheme: &'static str, proof: Option<Value>) -> Figure {
        let entitlement = Server::start(&["dev-entitlement-server"]);
        let folder = tempfile::tempdir().expect("a folder");
        let made = foreign::run("certificates.py", &json!({"names": [ECS, EES]}));
        fs::write(folder.path().join("ca.pem"), made["ca"].as_str().expect("PEM")).expect("a file");
        let ees_server = Server::start(&["dev-edge-server", "--role", "ees"]);
        let root = format!("{scheme}://{EES}");
        let ecs_server = Server::start(&["dev-edge-server", "--role", "ecs", "--ees", &root]);
        let front = |role: &str, fqdn: &str, server: &Server| {
            let mut filter = json!({
                "protects": {"role": role, "fqdns": [fqdn]},
                "entitlement_servers": [{"fqdn": entitlement.said["fqdn"], "keys": [{"jwk": entitlement.said["jwk"]}]}],
                "ownership": {"secret_env": ["EEC_AUTHN_OWNERSHIP"]},
                "gpsi": "required",
            });
            if let Some(proof) = &proof {
                filter["proof"] = proof.clone();
            }
            let mut setup = Setup::new(Some(Configuration::Text(filter.to_string())), server.address())
                .environment("EEC_AUTHN_OWNERSHIP", &in_environment(&SECRET))
                .environment("NONCES", &in_environment(&SECRET));
            if scheme == "https" {
                let own = &made["certificates"][fqdn];
                setup = setup.tls(json!({"tls_certificates": [{
                    "certificate_chain": {"inline_string": own["certificate"]},
                    "private_key": {"inline_string": own["key"]},
                }]}));
            }
            Envoy::start(&setup)
        };
        let (ecs, ees) = (front("ecs", ECS, &ecs_server), front("ees", EES, &ees_server));
        Figure { ecs, ees, folder, scheme, entitlement, _servers: [ees_server, ecs_server] }
    }

    /// Runs the client; exit code and steps. The options name the server, and how tokens come.
    fn client(&self, options: &[&str]) -> (i32, Vec<Value>) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
        command.args(["--json", "eec", "--eec-id", "eec-1", "--ue-id", SUBSCRIBER]).args(options);
        for (name, envoy) in [(ECS, &self.ecs), (EES, &self.ees)] {
            command.args(["--connect", &format!("{name}={}", envoy.address())]);
        }
        let output = command.current_dir(self.folder.path()).output().expect("the command runs");
        let told = String::from_utf8(output.stdout).expect("text");
        let steps = told.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
        assert!(output.status.code().is_some(), "{}", String::from_utf8_lossy(&output.stderr));
        (output.status.code().expect("an exit code"), steps)
    }

    /// By way of the edge ECS, with tokens of the entitlement server.
    fn whole(&self, more: &[&str]) -> (i32, Vec<Value>) {
        let ecs = format!("{}://{ECS}", self.scheme);
        let options = ["--entitlement-server", self.entitlement.url(), "--ecs", &ecs];
        self.client(&[&options[..], more].concat())
    }
}

fn names(steps: &[Value]) -> Vec<&str> {
    steps.iter().map(|step| step["step"].as_str().expect("a step")).collect()
}

const LIFE: [&str; 10] = [
    "token",
    "provision",
    "token",
    "register",
    "discover",
    "subscribe",
    "update",
    "change",
    "unsubscribe",
    "deregister",
];

#[test]
fn a_client_finds_its_ees_and_lives_there_under_its_seals() {
    let figure = Figure::start("http", None);
    let (exit, steps) = figure.whole(&[]);
    assert_eq!((exit, names(&steps)), (0, LIFE.to_vec()), "{steps:?}");
    // Who the servers saw is who the token names, and a seal stands behind each identifier.
    for at in [1, 3, 4, 5, 6] {
        let seen = &steps[at]["received"]["seen"];
        assert_eq!(
            (&seen["x-eec-id"], &seen["x-eec-gpsi"]),
            (&json!("eec-1"), &json!(SUBSCRIBER)),
            "{}",
            steps[at]
        );
        assert!(seen.get("authorization").is_none());
    }
    for at in [3, 5] {
        let made = steps[at]["made"].as_str().expect("where");
        assert!(made.rsplit_once('.').is_some_and(|(_, seal)| seal.len() == 22), "{made}");
    }
    let counted = |envoy: &Envoy, name: &str| envoy.filter_stat(name);
    assert_eq!((counted(&figure.ecs, "allowed"), counted(&figure.ees, "allowed")), (1, 7));
    assert_eq!(counted(&figure.ees, "ownership.sealed"), 2);
}

#[test]
fn over_tls_with_proofs_and_nonces() {
    let proof = json!({"required": true, "dpop": {"nonce": {"secret_env": ["NONCES"]}}});
    let figure = Figure::start("https", Some(proof));
    let (exit, steps) = figure.whole(&["--ca", "ca.pem", "--dpop"]);
    assert_eq!((exit, names(&steps)), (0, LIFE.to_vec()), "{steps:?}");
    // Each server asks for a nonce once, and the client answers by itself.
    let asked: Vec<usize> =
        (0..steps.len()).filter(|at| steps[*at]["notes"].to_string().contains("nonce")).collect();
    assert_eq!(asked, [1, 3]);
    assert_eq!(figure.ees.filter_stat("denied.proof_nonce"), 1);
    // Without a proof, without a CA that vouches for the server, and under another name.
    let (exit, steps) = figure.whole(&["--ca", "ca.pem"]);
    assert_eq!((exit, &steps[1]["cause"]), (2, &json!("CONFIRMATION_MISSING")), "{steps:?}");
    let before = figure.ecs.stats("http.ingress.downstream_rq_total");
    let (exit, steps) = figure.whole(&["--dpop"]);
    assert_eq!((exit, names(&steps)), (4, vec!["token", "provision"]), "{steps:?}");
    let other = format!("other.example={}", figure.ees.address());
    let options = [
        "--entitlement-server",
        figure.entitlement.url(),
        "--ees",
        "https://other.example",
        "--ca",
        "ca.pem",
    ];
    let (exit, steps) = figure.client(&[&options[..], &["--connect", &other, "--dpop"]].concat());
    assert_eq!((exit, names(&steps)), (4, vec!["token", "register"]), "{steps:?}");
    assert!(steps[1]["why"].as_str().is_some_and(|why| why.contains("certificate")), "{}", steps[1]);
    assert_eq!(figure.ecs.stats("http.ingress.downstream_rq_total"), before, "nothing was sent");
}

#[test]
fn what_the_filter_refuses_is_told_by_its_code() {
    let figure = Figure::start("http", None);
    let ees = format!("http://{EES}");
    // A token for the edge ECS, taken to the EES.
    let token = Command::new("curl")
        .args([
            "-s",
            &format!("{}/token", figure.entitlement.url()),
            "-d",
            "eec_id=eec-1",
            "-d",
            &format!("audience={ECS}"),
        ])
        .output()
        .expect("curl runs");
    let token: Value = serde_json::from_slice(&token.stdout).expect("JSON");
    fs::write(figure.folder.path().join("token.txt"), token["access_token"].as_str().expect("a token"))
        .expect("a file");
    let (exit, steps) = figure.client(&["--token-file", "token.txt", "--ees", &ees]);
    assert_eq!((exit, names(&steps)), (2, vec!["token", "register"]));
    assert_eq!((&steps[1]["cause"], &steps[1]["status"]), (&json!("AUDIENCE_MISMATCH"), &json!(401)));
    assert_eq!(figure.ees.filter_stat("denied.audience_mismatch"), 1);
}

#[test]
fn a_crowd_passes_through_with_a_key_and_a_token_for_each() {
    let figure = Figure::start("http", Some(json!({"required": true, "dpop": {"scheme": "http"}})));
    let ecs = format!("http://{ECS}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
    command.args([
        "--json",
        "eec",
        "--eec-id",
        "eec-{number}",
        "--ue-id",
        "extid-{number}@example.org",
        "--dpop",
    ]);
    command.args(["--entitlement-server", figure.entitlement.url(), "--ecs", &ecs]);
    // Each has a quarter of a second for a request, wherever else the machine is busy.
    command.args(["--clients", "4", "--rate", "16", "--for", "5s"]);
    for (name, envoy) in [(ECS, &figure.ecs), (EES, &figure.ees)] {
        command.args(["--connect", &format!("{name}={}", envoy.address())]);
    }
    let output = command.output().expect("the command runs");
    let told = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(0), "{told}{}", String::from_utf8_lossy(&output.stderr));
    let rows: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let count = |step: &str| rows.iter().find(|row| row["step"] == step).expect("a row")["count"].as_u64();
    // 20 requests of each: two tokens and the eight steps of a life, then eight steps and two of the next.
    assert_eq!(
        (count("all"), count("token"), count("provision"), count("register")),
        (Some(80), Some(8), Some(12), Some(12))
    );
    assert_eq!(figure.ecs.filter_stat("allowed"), 12);
    // What they leave with is not in the table: the registrations of their third lives.
    assert_eq!(figure.ees.filter_stat("allowed"), 80 - 8 - 12 + 4);
}
