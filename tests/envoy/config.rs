//! How a real Envoy takes the filter JSON: in both shapes, and what it says where it is wrong.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::envoy::{Envoy, Push, validate};
use crate::support::fixture::{Fixture, Protocol, config, identity_of_eec_1};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims};
use crate::support::upstream::Upstream;
use serde_json::{Value, json};

#[test]
fn as_a_string_and_as_a_struct() {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["token"] = json!({"clock_skew_seconds": 60.0, "max_lifetime_seconds": 600});
    filter["cache"] = json!({"tokens": 0});
    for shape in [Configuration::Text(filter.to_string()), Configuration::Struct(filter.clone())] {
        let mut p = Problems::new();
        let fixture = Fixture::start_with(&filter, |mut setup| {
            setup.configuration = Some(shape.clone());
            setup
        });
        let request = Request::register("eec-1").bearer(key.token(&claims()));
        fixture.allowed(&mut p, &format!("{shape:.20?}"), &request, &identity_of_eec_1());
        let generation = fixture.envoy.filter_stat("config.generation");
        p.check("config.generation", generation > 0, || "it is not recorded".into());
        fixture.finish(p);
    }
}

/// Three mistakes in three places.
fn wrong(key: &Key) -> (Value, [&'static str; 4]) {
    let mut filter = config(&[key]);
    filter["protects"]["fqdns"] = json!(["10.0.0.1"]);
    filter["tokens"] = json!({});
    filter["entitlement_servers"][0]["keys"] =
        json!([{"jwk": key.jwk()}, {"jwk": {"kty": "OKP", "crv": "X25519", "x": "AA"}}]);
    filter["token"] = json!({"max_bytes": "8192"});
    let expected =
        ["protects.fqdns[0]: ", "tokens: ", "entitlement_servers[0].keys[1].jwk.crv: ", "token.max_bytes: "];
    (filter, expected)
}

#[test]
fn a_refused_configuration_names_every_mistake_and_changes_nothing() {
    let key = Key::new(1);
    let upstream = Upstream::start();
    let setup = |filter: &Value| Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address);
    let mut envoy = Envoy::start(&setup(&config(&[&key])));
    let (filter, expected) = wrong(&key);
    let Push::Refused(log) = envoy.push(&setup(&filter)) else { panic!("Envoy took a wrong configuration") };
    for path in expected {
        assert!(log.contains(&format!("configuration refused: {path}")), "no `{path}` in:\n{log}");
    }
    let request = Request::register("eec-1").bearer(key.token(&claims()));
    assert_eq!(crate::support::h1::exchange(envoy.address(), &request).expect("an answer").status, 201);

    let (code, log) = validate(&setup(&filter));
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("entitlement_servers[0].keys[1].jwk.crv: "), "{log}");
    assert_eq!(validate(&setup(&config(&[&key]))).0, Some(0));
}

#[test]
fn a_missing_secret_is_a_configuration_error_and_a_given_one_is_never_told() {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["entitlement_servers"][0]["online"] = json!({
        "method": "rfc7662", "cluster": "upstream", "client_id": "ees1", "client_secret_env": "ES_SECRET",
    });
    let upstream = Upstream::start();
    let setup = Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address);
    let (code, log) = validate(&setup);
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("entitlement_servers[0].online.client_secret_env: "), "{log}");
    let envoy = Envoy::start(&setup.environment("ES_SECRET", "s3cr3t-value"));
    assert!(!envoy.log().contains("s3cr3t-value"), "the secret is in the log");
}

#[test]
fn warnings_do_not_refuse() {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    let mut encrypts = Key::new(2).jwk();
    encrypts["use"] = json!("enc");
    filter["entitlement_servers"][0]["keys"] = json!([{"jwks": {"keys": [encrypts, key.jwk()]}}]);
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    let request = Request::register("eec-1").bearer(key.token(&claims()));
    fixture.allowed_over(Protocol::H1, &mut p, "the other key", &request, &identity_of_eec_1());
    let log = fixture.envoy.log();
    p.check("log", log.contains("entitlement_servers[0].keys[0].jwks.keys[0].use: "), || log.clone());
    fixture.finish(p);
}
