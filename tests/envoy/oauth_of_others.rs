//! Bound tokens of an issuer that nobody here wrote (npm `oidc-provider`), used by clients that nobody here wrote (npm
//! `oauth4webapi`, `dpop`), in a real Envoy.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::envoy::Envoy;
use crate::support::fixture::FQDN;
use crate::support::foreign::{Server, run_in_node};
use crate::support::h1;
use crate::support::request::Request;
use crate::support::token::base64url;
use crate::support::upstream::Upstream;
use serde_json::{Value, json};

const PATH: &str = "/eees-eecregistration/v1/registrations/r1";

/// The issuer, and Envoy that trusts it.
struct House {
    issuer: Server,
    envoy: Envoy,
    _upstream: Upstream,
}

impl House {
    fn start(proof: &Value) -> House {
        let issuer = Server::start_in_node("oauth/issuer.mjs", &[FQDN]);
        let upstream = Upstream::start();
        let filter = json!({
            "protects": {"role": "ees", "fqdns": [FQDN]},
            "entitlement_servers": [{
                "fqdn": "issuer.example.org", "issuer": format!("http://{}", issuer.address),
                "keys": [{"jwk": issuer.first["jwk"]}],
                "online": {
                    "method": "rfc7662", "cluster": "es", "path": "/oauth2/introspect", "timeout_ms": 10_000,
                    "client_id": "ees1", "client_secret_env": "ES_SECRET", "authority": issuer.address.to_string(),
                },
            }],
            "token": {"eec_id_claim": "client_id"},
            "proof": proof,
        });
        let setup = Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address);
        let setup = setup.cluster("es", issuer.address).environment("ES_SECRET", "secret");
        let envoy = Envoy::start(&setup.environment("EEC_AUTHN_NONCE", &base64url([3; 32])));
        House { issuer, envoy, _upstream: upstream }
    }

    /// What the client comes to: three requests with a token for this resource, and a proof to be used here.
    fn client(&self, alg: &str, resource: &str) -> Value {
        run_in_node(
            "oauth/client.mjs",
            &json!({
                "issuer": format!("http://{}", self.issuer.address), "host": FQDN, "port": self.envoy.address().port(),
                "resource": format!("https://{FQDN}{resource}"), "alg": alg, "path": PATH,
            }),
        )
    }

    fn status(&self, request: &Request) -> (u16, Option<String>) {
        let request = Request { case: Request::new("GET", "/").case, ..request.clone() };
        let status = h1::exchange(self.envoy.address(), &request).expect("an answer").status;
        (status, self.envoy.access(&request.case).get("decision"))
    }
}

#[test]
fn their_clients_pass_with_their_tokens_and_a_thief_does_not() {
    let house = House::start(
        &json!({"required": true, "dpop": {"algorithms": ["ES256", "EdDSA", "RS256", "PS256"]}}),
    );
    for (alg, resource) in [
        ("ES256", ""),
        ("Ed25519", ""),
        ("RS256", ""),
        ("PS256", ""),
        ("ES256", "/opaque"),
        ("Ed25519", "/opaque"),
    ] {
        let made = house.client(alg, resource);
        assert_eq!(made["statuses"], json!([201, 201, 201]), "{alg} {resource}: {made}");
        assert_eq!(made["token_type"].as_str().map(str::to_lowercase).as_deref(), Some("dpop"));
        let token = made["token"].as_str().expect("a token");
        assert_eq!(token.matches('.').count(), if resource.is_empty() { 2 } else { 0 }, "{token}");
        // The proof of npm `dpop`, once; then all that a thief could make of both.
        let request = Request::new("DELETE", PATH).dpop(token, made["proof"].as_str().expect("a proof"));
        assert_eq!(house.status(&request), (201, None), "{alg} {resource}");
        assert_eq!(house.status(&request), (401, Some("deny:proof_replayed".into())), "{alg} {resource}");
        let bearer = Request::new("DELETE", PATH).bearer(token);
        assert_eq!(house.status(&bearer), (401, Some("deny:confirmation_failed".into())), "{alg} {resource}");
        let other = house.client("ES256", resource);
        let mixed = Request::new("DELETE", PATH).dpop(token, other["proof"].as_str().expect("a proof"));
        assert_eq!(house.status(&mixed), (401, Some("deny:confirmation_failed".into())), "{alg} {resource}");
    }
}

#[test]
fn their_client_fetches_the_nonce_by_itself() {
    let house = House::start(&json!({"dpop": {"nonce": {"secret_env": ["EEC_AUTHN_NONCE"]}}}));
    let made = house.client("ES256", "");
    assert_eq!((&made["statuses"], &made["nonces"]), (&json!([201, 201, 201]), &json!(1)), "{made}");
    assert_eq!(house.envoy.filter_stat("denied.proof_nonce"), 1);
}
