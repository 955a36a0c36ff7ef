//! Whatever a token, a configuration or a server says: what is printed steers no terminal and reads in the order that it has.

use crate::support::token::base64url;
use crate::support::upstream::Upstream;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A title for the window, a colour, C1 controls, and characters that turn the direction of writing.
const STEERING: &str = "\u{1b}]0;t\u{7}\u{1b}[31m\u{7f}\u{9b}2J\u{202e}\u{2066}\u{200f}\u{61c}\nallowed";

fn is_harmful(c: char) -> bool {
    // Unicode 16, Bidi_Control.
    let turns =
        "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
    c != '\n' && (c.is_control() || turns.contains(c))
}

/// What is printed, on either stream, as text and as JSON.
fn printed(folder: &Path, args: &[&str]) -> [String; 2] {
    [&[][..], &["--json"]].map(|json| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
        let output = command.args(json).args(args).current_dir(folder).output().expect("the command runs");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
        let harmful: Vec<char> = text.chars().filter(|c| is_harmful(*c)).collect();
        assert!(harmful.is_empty(), "{args:?}: {harmful:?} in {text:?}");
        text
    })
}

fn folder(kid: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).expect("a file");
    let part = |value: Value| base64url(value.to_string());
    let claims = json!({"iss": "aes.example.org", "sub": STEERING, "jti": STEERING});
    write("token.txt", format!("{}.{}.c2ln", part(json!({"alg": "ES256", "kid": STEERING})), part(claims)));
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "kid": kid, "x": "QL59eGF5AFcGW0kzqKs9DNIyDRqTDgymIHbzU-aPoqo",
        "y": "HAbhH7CU49M8-hdok-bLlS_SWdAfdybhz8R_05sxsBM",
    });
    let server =
        json!({"fqdn": "aes.example.org", "keys": [{"jwk": jwk, "not_after": "2020-01-01T00:00:00Z"}]});
    let mut filter = json!({
        "protects": {"role": "ees", "fqdns": ["ees1.edge.example.net"]}, "entitlement_servers": [server],
        "rules": [{"name": kid, "match": {"path": "/eees-eecregistration/v1/registrations"}}],
    });
    write("filter.json", filter.to_string());
    filter["gpsi"] = json!(STEERING);
    filter["protects"]["fqdns"] = json!([STEERING]);
    write("wrong.json", filter.to_string());
    folder
}

#[test]
fn what_a_token_and_a_configuration_say() {
    let folder = folder(STEERING);
    let folder = folder.path();
    for args in [
        &["explain", "--config", "filter.json", "--token", "@token.txt"][..],
        &["explain", "--config", "wrong.json", "--token", "@token.txt"],
        &["inspect", "@token.txt"],
        &["inspect", "--config", "filter.json", "@token.txt"],
        &["check", "filter.json"],
        &["check", "wrong.json"],
        &["explain", "--config", "filter.json", "--path", STEERING],
    ] {
        let [text, json] = printed(folder, args);
        assert!(text.contains("\\u009b2J"), "it was there to be printed: {args:?}: {text}");
        assert!(!text.lines().any(|line| line == "allowed"), "{args:?}: {text}");
        let json: Value =
            serde_json::from_str(&json).unwrap_or_else(|error| panic!("{args:?}: {error}: {json}"));
        assert!(said(&json).contains('\u{9b}'), "JSON says what there was: {args:?}: {json}");
    }
}

/// All texts in a JSON value.
fn said(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(said).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| format!("{name}{}", said(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => String::new(),
    }
}

#[test]
fn what_a_server_says_to_one_client_and_to_a_crowd() {
    let body = json!({"cause": STEERING, "title": STEERING}).to_string();
    let server = Upstream::saying(move |_| {
        format!("HTTP/1.1 403 Forbidden\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    });
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("token.txt"), "t0ken").expect("a file");
    let url = format!("http://{}", server.address);
    let one = ["eec", "--token-file", "token.txt", "--ees", &url, "--eec-id", "eec-1"];
    let crowd = ["--clients", "1", "--rate", "1", "--for", "1s"];
    let many =
        [&["eec", "--entitlement-server", &url, "--ees", &url, "--eec-id", "eec-1"], &crowd[..]].concat();
    for args in [&one[..], &many] {
        let [text, json] = printed(folder.path(), args);
        assert!(text.contains("\\u009b2J"), "it was there to be printed: {text}");
        assert!(!text.lines().any(|line| line == "allowed"), "{text}");
        for line in json.lines() {
            let _: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        }
    }
}
