//! `iss` and `aud` in a real Envoy: by name, never by resemblance (`docs/contract.md#naming`).

use crate::support::cases::{claims_case, raw_claim};
use crate::support::fixture::{FQDN, Fixture, ISSUER, config};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims_with};
use serde_json::{Value, json};

fn fixture(key: &Key, changes: impl FnOnce(&mut Value)) -> Fixture {
    let mut filter = config(&[key]);
    changes(&mut filter);
    Fixture::start(&filter)
}

/// Ways to write `name` that name it, and ways that do not (`docs/contract.md#naming`).
fn spellings(name: &str) -> (Vec<String>, Vec<String>) {
    let upper = name.to_uppercase();
    let good = vec![
        name.to_owned(),
        upper.clone(),
        format!("{name}."),
        format!("https://{name}"),
        format!("https://{name}/"),
        format!("https://{name}."),
        format!("HTTPS://{upper}./"),
    ];
    let (first, rest) = name.split_once('.').expect("labels");
    let bad = vec![
        format!("{name}/"),
        format!("{name}.."),
        format!("{name}:443"),
        format!(" {name}"),
        format!("{name} "),
        format!("{name}\n"),
        format!("{name}\0"),
        format!("http://{name}"),
        format!("https:{name}"),
        format!("https:/{name}"),
        format!("https:///{name}"),
        format!("//{name}"),
        format!("https://{name}:443"),
        format!("https://{name}//"),
        format!("https://{name}/x"),
        format!("https://{name}?"),
        format!("https://{name}#"),
        format!("https://user@{name}"),
        format!("user@{name}"),
        format!("https://{name}@evil.example.org"),
        format!("https://https://{name}"),
        format!("evil-{name}"),
        format!("evil.{name}"),
        format!("{name}.evil.example.org"),
        format!("{name}evil"),
        rest.to_owned(),
        first.to_owned(),
        format!("*.{rest}"),
        // Full-width full stop and a Kelvin sign: other characters than those they look like.
        format!("{first}\u{ff0e}{rest}"),
        name.replace('e', "\u{435}"),
        format!("{name},{name}"),
        "https://".to_owned(),
        ".".to_owned(),
    ];
    (good, bad)
}

#[test]
fn audience_by_name_never_by_resemblance() {
    let key = Key::new(1);
    let fixture =
        fixture(&key, |filter| filter["protects"]["fqdns"] = json!([FQDN, "ees2.edge.example.net"]));
    let mut p = Problems::new();
    let (good, bad) = spellings(FQDN);
    for spelling in good {
        claims_case(&fixture, &mut p, &key, json!({"aud": spelling}), "");
        claims_case(&fixture, &mut p, &key, json!({"aud": ["other.example.org", spelling]}), "");
    }
    for spelling in &bad {
        claims_case(&fixture, &mut p, &key, json!({"aud": spelling}), "audience_mismatch");
    }
    claims_case(&fixture, &mut p, &key, json!({"aud": bad}), "audience_mismatch");
    for (aud, want) in [
        (json!("ees2.edge.example.net"), ""),
        (json!(["ees2.edge.example.net", "", "x"]), "claim_malformed"),
        (json!(7), "claim_malformed"),
        (json!(true), "claim_malformed"),
        (json!({"aud": FQDN}), "claim_malformed"),
        (json!([7]), "claim_malformed"),
        (json!([FQDN, 7]), "claim_malformed"),
        (json!([FQDN, null]), "claim_malformed"),
        (json!([[FQDN]]), "claim_malformed"),
        // Of the right type, so the earlier row has it.
        (json!([]), "audience_mismatch"),
        (json!(""), "audience_mismatch"),
        (json!([""]), "audience_mismatch"),
    ] {
        claims_case(&fixture, &mut p, &key, json!({"aud": aud}), want);
    }
    claims_case(&fixture, &mut p, &key, json!({"aud": null}), "claim_missing");
    raw_claim(&fixture, &mut p, &key, "aud", "null", "claim_malformed");
    fixture.finish(p);
}

#[test]
fn issuer_by_name_never_by_resemblance() {
    let key = Key::new(1);
    let fixture = fixture(&key, |_| ());
    let mut p = Problems::new();
    let (good, bad) = spellings(ISSUER);
    // Whatever the spelling, the upstream gets the configured one: `allowed` looks at that.
    for spelling in good {
        claims_case(&fixture, &mut p, &key, json!({"iss": spelling}), "");
    }
    for spelling in bad {
        claims_case(&fixture, &mut p, &key, json!({"iss": spelling}), "issuer_unknown");
    }
    for iss in [json!(null), json!(7), json!([ISSUER]), json!({}), json!(""), json!(true)] {
        claims_case(&fixture, &mut p, &key, json!({"iss": iss}), "issuer_unknown");
    }
    raw_claim(&fixture, &mut p, &key, "iss", "null", "issuer_unknown");
    fixture.finish(p);
}

#[test]
fn a_configured_issuer_is_exact_and_stands_instead_of_the_fqdn() {
    let key = Key::new(1);
    let issuer = "https://op.example.org/Tenant";
    let fixture = fixture(&key, |filter| filter["entitlement_servers"][0]["issuer"] = json!(issuer));
    let mut p = Problems::new();
    let request = Request::register("eec-1").bearer(key.token(&claims_with(json!({"iss": issuer}))));
    fixture.allowed(&mut p, issuer, &request, &[("x-eec-id", "eec-1"), ("x-eec-issuer", issuer)]);
    for other in [
        ISSUER,
        "https://op.example.org/tenant",
        "https://op.example.org/Tenant/",
        "HTTPS://op.example.org/Tenant",
        "https://op.example.org",
        "op.example.org",
        " https://op.example.org/Tenant",
    ] {
        claims_case(&fixture, &mut p, &key, json!({"iss": other}), "issuer_unknown");
    }
    fixture.finish(p);
}
