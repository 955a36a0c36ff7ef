//! What one signature costs each verifier, natively and in WebAssembly (Node's V8).
//!
//! `make bench` runs both. There is no host here, so ES384 and RS* show the fallback in Rust; in Envoy the
//! host verifies them. One line an algorithm: `verify ALGORITHM MICROSECONDS` (the median of batches).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eec_authn::json::{self, Json};
use eec_authn::keys::{NoHost, PublicKey, TableStore};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{Criterion, wasm_bindgen_bench};

/// Batches to take the median of.
const BATCHES: usize = 15;
/// About how long a batch shall take.
const BATCH_SECONDS: f64 = 0.1;

/// Measures every algorithm of `signatures.json`, which a foreign library made; `seconds` is a clock.
fn measure(seconds: impl Fn() -> f64, print: impl Fn(&str)) {
    let cases = json::parse(include_bytes!("signatures.json")).expect("strict JSON");
    for case in cases.as_array().expect("an array") {
        let text = |name: &str| case.get(name).and_then(Json::as_str).expect("a string");
        let signature = URL_SAFE_NO_PAD.decode(text("signature")).expect("base64url");
        let message = text("message").as_bytes();
        let key = PublicKey::from_jwk(case.get("jwk").expect("a JWK")).expect("a good key");
        key.prepare(&TableStore::default());
        key.finish_tables();

        let batch = |count: usize| {
            let start = seconds();
            for _ in 0..count {
                assert!(std::hint::black_box(&key).verify(
                    std::hint::black_box(message),
                    &signature,
                    &NoHost
                ));
            }
            seconds() - start
        };
        let mut count = 8;
        while batch(count) < BATCH_SECONDS {
            count *= 2;
        }
        let mut batches: Vec<f64> = (0..BATCHES).map(|_| batch(count) / count as f64 * 1e6).collect();
        batches.sort_by(f64::total_cmp);
        print(&format!("verify {} {:.1}", text("alg"), batches[BATCHES / 2]));
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[expect(clippy::disallowed_methods, reason = "a benchmark needs a clock")]
fn main() {
    let start = std::time::Instant::now();
    measure(|| start.elapsed().as_secs_f64(), |line| println!("{line}"));
}

#[cfg(target_arch = "wasm32")]
fn main() {}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_bench]
fn verifiers(_: &mut Criterion) {
    let start = wasm_bindgen_test::Instant::now();
    measure(|| start.elapsed().as_secs_f64(), |line| wasm_bindgen_test::console_log!("{line}"));
}
