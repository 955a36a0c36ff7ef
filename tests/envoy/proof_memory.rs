//! How long a real Envoy remembers which proofs were used (`docs/contract.md#proof`): over pushes and new VMs, not over its own end; and
//! what nonces make of a restart and of several proxies.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::envoy::{Envoy, Push};
use crate::support::fixture::config;
use crate::support::h1;
use crate::support::proof::Client;
use crate::support::request::Request;
use crate::support::token::{Key, base64url};
use crate::support::upstream::Upstream;
use serde_json::{Value, json};

fn setup(proof: &Value, name: &str, upstream: &Upstream) -> Setup {
    let mut filter = config(&[&Key::new(1)]);
    filter["proof"] = proof.clone();
    filter["rules"] = json!([{"name": name, "match": {"path": "/own"}}]);
    Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address)
        .concurrency(2)
        .alone()
        .environment("NEW", &base64url([1; 32]))
        .environment("OLD", &base64url([2; 32]))
}

fn delete() -> Request {
    Request::new("DELETE", "/eees-eecregistration/v1/registrations/r1")
}

/// The decision about a request, `None` if it was allowed.
fn decision(envoy: &Envoy, request: &Request) -> Option<String> {
    let request = Request { case: delete().case, ..request.clone() };
    h1::exchange(envoy.address(), &request).expect("an answer");
    envoy.access(&request.case).get("decision")
}

fn replayed() -> Option<String> {
    Some("deny:proof_replayed".into())
}

/// A nonce that this Envoy gives.
fn nonce(envoy: &Envoy, client: &Client) -> String {
    let answer = h1::exchange(envoy.address(), &client.sends(delete())).expect("an answer");
    answer.one("dpop-nonce").expect("a nonce").to_owned()
}

fn with_nonce(client: &Client, nonce: &str) -> Request {
    client.sends_with(delete(), &client.proof(&delete()).claim("nonce", nonce))
}

#[test]
fn it_outlives_pushes_of_both_kinds_and_new_vms() {
    let (upstream, client) = (Upstream::start(), Client::new(&Key::new(1), 2, json!({})));
    for ecds in [true, false] {
        let discovered = |setup: Setup| if ecds { setup.ecds() } else { setup };
        let proof = json!({"dpop": {"max_age_seconds": 600}});
        let mut envoy = Envoy::start(&discovered(setup(&proof, "first", &upstream)));
        let spent = client.sends(delete());
        assert_eq!(decision(&envoy, &spent), None);
        let other = json!({"required": true, "dpop": {"max_age_seconds": 900, "algorithms": ["EdDSA"]}});
        assert!(matches!(envoy.push(&discovered(setup(&other, "second", &upstream))), Push::Live));
        assert_eq!(decision(&envoy, &spent), replayed(), "after another configuration");
        let environment = setup(&other, "third", &upstream).environment("MORE", "x");
        assert!(matches!(envoy.push(&discovered(environment)), Push::Live));
        assert_eq!(decision(&envoy, &spent), replayed(), "with another environment");
        assert_eq!(decision(&envoy, &client.sends(delete())), None);
    }
}

#[test]
fn without_a_nonce_a_restart_and_another_name_have_seen_nothing() {
    let (upstream, client) = (Upstream::start(), Client::new(&Key::new(1), 2, json!({})));
    let proof = json!({"dpop": {"max_age_seconds": 600}});
    let named = |name: &str| {
        let mut filter = config(&[&Key::new(1)]);
        filter["proof"] = proof.clone();
        filter["name"] = json!(name);
        Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address)
    };
    let mut envoy = Envoy::start(&named("first"));
    let spent = client.sends(delete());
    assert_eq!((decision(&envoy, &spent), decision(&envoy, &spent)), (None, replayed()));
    assert!(matches!(envoy.push(&named("second")), Push::Live));
    assert_eq!((decision(&envoy, &spent), decision(&envoy, &spent)), (None, replayed()), "another's memory");
    assert!(matches!(envoy.push(&named("first")), Push::Live));
    assert_eq!(decision(&envoy, &spent), replayed(), "the memory is still there");
    drop(envoy);
    let envoy = Envoy::start(&named("first"));
    assert_eq!((decision(&envoy, &spent), decision(&envoy, &spent)), (None, replayed()), "another process");
}

#[test]
fn servers_have_memories_of_their_own() {
    let (upstream, issuers) = (Upstream::start(), [Key::new(1), Key::new(4)]);
    let mut filter = config(&[&issuers[0]]);
    filter["proof"] = json!({"dpop": {}});
    let servers = filter["entitlement_servers"].as_array_mut().expect("servers");
    servers.push(json!({"fqdn": "second.example.org", "keys": [{"jwk": issuers[1].jwk()}]}));
    let envoy = Envoy::start(&Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address));
    // One client, one EEC ID, one `jti`; two servers vouch for it.
    let clients = [json!({}), json!({"iss": "second.example.org"})];
    let [first, second] = [0, 1].map(|n| Client::new(&issuers[n], 2, clients[n].clone())).map(|client| {
        let proof = client.proof(&delete()).claim("jti", "the same");
        client.sends_with(delete(), &proof)
    });
    assert_eq!((decision(&envoy, &first), decision(&envoy, &first)), (None, replayed()));
    assert_eq!((decision(&envoy, &second), decision(&envoy, &second)), (None, replayed()));
}

#[test]
fn with_a_nonce_a_restart_lets_nothing_pass_twice() {
    let (upstream, client) = (Upstream::start(), Client::new(&Key::new(1), 2, json!({})));
    let proof = json!({"dpop": {"nonce": {"secret_env": ["OLD"], "seconds": 600}}});
    let envoy = Envoy::start(&setup(&proof, "first", &upstream));
    let old = nonce(&envoy, &client);
    let spent = with_nonce(&client, &old);
    assert_eq!((decision(&envoy, &spent), decision(&envoy, &spent)), (None, replayed()));
    drop(envoy);
    let envoy = Envoy::start(&setup(&proof, "first", &upstream));
    assert_eq!(decision(&envoy, &spent), Some("deny:proof_nonce".into()), "older than the memory");
    assert_eq!(decision(&envoy, &with_nonce(&client, &nonce(&envoy, &client))), None);
}

#[test]
fn proxies_with_the_same_secrets_take_each_other_s_nonces_and_a_secret_can_be_changed() {
    let (upstream, client) = (Upstream::start(), Client::new(&Key::new(1), 2, json!({})));
    let start = |secrets: &[&str]| {
        Envoy::start(&setup(&json!({"dpop": {"nonce": {"secret_env": secrets}}}), "x", &upstream))
    };
    let (old, both, new) = (start(&["OLD"]), start(&["NEW", "OLD"]), start(&["NEW"]));
    let [from_old, from_both, from_new] = [&old, &both, &new].map(|envoy| nonce(envoy, &client));
    let wanted = || Some("deny:proof_nonce".to_owned());
    for (envoy, name, decisions) in [
        (&old, "old", [None, wanted(), wanted()]),
        (&both, "both", [None, None, None]),
        (&new, "new", [wanted(), None, None]),
    ] {
        let nonces = [&from_old, &from_both, &from_new];
        assert_eq!(nonces.map(|nonce| decision(envoy, &with_nonce(&client, nonce))), decisions, "{name}");
    }
}

#[test]
fn a_client_that_has_used_too_many_proofs_of_one_nonce_gets_another() {
    let (upstream, client) = (Upstream::start(), Client::new(&Key::new(1), 2, json!({})));
    let envoy = Envoy::start(&setup(&json!({"dpop": {"nonce": {"secret_env": ["NEW"]}}}), "x", &upstream));
    let first = nonce(&envoy, &client);
    let status = |request: &Request| h1::exchange(envoy.address(), request).expect("an answer");
    for n in 0..1_024 {
        assert_eq!(status(&with_nonce(&client, &first)).status, 201, "{n}");
    }
    let answer = status(&with_nonce(&client, &first));
    let next = answer.one("dpop-nonce").expect("a nonce that helps").to_owned();
    assert_eq!((answer.status, status(&with_nonce(&client, &next)).status), (401, 201));
    assert_eq!(decision(&envoy, &with_nonce(&client, &first)), Some("deny:proof_nonce".into()));
}
