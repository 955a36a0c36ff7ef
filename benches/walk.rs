//! The walk by itself, natively and without a proxy: what a request costs whose token is verified, and one whose token is known.
//!
//! `cargo bench --bench walk` prints microseconds. Instructions are the same however busy the machine is:
//!
//!     KIND=known CALLS=2000 valgrind --tool=callgrind --toggle-collect=walk::counted target/release/deps/walk-…

#![allow(clippy::disallowed_methods, reason = "a benchmark has a clock")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_compact::{KeyPair, Seed};
use eec_authn::config;
use eec_authn::exchange::{Exchange, Next};
use eec_authn::keys::{NoHost, TableStore};
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

fn main() {
    let kinds = [("verified", 0), ("known", 2 * TOKENS)];
    if let Ok(calls) = std::env::var("CALLS") {
        let wanted = std::env::var("KIND").expect("KIND=verified or KIND=known");
        let (_, kept) = kinds.iter().find(|(kind, _)| *kind == wanted).expect("verified or known");
        let walk = Walk::new(*kept);
        (0..calls.parse().expect("a number")).for_each(|number| assert!(counted(&walk, number)));
        return;
    }
    for (kind, kept) in kinds {
        let walk = Walk::new(kept);
        let begin = Instant::now();
        const CALLS: usize = 20_000;
        (0..CALLS).for_each(|number| assert!(walk.passes(number)));
        println!("walk {kind} {:.2}", begin.elapsed().as_secs_f64() * 1e6 / CALLS as f64);
    }
}

/// One request, under a name that valgrind finds.
#[inline(never)]
fn counted(walk: &Walk, number: usize) -> bool {
    walk.passes(black_box(number))
}

struct Walk {
    plugin: Rc<PluginState>,
    authorizations: Vec<String>,
}

impl Walk {
    /// With room for so many known tokens.
    fn new(kept: usize) -> Walk {
        let pair = KeyPair::from_seed(Seed::new([7; 32]));
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let filter = format!(
            r#"{{"protects":{{"role":"ees","fqdns":["{AUDIENCE}"]}},"cache":{{"tokens":{kept}}},"entitlement_servers":[{{"fqdn":"{ISSUER}",
            "keys":[{{"jwk":{{"kty":"OKP","crv":"Ed25519","kid":"k","x":"{}"}}}}]}}]}}"#,
            encoded(pair.pk.as_ref())
        );
        let policy = config::parse(filter.as_bytes(), &|_| None).expect("a good configuration").policy;
        let owner = MemoryOwner::of(&policy);
        let proofs = ProofMemory::agree(Box::new(OwnMap::default()), owner, Some([7; 32]), UnixTime::EPOCH);
        let plugin = PluginState::sharing(policy, RandomState::new(), proofs, &TableStore::default());
        let authorizations = (0..TOKENS).map(|number| {
            let header = encoded(br#"{"alg":"EdDSA","kid":"k","typ":"JWT"}"#);
            let claims = format!(
                r#"{{"iss":"{ISSUER}","sub":"eec-{number:06}","gpsi":"msisdn-4917000{number:05}","aud":"{AUDIENCE}","iat":{},"exp":{},
                "jti":"{number:032}"}}"#,
                NOW - 60.0,
                NOW + 3_600.0
            );
            let input = format!("{header}.{}", encoded(claims.as_bytes()));
            format!("Bearer {input}.{}", encoded(pair.sk.sign(&input, None).as_ref()))
        });
        let walk = Walk { authorizations: authorizations.collect(), plugin: Rc::new(plugin) };
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
        let step = exchange.on_request_headers(&request, now, &NoHost);
        let told = step.identity.iter().flat_map(|token| token.identity_headers());
        told.for_each(|header| {
            black_box(header);
        });
        matches!(step.next, Next::Continue(_))
    }
}
