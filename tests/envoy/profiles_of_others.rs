//! The profiles of `docs/token-profiles.md` as they stand there, but for the keys, with issuers that nobody here wrote, in a real
//! Envoy. What an issuer cannot do, the page says.

use crate::support::fixture::{FQDN, Fixture, ISSUER, Protocol};
use crate::support::foreign::{Server, mint, run_in_node};
use crate::support::page::{Section, section_of};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims_with, now};
use serde_json::{Value, json};

/// A profile, and its configuration with this key for the issuer's.
fn profile(title: &str, jwk: &Value) -> (Section, Value) {
    let section = section_of("token-profiles.md", title);
    let mut filter = section.blocks[0].clone();
    filter["entitlement_servers"][0]["keys"] = json!([{"jwk": jwk}]);
    (section, filter)
}

/// A token of npm `oidc-provider` in the name of `issuer`, got by npm `oauth4webapi`.
fn acquired(server: &Server, issuer: &str, resource: &str, scope: &str) -> String {
    let orders = json!({
        "issuer": issuer, "token_endpoint": format!("http://{}/token", server.address), "host": FQDN, "scope": scope,
        "resource": format!("https://{FQDN}{resource}"),
    });
    run_in_node("oauth/client.mjs", &orders)["token"].as_str().expect("a token").to_owned()
}

/// The request must be refused so. (Of a body that is refused the upstream may have seen the headers, and a challenge may name a scope.)
fn refused(fixture: &Fixture, p: &mut Problems, name: &str, request: Request, code: &str) {
    let status = fixture.send(Protocol::H1, &request).map(|response| response.status);
    let details = fixture.envoy.access(&request.case).get("details");
    p.equal(name, "details", details, Some(format!("eec_authn.{code}")));
    p.check(name, matches!(status, Ok(403)), || format!("{status:?}"));
}

/// `jti` is the issuer's choice.
fn payload(token: &str) -> Value {
    use base64::Engine as _;
    let part = token.split('.').nth(1).expect("a payload");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[test]
fn solution_25_with_tokens_of_another_jose_library() {
    let claims = json!({
        "iss": ISSUER, "sub": "eec-1", "gpsi": "msisdn-491700000001", "aud": ["ecs.edge.example.net", FQDN], "jti": "7f3a9c",
        "iat": now(), "exp": now() + 3_600,
    });
    let header = json!({"alg": "ES256", "typ": "JWT", "kid": "2026-10"});
    let minted = mint(&json!({
        "keys": {"es": {"kty": "EC", "crv": "P-256", "kid": "2026-10"}},
        "tokens": {"good": {"key": "es", "header": header, "claims": claims}},
    }));
    let (section, filter) = profile("Solution #25", &minted["jwk"]["es"]);
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    let token = minted["tokens"]["good"].as_str().expect("a token");
    let request = |ue_id: &str| {
        let body = json!({"eecId": "eec-1", "ueId": ue_id}).to_string();
        let request =
            Request::new("POST", "/eecs-serviceprovisioning/v1/request").authority("ecs.edge.example.net");
        request.bearer(token).json(body)
    };
    let identity: Vec<(&str, &str)> =
        section.headers.iter().map(|(name, value)| (&**name, value.as_str().expect("text"))).collect();
    fixture.allowed(&mut p, "good", &request("msisdn-491700000001"), &identity);
    refused(&fixture, &mut p, "another UE", request("msisdn-491700000002"), "binding_mismatch");
    fixture.finish(p);
}

#[test]
fn an_edge_ecs_that_is_an_oauth_server() {
    let issuer = "https://ecs.edge.example.net";
    let server = Server::start_in_node("oauth/issuer.mjs", &[FQDN, issuer]);
    let (_, filter) = profile("An edge ECS as issuer (TS 33.558)", &server.first["jwk"]);
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    let token = acquired(&server, issuer, "", "eees-eecregistration eees-easdiscovery");
    let claims = payload(&token);
    let id = claims["jti"].as_str().expect("a jti");
    let identity = [("x-eec-id", "eec-1"), ("x-eec-issuer", "ecs.edge.example.net"), ("x-eec-token-id", id)];
    fixture.allowed(&mut p, "good", &Request::register("eec-1").bearer(&token), &identity);
    refused(&fixture, &mut p, "another EEC", Request::register("eec-2").bearer(&token), "binding_mismatch");
    let narrow = acquired(&server, issuer, "", "eees-easdiscovery");
    refused(&fixture, &mut p, "another scope", Request::register("eec-1").bearer(narrow), "claim_mismatch");
    fixture.finish(p);
}

#[test]
fn operator_tokens_at_another_entitlement_server() {
    let key = Key::new(1);
    let (good, revoked) = (key.token(&claims_with(json!({}))), key.token(&claims_with(json!({"jti": "2"}))));
    let orders = json!({"operator_tokens": {&good: 600, &revoked: 600}, "revoked": [revoked]});
    let server = Server::start_with("ts43_server.py", &orders);
    let (section, mut filter) = profile("Operator tokens (TS.43)", &key.jwk());
    // A busy machine is no outage.
    filter["entitlement_servers"][0]["online"]["timeout_ms"] = json!(20_000);
    let fixture = Fixture::start_with(&filter, |setup| setup.cluster("entitlement-server", server.address));
    let mut p = Problems::new();
    let identity: Vec<(&str, &str)> =
        section.headers.iter().map(|(name, value)| (&**name, value.as_str().expect("text"))).collect();
    fixture.allowed(&mut p, "good", &Request::register("eec-1").bearer(good), &identity);
    fixture.denied(&mut p, "revoked", &Request::register("eec-1").bearer(revoked), "token_inactive");
    // As random as the profile says: nobody is named.
    let own = server.first["own"].as_str().expect("a token");
    fixture.denied(&mut p, "opaque", &Request::register("eec-1").bearer(own), "token_malformed");
    fixture.finish(p);
}

#[test]
fn opaque_tokens_that_another_oauth_server_introspects() {
    let issuer = format!("https://{ISSUER}");
    let server = Server::start_in_node("oauth/issuer.mjs", &[FQDN, &issuer]);
    let mut filter =
        section_of("token-profiles.md", "Opaque tokens that are introspected (RFC 7662)").blocks[0].clone();
    filter["entitlement_servers"][0]["online"]["timeout_ms"] = json!(20_000);
    let start = |filter: &Value| {
        Fixture::start_with(filter, |setup| {
            setup.cluster("entitlement-server", server.address).environment("ES_CLIENT_SECRET", "secret")
        })
    };
    let mut p = Problems::new();
    let token = acquired(&server, &issuer, "/opaque", "edge");
    let request = Request::register("eec-1").bearer(&token);
    // In the client credentials grant it gives no `sub` with an opaque token.
    let fixture = start(&filter);
    fixture.denied(&mut p, "as it stands", &request, "claim_missing");
    fixture.finish(p);
    filter["entitlement_servers"][0]["eec_id_claim"] = json!("client_id");
    let (fixture, mut p) = (start(&filter), Problems::new());
    fixture.allowed(&mut p, "client_id", &request, &[("x-eec-id", "eec-1"), ("x-eec-issuer", ISSUER)]);
    let stranger = Request::register("eec-1").bearer("never-issued");
    fixture.denied(&mut p, "another", &stranger, "token_inactive");
    refused(&fixture, &mut p, "another EEC", Request::register("eec-2").bearer(&token), "binding_mismatch");
    fixture.finish(p);
}
