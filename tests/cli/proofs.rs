//! Bound tokens and proofs at a shell: `mint --dpop-key`, `dpop`, `explain --proof`, `inspect` of a proof.

use crate::support::fixture::{FQDN, ISSUER, config};
use crate::support::proof::{Proof, thumbprint};
use crate::support::token::{Key, base64url, claims_with, now};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::process::Command;
use tempfile::TempDir;

struct Shell(TempDir);

impl Shell {
    fn new() -> Shell {
        Shell(tempfile::tempdir().expect("a folder"))
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).expect("a file");
    }

    /// Exit code and standard output.
    fn run(&self, args: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
        command.args(args).current_dir(self.0.path()).envs(environment.iter().copied());
        let output = command.output().expect("the command runs");
        let text = String::from_utf8(output.stdout).expect("text");
        (output.status.code().expect("an exit code"), text.trim().to_owned())
    }

    fn prints(&self, args: &[&str]) -> String {
        let (code, text) = self.run(args, &[]);
        assert_eq!(code, 0, "{args:?}");
        text
    }
}

const PATH: &str = "/eees-eecregistration/v1/registrations";

#[test]
fn a_client_s_key_binds_the_token_and_makes_its_proofs() {
    let shell = Shell::new();
    let entry: Value = serde_json::from_str(&shell.prints(&["keygen", "--out", "key.json"])).expect("JSON");
    let mut filter = config(&[]);
    filter["entitlement_servers"][0]["keys"] = json!([entry]);
    filter["proof"] = json!({"required": true, "dpop": {"algorithms": ["ES256", "ES384", "EdDSA"]}});
    shell.write("filter.json", &filter.to_string());
    shell.write("body.json", "{\"eecId\":\"eec-1\"}");
    for alg in ["ES256", "EdDSA", "ES384"] {
        for name in ["client.json", "thief.json"] {
            shell.prints(&["keygen", "--force", "--alg", alg, "--out", name]);
        }
        let mint = ["mint", "--key", "key.json", "--iss", ISSUER, "--sub", "eec-1", "--aud", FQDN];
        shell.write("token.txt", &shell.prints(&[&mint[..], &["--dpop-key", "client.json"]].concat()));
        let url = format!("https://{FQDN}{PATH}?x=1");
        let proof = |key: &str| shell.prints(&["dpop", "--key", key, "--token", "@token.txt", "--url", &url]);
        let explain =
            ["--json", "explain", "--config", "filter.json", "--token", "@token.txt", "--body", "body.json"];
        let decides = |more: &[&str]| {
            let (code, report) = shell.run(&[&explain[..], more].concat(), &[]);
            let report: Value = serde_json::from_str(&report).expect("JSON");
            (code, report["decision"].as_str().expect("a decision").to_owned(), report)
        };
        shell.write("proof.txt", &proof("client.json"));
        let (code, decision, _) = decides(&["--proof", "@proof.txt"]);
        assert_eq!((code, decision.as_str()), (0, "allowed"), "{alg}");
        let (code, decision, report) = decides(&["--proof", &proof("thief.json")]);
        assert_eq!((code, decision.as_str()), (2, "denied: confirmation_failed"), "{alg}");
        let step = |report: &Value| {
            let steps = report["checks"].as_array().expect("checks").clone();
            steps.into_iter().find(|step| step["state"] == "failed").expect("a failed check")
        };
        let [of_the_client, of_the_thief] = ["client.json", "thief.json"].map(|key| {
            let jwk: Value = serde_json::from_str(&shell.prints(&["inspect", &proof(key)])).expect("JSON");
            jwk["thumbprint"].as_str().expect("a thumbprint").to_owned()
        });
        let wanted = format!("a proof by key {of_the_client}, under `DPoP`");
        let failed = step(&report);
        assert_eq!(failed["expected"], json!(wanted));
        assert_eq!(failed["found"], json!(format!("one by key {of_the_thief}, under `DPoP`")));
        let (_, _, bare) = decides(&[]);
        assert_eq!(step(&bare)["expected"], json!(wanted));
        assert_eq!(step(&bare)["found"], json!("no proof, under `Bearer`"));
        let challenge = format!(
            "DPoP realm=\"{FQDN}\", algs=\"ES256 ES384 Ed25519 EdDSA\", error=\"invalid_token\", \
             error_description=\"confirmation_failed\""
        );
        assert_eq!(report["reply"]["headers"]["www-authenticate"], json!(challenge));
        assert_eq!(decides(&[]).1, "denied: confirmation_failed", "{alg}: without a proof, under Bearer");
        assert_eq!(
            decides(&["--proof", "@proof.txt", "--method", "PUT", "--path", &format!("{PATH}/r1")]).1,
            "denied: proof_invalid"
        );
        let shown: Value =
            serde_json::from_str(&shell.prints(&["--json", "inspect", "@proof.txt"])).expect("JSON");
        let token: Value =
            serde_json::from_str(&shell.prints(&["--json", "inspect", "@token.txt"])).expect("JSON");
        assert_eq!(shown["kind"], "DPoP proof, not verified");
        assert_eq!(shown["thumbprint"], token["claims"]["cnf"]["jkt"], "{alg}");
        assert_eq!(shown["claims"]["htu"], format!("https://{FQDN}{PATH}"));
    }
}

#[test]
fn explain_knows_the_step_that_a_proof_fails_at() {
    let shell = Shell::new();
    let (issuer, client) = (Key::new(1), Key::new(2));
    let mut filter = config(&[&issuer]);
    filter["proof"] =
        json!({"dpop": {"nonce": {"secret_env": ["NONCE_SECRET"]}}, "client_certificate": true});
    shell.write("filter.json", &filter.to_string());
    let token = issuer.token(&claims_with(json!({"cnf": {"jkt": thumbprint(&client)}})));
    let proof = Proof::new(&client, "DELETE", &format!("{PATH}/r1"), &token);
    let secret = base64url([5; 32]);
    let explain = |token: &str, more: &[&str]| {
        let request = ["--method", "DELETE", "--path", &format!("{PATH}/r1"), "--token", token];
        let all = [&["--json", "explain", "--config", "filter.json"], &request[..], more].concat();
        let (code, report) = shell.run(&all, &[("NONCE_SECRET", &secret)]);
        (code, serde_json::from_str::<Value>(&report).expect("JSON"))
    };
    let state = |report: &Value, name: &str| {
        let checks = report["checks"].as_array().expect("checks");
        checks.iter().find(|check| check["check"] == name).expect("the check")["state"].clone()
    };
    let (code, report) = explain(&token, &["--proof", &proof.by(&client)]);
    assert_eq!((code, &report["decision"]), (2, &json!("denied: proof_nonce")));
    assert_eq!(state(&report, "proof of possession"), "passed");
    assert_eq!(state(&report, "nonce of the proof"), "failed");
    assert_eq!(state(&report, "revocation"), "not reached");
    let nonce = report["reply"]["headers"]["dpop-nonce"].as_str().expect("a nonce").to_owned();
    let good = proof.clone().claim("nonce", nonce).claim("iat", now() - 9_999);
    let (code, report) = explain(&token, &["--proof", &good.by(&client)]);
    assert_eq!((code, &report["decision"]), (0, &json!("allowed")));
    assert_eq!(state(&report, "replay of the proof"), "passed");
    let (_, report) = explain(&token, &["--proof", &proof.by(&Key::new(3))]);
    assert_eq!(state(&report, "proof of possession"), "failed");

    // Bound to a certificate: another tool has made both.
    let certificate = "-----BEGIN CERTIFICATE-----\naGVsbG8gd29ybGQ=\n-----END CERTIFICATE-----\n";
    shell.write("client.pem", certificate);
    let x5t = base64url(Sha256::digest("hello world"));
    let bound = issuer.token(&claims_with(json!({"cnf": {"x5t#S256": x5t}})));
    let (code, _) = explain(&bound, &["--client-certificate", "client.pem"]);
    assert_eq!(code, 0);
    assert_eq!(explain(&bound, &[]).1["decision"], "denied: confirmation_failed");
}
