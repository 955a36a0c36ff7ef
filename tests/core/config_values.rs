//! Values of the filter JSON that have a grammar of their own: what is taken, and what is an error at its member. How errors read is
//! for `config_errors`.

use crate::support::fixture::config as small;
use crate::support::token::{Key, base64url};
use eec_authn::config::{self, Loaded};
use serde_json::{Value, json};

fn parsed(filter: &Value) -> Result<Loaded, Vec<String>> {
    let secret = |_: &str| Some(base64url([1; 32]));
    config::parse(filter.to_string().as_bytes(), &secret)
        .map_err(|errors| errors.into_iter().map(|error| error.path).collect())
}

/// A configuration in which the member at this JSON pointer is `value`.
fn with(pointer: &str, value: &Value) -> Value {
    let mut filter = small(&[&Key::new(1)]);
    let mut place = &mut filter;
    for name in pointer.split('/').skip(1) {
        place = match name.parse::<usize>() {
            Ok(number) => &mut place[number],
            Err(_) => &mut place[name],
        };
    }
    *place = value.clone();
    filter
}

/// Whether each of `good` is taken, and each of `bad` is an error at `path` alone.
fn held(pointer: &str, path: &str, good: &[Value], bad: &[Value]) {
    for value in good {
        let result = parsed(&with(pointer, value));
        assert!(result.is_ok(), "{pointer} {value}: {:?}", result.err());
    }
    for value in bad {
        assert_eq!(parsed(&with(pointer, value)).err(), Some(vec![path.to_owned()]), "{pointer} {value}");
    }
}

/// `shape` with each number as it is written.
fn values(shape: &str, numbers: &[&str]) -> Vec<Value> {
    let value = |number: &&str| serde_json::from_str(&shape.replace("NUMBER", number)).expect("JSON");
    numbers.iter().map(value).collect()
}

fn texts(texts: &[&str]) -> Vec<Value> {
    texts.iter().map(|text| json!(text)).collect()
}

#[test]
fn uris_names_and_paths() {
    held(
        "/protects/resource_metadata",
        "protects.resource_metadata",
        &texts(&["https://a.example/.well-known/x?y=%20", "HTTPS://[2001:db8::1]/", "https://1/"]),
        &texts(&[
            "http://a.example/",
            "https://",
            "https:///a",
            "https://-a",
            "https://a b",
            "https://a/#b",
            "https://ä.example",
            "https://a\"",
            "a.example/https://a",
        ]),
    );
    held(
        "/name",
        "name",
        &texts(&["a", "A_1", &"a".repeat(40)]),
        &texts(&["1a", "_a", "a-b", "a.b", "ä", &"a".repeat(41), "config", "issuer", "key_valid_days"]),
    );
    let online = |path: &str| json!({"method": "rfc7662", "cluster": "es", "path": path});
    held(
        "/entitlement_servers/0/online",
        "entitlement_servers[0].online.path",
        &[online("/"), online("/a?b=c%20")],
        &["a", "/a b", "/a#b", "/ä", "/a\u{7f}"].map(online),
    );
    held(
        "/token/eec_id_claim",
        "token.eec_id_claim",
        &texts(&["sub", "a~", "/a~0b", "/a~1b"]),
        &texts(&["/a~b", "/a~2"]),
    );
}

#[test]
fn numbers_from_the_least_to_the_most() {
    let limits = |numbers: &[&str]| values(r#"{"limit_bytes": NUMBER}"#, numbers);
    held(
        "/body",
        "body.limit_bytes",
        &limits(&["1", "16777216", "1.0", "1e2"]),
        &limits(&["0", "16777217", "1.5", "-1"]),
    );
    let skews = |numbers: &[&str]| values(r#"{"clock_skew_seconds": NUMBER}"#, numbers);
    held("/token", "token.clock_skew_seconds", &skews(&["0", "-0", "86400"]), &skews(&["86401", "1e300"]));
}

/// Members of a key that mean nothing to us do not make it a set, nor a set a key.
#[test]
fn keys_and_sets_with_members_of_each_other() {
    let mut jwk = Key::new(1).jwk();
    let mut set = json!({"keys": [jwk.clone()], "kty": "OKP"});
    jwk["keys"] = json!([]);
    let path = "entitlement_servers[0].keys[0]";
    let (as_key, as_set) = (json!({"jwk": jwk}), json!({"jwks": set}));
    held("/entitlement_servers/0/keys/0", path, &[as_key, as_set], &[]);
    jwk.as_object_mut().expect("a key").remove("kty");
    set.as_object_mut().expect("a set").remove("keys");
    held("/entitlement_servers/0/keys/0", &format!("{path}.jwk"), &[], &[json!({"jwk": jwk})]);
    held("/entitlement_servers/0/keys/0", &format!("{path}.jwks"), &[], &[json!({"jwks": set})]);
}

/// The one with `apply_to: opaque`, else the only one that introspects.
#[test]
fn which_server_is_asked_about_tokens_that_are_no_jwt() {
    let asked = |servers: &[(&str, &str)]| {
        let mut filter = small(&[]);
        let servers = servers.iter().zip(1..).map(|((method, apply_to), seed)| {
            let online = json!({"method": method, "apply_to": apply_to, "cluster": "es", "path": "/"});
            json!({"fqdn": format!("es{seed}.example.org"), "keys": [{"jwk": Key::new(seed).jwk()}], "online": online})
        });
        filter["entitlement_servers"] = servers.collect();
        let policy = parsed(&filter).expect("a good configuration").policy;
        policy.opaque_server.map(|asked| asked.server.number)
    };
    let (opaque, all, ts43) = (("rfc7662", "opaque"), ("rfc7662", "all"), ("ts43", "all"));
    assert_eq!(asked(&[all, opaque]), Some(1));
    assert_eq!(asked(&[opaque, all, all]), Some(0));
    assert_eq!(asked(&[ts43, all]), Some(1));
    assert_eq!((asked(&[all, all]), asked(&[ts43])), (None, None));
}

#[test]
fn what_a_rule_takes() {
    let rule = |matcher: Value| json!([{"match": matcher}]);
    let good = |matcher| parsed(&with("/rules", &rule(matcher)));
    for matcher in [
        json!({"path": "/a", "path_prefix": "/a"}),
        json!({"path": "/a/b", "path_prefix": "/a/"}),
        json!({"path": "/a/b", "path_prefix": "/"}),
        json!({"path": "/a/b", "path_template": "/a/{id}", "path_prefix": "/a"}),
        json!({"path_template": "/a/{id}", "path_prefix": "/a"}),
        json!({"path": "/a", "methods": ["GET", "M-SEARCH"]}),
        json!({"api": "eees-easdiscovery", "path_prefix": "/eees-easdiscovery/v1/subscriptions"}),
        json!({"api": "eees-easdiscovery", "path_template": "/eees-easdiscovery/v1/subscriptions/{x}", "methods": ["PUT"]}),
        json!({"api": "eees-easdiscovery", "path": "/eees-easdiscovery/v1/subscriptions", "methods": ["POST"]}),
    ] {
        assert!(good(matcher.clone()).is_ok(), "{matcher}: {:?}", good(matcher.clone()).err());
    }
    for matcher in [
        json!({"path": "/ab", "path_prefix": "/a"}),
        json!({"path": "/b", "path_template": "/a/{id}"}),
        json!({"path_template": "/b/{id}", "path_prefix": "/a"}),
        json!({"api": "eees-easdiscovery", "path_prefix": "/eees-easdiscovery/v2"}),
        json!({"api": "eees-easdiscovery", "path": "/eees-easdiscovery/v1/subscriptions/1", "methods": ["POST"]}),
        json!({"api": "eees-easdiscovery", "path_template": "/eees-easdiscovery/v1/{x}/{y}/{z}"}),
        json!({"api": "eees-easdiscovery", "methods": ["GET"]}),
    ] {
        assert_eq!(good(matcher.clone()).err(), Some(vec!["rules[0].match".to_owned()]), "{matcher}");
    }
}

/// Workers share a set under the name of all that is configured about it, however that is written.
#[test]
fn a_fetched_set_is_known_by_what_is_configured_about_it() {
    let of = |changes: &str| {
        let remote: Value = serde_json::from_str(changes).expect("JSON");
        let filter = with("/entitlement_servers/0/keys", &json!([{"jwks_remote": remote}]));
        // Members keep the order in which they are written here.
        let text = filter.to_string().replace(&remote.to_string(), changes);
        let loaded = config::parse(text.as_bytes(), &|_| None).expect("a good configuration");
        let server = &loaded.policy.entitlement_servers[0];
        server.jwks_remote.as_ref().expect("it fetches").set_name.clone()
    };
    let (one, other) = (Key::new(1).x(), Key::new(2).x());
    let signed = |key: &str| {
        format!(r#"{{"cluster":"es","signed_by":{{"jwk":{{"kty":"OKP","crv":"Ed25519","x":"{key}"}}}}}}"#)
    };
    let turned =
        format!(r#"{{"signed_by":{{"jwk":{{"x":"{one}","crv":"Ed25519","kty":"OKP"}}}},"cluster":"es"}}"#);
    assert!(of(&signed(&one)) == of(&turned));
    let plain = r#"{"cluster":"es"}"#;
    assert!(of(plain) == of(r#"{"cluster":"es","path":"/jwks"}"#), "a default may be written");
    let all = [
        signed(&one),
        signed(&other),
        plain.into(),
        r#"{"cluster":"e"}"#.into(),
        r#"{"cluster":"es","path":"/k"}"#.into(),
        r#"{"cluster":"es","authority":"a.example"}"#.into(),
        r#"{"cluster":"es","timeout_ms":999}"#.into(),
        r#"{"cluster":"es","refresh_seconds":299}"#.into(),
        r#"{"cluster":"es","max_stale_seconds":3599}"#.into(),
    ];
    for (number, text) in all.iter().enumerate() {
        assert!(all.iter().take(number).all(|earlier| of(earlier) != of(text)), "{text}");
    }
}
