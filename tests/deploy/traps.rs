//! What a trap of the VM costs under the `failure_policy` of our examples, `envoy/sidecar` for all: with a module that traps
//! on demand, since nothing known makes the filter trap.

use crate::fixture::shipped::adapt;
use crate::fixture::sidecar::{REGISTRATIONS, Sidecar, code, denied, start_with};
use crate::fixture::tls::request;
use crate::support::fixture::{Fixture, ISSUER, Protocol, config};
use crate::support::h1::{H1, bytes_of};
use crate::support::request::Request;
use crate::support::token::{Key, claims_with};
use crate::support::upstream::End;
use crate::support::{find, trapping};
use serde_json::{Value, json};

const RELOADS: &str = "wasm.eec_authn.vm_reload_success";

/// The policy as it is shipped.
const POLICY: [&str; 2] =
    ["failure_policy: FAIL_RELOAD", "reload_config: {backoff: {base_interval: 0.1s, max_interval: 5s}}"];

fn start(change: &[(&str, &str)]) -> Sidecar {
    start_with(ISSUER, |filter| {
        let [shipped, trapping] = [find::module(), trapping::module()].map(|path| path.display().to_string());
        adapt(&adapt(&filter, &[(&shipped, &trapping)]), change)
    })
}

/// A registration that makes the VM trap at its headers, and one that does at its body.
fn traps(token: Option<&str>) -> [(&'static str, Value); 2] {
    let mut headers = request("POST", REGISTRATIONS, token, Some(&json!({"eecId": "eec-1"})));
    let more = trapping::headers().map(|(name, value)| json!([name, value]));
    headers["headers"].as_array_mut().expect("headers").extend(more);
    let mut body = request("POST", REGISTRATIONS, token, None);
    body["headers"].as_array_mut().expect("headers").push(json!(["content-type", "application/json"]));
    body["body"] = json!(trapping::body("eec-1"));
    [("headers", headers), ("body", body)]
}

#[test]
fn a_trap_costs_a_503_and_lets_nothing_pass() {
    let mut sidecar = start(&[]);
    let good = sidecar.key.token(&claims_with(json!({"jti": "good"})));
    let forged = Key::new(2).token_with(&sidecar.key.header(), &claims_with(json!({"jti": "forged"})));
    assert_eq!(sidecar.register(&good)["status"], 201);
    let mut arrived = 1;
    for (whose, token) in [("good", Some(&good)), ("forged", Some(&forged)), ("none", None)] {
        for (at, trapping) in traps(token.map(String::as_str)) {
            let what = format!("trap at the {at}, token {whose}");
            // A body is looked at only where the token is good.
            if at == "body" && whose != "good" {
                continue;
            }
            let reloads = sidecar.envoy.stat(RELOADS);
            let answer = sidecar.client.answer(&trapping);
            assert_eq!((&answer["status"], &answer["body"]), (&json!(503), &json!("")), "{what}");
            assert_eq!(sidecar.upstream.records.count(), arrived, "{what}: it arrived");

            // Refused is refused at all times; at the latest after the backoff, the good one passes.
            let Sidecar { envoy, client, .. } = &mut sidecar;
            let ask = |token: &str| {
                client.answer(&request("POST", REGISTRATIONS, Some(token), Some(&json!({"eecId": "eec-1"}))))
            };
            envoy.wait("a new VM", |_| {
                let answer = ask(&forged);
                assert!(answer["status"] != 201, "{what}: a forged token passed");
                (code(&answer) == denied(401, "signature_invalid")).then_some(())
            });
            assert_eq!(ask(&good)["status"], 201, "{what}: the next good request");
            arrived += 1;
            assert_eq!(sidecar.upstream.records.count(), arrived, "{what}: only what was allowed");
            assert_eq!(sidecar.envoy.stat(RELOADS), reloads + 1, "{what}: one new VM");
            let line = sidecar.envoy.access("details", "wasm_fail_stream");
            assert_eq!(line["status"], 503, "{what}");
        }
    }
    // The name that the alert on it uses.
    let counted = format!("envoy_wasm_eec_authn_vm_reload_success{{}} {}\n", sidecar.envoy.stat(RELOADS));
    let shown = sidecar.envoy.admin_get("/stats/prometheus");
    assert!(shown.contains(&counted), "no {counted} in {shown}");
}

/// Why the examples have the line: without it the worker stays at 503.
#[test]
fn without_the_policy_the_worker_stays_closed() {
    let sidecar = start(&POLICY.map(|line| (line, "")));
    let good = sidecar.key.token(&claims_with(json!({"jti": "good"})));
    assert_eq!(sidecar.register(&good)["status"], 201);
    let [(_, at_the_headers), _] = traps(Some(&good));
    assert_eq!(sidecar.client.answer(&at_the_headers)["status"], 503);
    for _ in 0..3 {
        assert_eq!(sidecar.register(&good)["status"], 503);
    }
    assert_eq!(sidecar.upstream.records.count(), 1);
    // What EecAuthnProxyRefuses goes by: Envoy's answers, of which none is the server's or the filter's.
    let shown = sidecar.envoy.admin_get("/stats/prometheus");
    let total = |starts: &str| {
        let lines = shown.lines().filter(|line| line.starts_with(starts));
        lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum::<u64>()
    };
    assert_eq!(
        total(
            "envoy_http_downstream_rq_xx{envoy_response_code_class=\"5\",envoy_http_conn_manager_prefix=\"edge\"}"
        ),
        4,
        "{shown}"
    );
    assert!(
        shown.contains("envoy_http_downstream_rq_total{envoy_http_conn_manager_prefix=\"edge\"} "),
        "{shown}"
    );
    assert_eq!(total("envoy_cluster_upstream_rq_xx{envoy_response_code_class=\"5\""), 0, "{shown}");
    assert!(shown.contains("envoy_wasm_eec_authn_vm_reload_failure{} 0\n"), "{shown}");
    assert!(shown.contains("envoy_wasm_eec_authn_vm_reload_backoff{} 0\n"), "{shown}");
}

/// Without `hold_headers`: the server has seen the headers of a verified client, and never sees the end of the request.
#[test]
fn a_trap_at_the_body_leaves_the_server_with_half_a_request() {
    let key = Key::new(1);
    let fixture = Fixture::start_with(&config(&[&key]), |setup| setup.module(trapping::module()));
    let token = key.token(&claims_with(json!({"jti": "good"})));
    let body = trapping::body("eec-1");
    let request = Request::new("POST", REGISTRATIONS).bearer(&token).json(&body);
    let bytes = bytes_of(&request);
    let (head, body) = bytes.split_at(bytes.len() - body.len());
    let mut connection = H1::connect(fixture.envoy.address()).expect("a connection");
    connection.send(head).expect("the headers are taken");
    fixture.upstream.records.wait_for(&request.case, |received| received.end == End::Open);
    connection.send(body).expect("the body is taken");
    assert_eq!(connection.response(false).expect("an answer").status, 503);
    let received = fixture.upstream.records.wait_for(&request.case, |received| received.end != End::Open);
    assert_eq!((received.end, received.body.as_slice()), (End::Cut, &b""[..]));
    let next = || fixture.send(Protocol::H1, &Request::register("eec-1").bearer(&token)).expect("an answer");
    // At the latest after the backoff of 0.1 seconds.
    assert!((0..1000).any(|_| next().status == 201), "it does not come back");
}
