//! `docs/issuers.md`, `docs/token-profiles.md` and `docs/entitlement-server.md` by what they show: each configuration is taken, each token is decided as it
//! stands there, and each row of "changed" refuses it with that code.
//!
//! `"…"` in a key stands for ours; the token is signed with its algorithm.

use crate::decision_cases::merged;
use crate::support::page::{Section, sections};
use crate::support::token::{Key, base64url};
use eec_authn::config;
use eec_authn::exchange::PendingIntrospection;
use eec_authn::exchange::rehearsal::{Decision, Rehearsal, Wait, play};
use eec_authn::introspection::{self, RawResponse};
use eec_authn::keys::NoHost;
use eec_authn::plugin_state::PluginState;
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use p256::ecdsa::signature::Signer as _;
use rsa::pkcs1v15::SigningKey as RsaSigningKey;
use rsa::rand_core::{CryptoRng, Error, RngCore, impls};
use rsa::sha2::Sha256;
use rsa::signature::SignatureEncoding as _;
use rsa::traits::PublicKeyParts as _;
use serde_json::{Map, Value, json};
use std::hash::RandomState;
use std::rc::Rc;
use std::sync::LazyLock;

/// The same numbers each time: no private key needs to be kept.
struct Numbers(u64);

impl RngCore for Numbers {
    fn next_u32(&mut self) -> u32 {
        impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        impls::fill_bytes_via_next(self, bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Numbers {}

static RSA: LazyLock<rsa::RsaPrivateKey> =
    LazyLock::new(|| rsa::RsaPrivateKey::new(&mut Numbers(25), 2048).expect("an RSA key"));
static P256: LazyLock<p256::ecdsa::SigningKey> =
    LazyLock::new(|| p256::ecdsa::SigningKey::from_slice(&[25; 32]).expect("a P-256 key"));

fn ed25519() -> Key {
    Key::new(25)
}

/// `value` with our public keys in place of `"…"`.
fn with_keys(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(with_keys).collect(),
        Value::Object(members) if members.contains_key("kty") => {
            let point = P256.verifying_key().to_encoded_point(false);
            let members = members.iter().map(|(name, value)| {
                let ours = match (members["kty"].as_str(), &**name) {
                    (Some("RSA"), "n") => base64url(RSA.n().to_bytes_be()),
                    (Some("EC"), "x") => base64url(point.x().expect("x")),
                    (Some("EC"), "y") => base64url(point.y().expect("y")),
                    (Some("OKP"), "x") => ed25519().x(),
                    _ => return (name.clone(), value.clone()),
                };
                (name.clone(), if value == "…" { json!(ours) } else { value.clone() })
            });
            Value::Object(members.collect())
        }
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), with_keys(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

fn signed(header: &Value, claims: &Value) -> String {
    let input = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
    let signature = match header["alg"].as_str() {
        Some("RS256") => RsaSigningKey::<Sha256>::new(RSA.clone()).sign(input.as_bytes()).to_vec(),
        Some("ES256") => {
            let signature: p256::ecdsa::Signature = P256.sign(input.as_bytes());
            signature.to_bytes().to_vec()
        }
        Some("EdDSA") => return ed25519().sign(&input),
        other => panic!("no key for {other:?}"),
    };
    format!("{input}.{}", base64url(signature))
}

/// The request of a section, to be changed by its rows.
fn case(section: &Section) -> Value {
    let [_, token, answer @ ..] = &*section.blocks else { panic!("{}: no token", section.title) };
    let gpsi = section.headers.get("x-eec-gpsi");
    let mut body = json!({"eecId": section.headers["x-eec-id"]});
    if let Some(gpsi) = gpsi {
        body["ueId"] = gpsi.clone();
    }
    merged(token, &json!({"answer": answer.first(), "body": body}))
}

/// The decision: the identity headers, or a code with the operator's reason.
fn decide(config: &Value, case: &Value) -> (Value, &'static str) {
    let environment = |_: &str| Some(base64url([1; 32]));
    let loaded = config::parse(with_keys(config).to_string().as_bytes(), &environment);
    let loaded = loaded.unwrap_or_else(|errors| {
        panic!("{config}: {:?}", errors.iter().map(ToString::to_string).collect::<Vec<_>>())
    });
    let plugin = Rc::new(PluginState::new(loaded.policy, RandomState::new()));
    let token =
        case["token"].as_str().map_or_else(|| signed(&case["header"], &case["claims"]), str::to_owned);
    let host = config["protects"]["fqdns"][0].as_str().expect("a name");
    let usual = match config["protects"]["role"].as_str() {
        Some("ecs") => "/eecs-serviceprovisioning/v1/request",
        _ => "/eees-eecregistration/v1/registrations",
    };
    let path = case["path"].as_str().unwrap_or(usual);
    let bearer = format!("Bearer {token}");
    let pairs: [(&[u8], &[u8]); 5] = [
        (b":method", b"POST"),
        (b":path", path.as_bytes()),
        (b":authority", host.as_bytes()),
        (b"content-type", b"application/json"),
        (b"authorization", bearer.as_bytes()),
    ];
    let answer = |pending: &PendingIntrospection| {
        let (status, body) = match &case["answer"] {
            Value::Object(_) => (Some(200), case["answer"].to_string()),
            status => (status.as_u64().and_then(|status| u16::try_from(status).ok()), String::new()),
        };
        let types: &[&[u8]] = &[b"application/json"];
        let raw = RawResponse { status, by_proxy: false, content_types: types, body: body.as_bytes() };
        Some(introspection::read(&pending.asked.online.method, &raw).last_word())
    };
    let body = case["body"].to_string();
    let rehearsal = Rehearsal {
        request: RequestView::new(&pairs, false),
        body: Some(&[body.as_bytes()]),
        trailers: None,
        answer: &answer,
        wait: Wait::Short,
    };
    // 2026-11-30T12:00:00Z, the day of the samples.
    let outcome = play(&plugin, &rehearsal, UnixTime::new(1_796_040_000.0).expect("a time"), &NoHost);
    match outcome.decision {
        Decision::Allowed => {
            let headers = outcome.identity.iter().flat_map(|token| token.identity_headers());
            (headers.map(|(n, v)| (n.to_string(), json!(v))).collect::<Map<_, _>>().into(), "")
        }
        Decision::Denied(denial, _) => (json!(denial.reason.code()), denial.because),
        other => panic!("{other:?}"),
    }
}

/// Every section of the page, and that there are so many.
fn held(page: &str, titles: &[&str]) {
    let sections = sections(page);
    assert_eq!(sections.iter().map(|section| &*section.title).collect::<Vec<_>>(), titles);
    let mut wrong = Vec::new();
    for section in &sections {
        let case = case(section);
        let decided = decide(&section.blocks[0], &case);
        if decided.0 != Value::Object(section.headers.clone()) {
            wrong.push(format!("{}: {decided:?}", section.title));
        }
        assert!(!section.rows.is_empty(), "{}: nothing is refused", section.title);
        for (change, code) in &section.rows {
            let decided = decide(&section.blocks[0], &merged(&case, change));
            if decided.0 != **code {
                wrong.push(format!("{}: {change}: {decided:?} instead of {code}", section.title));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_recipe_for_an_issuer_takes_its_tokens() {
    held(
        "issuers.md",
        &[
            "oidc-provider",
            "Keycloak",
            "Auth0",
            "Microsoft Entra ID",
            "Google",
            "Amazon Cognito",
            "Okta",
            "Duende IdentityServer",
            "Ory Hydra",
            "Kubernetes",
            "SPIFFE",
            "What `apply_to: all` needs of an introspection endpoint",
        ],
    );
}

#[test]
fn every_profile_of_tokens_is_as_its_page_says() {
    held(
        "token-profiles.md",
        &[
            "Solution #25",
            "An edge ECS as issuer (TS 33.558)",
            "Operator tokens (TS.43)",
            "Opaque tokens that are introspected (RFC 7662)",
        ],
    );
}

#[test]
fn the_token_that_is_asked_of_an_entitlement_server_is_taken() {
    held("entitlement-server.md", &["The token"]);
}

/// A recipe lets no stranger in, and names no claim that nobody looks at.
#[test]
fn no_recipe_has_what_check_warns_of_in_issuers_and_claims() {
    let mut found = Vec::new();
    for section in ["issuers.md", "token-profiles.md"].into_iter().flat_map(sections) {
        let text = with_keys(&section.blocks[0]).to_string();
        let loaded = config::parse(text.as_bytes(), &|_| Some(base64url([1; 32]))).expect("a configuration");
        let warnings = config::advice(&loaded.policy);
        let such = |path: &str| {
            ["fqdn", "issuer", "scope_claim", "claim"].iter().any(|end| path.ends_with(&format!(".{end}")))
                || path.starts_with("forward.headers")
        };
        let such = warnings.iter().filter(|warning| such(&warning.path));
        found.extend(such.map(|warning| format!("{}: {warning}", section.title)));
    }
    assert_eq!(found, Vec::<String>::new());
}

/// Without `issuer`, an `iss` with a path or a port is told from one of somebody else.
#[test]
fn the_reason_of_issuer_unknown_says_when_only_the_spelling_differs() {
    let sections = sections("issuers.md");
    let keycloak = sections.iter().find(|section| section.title == "Keycloak").expect("the section");
    let reason = |config: &Value, iss: &str| {
        let (code, because) = decide(config, &merged(&case(keycloak), &json!({"claims": {"iss": iss}})));
        assert_eq!(code, "issuer_unknown", "{iss}");
        because
    };
    let exact = &keycloak.blocks[0];
    let mut by_name = exact.clone();
    by_name["entitlement_servers"][0].as_object_mut().expect("a server").remove("issuer");
    for (config, iss, alike) in [
        (&by_name, "https://keycloak.example.org/realms/edge", true),
        (&by_name, "http://KEYCLOAK.example.org", true),
        (&by_name, "https://keycloak.example.org.:8443/", true),
        (&by_name, "https://keycloak.example.org.attacker.example", false),
        (&by_name, "https://attacker.example/keycloak.example.org", false),
        (&by_name, "", false),
        (exact, "https://keycloak.example.org/realms/edge/", true),
        (exact, "keycloak.example.org", true),
        (exact, "https://login.example.org/realms/edge", false),
    ] {
        assert_eq!(reason(config, iss).contains("set that server's `issuer`"), alike, "{iss}");
    }
}
