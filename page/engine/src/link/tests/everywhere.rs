//! Every place of the page in which a text can stand.

use crate::examples::example;
use serde_json::{Value, json};

/// A question with `text` everywhere where somebody can write.
pub(super) fn with_everywhere(text: &str) -> Vec<(&'static str, Value)> {
    let good = example("a-good-registration").expect("an example");
    let config: Value = serde_json::from_str(good["config"].as_str().expect("text")).expect("JSON");
    let mut all = Vec::new();
    for pointer in [
        "/name",
        "/mode",
        "/unknown",
        "/protects/role",
        "/protects/fqdns/0",
        "/protects/api_root",
        "/protects/resource_metadata",
        "/entitlement_servers/0/fqdn",
        "/entitlement_servers/0/issuer",
        "/entitlement_servers/0/audiences",
        "/entitlement_servers/0/keys/0/jwk/d",
        "/entitlement_servers/0/keys/0/jwk/k",
        "/entitlement_servers/0/keys/0/jwk/priv",
        "/entitlement_servers/0/keys/0/jwk/oth",
        "/entitlement_servers/0/keys/0/jwk/use",
        "/entitlement_servers/0/keys/0/jwk/alg",
        "/entitlement_servers/0/keys/0/jwk/unknown",
        "/entitlement_servers/0/keys/0/jwk",
        "/entitlement_servers/0/keys/0/jwks",
        "/entitlement_servers/0/keys/0/public_key_pem",
        "/entitlement_servers/0/keys/0/certificate_pem",
        "/entitlement_servers/0/keys/0/not_before",
        "/entitlement_servers/0/online",
        "/entitlement_servers/0/keys/0",
        "/token",
        "/rules",
        "/revoked",
        "/cache",
        "/ownership",
        "/proof",
    ] {
        let mut config = config.clone();
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let parent = config.pointer_mut(parent).expect(pointer);
        match name.parse::<usize>() {
            Ok(number) => parent[number] = json!(text),
            Err(_) => parent[name] = json!(text),
        }
        all.push((pointer, json!(config.to_string())));
    }
    let other = json!({
        "entitlement_servers": [{"online": {"client_id": text, "client_secret_env": text, "cluster": text, "path": text, "parameters": {"a": text, (text): "a"}}}],
        "rules": [{"name": text, "match": {"methods": [text], "hosts": [text], "path": text, "path_prefix": text, "path_template": text, "api": text},
            "claims": [{"claim": text, "equals": text, "one_of": [text, [text]], "prefix": text}], "bind": [{"claim": text, "body": text}]}],
        "ownership": {"secret_env": [text]}, "forward": {"headers": {(text): text}, (text): text}, "revoked": {"token_ids": [text], "eec_ids": [text]},
        (text): {"a": [text]}, "proof": {"dpop": {"nonce": {"secret_env": [text]}}}, "gpsi": {"a": text},
    });
    all.push(("everywhere else", json!(other.to_string())));
    all.push(("a text", json!(format!("\"{text}\""))));
    all.push(("no JSON", json!(format!("{config} {text}"))));
    let mut all: Vec<(&str, Value)> = all
        .into_iter()
        .map(|(place, config)| {
            let mut question = good.clone();
            question["config"] = config;
            (place, question)
        })
        .collect();
    for (place, field, value) in [
        ("method", "method", json!(text)),
        ("host", "host", json!(text)),
        ("path", "path", json!(text)),
        ("segment", "path", json!(format!("/a/{text}/b"))),
        ("matrix parameter", "path", json!(format!("/a;t={text};{text}={text};{text}/b"))),
        ("query", "path", json!(format!("/a?{text}"))),
        ("parameter", "path", json!(format!("/a?t={text}&{text}=1&{text}"))),
        ("second query", "path", json!(format!("/a?a=b?t={text}"))),
        ("fragment", "path", json!(format!("/a#{text}"))),
        ("query and fragment", "path", json!(format!("/a?b=c#{text}"))),
        ("headers", "headers", json!([["authorization", text], ["x-note", text], ["cookie", text], ["content-type", text], [text, text],
            ["accept", format!("text/html; q={text}; {text}={text}")], ["connection", text], ["x-api-key", text], ["DPoP", text], [text]])),
        ("body", "body", json!(text)),
        ("body with it", "body", json!(format!("{{\"a\": \"b\"}} {text}"))),
        ("members", "body", json!(json!({"eecId": text, "ueId": [text], "note": text, (text): {"a": [text, {(text): 1}]}, "requestorId": {"eecId": text}}).to_string())),
    ] {
        let mut question = good.clone();
        question[field] = value;
        all.push((place, question));
    }
    all
}
