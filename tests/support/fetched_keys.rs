//! Keys that a filter fetches from a scripted server (`docs/contract.md#fetched-keys`): the sets, the filter, and what its tests ask.

use super::bootstrap::{Configuration, Setup};
use super::entitlement_server::{Server, delete, http};
use super::envoy::Envoy;
use super::fixture::{Fixture, config};
use super::h1;
use super::token::{Key, claims_with};
use super::upstream::Upstream;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// The set of these keys, as the server answers it.
pub fn set(keys: &[&Key]) -> String {
    let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
    http(200, "application/jwk-set+json; charset=utf-8", &json!({"keys": keys}).to_string())
}

/// A signed set of `keys` by `signer`, with changes to its claims.
pub fn signed(signer: &Key, keys: &[&Key], changes: &Value) -> String {
    let jwks: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
    let claims = claims_with(json!({"sub": null, "aud": null, "keys": jwks}));
    let mut claims = claims;
    for (name, value) in changes.as_object().expect("changes") {
        match value {
            Value::Null => drop(claims.as_object_mut().expect("claims").remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    let header = json!({"alg": "EdDSA", "typ": "jwk-set+jwt", "kid": signer.kid});
    http(200, "application/jwk-set+jwt", &signer.token_with(&header, &claims))
}

/// A filter whose only server has `pinned` keys and fetches others, with changes to `jwks_remote`.
pub fn fetching(pinned: &[&Key], remote: &Value) -> Value {
    let mut filter = config(pinned);
    let mut all = json!({"cluster": "es", "timeout_ms": 1000});
    for (name, value) in remote.as_object().expect("members") {
        all[name] = value.clone();
    }
    let keys = filter["entitlement_servers"][0]["keys"].as_array_mut().expect("keys");
    keys.push(json!({"jwks_remote": all}));
    filter
}

/// Envoy with this filter before `upstream`, and the server as its cluster `es`.
pub fn setup(filter: &Value, upstream: &Upstream, server: &Server) -> Setup {
    Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address).cluster("es", server.address)
}

/// The same as a fixture.
pub fn start(filter: &Value, server: &Server) -> Fixture {
    let address = server.address;
    Fixture::start_with(filter, |setup| setup.cluster("es", address))
}

/// Another key that has the name of `key`.
pub fn under_the_name_of(key: &Key, seed: u8) -> Key {
    let mut other = Key::new(seed);
    other.kid = key.kid.clone();
    other
}

/// The status that a request with this token comes to; `None` where there is no answer.
pub fn status(address: SocketAddr, token: &str) -> Option<u16> {
    h1::exchange(address, &delete(token)).map(|response| response.status).ok()
}

/// Waits until so many fetches have brought a set.
pub fn wait_for_set(envoy: &Envoy, number: u64) {
    envoy.wait("a fetched set", |envoy| (envoy.filter_stat("jwks.fetched") >= number).then_some(()));
}

/// Requests that Envoy has and has not answered yet.
pub fn active(envoy: &Envoy) -> u64 {
    envoy.stat("http.ingress.downstream_rq_active").unwrap_or(0)
}
