//! Fetched keys in a real Envoy: sets that somebody signs, and keys with certificate chains.

use crate::support::entitlement_server::{Server, delete, http};
use crate::support::envoy::{Envoy, Push};
use crate::support::fetched_keys::{fetching, set, setup, signed, start, status, wait_for_set};
use crate::support::fixture::{ISSUER, identity_of_eec_1};
use crate::support::foreign;
use crate::support::problems::Problems;
use crate::support::token::{Key, claims};
use crate::support::upstream::Upstream;
use serde_json::{Value, json};

#[test]
fn a_signed_set_is_the_signers_and_never_goes_back() {
    let (server, signer, key, new, upstream) =
        (Server::start(), Key::new(7), Key::new(1), Key::new(2), Upstream::start());
    let now = crate::support::token::now();
    server.answers(signed(&signer, &[&key], &json!({"iat": now - 10, "sub": ISSUER})));
    let mut filter = fetching(&[], &json!({"signed_by": {"jwk": signer.jwk()}, "refresh_seconds": 1}));
    let setup = |filter: &Value| setup(filter, &upstream, &server).ecds();
    let mut envoy = Envoy::start(&setup(&filter));
    wait_for_set(&envoy, 1);
    let mut p = Problems::new();
    let token = key.token(&claims());
    p.equal("signed", "status", status(envoy.address(), &token), Some(201));
    p.equal(
        "the signer signs no tokens",
        "status",
        status(envoy.address(), &signer.token(&claims())),
        Some(401),
    );
    let older = signed(&signer, &[&new], &json!({"iat": now - 11}));
    server.answers(older.clone());
    let failures = |envoy: &Envoy| {
        let failed = envoy.filter_stat("jwks.failed");
        envoy.wait("a failure", |envoy| (envoy.filter_stat("jwks.failed") > failed).then_some(()));
    };
    failures(&envoy);
    p.equal("older", "status", status(envoy.address(), &new.token(&claims())), Some(401));
    // Another configuration of the same server begins without a set, and does not go back either.
    filter["entitlement_servers"][0]["keys"][0]["jwks_remote"]["refresh_seconds"] = json!(2);
    assert!(matches!(envoy.push(&setup(&filter)), Push::Live));
    failures(&envoy);
    p.equal("older after a push", "status", status(envoy.address(), &new.token(&claims())), Some(503));
    let end = crate::support::token::now() + 8;
    server.answers(signed(&signer, &[&new], &json!({"iat": now - 9, "exp": end})));
    envoy.wait("a newer one", |envoy| {
        (status(envoy.address(), &new.token(&claims())) == Some(201)).then_some(())
    });
    server.answers(set(&[&new]));
    // Its `exp` ends it, long before it is stale.
    envoy
        .wait("its end", |envoy| (status(envoy.address(), &new.token(&claims())) == Some(503)).then_some(()));
    p.check("its end", crate::support::token::now() >= end, || "too early".into());
    p.finish();
}

/// A set that is over is left where it is, and nobody reads it again with each request: that costs as much as a fetch.
#[test]
fn a_set_that_is_over_is_read_once_by_each_worker_of_a_new_configuration() {
    let (server, signer, key, upstream) = (Server::start(), Key::new(7), Key::new(1), Upstream::start());
    server.answers(signed(&signer, &[&key], &json!({"iat": crate::support::token::now() - 10})));
    let mut filter = fetching(&[], &json!({"signed_by": {"jwk": signer.jwk()}, "refresh_seconds": 1}));
    let setup = |filter: &Value| setup(filter, &upstream, &server).ecds().concurrency(2);
    let mut envoy = Envoy::start(&setup(&filter));
    wait_for_set(&envoy, 1);
    let (token, mut p) = (key.token(&claims()), Problems::new());
    p.equal("before", "status", status(envoy.address(), &token), Some(201));
    let fetched = envoy.filter_stat("jwks.fetched");
    server.answers(signed(&signer, &[&key], &json!({"exp": crate::support::token::now() + 8})));
    wait_for_set(&envoy, fetched + 2);
    server.answers(http(500, "text/plain", ""));
    envoy.wait("its end", |envoy| (status(envoy.address(), &token) == Some(503)).then_some(()));
    filter["revoked"] = json!({"token_ids": ["t"]});
    assert!(matches!(envoy.push(&setup(&filter)), Push::Live));
    for n in 0..50 {
        p.equal("after", &n.to_string(), status(envoy.address(), &token), Some(503));
    }
    let told = envoy.log().matches("a set that was fetched before is not used: `exp`").count();
    // Two workers, and the main thread, which tries a configuration before it has it.
    p.check("after", (1..=4).contains(&told), || format!("it is read {told} times"));
    p.finish();
}

/// A key with a chain under a CA that OpenSSL has made; another set under another CA of the same name.
#[test]
fn anchored_sets_are_those_of_the_authority() {
    let (server, mut p) = (Server::start(), Problems::new());
    let chains = foreign::run("chains.py", &json!({"name": ISSUER, "claims": claims()}));
    let find = |name: &str| {
        chains.as_array().expect("cases").iter().find(|case| case["name"] == name).expect("a case").clone()
    };
    let good = find("by one in between");
    let answer = |keys: &[&Value]| http(200, "application/json", &json!({"keys": keys}).to_string());
    let foreign_key = find("dates of the anchor");
    server.answers(answer(&[&good["key"], &foreign_key["key"], &find("RSA-PSS sha256")["key"]]));
    let fixture = start(&fetching(&[], &json!({"trust_anchors_pem": good["anchors"]})), &server);
    fixture.envoy.wait("the gauge", |envoy| (envoy.filter_stat("jwks.keys.0") == 1).then_some(()));
    let token = |case: &Value, n: usize| case["tokens"][n].as_str().expect("a token").to_owned();
    for (n, named_by) in ["kid", "x5t#S256"].into_iter().enumerate() {
        fixture.allowed(&mut p, named_by, &delete(&token(&good, n)), &identity_of_eec_1());
        fixture.denied(&mut p, named_by, &delete(&token(&foreign_key, n)), "key_unknown");
    }
    p.check("why", fixture.envoy.log().contains("no chain to a trust anchor"), || "is not told".into());
    fixture.finish(p);
}
