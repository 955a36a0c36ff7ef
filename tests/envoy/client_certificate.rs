//! Tokens bound to the TLS client certificate (RFC 8705, `docs/contract.md#proof`), in a real Envoy that terminates TLS.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::entitlement_server::{Server, http};
use crate::support::envoy::Envoy;
use crate::support::fixture::{FQDN, config};
use crate::support::foreign;
use crate::support::h1;
use crate::support::proof::{Client, Proof, thumbprint};
use crate::support::request::Request;
use crate::support::token::{Key, base64url, claims, claims_with};
use crate::support::upstream::Upstream;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const PATH: &str = "/eees-eecregistration/v1/registrations/r1";

/// `x5t#S256` of a certificate in PEM.
fn x5t(made: &Value, name: &str) -> String {
    let pem = made["certificates"][name]["certificate"].as_str().expect("PEM");
    let lines: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    base64url(Sha256::digest(STANDARD.decode(lines).expect("base64")))
}

struct House {
    envoy: Envoy,
    made: Value,
    strangers: Value,
    _upstream: Upstream,
}

impl House {
    /// Envoy asks for a certificate as `validation` says; without it, for none.
    fn start(proof: &Value, validation: Option<&dyn Fn(&Value) -> Value>) -> House {
        let mut filter = config(&[&Key::new(1)]);
        filter["proof"] = proof.clone();
        House::with(&filter, validation)
    }

    fn with(filter: &Value, validation: Option<&dyn Fn(&Value) -> Value>) -> House {
        House::with_options(filter, validation, |setup| setup)
    }

    fn with_options(
        filter: &Value,
        validation: Option<&dyn Fn(&Value) -> Value>,
        options: impl FnOnce(Setup) -> Setup,
    ) -> House {
        let made = foreign::run(
            "certificates.py",
            &json!({"names": [FQDN, "phone.example.net", "other.example.net"]}),
        );
        let strangers = foreign::run("certificates.py", &json!({"names": ["phone.example.net"]}));
        let own = &made["certificates"][FQDN];
        let mut common = json!({
            "tls_certificates": [{
                "certificate_chain": {"inline_string": own["certificate"]},
                "private_key": {"inline_string": own["key"]},
            }],
            "alpn_protocols": ["h2"],
        });
        if let Some(validation) = validation {
            common["validation_context"] = validation(&made["ca"]);
        }
        let upstream = Upstream::start();
        let setup = Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address).tls(common);
        let envoy = Envoy::start(&options(setup));
        House { envoy, made, strangers, _upstream: upstream }
    }

    /// The status and the decision for this request, with this client certificate.
    fn send(&self, client: Option<&Value>, request: &Request) -> (u64, Option<String>) {
        let headers: Vec<Value> = request
            .headers
            .iter()
            .map(|(name, value)| json!([name, String::from_utf8_lossy(value)]))
            .chain([json!(["x-case", request.case])])
            .collect();
        let sent = json!({"method": request.method, "path": PATH, "authority": FQDN, "headers": headers, "body": null});
        let mut orders = json!({
            "port": self.envoy.address().port(), "ca": self.made["ca"], "server_name": FQDN, "alpn": ["h2"], "requests": [sent],
        });
        if let Some(client) = client {
            orders["client"] = client.clone();
        }
        let out = foreign::run("https.py", &orders);
        let status = out["responses"][0]["status"].as_u64();
        (status.unwrap_or_else(|| panic!("{out}")), self.envoy.access(&request.case).get("decision"))
    }

    fn phone(&self) -> &Value {
        &self.made["certificates"]["phone.example.net"]
    }

    fn other(&self) -> &Value {
        &self.made["certificates"]["other.example.net"]
    }
}

fn bound(house: &House) -> String {
    Key::new(1).token(&claims_with(json!({"cnf": {"x5t#S256": x5t(&house.made, "phone.example.net")}})))
}

fn failed() -> (u64, Option<String>) {
    (401, Some("deny:confirmation_failed".into()))
}

fn delete(token: &str) -> Request {
    Request::new("DELETE", PATH).bearer(token)
}

#[test]
fn a_token_passes_with_its_certificate_alone() {
    let trusted = |ca: &Value| json!({"trusted_ca": {"inline_string": ca}});
    let house = House::start(&json!({"client_certificate": true}), Some(&trusted));
    let token = bound(&house);
    assert_eq!(house.send(Some(house.phone()), &delete(&token)), (201, None));
    assert_eq!(house.send(Some(house.phone()), &delete(&token)), (201, None), "from the cache");
    assert_eq!(house.send(Some(house.other()), &delete(&token)), failed());
    assert_eq!(house.send(None, &delete(&token)), failed());
    let hash: String = Sha256::digest(b"x").iter().map(|byte| format!("{byte:02x}")).collect();
    let pem = house.phone()["certificate"].as_str().expect("PEM").replace('\n', "%0A");
    let believed = delete(&token)
        .header("x-forwarded-client-cert", format!("Hash={hash};Cert=\"{pem}\""))
        .header("ssl-client-cert", pem);
    assert_eq!(house.send(None, &believed), failed(), "headers are not believed");
    let unbound = Key::new(1).token(&claims());
    assert_eq!(house.send(Some(house.phone()), &delete(&unbound)), (201, None));
    assert_eq!(house.send(None, &delete(&unbound)), (201, None));
    let dpop = Client::new(&Key::new(1), 2, json!({}));
    let (status, decision) = house.send(None, &dpop.sends(Request::new("DELETE", PATH)));
    assert_eq!((status, decision.as_deref()), (401, Some("deny:token_missing")), "DPoP is not configured");
}

#[test]
fn a_certificate_that_nobody_validated_binds_as_well() {
    let accepting = |ca: &Value| json!({"trusted_ca": {"inline_string": ca}, "trust_chain_verification": "ACCEPT_UNTRUSTED"});
    let house = House::start(&json!({"client_certificate": true}), Some(&accepting));
    let stranger = &house.strangers["certificates"]["phone.example.net"];
    let x5t = x5t(&house.strangers, "phone.example.net");
    let token = Key::new(1).token(&claims_with(json!({"cnf": {"x5t#S256": x5t}})));
    assert_eq!(house.send(Some(stranger), &delete(&token)), (201, None));
    assert_eq!(house.send(Some(house.phone()), &delete(&token)), failed(), "validated, and another");
    assert_eq!(house.send(Some(stranger), &delete(&bound(&house))), failed());
}

#[test]
fn a_listener_that_asks_for_no_certificate_has_none() {
    let house = House::start(&json!({"client_certificate": true, "required": true}), None);
    assert_eq!(house.send(Some(house.phone()), &delete(&bound(&house))), failed());
    let unbound = Key::new(1).token(&claims());
    let missing = (401, Some("deny:confirmation_missing".into()));
    assert_eq!(house.send(Some(house.phone()), &delete(&unbound)), missing);
}

#[test]
fn both_at_once_need_both() {
    let trusted = |ca: &Value| json!({"trusted_ca": {"inline_string": ca}});
    let house = House::start(&json!({"client_certificate": true, "dpop": {}}), Some(&trusted));
    let key = Key::new(2);
    let cnf = json!({"jkt": thumbprint(&key), "x5t#S256": x5t(&house.made, "phone.example.net")});
    let token = Key::new(1).token(&claims_with(json!({"cnf": cnf})));
    let proof = || Proof::new(&key, "DELETE", PATH, &token).by(&key);
    let request = || Request::new("DELETE", PATH).dpop(&token, proof());
    assert_eq!(house.send(Some(house.phone()), &request()), (201, None));
    assert_eq!(house.send(Some(house.other()), &request()), failed());
    assert_eq!(house.send(None, &request()), failed());
    assert_eq!(house.send(Some(house.phone()), &delete(&token)), failed());
    let (status, decision) = house.send(
        Some(house.phone()),
        &Request::new("DELETE", PATH).header("authorization", format!("DPoP {token}")),
    );
    assert_eq!((status, decision.as_deref()), (401, Some("deny:proof_invalid")));
}

#[test]
fn tokens_of_an_issuer_that_nobody_here_wrote() {
    let issuer = foreign::Server::start_in_node("oauth/issuer.mjs", &[FQDN]);
    let mut filter = config(&[]);
    filter["entitlement_servers"][0]["issuer"] = json!(format!("http://{}", issuer.address));
    filter["entitlement_servers"][0]["keys"] = json!([{"jwk": issuer.first["jwk"]}]);
    filter["proof"] = json!({"client_certificate": true, "required": true});
    let trusted = |ca: &Value| json!({"trusted_ca": {"inline_string": ca}});
    let house = House::with(&filter, Some(&trusted));
    let form = format!(
        "grant_type=client_credentials&client_id=mtls&client_secret=secret&scope=edge&resource=https://{FQDN}"
    );
    let request = Request::new("POST", "/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("client-certificate", STANDARD.encode(house.phone()["certificate"].as_str().expect("PEM")))
        .body(form);
    let answer = h1::exchange(issuer.address, &request).expect("an answer");
    let answer: Value = serde_json::from_slice(&answer.body).expect("JSON");
    let token = answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}"));
    assert_eq!(house.send(Some(house.phone()), &delete(token)), (201, None));
    assert_eq!(house.send(Some(house.other()), &delete(token)), failed());
    assert_eq!(house.send(None, &delete(token)), failed());
}

/// The host has told of the certificate before the wait; headers are read anew after it.
#[test]
fn what_a_token_is_bound_to_counts_after_a_wait_for_fetched_keys_too() {
    let trusted = |ca: &Value| json!({"trusted_ca": {"inline_string": ca}});
    let set = |keys: &[&Key]| {
        let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
        http(200, "application/jwk-set+json", &json!({"keys": keys}).to_string())
    };
    let [first, second, third] = [Key::new(1), Key::new(2), Key::new(3)];
    let server = Server::start();
    server.answers(set(&[&first]));
    let mut filter = config(&[]);
    // Each key is fetched for a token of its own, since nothing else brings it for an hour.
    filter["entitlement_servers"][0]["keys"] =
        json!([{"jwks_remote": {"cluster": "es", "refresh_seconds": 3600, "timeout_ms": 20_000}}]);
    filter["proof"] = json!({"client_certificate": true});
    let address = server.address;
    let house = House::with_options(&filter, Some(&trusted), |setup| setup.cluster("es", address));
    house.envoy.wait("the first set", |envoy| (envoy.filter_stat("jwks.fetched") >= 1).then_some(()));
    let cnf = json!({"cnf": {"x5t#S256": x5t(&house.made, "phone.example.net")}});
    let waits = |key: &Key, client: Option<&Value>, expected: (u64, Option<String>), what: &str| {
        let fetched = house.envoy.filter_stat("jwks.fetched");
        // A fetch for an unknown name may have to wait for its turn; until then the name is refused.
        let got = house.envoy.wait(what, |_| {
            let got = house.send(client, &delete(&key.token(&claims_with(cnf.clone()))));
            (got.1.as_deref() != Some("deny:key_unknown")).then_some(got)
        });
        assert_eq!(got, expected, "{what}");
        assert!(house.envoy.filter_stat("jwks.fetched") > fetched, "{what}: it did not wait");
    };
    server.answers(set(&[&first, &second]));
    waits(&second, Some(house.phone()), (201, None), "the client of the token waits");
    server.answers(set(&[&first, &second, &third]));
    waits(&third, Some(house.other()), failed(), "another client waits with the token");
    // And without a wait, with the keys that are there now.
    for (client, expected) in
        [(Some(house.phone()), (201, None)), (Some(house.other()), failed()), (None, failed())]
    {
        let token = third.token(&claims_with(cnf.clone()));
        assert_eq!(house.send(client, &delete(&token)), expected);
    }
}

#[test]
fn plain_connections_have_no_certificate() {
    let mut filter = config(&[&Key::new(1)]);
    filter["proof"] = json!({"client_certificate": true});
    let upstream = Upstream::start();
    let envoy = Envoy::start(&Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address));
    let token = Key::new(1).token(&claims_with(json!({"cnf": {"x5t#S256": base64url([0; 32])}})));
    assert_eq!(h1::exchange(envoy.address(), &delete(&token)).expect("an answer").status, 401);
}
