//! What a wait must not lose, and what must not wait.

use super::*;
use crate::support::token::base64url;
use eec_authn::exchange::{Meanwhile, Next};
use eec_authn::introspection::{RawResponse, Reading, read};

fn asking(key: &Key) -> Rc<PluginState> {
    asking_about(key, json!({"apply_to": "all"}))
}

pub(super) fn asking_about(key: &Key, members: Value) -> Rc<PluginState> {
    let mut filter = small(&[key]);
    let mut online = json!({"method": "rfc7662", "cluster": "es", "path": "/introspect"});
    online.as_object_mut().expect("members").extend(members.as_object().expect("members").clone());
    filter["entitlement_servers"][0]["online"] = online;
    plugin(&filter)
}

/// The server says that the token is active, and no more.
pub(super) fn active(plugin: &PluginState) -> TokenStatus {
    told(plugin, &json!({"active": true}))
}

fn told(plugin: &PluginState, answer: &Value) -> TokenStatus {
    let online = plugin.policy.entitlement_servers[0].online.as_deref().expect("it can be asked");
    let content_types: &[&[u8]] = &[b"application/json"];
    let body = answer.to_string();
    let raw = RawResponse { status: Some(200), by_proxy: false, content_types, body: body.as_bytes() };
    let Reading::Is(status) = read(&online.method, &raw) else { panic!("a good answer") };
    status
}

fn fetching(key: &Key, changes: &[(&str, Value)]) -> Rc<PluginState> {
    let mut filter = small(&[key]);
    let keys = filter["entitlement_servers"][0]["keys"].as_array_mut().expect("keys");
    keys.push(json!({"jwks_remote": {"cluster": "es"}}));
    for (name, value) in changes {
        filter[*name] = value.clone();
    }
    plugin(&filter)
}

#[test]
fn a_body_that_came_before_the_answer_is_decided_with_it_and_token_and_proof_stay_behind() {
    let key = Key::new(1);
    for (body, end) in [(OWN, "continue"), (OTHERS, "answered")] {
        let plugin = asking(&key);
        let mut way = Way::new(&plugin, 1);
        let bearer = format!("Bearer {}", key.token(&claims()));
        let headers =
            [("authorization", bearer.as_str()), ("content-type", "application/json"), ("dpop", "x")];
        let got = way.headers("POST", REGISTRATIONS, &headers);
        expect(got, &["count cache.miss", "ask"], false, &[]);
        expect(way.body(body, true), &["hold"], false, &[]);
        let read = || Some(body.as_bytes().to_vec());
        let step = way.exchange.on_answer(&active(&plugin), None, time(), &NoHost, &read);
        let got = way.act(step, Fields::Headers);
        assert_eq!(got.last().map(String::as_str), Some(end), "{got:?}");
        if end == "continue" {
            let before = ["count allowed", "count issuer.0.allowed", REMOVE_TOKEN, "remove Headers dpop"];
            expect(got, &before, true, &["continue"]);
        }
    }
}

/// `docs/contract.md#held-headers`: what is held back as a whole has to fit the host's buffer, what nobody looks at has not.
#[test]
fn while_a_request_waits_the_host_keeps_its_body_as_it_would_without() {
    let (key, new) = (Key::new(1), Key::new(2));
    for (hold, mode, bound) in [
        (false, "enforce", Meanwhile::Keep),
        (true, "enforce", Meanwhile::Show),
        (true, "shadow", Meanwhile::Keep),
    ] {
        let mut filter = small(&[&key]);
        let server = &mut filter["entitlement_servers"][0];
        server["online"] = json!({"method": "rfc7662", "cluster": "es", "apply_to": "all"});
        server["keys"].as_array_mut().expect("keys").push(json!({"jwks_remote": {"cluster": "es"}}));
        filter["mode"] = json!(mode);
        filter["body"] = json!({"hold_headers": hold});
        let plugin = plugin(&filter);
        for (key, waits) in [(&key, "ask"), (&new, "await keys")] {
            let token = key.token(&claims());
            let (mut post, mut delete) = (Way::new(&plugin, 1), Way::new(&plugin, 2));
            assert_eq!(post.post(&token).last().map(String::as_str), Some(waits));
            assert_eq!(post.exchange.meanwhile(), bound, "{hold}, {mode}, {waits}");
            delete.delete(&token, &[]);
            assert_eq!(delete.exchange.meanwhile(), Meanwhile::Slow, "{hold}, {mode}, {waits}");
        }
    }
}

#[test]
fn a_request_that_goes_on_takes_its_trailers_along() {
    let key = Key::new(1);
    let plugin = plugin(&small(&[&key]));
    let mut way = Way::new(&plugin, 1);
    way.delete(&key.token(&claims()), &[]);
    let trailers: [(&[u8], &[u8]); 2] = [(b"x-eec-id", b"admin"), (b"x-other", b"stays")];
    let step = way.exchange.on_request_trailers(&trailers, &|| None);
    let got = way.act(step, Fields::Trailers);
    expect(got, &["remove Trailers x-eec-id", "continue"], false, &[]);
}

/// RFC 9110, section 9.3.2.
#[test]
fn a_refused_head_request_gets_the_same_status_and_no_body() {
    let key = Key::new(1);
    let plugin = plugin(&small(&[&key]));
    for (method, has_body) in [("HEAD", false), ("GET", true)] {
        let pairs: [(&[u8], &[u8]); 3] =
            [(b":method", method.as_bytes()), (b":path", b"/nowhere"), (b":authority", FQDN.as_bytes())];
        let mut way = Way::new(&plugin, 1);
        let step = way.exchange.on_request_headers(&RequestView::new(&pairs, true), time(), &NoHost);
        let Next::Refuse(_, reply) = step.next else { panic!("{method} goes on") };
        assert_eq!((reply.status, !reply.body.is_empty()), (403, has_body), "{method}");
    }
}

/// What the host tells of the connection is told once, with the headers.
#[test]
fn what_waits_for_keys_keeps_its_client_certificate() {
    let late = Key::new(2);
    let digest = [7; 32];
    for (bound_to, end, are_newer) in [
        (digest, "continue", false),
        (digest, "continue", true),
        ([8; 32], "answered", false),
        ([8; 32], "answered", true),
    ] {
        let plugin = fetching(&Key::new(1), &[("proof", json!({"client_certificate": true}))]);
        let token = late.token(&claims_with(json!({"cnf": {"x5t#S256": base64url(bound_to)}})));
        let bearer = format!("Bearer {token}");
        let pairs = deletion(REGISTRATION, &bearer);
        let mut way = Way::new(&plugin, 1);
        let request = RequestView { client_certificate: Some(digest), ..RequestView::new(&pairs, true) };
        let step = way.exchange.on_request_headers(&request, time(), &NoHost);
        expect(way.act(step, Fields::Headers), &["await keys"], false, &[]);
        fetched(&plugin, 1, &[&late]);
        let request = RequestView::new(&pairs, false);
        let step = match are_newer {
            true => way.exchange.on_newer_keys(&request, time(), &NoHost),
            false => way.exchange.on_keys(&request, time(), &NoHost, &|| None),
        };
        let got = way.act(step, Fields::Headers);
        assert_eq!(got.last().map(String::as_str), Some(end), "{got:?}");
    }
}

/// `docs/contract.md#fetched-keys`: a name that is not known is worth a fetch; a token without one is decided with what there is.
#[test]
fn once_there_are_keys_only_an_unknown_name_waits_for_others() {
    let plugin = fetching(&Key::new(1), &[]);
    fetched(&plugin, 1, &[&Key::new(2)]);
    let ends = |token: String| Way::new(&plugin, 1).delete(&token, &[]).pop();
    assert_eq!(ends(Key::new(2).token(&claims())).as_deref(), Some("continue"));
    assert_eq!(ends(Key::new(3).token(&claims())).as_deref(), Some("await keys"));
    // Two keys would fit: nothing is tried in turn, and another set would not change that.
    assert_eq!(ends(Key::anonymous(2).token(&claims())).as_deref(), Some("answered"));
}

/// The host copies all headers for it, so that each of the reasons counts by itself, and nothing else does.
#[test]
fn the_headers_are_read_again_for_what_the_answer_needs_of_them() {
    let key = Key::new(1);
    let good = key.token(&claims());
    let sealed = format!("{REGISTRATION}{}", EEC_1.seal(&SECRET, "r1"));
    let (ownership, dpop) = (json!({"secret_env": ["SECRET"]}), json!({"dpop": {}}));
    for (name, members, path, token, reads) in [
        ("nothing", vec![], REGISTRATION, &*good, false),
        ("a proof that has been checked", vec![("proof", &dpop)], REGISTRATION, &good, false),
        ("what a token is bound to", vec![("proof", &dpop)], REGISTRATION, "opaque", true),
        ("whose it is", vec![("ownership", &ownership)], &sealed, &good, true),
        ("what has no owner", vec![("ownership", &ownership)], "/other", &good, false),
    ] {
        let mut filter = small(&[&key]);
        filter["entitlement_servers"][0]["online"] =
            json!({"method": "rfc7662", "cluster": "es", "path": "/introspect", "apply_to": "all"});
        filter["rules"] = json!([{"match": {"path": "/other"}}]);
        for (name, value) in members {
            filter[name] = value.clone();
        }
        let plugin = plugin(&filter);
        let mut way = Way::new(&plugin, 1);
        assert!(!way.exchange.reads_headers_again(), "{name}: nothing has come");
        let bearer = format!("Bearer {token}");
        let pairs = deletion(path, &bearer);
        let step = way.exchange.on_request_headers(&RequestView::new(&pairs, true), time(), &NoHost);
        assert!(matches!(step.next, Next::Await(_)), "{name}");
        assert_eq!(way.exchange.reads_headers_again(), reads, "{name}");
        way.exchange.on_gone();
        assert!(!way.exchange.reads_headers_again(), "{name}: nobody waits");
    }
}

/// The connection is not in the headers that the host reads again.
#[test]
fn what_waits_for_an_answer_keeps_its_client_certificate() {
    let digest = [7; 32];
    for (bound_to, end) in [(digest, "continue"), ([8; 32], "answered")] {
        let mut filter = small(&[&Key::new(1)]);
        filter["proof"] = json!({"client_certificate": true});
        filter["entitlement_servers"][0]["online"] =
            json!({"method": "rfc7662", "cluster": "es", "path": "/introspect", "apply_to": "opaque"});
        let plugin = plugin(&filter);
        let pairs = deletion(REGISTRATION, "Bearer opaque");
        let request = RequestView { client_certificate: Some(digest), ..RequestView::new(&pairs, true) };
        let mut way = Way::new(&plugin, 1);
        let step = way.exchange.on_request_headers(&request, time(), &NoHost);
        expect(way.act(step, Fields::Headers), &["count cache.miss", "ask"], false, &[]);
        let cnf = json!({"x5t#S256": base64url(bound_to)});
        let claims = json!({"active": true, "sub": "eec-1", "aud": FQDN, "exp": now() + 600, "cnf": cnf});
        let again = RequestView::new(&pairs, true);
        let step = way.exchange.on_answer(&told(&plugin, &claims), Some(&again), time(), &NoHost, &|| None);
        let got = way.act(step, Fields::Headers);
        assert_eq!(got.last().map(String::as_str), Some(end), "{got:?}");
    }
}

/// Operators see which requests went on while nobody could be asked, whenever their bodies came.
#[test]
fn what_goes_on_unasked_is_recorded_and_counted() {
    let key = Key::new(1);
    let unavailable = TokenStatus::Unavailable(Cause::Timeout);
    for (answer, is_recorded) in [(Some(&unavailable), true), (None, false)] {
        for came_first in [true, false] {
            let plugin = asking_about(&key, json!({"apply_to": "all", "on_unavailable": "allow_verified"}));
            let mut way = Way::new(&plugin, 1);
            way.post(&key.token(&claims()));
            if came_first {
                way.body(OWN, true);
            }
            let active = active(&plugin);
            let read = || Some(OWN.as_bytes().to_vec());
            let step = way.exchange.on_answer(answer.unwrap_or(&active), None, time(), &NoHost, &read);
            let got = way.act(step, Fields::Headers);
            for note in ["decision allowed_unasked", "count online.allowed_unasked"] {
                assert_eq!(got.contains(&note.to_owned()), is_recorded, "{came_first}: {got:?}");
            }
            assert_eq!(got.last().map(String::as_str), Some("continue"), "{got:?}");
        }
    }
}

/// Each proof that is looked at costs a signature, good or not.
#[test]
fn a_proof_that_is_looked_at_is_counted() {
    let key = Key::new(1);
    let mut filter = small(&[&key]);
    filter["proof"] = json!({"dpop": {}});
    let plugin = plugin(&filter);
    let bound = claims_with(json!({"cnf": {"jkt": base64url([1; 32])}}));
    for (scheme, claims, is_counted) in [("DPoP", bound, true), ("Bearer", claims(), false)] {
        let authorization = format!("{scheme} {}", key.token(&claims));
        let headers = [("authorization", authorization.as_str()), ("dpop", "x")];
        let got = Way::new(&plugin, 1).headers("DELETE", REGISTRATION, &headers);
        assert_eq!(got.contains(&"count proof.checked".to_owned()), is_counted, "{got:?}");
    }
}
