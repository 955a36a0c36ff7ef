//! The walk by itself, natively and without a proxy: what a request costs whose token is verified, here or by a host that needs no time
//! for it, one whose token is known, and one about whose known token the entitlement server is asked.
//!
//! `cargo bench --bench walk` prints microseconds. Instructions are the same however busy the machine is:
//!
//!     KIND=known CALLS=2000 valgrind --tool=callgrind --toggle-collect=walk::counted target/release/deps/walk-…

#![allow(clippy::disallowed_methods, reason = "a benchmark has a clock")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_compact::{KeyPair, Seed};
use eec_authn::config;
use eec_authn::exchange::{Exchange, Inquiry, Next, Step, keep_until};
use eec_authn::introspection::{RawResponse, read};
use eec_authn::json::{self, Json};
use eec_authn::keys::{Algorithm, HostVerifier, TableStore};
use eec_authn::plugin_state::PluginState;
use eec_authn::proof::{MemoryOwner, ProofMemory};
use eec_authn::request::RequestView;
use eec_authn::shared_map::OwnMap;
use eec_authn::time::UnixTime;
use std::hash::RandomState;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

const ISSUER: &str = "aes.mnc001.mcc001.pub.3gppnetwork.org";
const AUDIENCE: &str = "ees1.edge.example.net";
/// After the tokens were issued and before they end.
const NOW: f64 = 1_800_000_000.0;
const TOKENS: usize = 200;
/// Rounds through all tokens until all tables are there and all tokens known.
const WARM_ROUNDS: usize = 5;

/// What is measured.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    /// Whether the host verifies the tokens, by RS256.
    by_host: bool,
    /// Whether they are known.
    known: bool,
    /// Whether the entitlement server is asked about each request.
    asks: bool,
}

const KINDS: [Kind; 4] = [
    Kind { name: "verified", by_host: false, known: false, asks: false },
    Kind { name: "verified_by_host", by_host: true, known: false, asks: false },
    Kind { name: "known", by_host: false, known: true, asks: false },
    Kind { name: "online", by_host: false, known: true, asks: true },
];

fn main() {
    if let Ok(calls) = std::env::var("CALLS") {
        let wanted = std::env::var("KIND").unwrap_or_default();
        let kind = KINDS.into_iter().find(|kind| kind.name == wanted);
        let walk =
            Walk::new(kind.unwrap_or_else(|| panic!("KIND: one of {:?}", KINDS.map(|kind| kind.name))));
        (0..calls.parse().expect("a number")).for_each(|number| assert!(counted(&walk, number)));
        return;
    }
    for kind in KINDS {
        let walk = Walk::new(kind);
        let begin = Instant::now();
        const CALLS: usize = 20_000;
        (0..CALLS).for_each(|number| assert!(walk.passes(number)));
        println!("walk {} {:.2}", kind.name, begin.elapsed().as_secs_f64() * 1e6 / CALLS as f64);
    }
}

/// One request, under a name that valgrind finds.
#[inline(never)]
fn counted(walk: &Walk, number: usize) -> bool {
    walk.passes(black_box(number))
}

/// A host that takes no time to find that a signature is good.
struct Trusting;

impl HostVerifier for Trusting {
    fn verify(&self, _: Algorithm, spki_der: &[u8], signature: &[u8], message: &[u8]) -> Option<bool> {
        black_box((spki_der, signature, message));
        Some(true)
    }
}

struct Walk {
    plugin: Rc<PluginState>,
    authorizations: Vec<String>,
    /// What the entitlement server says about each token.
    answers: Vec<String>,
}

impl Walk {
    fn new(kind: Kind) -> Walk {
        let signer = Signer::new(kind.by_host);
        let online = r#","online":{"method":"rfc7662","cluster":"es","apply_to":"all","cache_seconds":0}"#;
        let filter = format!(
            r#"{{"protects":{{"role":"ees","fqdns":["{AUDIENCE}"]}},"cache":{{"tokens":{}}},
            "entitlement_servers":[{{"fqdn":"{ISSUER}","keys":[{{"jwk":{}}}]{}}}]}}"#,
            if kind.known { 2 * TOKENS } else { 0 },
            signer.jwk(),
            if kind.asks { online } else { "" },
        );
        let policy = config::parse(filter.as_bytes(), &|_| None).expect("a good configuration").policy;
        let owner = MemoryOwner::of(&policy);
        let proofs = ProofMemory::agree(Box::new(OwnMap::default()), owner, Some([7; 32]), UnixTime::EPOCH);
        let plugin = PluginState::sharing(policy, RandomState::new(), proofs, &TableStore::default());
        let claims: Vec<String> = (0..TOKENS)
            .map(|number| {
                format!(
                    r#""iss":"{ISSUER}","sub":"eec-{number:06}","gpsi":"msisdn-4917000{number:05}","aud":"{AUDIENCE}","iat":{},"exp":{},
                    "jti":"{number:032}"}}"#,
                    NOW - 60.0,
                    NOW + 3_600.0
                )
            })
            .collect();
        let walk = Walk {
            authorizations: claims
                .iter()
                .map(|claims| signer.authorization(&format!("{{{claims}")))
                .collect(),
            answers: claims.iter().map(|claims| format!(r#"{{"active":true,{claims}"#)).collect(),
            plugin: Rc::new(plugin),
        };
        (0..WARM_ROUNDS * TOKENS).for_each(|number| assert!(walk.passes(number)));
        walk
    }

    /// Whether a request with one of the tokens goes on, as it should.
    fn passes(&self, number: usize) -> bool {
        let authorization = self.authorizations[number % TOKENS].as_bytes();
        let pairs: [(&[u8], &[u8]); 9] = [
            (b":authority", AUDIENCE.as_bytes()),
            (b":path", b"/eees-eecregistration/v1/registrations/1"),
            (b":method", b"DELETE"),
            (b":scheme", b"http"),
            (b"user-agent", b"eec/1"),
            (b"accept", b"application/json"),
            (b"authorization", authorization),
            (b"x-forwarded-proto", b"http"),
            (b"x-request-id", b"2f0a6a9e-5c1c-4f0e-8c3d-0a4f9e3c9b1a"),
        ];
        let request = RequestView::new(&pairs, true);
        let now = UnixTime::new(NOW).expect("a time");
        let mut exchange = Exchange::new(Rc::clone(&self.plugin), 1);
        let mut step = exchange.on_request_headers(&request, now, &Trusting);
        if let Next::Await(Some(inquiry)) = step.next {
            step = self.answer(&mut exchange, &inquiry, &self.answers[number % TOKENS], now);
        }
        let told = step.identity.iter().flat_map(|token| token.identity_headers());
        told.for_each(|header| {
            black_box(header);
        });
        matches!(step.next, Next::Continue(_))
    }

    /// What the exchange comes to when the entitlement server says `body`.
    fn answer(&self, exchange: &mut Exchange, inquiry: &Inquiry, body: &str, now: UnixTime) -> Step<'static> {
        black_box(inquiry.question());
        let pending = &inquiry.pending;
        let content_types: [&[u8]; 1] = [b"application/json"];
        let raw = RawResponse {
            status: Some(200),
            by_proxy: false,
            content_types: &content_types,
            body: body.as_bytes(),
        };
        let answer = read(&pending.asked.online.method, &raw).last_word();
        let until = keep_until(pending, &answer, now);
        let waiting = self.plugin.in_flight.borrow_mut().answered(pending.digest, &answer, now, until);
        assert_eq!(waiting, [1]);
        exchange.on_answer(&answer, None, now, &Trusting, &|| None)
    }
}

/// Whoever issues the tokens.
enum Signer {
    Ed25519(KeyPair),
    /// One whose signatures nobody looks at.
    Rs256(Json),
}

impl Signer {
    fn new(rs256: bool) -> Signer {
        if !rs256 {
            return Signer::Ed25519(KeyPair::from_seed(Seed::new([7; 32])));
        }
        let cases = json::parse(include_bytes!("signatures.json")).expect("strict JSON");
        let mut cases = cases.as_array().expect("an array").iter();
        let case = cases.find(|case| case.get("alg").and_then(Json::as_str) == Some("RS256"));
        Signer::Rs256(case.and_then(|case| case.get("jwk")).expect("a JWK").clone())
    }

    fn jwk(&self) -> String {
        match self {
            Signer::Ed25519(pair) => {
                let x = URL_SAFE_NO_PAD.encode(pair.pk.as_ref());
                format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"k0","x":"{x}"}}"#)
            }
            Signer::Rs256(jwk) => jwk.to_string(),
        }
    }

    /// The Authorization header of a token with these claims.
    fn authorization(&self, claims: &str) -> String {
        let alg = if matches!(self, Signer::Ed25519(_)) { "EdDSA" } else { "RS256" };
        let header = format!(r#"{{"alg":"{alg}","kid":"k0","typ":"JWT"}}"#);
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = match self {
            Signer::Ed25519(pair) => pair.sk.sign(&input, None).to_vec(),
            // Below the modulus, and of its length.
            Signer::Rs256(_) => vec![1; 256],
        };
        format!("Bearer {input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
