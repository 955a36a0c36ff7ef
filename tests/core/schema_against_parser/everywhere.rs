//! A configuration with everything in it, and other values put into every place of it.

use super::{SECRET, accepted, schema};
use serde_json::{Map, Value, json};

/// The base point of P-384 and its double, as public keys: for these no tables are built each time.
const KEYS: [[&str; 2]; 2] = [
    [
        "qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3",
        "NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f",
    ],
    [
        "CNmZBXuj0tlpJgBFxVuX8IkCWVmm9DTWUdIH0Z-5bp5P4Ohuvg5k-FuWqcdSld9h",
        "joDx-lsbPO23v-jf_W26dLJ12HW8bMQ-kE5QXyVqtCVf_UPpTTniLWFQHnAKlA6A",
    ],
];

fn p384([x, y]: &[&str; 2]) -> Value {
    json!({"kty": "EC", "crv": "P-384", "x": x, "y": y})
}

/// A configuration with every member of the declaration that can stand beside the others.
fn full() -> Value {
    json!({
        "mode": "enforce",
        "protects": {"role": "ees", "fqdns": ["ees1.edge.example.net"], "api_root": "/", "check_host": true},
        "entitlement_servers": [
            {
                "fqdn": "aes.example.org", "issuer": "issuer", "scope_claim": "scp",
                "keys": [
                    {"jwk": p384(&KEYS[0]), "not_before": "2026-10-01T00:00:00Z",
                     "not_after": "2027-01-01T00:00:00Z"},
                    {"jwks": {"keys": [p384(&KEYS[1])]}},
                ],
                "online": {
                    "method": "rfc7662", "cluster": "es", "path": "/p", "authority": "es.example.org",
                    "timeout_ms": 500, "apply_to": "all", "client_id": "a", "client_secret_env": "S",
                    "cache_seconds": 30, "negative_cache_seconds": 5, "on_unavailable": "allow_verified",
                },
            },
        ],
        "token": {
            "max_bytes": 8192, "clock_skew_seconds": 30, "max_lifetime_seconds": 86400,
            "require_claims": ["jti"], "eec_id_claim": "sub", "gpsi_claim": "/edge/gpsi",
        },
        "ownership": {"secret_env": ["A", "B"], "unsealed": "deny"},
        "proof": {
            "required": true, "client_certificate": true,
            "dpop": {
                "algorithms": ["ES256", "Ed25519"], "max_age_seconds": 60, "scheme": "https",
                "nonce": {"secret_env": ["S"], "seconds": 300},
            },
        },
        "rules": [
            {"name": "probe", "match": {"methods": ["GET"], "path": "/healthz"}, "action": "pass_without_token"},
            {
                "name": "own", "mode": "shadow", "built_in_binding": false,
                "match": {"hosts": ["ees1.edge.example.net"], "path_prefix": "/eees-easdiscovery",
                          "path_template": "/eees-easdiscovery/{a}/subscriptions/{b}",
                          "api": "eees-easdiscovery"},
                "claims": [{"claim": "a", "equals": 1}, {"claim": "a", "one_of": [true, "x"]},
                           {"claim": "a", "prefix": "x"}, {"claim": "a", "suffix": "x"},
                           {"claim": "a", "contains": "x"}, {"claim": "a", "present": true}],
                "bind": [{"claim": "sub", "body": "/a", "required": true}, {"absent": "/b"}],
            },
        ],
        "operations": "built_in", "gpsi": "if_present",
        "body": {"limit_bytes": 65536, "hold_headers": false},
        "forward": {"token": false, "headers": {"x-eec-id": "sub"}},
        "revoked": {"token_ids": ["a"], "eec_ids": ["a"], "key_ids": ["a"],
                    "issued_before": "2026-11-01T00:00:00Z"},
        "cache": {"tokens": 10000},
    })
}

/// Every place in `value`, as JSON pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, v)| places(v, &format!("{at}/{name}"), found))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, v)| places(v, &format!("{at}/{n}"), found))
        }
        _ => {}
    }
}

#[test]
fn the_schema_refuses_nothing_that_the_parser_accepts_whatever_is_put_where() {
    let (schema, full) = (schema(), full());
    accepted(&full.to_string(), Some(SECRET)).expect("the full configuration");
    let mut at = Vec::new();
    places(&full, "", &mut at);
    let substitutes = [
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(1.0),
        json!(1.5),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("x"),
        json!("/x"),
        json!("all"),
        json!([]),
        json!({}),
        json!([{}]),
        json!(["a", 1]),
        json!({"unknown": 1}),
    ];
    let (mut tried, mut both, mut wrong) = (0, 0, Vec::new());
    let mut compare = |what: String, document: &Value| {
        tried += 1;
        match (accepted(&document.to_string(), Some(SECRET)), schema.validate(document)) {
            (Ok(()), Ok(())) => both += 1,
            (Ok(()), Err(complaint)) => wrong.push(format!("{what}: the schema refuses it: {complaint}")),
            (Err(_), _) => {}
        }
    };
    compare("as it is".into(), &full);
    for place in &at {
        for substitute in &substitutes {
            let mut document = full.clone();
            *document.pointer_mut(place).expect("a place") = substitute.clone();
            compare(format!("{substitute} at {place}"), &document);
        }
        let mut document = full.clone();
        if let Some((parent, name)) = place.rsplit_once('/') {
            match document.pointer_mut(parent) {
                Some(Value::Object(members)) => drop(Map::remove(members, name)),
                Some(Value::Array(items)) => drop(items.remove(name.parse().expect("an index"))),
                _ => {}
            }
            compare(format!("without {place}"), &document);
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    // Most members may be absent, and many of the values fit somewhere.
    assert!(both > at.len(), "{both} of {tried} accepted by both: too few to compare");
}
