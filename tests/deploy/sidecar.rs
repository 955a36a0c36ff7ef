//! `envoy/sidecar` as it is shipped, in a real Envoy: real TLS with HTTP/2 before it, a server and an entitlement server
//! behind it, and the pushes that an operator makes.

use crate::fixture::shipped::adapt;
use crate::fixture::sidecar::{REGISTRATIONS, Sidecar, code, denied, start, start_as, start_with};
use crate::fixture::tls::{Client, certificates, request};
use crate::support::fixture::{FQDN, ISSUER};
use crate::support::request::Request;
use crate::support::seal::{EEC_1, SECRET};
use crate::support::token::{claims, claims_with};
use crate::support::{foreign, h1};
use serde_json::{Value, json};
use std::fs;

#[test]
fn serves_its_clients_over_tls_and_http2() {
    let mut sidecar = start();
    let token = sidecar.key.token(&claims_with(json!({"jti": "t-1", "gpsi": "msisdn-447700900123"})));

    let out = sidecar.client.send(&[]);
    assert_eq!((&out["tls"], &out["alpn"]), (&json!("TLSv1.3"), &json!("h2")), "{out}");
    assert_eq!(sidecar.register(&token)["status"], 201);
    let received = sidecar.upstream.records.find("registration").expect("it arrived");
    assert_eq!(received.all("x-eec-id"), ["eec-1"]);
    assert!(received.all("authorization").is_empty(), "the token stays here");
    let line = sidecar.envoy.access("token_id", "t-1");
    assert_eq!(
        (&line["eec_id"], &line["issuer"], &line["status"], &line["decision"]),
        (&json!("eec-1"), &json!(ISSUER), &json!(201), &Value::Null)
    );
    assert_eq!((&line["tls"], &line["protocol"]), (&json!("TLSv1.3"), &json!("HTTP/2")));

    let probe = sidecar.client.answer(&request("GET", "/healthz", None, None));
    assert_eq!(probe["status"], 201, "{probe}");
    let other = sidecar.client.answer(&request(
        "POST",
        REGISTRATIONS,
        Some(&token),
        Some(&json!({"eecId": "eec-2"})),
    ));
    assert_eq!(code(&other), denied(403, "binding_mismatch"));
    let line = sidecar.envoy.access("details", "eec_authn.binding_mismatch");
    assert_eq!((&line["decision"], &line["path"]), (&json!("deny:binding_mismatch"), &json!(REGISTRATIONS)));
    assert!(line["reason"].as_str().is_some_and(|reason| reason.contains(' ')), "{line}");
    assert_eq!(
        (&line["denied_issuer"], &line["denied_eec_id"], &line["denied_token_id"]),
        (&json!(ISSUER), &json!("eec-1"), &json!("t-1"))
    );
    let none = sidecar.client.answer(&request("POST", REGISTRATIONS, None, Some(&json!({"eecId": "eec-1"}))));
    assert_eq!(code(&none), denied(401, "token_missing"));
    assert_eq!(none["headers"]["www-authenticate"], format!("Bearer realm=\"{FQDN}\""));

    let log = fs::read_to_string(sidecar.envoy.directory.path().join("access.log")).expect("the log");
    assert!(!log.contains(&token) && !sidecar.envoy.log().contains(&token), "a token is in a log");
    assert!(
        !log.contains("447700900123") && !sidecar.envoy.log().contains("447700900123"),
        "a GPSI is in a log"
    );
}

#[test]
fn no_path_is_repaired_before_the_filter_sees_it() {
    let sidecar = start();
    for path in ["//healthz", "/x/../healthz", "/%68ealthz", "/x%2Fhealthz", "/healthz;x", "/x/./healthz"] {
        let answer = sidecar.client.answer(&request("GET", path, None, None));
        assert_eq!(code(&answer), denied(400, "path_not_normal"), "{path}");
    }
    assert_eq!(sidecar.upstream.records.count(), 0, "nothing of it arrived");
}

#[test]
fn limits_hold() {
    let sidecar = start();
    let token = sidecar.key.token(&claims());
    let with = |name: &str, value: &str| {
        let mut request = request("GET", "/healthz", None, None);
        request["headers"].as_array_mut().expect("headers").push(json!([name, value]));
        request
    };
    assert_eq!(sidecar.client.answer(&with("x-large", &"x".repeat(16_000)))["status"], 201);
    for refused in [with("x-large", &"x".repeat(30_000)), with("x_tenant", "a")] {
        let out = sidecar.client.send(&[refused]);
        assert!(out["error"].as_str().is_some_and(|e| e.starts_with("reset: ")), "{out}");
    }
    let fits = json!({"eecId": "eec-1", "x": "x".repeat(60_000)});
    assert_eq!(
        sidecar.client.answer(&request("POST", REGISTRATIONS, Some(&token), Some(&fits)))["status"],
        201
    );
    let large = json!({"eecId": "eec-1", "x": "x".repeat(65_536)});
    let answer = sidecar.client.answer(&request("POST", REGISTRATIONS, Some(&token), Some(&large)));
    assert_eq!(code(&answer), denied(413, "body_too_large"));
}

#[test]
fn tls_follows_the_profile() {
    let mut sidecar = start();
    sidecar.client.maximum = Some("TLSv1_2");
    let out = sidecar.client.send(&[]);
    assert_eq!(
        (&out["tls"], &out["cipher"]),
        (&json!("TLSv1.2"), &json!("ECDHE-ECDSA-AES128-GCM-SHA256")),
        "{out}"
    );
    sidecar.client.maximum = Some("TLSv1_1");
    let out = sidecar.client.send(&[]);
    assert!(out["error"].is_string(), "TLS 1.1 was taken: {out}");
    sidecar.client.maximum = None;
    sidecar.client.alpn = vec!["http/1.1"];
    assert_eq!(sidecar.client.send(&[])["alpn"], "http/1.1");
}

#[test]
fn pushes_hold_and_refused_ones_do_not() {
    let mut sidecar = start();
    let (good, revoked) = (json!({"jti": "t-1"}), json!({"jti": "t-2"}));
    let [good, revoked] = [good, revoked].map(|changes| sidecar.key.token(&claims_with(changes)));
    assert_eq!(sidecar.register(&revoked)["status"], 201);

    let list = adapt(
        &sidecar.filter,
        &[("\"rules\":", "\"revoked\": {\"token_ids\": [\"t-2\"]},\n            \"rules\":")],
    );
    sidecar.envoy.replace("discovery/eec_authn.yaml", &list);
    sidecar.envoy.wait_for_stat("extension_config_discovery.http_filter.eec_authn.config_reload", 2);
    assert_eq!(code(&sidecar.register(&revoked)), denied(401, "token_revoked"));
    assert_eq!(sidecar.register(&good)["status"], 201);

    let wrong = adapt(&list, &[("\"token_ids\"", "\"token_idz\"")]);
    sidecar.envoy.replace("discovery/eec_authn.yaml", &wrong);
    sidecar
        .envoy
        .wait("the refusal", |e| e.log().contains("revoked.token_idz: is not known here").then_some(()));
    assert_eq!(code(&sidecar.register(&revoked)), denied(401, "token_revoked"));
    assert_eq!(sidecar.register(&good)["status"], 201);

    let before = sidecar.client.send(&[])["serial"].clone();
    let renewed = certificates(&[FQDN]);
    let pem = |member: &str| renewed["certificates"][FQDN][member].as_str().expect("PEM").to_owned();
    sidecar.envoy.replace("tls/tls.key", &pem("key"));
    sidecar.envoy.replace("tls/tls.crt", &pem("certificate"));
    sidecar.client = Client::new(sidecar.envoy.listener("edge"), &renewed);
    let Sidecar { envoy, client, .. } = &mut sidecar;
    let after = envoy.wait("the new certificate", |_| {
        let out = client.send(&[]);
        out["serial"].is_string().then(|| out["serial"].clone())
    });
    assert_ne!(before, after);
    assert_eq!(sidecar.register(&good)["status"], 201);
}

#[test]
fn the_entitlement_server_is_asked_over_tls() {
    let sidecar = start();
    let answer = sidecar.client.answer(&request(
        "POST",
        REGISTRATIONS,
        Some("opaque"),
        Some(&json!({"eecId": "eec-7"})),
    ));
    assert_eq!(answer["status"], 201, "{answer}\n{}", sidecar.envoy.log());
    let question = sidecar.entitlement_server.line();
    assert_eq!(question["path"], "/oauth2/introspect");
    assert_eq!(question["body"], "token=opaque&token_type_hint=access_token");
    // "ees1:s3cret": the secret came from Envoy's environment.
    assert_eq!(question["authorization"], "Basic ZWVzMTpzM2NyZXQ=");
}

#[test]
fn owners_are_known_by_the_secret_in_envoys_environment() {
    let sidecar = start();
    let token = sidecar.key.token(&claims());
    let item = format!("{REGISTRATIONS}/r1");
    let refused = sidecar.client.answer(&request("DELETE", &item, Some(&token), None));
    assert_eq!(code(&refused), denied(403, "ownership_mismatch"));
    let own = format!("{item}{}", EEC_1.seal(&SECRET, "r1"));
    assert_eq!(sidecar.client.answer(&request("DELETE", &own, Some(&token), None))["status"], 201);
    let arrived: Vec<String> = (0..sidecar.upstream.records.count())
        .filter_map(|number| sidecar.upstream.records.at(number).map(|received| received.path))
        .collect();
    assert_eq!(arrived, [item]);
}

#[test]
fn an_entitlement_server_with_another_name_is_not_believed() {
    let mut sidecar = start_with("aes.example.org", |filter| filter);
    let answer = sidecar.client.answer(&request(
        "POST",
        REGISTRATIONS,
        Some("opaque"),
        Some(&json!({"eecId": "eec-7"})),
    ));
    assert_eq!(code(&answer), denied(503, "entitlement_unavailable"));
    sidecar.envoy.wait_for_stat("cluster.entitlement-server.ssl.fail_verify_san", 1);
}

#[test]
fn a_filter_that_is_wrong_from_the_start_leaves_no_way_around_it() {
    let sidecar = start_with(ISSUER, |filter| adapt(&filter, &[("\"role\"", "\"rolle\"")]));
    let answer = sidecar.client.answer(&request("GET", "/healthz", None, None));
    assert_eq!(answer["status"], 500, "{answer}");
    assert!(sidecar.envoy.log().contains("protects.rolle: is not known here"), "{}", sidecar.envoy.log());
    assert_eq!(sidecar.upstream.records.count(), 0, "nothing arrived");
}

#[test]
fn metrics_and_liveness_have_a_listener_and_nothing_else_has() {
    let sidecar = start();
    let probes = sidecar.envoy.listener("probes");
    let ask =
        |method: &str, path: &str| h1::exchange(probes, &Request::new(method, path)).expect("an answer");
    let ready = ask("GET", "/ready");
    assert_eq!((ready.status, ready.body.as_slice()), (200, &b"LIVE\n"[..]));
    let metrics = String::from_utf8(ask("GET", "/stats/prometheus").body).expect("text");
    assert!(metrics.contains("\neec_authn_denied{code=\"token_missing\"} 0\n"), "{metrics}");
    for (method, path) in [
        ("POST", "/quitquitquit"),
        ("POST", "/ready"),
        ("POST", "/stats/prometheus"),
        ("GET", "/config_dump"),
        ("GET", "/stats"),
        ("GET", "/"),
        ("GET", "/ready/../config_dump"),
        ("GET", "/stats/prometheus/../../config_dump"),
        ("GET", "/%72eady"),
        ("GET", "//ready"),
    ] {
        assert_eq!(ask(method, path).status, 404, "{method} {path}");
    }
    // Nothing of the probes' listener is the clients'.
    let answer = sidecar.client.answer(&request("GET", "/stats/prometheus", None, None));
    assert_eq!(code(&answer), denied(403, "route_unmatched"));
}

/// What came of one connection to each of these sidecars in turn.
fn connections(made: &Value, sidecars: &[&Sidecar], maximum: Option<&str>) -> Value {
    let ports: Vec<u16> = sidecars.iter().map(|sidecar| sidecar.envoy.listener("edge").port()).collect();
    let orders = json!({"ports": ports, "ca": made["ca"], "server_name": FQDN, "maximum": maximum});
    foreign::run("tls_resumption.py", &orders)
}

#[test]
fn phones_resume_their_sessions() {
    let made = certificates(&[FQDN, ISSUER]);
    let first = start_as(ISSUER, &made, |filter| filter, |bootstrap, _| bootstrap);
    for (maximum, tls) in [(None, "TLSv1.3"), (Some("TLSv1_2"), "TLSv1.2")] {
        let out = connections(&made, &[&first, &first, &first], maximum);
        assert_eq!(out, json!({"tls": tls, "resumed": [false, true, true]}));
    }
    // Another replica has ticket keys of its own, and a full handshake is no fault.
    let second = start_as(ISSUER, &made, |filter| filter, |bootstrap, _| bootstrap);
    let out = connections(&made, &[&first, &second, &second], None);
    assert_eq!(out["resumed"], json!([false, false, true]), "{out}");
}

/// With the lines that stand in a comment of the shipped file.
#[test]
fn replicas_with_the_same_ticket_keys_take_each_others_tickets() {
    const COMMENT: &str = "          #   ";
    let made = certificates(&[FQDN, ISSUER]);
    let key: Vec<u8> = (0..80).map(|byte| byte ^ 0x5a).collect();
    let sharing = || {
        start_as(
            ISSUER,
            &made,
            |filter| filter,
            |bootstrap, directory| {
                assert!(
                    bootstrap.contains("          #   session_ticket_keys_sds_secret_config:\n"),
                    "the comment is gone"
                );
                let file = directory.join("ticket.key");
                fs::write(&file, &key).expect("a key");
                let secret = json!({"resources": [{"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
                "name": "ticket_keys", "session_ticket_keys": {"keys": [{"filename": file}]}}]});
                fs::write(directory.join("discovery/ticket_keys.yaml"), secret.to_string())
                    .expect("a secret");
                let lines = bootstrap.lines().map(|line| match line.strip_prefix(COMMENT) {
                    Some(rest) => format!("          {rest}\n"),
                    None => format!("{line}\n"),
                });
                lines.collect()
            },
        )
    };
    let (first, second) = (sharing(), sharing());
    let out = connections(&made, &[&first, &second, &first], None);
    assert_eq!(out, json!({"tls": "TLSv1.3", "resumed": [false, true, true]}));
}
