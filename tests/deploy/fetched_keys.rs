//! The cluster of `examples/fetched-keys` in a real Envoy: keys come from a server with the right name, and from no other.

use crate::fixture::tls::certificates;
use crate::support::entitlement_server::delete;
use crate::support::fixture::{Fixture, ISSUER, identity_of_eec_1};
use crate::support::foreign::{Server, run};
use crate::support::problems::Problems;
use crate::support::token::{Key, claims, claims_with};
use crate::support::{find, h1};
use serde_json::{Value, json};
use std::fs;

/// The example with a signer of the test's, before a server whose certificate has this name.
fn start(name: &str, signer: &Key, set: &str) -> (Fixture, Server) {
    let folder = find::root().join("examples/fetched-keys");
    let text = |file: &str| fs::read_to_string(folder.join(file)).expect("a file of the example");
    let made = certificates(&[name]);
    let of_server = &made["certificates"][name];
    let orders = json!({
        "certificate": of_server["certificate"], "key": of_server["key"],
        "media_type": "application/jwk-set+jwt", "text": set,
    });
    let server = Server::start_with("https_server.py", &orders);
    let mut filter: Value = serde_json::from_str(&text("filter.json")).expect("JSON");
    filter["entitlement_servers"][0]["keys"][0]["jwks_remote"]["signed_by"]["jwk"] = signer.jwk();
    let mut cluster = run("yaml_documents.py", &json!({"text": text("cluster.yaml")}))[0].clone();
    let endpoint = &mut cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"];
    let address = &mut endpoint["address"]["socket_address"];
    assert_eq!(address["address"], ISSUER);
    *address = json!({"address": "127.0.0.1", "port_value": server.address.port()});
    let tls = &mut cluster["transport_socket"]["typed_config"]["common_tls_context"];
    let trusted = &mut tls["validation_context"]["trusted_ca"];
    assert!(trusted["filename"].is_string());
    *trusted = json!({"inline_string": made["ca"]});
    (Fixture::start_with(&filter, |setup| setup.whole_cluster(cluster)), server)
}

#[test]
fn the_keys_of_the_example_come_from_the_server_of_that_name_alone() {
    let (signer, key, mut p) = (Key::new(7), Key::new(1), Problems::new());
    let header = json!({"alg": "EdDSA", "typ": "jwk-set+jwt", "kid": signer.kid});
    let set = signer.token_with(&header, &claims_with(json!({"sub": null, "keys": [key.jwk()]})));
    let good = delete(&key.token(&claims()));
    let (fixture, server) = start(ISSUER, &signer, &set);
    fixture.envoy.wait("a set", |envoy| (envoy.filter_stat("jwks.fetched") == 1).then_some(()));
    fixture.allowed(&mut p, "the right name", &good, &identity_of_eec_1());
    assert_eq!(server.finish()[0]["path"], "/jwks/signed");
    fixture.finish(p);

    let (fixture, _server) = start("aes.example.org", &signer, &set);
    let refused = "cluster.entitlement-server.ssl.fail_verify_san";
    fixture.envoy.wait("a refusal", |envoy| envoy.stat(refused).filter(|number| *number > 0));
    let status = h1::exchange(fixture.envoy.address(), &good).map(|response| response.status);
    assert_eq!((status.ok(), fixture.envoy.filter_stat("jwks.fetched")), (Some(503), 0));
    fixture.finish(Problems::new());
}
