//! What is computed for fetched keys (`docs/contract.md#fetched-keys`): it grows with use, is kept as long as the key is, and takes
//! the memory that pinned keys share.

use crate::support::fixture::config as small;
use crate::support::token::{Key, claims};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eec_authn::config;
use eec_authn::jwks_remote::{Answer, Brought, Moment, read};
use eec_authn::keys::{NoHost, TableStore};
use eec_authn::plugin_state::PluginState;
use eec_authn::proof::{MemoryOwner, ProofMemory};
use eec_authn::shared_map::OwnMap;
use eec_authn::time::UnixTime;
use serde_json::{Value, json};
use std::hash::RandomState;

fn now() -> UnixTime {
    UnixTime::new(1_796_000_000.0).expect("a time")
}

/// A worker whose server has one pinned key and fetches others.
fn worker(tables: &TableStore) -> PluginState {
    let mut filter = small(&[&Key::new(9)]);
    let keys = filter["entitlement_servers"][0]["keys"].as_array_mut().expect("keys");
    keys.push(json!({"jwks_remote": {"cluster": "es"}}));
    let policy = config::parse(filter.to_string().as_bytes(), &|_| None).expect("good").policy;
    let owner = MemoryOwner::of(&policy);
    let proofs = ProofMemory::agree(Box::new(OwnMap::default()), owner, Some([7; 32]), now());
    PluginState::sharing(policy, RandomState::new(), proofs, tables)
}

fn fetch(worker: &PluginState, number: u64, keys: &[&Key]) -> Brought {
    let server = &worker.policy.entitlement_servers[0];
    let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
    let body = json!({"keys": keys}).to_string();
    let content_types = [&b"application/json"[..]];
    let answer = Answer {
        status: Some(200),
        content_types: &content_types,
        content_encodings: &[],
        body: body.as_bytes(),
    };
    let moment = Moment { now: now(), fetched_at: now(), skew: 30.0, newest_issue: None };
    let remote = server.jwks_remote.as_ref().expect("it fetches");
    let set = read(server, remote, &answer, &moment, &NoHost).expect("a set");
    worker.take_set(server, number, now(), set)
}

/// Verifies one signature of `key`.
fn use_once(worker: &PluginState, key: &Key) {
    let token = key.token(&claims());
    let (signed, signature) = token.rsplit_once('.').expect("a JWS");
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    let fetched = worker.fetched.borrow();
    let keys = fetched.keys(&worker.policy.entitlement_servers[0], now()).keys();
    let known = keys.iter().find(|known| known.kid.as_deref() == key.kid.as_deref()).expect("the key");
    assert!(known.key.verify(signed.as_bytes(), &signature, &NoHost));
}

/// Uses it until it has a table, and for how many signatures it has none: so none takes longer than a row.
fn use_until_it_has_memory(worker: &PluginState, key: &Key, tables: &TableStore) -> usize {
    let before = tables.left();
    let used = (0..1_000).find(|_| {
        use_once(worker, key);
        tables.left() < before
    });
    used.expect("a table")
}

#[test]
fn fetched_keys_have_tables_as_pinned_ones_have() {
    let tables = TableStore::default();
    let all = tables.left();
    let (one, next) = (worker(&tables), worker(&tables));
    let [a, b, pinned] = [1, 2, 9].map(Key::new);
    assert_eq!(fetch(&one, 1, &[&a, &b]), Brought::New);
    assert_eq!(tables.left(), all, "nobody has used one");
    use_until_it_has_memory(&one, &a, &tables);
    let of_one_key = all - tables.left();
    use_until_it_has_memory(&one, &pinned, &tables);
    assert_eq!(all - tables.left(), 2 * of_one_key, "a pinned key takes of the same");

    assert_eq!(fetch(&one, 2, &[&b, &a]), Brought::Same);
    assert_eq!(all - tables.left(), 2 * of_one_key, "an unchanged key keeps its table");
    // The next configuration, and the same key of another name.
    let mut renamed = Key::new(1);
    renamed.kid = Some("renamed".into());
    fetch(&next, 2, &[&renamed]);
    (0..1_000).for_each(|_| use_once(&next, &renamed));
    assert_eq!(all - tables.left(), 2 * of_one_key, "one table for one key");

    assert_eq!(fetch(&one, 3, &[&b]), Brought::Same);
    assert_eq!(all - tables.left(), 2 * of_one_key, "the next configuration has it still");
    drop(next);
    assert_eq!(all - tables.left(), of_one_key, "nobody has it any more");
    use_until_it_has_memory(&one, &b, &tables);
    assert_eq!(all - tables.left(), 2 * of_one_key);
    drop(one);
    assert_eq!(tables.left(), all);
}
