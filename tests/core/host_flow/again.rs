//! Walks that begin again, with newer keys or once an answer is there: it is one request.

use super::*;

/// The walk begins anew with newer keys, and again with those that are there in the end: it is one request.
#[test]
fn a_rule_counts_a_request_once_however_often_its_walk_begins() {
    let mut filter = small(&[&Key::new(1)]);
    filter["rules"] = json!([{"match": {"path": "/x"}}]);
    let keys = filter["entitlement_servers"][0]["keys"].as_array_mut().expect("keys");
    keys.push(json!({"jwks_remote": {"cluster": "es"}}));
    let plugin = plugin(&filter);
    let bearer = format!("Bearer {}", Key::new(2).token(&claims()));
    let pairs: [(&[u8], &[u8]); 4] = [
        (b":method", b"GET"),
        (b":path", b"/x"),
        (b":authority", FQDN.as_bytes()),
        (b"authorization", bearer.as_bytes()),
    ];
    let (request, host) = (RequestView::new(&pairs, true), NoHost);
    let mut way = Way::new(&plugin, 1);
    let step = way.exchange.on_request_headers(&request, time(), &host);
    let got = way.act(step, Fields::Headers);
    expect(got, &["count rule.0.matched", "await keys"], false, &[]);
    fetched(&plugin, 1, &[&Key::new(3)]);
    let step = way.exchange.on_newer_keys(&request, time(), &host);
    expect(way.act(step, Fields::Headers), &["await keys"], false, &[]);
    fetched(&plugin, 2, &[&Key::new(2)]);
    let step = way.exchange.on_keys(&request, time(), &host, &|| None);
    let got = way.act(step, Fields::Headers);
    let counts = ["count allowed", "count cache.miss", "count issuer.0.allowed", REMOVE_TOKEN];
    expect(got, &counts, true, &["continue"]);
}

/// Where the filter only watches, the upstream gets the path without what looks like a seal, also after another worker's set.
#[test]
fn a_seal_is_taken_off_whoever_has_fetched_the_keys() {
    let mut filter = small(&[&Key::new(1)]);
    filter["mode"] = json!("shadow");
    filter["ownership"] = json!({"secret_env": ["SECRET"]});
    let keys = filter["entitlement_servers"][0]["keys"].as_array_mut().expect("keys");
    keys.push(json!({"jwks_remote": {"cluster": "es"}}));
    let plugin = plugin(&filter);
    let bearer = format!("Bearer {}", Key::new(2).token(&claims()));
    let path = format!("{REGISTRATIONS}/r1.AAAAAAAAAAAAAAAAAAAAAA");
    let pairs = deletion(&path, &bearer);
    let request = RequestView::new(&pairs, true);
    for newer in [true, false] {
        let mut exchange = Exchange::new(Rc::clone(&plugin), 1);
        if newer {
            assert!(matches!(
                exchange.on_request_headers(&request, time(), &NoHost).next,
                Next::AwaitKeys(_)
            ));
            fetched(&plugin, 1, &[&Key::new(2)]);
        }
        let step = if newer {
            exchange.on_newer_keys(&request, time(), &NoHost)
        } else {
            exchange.on_request_headers(&request, time(), &NoHost)
        };
        assert!(matches!(step.next, Next::Continue(_)), "{newer}");
        assert_eq!(step.target.as_deref(), Some(format!("{REGISTRATIONS}/r1").as_bytes()), "{newer}");
    }
}

/// A request that has waited for keys is the one that came: whether it had a body is not forgotten.
#[test]
fn what_waits_for_keys_still_needs_its_body() {
    let (key, late) = (Key::new(1), Key::new(2));
    for hold_headers in [true, false] {
        let mut filter = small(&[&key]);
        filter["body"] = json!({"hold_headers": hold_headers});
        let keys = filter["entitlement_servers"][0]["keys"].as_array_mut().expect("keys");
        keys.push(json!({"jwks_remote": {"cluster": "es"}}));
        let plugin = plugin(&filter);
        let token = late.token(&claims());
        let bearer = format!("Bearer {token}");
        let pairs: [(&[u8], &[u8]); 5] = [
            (b":method", b"POST"),
            (b":path", REGISTRATIONS.as_bytes()),
            (b":authority", FQDN.as_bytes()),
            (b"authorization", bearer.as_bytes()),
            (b"content-type", b"application/json"),
        ];
        let mut way = Way::new(&plugin, 1);
        let step = way.exchange.on_request_headers(&RequestView::new(&pairs, true), time(), &NoHost);
        expect(way.act(step, Fields::Headers), &["await keys"], false, &[]);

        // Another worker has fetched a set, in which the key is not: it is worth a fetch as before.
        fetched(&plugin, 1, &[&Key::new(3)]);
        let step = way.exchange.on_newer_keys(&RequestView::new(&pairs, false), time(), &NoHost);
        expect(way.act(step, Fields::Headers), &["await keys"], false, &[]);
        fetched(&plugin, 2, &[&late]);

        // The host reads the headers anew, and does not know any more whether they were all.
        let step = way.exchange.on_keys(&RequestView::new(&pairs, false), time(), &NoHost, &|| None);
        let got = way.act(step, Fields::Headers);
        assert!(got.contains(&"reply 400 eec_authn.body_required".to_owned()), "{hold_headers}: {got:?}");
    }
}

/// The host holds the headers as long as a request waits, however long they are: the exchange keeps nothing of them beside it, and
/// once the request is on its way the path alone.
#[test]
fn nothing_of_the_headers_is_kept_while_a_request_waits() {
    let (key, fetched) = (Key::new(1), Key::new(2));
    // As `Debug` shows bytes.
    let shows = |exchange: &Exchange, byte: u8| {
        format!("{exchange:?}").contains(&vec![byte.to_string(); 30].join(", "))
    };
    let id = "Z".repeat(40);
    let path =
        format!("/eees-eecregistration/v1/registrations/{id}{}?{}", EEC_1.seal(&SECRET, &id), "Q".repeat(40));
    for mode in ["enforce", "shadow"] {
        let mut filter = small(&[&key]);
        filter["mode"] = json!(mode);
        filter["ownership"] = json!({"secret_env": ["SEALS"]});
        filter["proof"] = json!({"dpop": {}});
        filter["entitlement_servers"][0]["online"] =
            json!({"method": "rfc7662", "cluster": "es", "path": "/introspect", "apply_to": "all"});
        let keys = filter["entitlement_servers"][0]["keys"].as_array_mut().expect("keys");
        keys.push(json!({"jwks_remote": {"cluster": "es"}}));
        let plugin = plugin(&filter);
        let (opaque, of_key, of_fetched) =
            ("opaque".to_owned(), key.token(&claims()), fetched.token(&claims()));
        for (token, waits) in [(&opaque, "ask"), (&of_key, "ask"), (&of_fetched, "await keys")] {
            let bearer = format!("Bearer {token}");
            let pairs = deletion(&path, &bearer);
            let request = RequestView::new(&pairs, true);
            let mut way = Way::new(&plugin, 1);
            let step = way.exchange.on_request_headers(&request, time(), &NoHost);
            let got = way.act(step, Fields::Headers);
            assert_eq!(got.last().map(String::as_str), Some(waits), "{mode}: {got:?}");
            assert!(!shows(&way.exchange, b'Z') && !shows(&way.exchange, b'Q'), "{mode}: {:?}", way.exchange);
            if waits != "ask" {
                continue;
            }
            assert!(way.exchange.reads_headers_again());
            let body = json!({"active": true, "sub": "eec-1", "aud": FQDN, "exp": now() + 600}).to_string();
            let raw = RawResponse {
                status: Some(200),
                by_proxy: false,
                content_types: &[b"application/json"],
                body: body.as_bytes(),
            };
            let online = plugin.policy.entitlement_servers[0].online.as_ref().expect("it is asked");
            let Reading::Is(answer) = introspection::read(&online.method, &raw) else { panic!("no answer") };
            let step = way.exchange.on_answer(&answer, Some(&request), time(), &NoHost, &|| None);
            let got = way.act(step, Fields::Headers);
            let bare = format!("path /eees-eecregistration/v1/registrations/{id}?{}", "Q".repeat(40));
            assert!(got.contains(&bare), "{mode}: {got:?}");
            // For the answer's sake.
            assert_eq!(shows(&way.exchange, b'Z'), mode == "enforce");
            assert!(!shows(&way.exchange, b'Q'));
        }
    }
}

/// A host that gives the headers no more does not get a request through.
#[test]
fn an_answer_without_the_headers_that_it_needs_refuses() {
    let mut filter = small(&[&Key::new(1)]);
    filter["proof"] = json!({"dpop": {}});
    filter["entitlement_servers"][0]["online"] =
        json!({"method": "rfc7662", "cluster": "es", "path": "/introspect", "apply_to": "opaque"});
    let mut way = Way::new(&plugin(&filter), 1);
    way.delete("opaque", &[]);
    let got = way.answer(&TokenStatus::Inactive);
    assert!(got.contains(&"reply 503 eec_authn.entitlement_unavailable".to_owned()), "{got:?}");
}
