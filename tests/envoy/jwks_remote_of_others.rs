//! Fetched keys in a real Envoy, from servers and signers that nobody here wrote: npm `oidc-provider` and PyPI `joserfc`. Chains
//! that OpenSSL has made are in [`super::jwks_remote_vouched`].

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::entitlement_server::{Server, delete, http};
use crate::support::envoy::Envoy;
use crate::support::fetched_keys::{fetching, start, wait_for_set};
use crate::support::fixture::{FQDN, ISSUER, identity_of_eec_1};
use crate::support::foreign::{self, mint, run_in_node};
use crate::support::h1;
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{claims, now};
use crate::support::upstream::Upstream;
use serde_json::{Value, json};

/// Its set has members that mean nothing here, and comes as `application/jwk-set+json; charset=utf-8`.
#[test]
fn the_set_of_oidc_provider_verifies_its_tokens() {
    let issuer = foreign::Server::start_in_node("oauth/issuer.mjs", &[FQDN]);
    let (name, upstream) = (format!("http://{}", issuer.address), Upstream::start());
    let answer = h1::exchange(
        issuer.address,
        &Request { authority: Some(issuer.address.to_string().into()), ..Request::new("GET", "/jwks") },
    );
    let answer = answer.expect("the key set");
    assert_eq!(answer.one("content-type"), Some("application/jwk-set+json; charset=utf-8"));
    let filter = json!({
        "protects": {"role": "ees", "fqdns": [FQDN]},
        "entitlement_servers": [{
            "fqdn": "issuer.example.org", "issuer": name,
            "keys": [{"jwks_remote": {"cluster": "es", "authority": issuer.address.to_string(), "timeout_ms": 10_000}}],
        }],
        "token": {"eec_id_claim": "client_id"},
        "proof": {"required": true, "dpop": {}},
    });
    let setup = Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address);
    let envoy = Envoy::start(&setup.cluster("es", issuer.address));
    let made = run_in_node(
        "oauth/client.mjs",
        &json!({
            "issuer": name, "host": FQDN, "port": envoy.address().port(), "alg": "ES256",
            "resource": format!("https://{FQDN}"), "path": "/eees-eecregistration/v1/registrations/r1",
        }),
    );
    assert_eq!(made["statuses"], json!([201, 201, 201]), "{made}");
    assert_eq!(["jwks.fetched", "jwks.failed"].map(|name| envoy.filter_stat(name)), [1, 0]);
    envoy.wait("the gauge", |envoy| (envoy.filter_stat("jwks.keys.0") == 1).then_some(()));
}

/// An algorithm of each kind of key.
#[test]
fn sets_that_joserfc_has_signed_are_those_of_the_signer() {
    let signers = [
        ("EdDSA", "OKP", "Ed25519"),
        ("ES256", "EC", "P-256"),
        ("ES384", "EC", "P-384"),
        ("PS256", "RSA", "2048"),
    ];
    let set = |key: &str, alg: &str, kid: &str| {
        json!({"key": key, "header": {"alg": alg, "typ": "jwk-set+jwt", "kid": kid}, "keys": ["token"],
            "claims": {"iss": ISSUER, "sub": ISSUER, "iat": now(), "exp": now() + 600}})
    };
    let mut orders = json!({
        "keys": {"token": {"kty": "EC", "crv": "P-256", "kid": "t"}, "stranger": {"kty": "OKP", "crv": "Ed25519", "kid": "s"}},
        "tokens": {"good": {"key": "token", "header": {"alg": "ES256", "kid": "t"}, "claims": claims()}},
        "sets": {"forged": set("stranger", "EdDSA", "EdDSA")},
    });
    for (alg, kty, crv) in signers {
        orders["keys"][alg] = json!({"kty": kty, "crv": crv, "kid": alg});
        orders["sets"][format!("by {alg}")] = set(alg, alg, alg);
    }
    let made = mint(&orders);
    let mut p = Problems::new();
    let answer =
        |name: &str| http(200, "application/jwk-set+jwt", made["tokens"][name].as_str().expect("a set"));
    let good = delete(made["tokens"]["good"].as_str().expect("a token"));
    for (alg, _, _) in signers {
        let mut jwk: Value = made["jwk"][alg].clone();
        jwk["alg"] = json!(alg);
        let server = Server::start();
        let filter = fetching(&[], &json!({"signed_by": {"jwk": jwk}, "refresh_seconds": 1}));
        server.answers(answer("forged"));
        let fixture = start(&filter, &server);
        fixture.envoy.wait("a failure", |envoy| (envoy.filter_stat("jwks.failed") > 0).then_some(()));
        fixture.denied(&mut p, &format!("forged for {alg}"), &good, "entitlement_unavailable");
        server.answers(answer(&format!("by {alg}")));
        wait_for_set(&fixture.envoy, 1);
        fixture.allowed(&mut p, alg, &good, &identity_of_eec_1());
        fixture.finish(Problems::new());
    }
    p.finish();
}
