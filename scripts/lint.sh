#!/usr/bin/env bash
# All that can be found without running the product; the first fault ends it.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '==> %s\n' "$*"; }

say "formatting"
git ls-files '*Cargo.toml' | while read -r manifest; do cargo fmt --check --manifest-path "$manifest"; done

say "walls: only the adapter knows proxy-wasm"
if grep -rnE '\bproxy_wasm(::|;| as )' src --include='*.rs' --exclude-dir=proxy_wasm_adapter; then
    echo "error: proxy_wasm outside src/proxy_wasm_adapter" >&2
    exit 1
fi
if grep -rnE '\bcrate::(cli|proxy_wasm_adapter)\b' src --include='*.rs' --exclude-dir=cli --exclude-dir=proxy_wasm_adapter --exclude=main.rs; then
    echo "error: the core reaches for the command line or the adapter" >&2
    exit 1
fi

say "walls: no file imports another in a circle"
for sources in src tests/*/ page/engine/src page/tests benches/*/src fuzz; do python3 scripts/import_circles.py "$sources"; done

say "walls: TLS and certificate making of the command line are in neither build of the core"
for target in wasm32-wasip1 wasm32-unknown-unknown; do
    if cargo tree --locked --quiet --no-default-features --target "$target" --edges normal --prefix none | grep -E '^(rcgen|ring|rustls|rustls-native-certs|tokio|tokio-rustls) v'; then
        echo "error: $target gets what belongs to the command line" >&2
        exit 1
    fi
done

say "tests: none of the page's engine is one that nobody runs in WebAssembly"
if grep -rlE '#\[test\]' page/engine/src | xargs grep -L 'use wasm_bindgen_test::wasm_bindgen_test as test;' | grep .; then
    echo "error: without \`use wasm_bindgen_test::wasm_bindgen_test as test;\` a \`#[test]\` there does not run" >&2
    exit 1
fi

say "callbacks: what the adapter implements is what the module exports"
python3 scripts/wasm_module.py callbacks src/proxy_wasm_adapter

say "clippy: native, all targets, with the page's tests"
cargo native-clippy --locked --all-targets -- -D warnings
# As it is shipped: the module's build shares what it is built with.
say "clippy: the filter (wasm32-wasip1)"
cargo clippy --release --lib --no-default-features --target wasm32-wasip1 -- -D warnings
say "clippy: what runs in Node and in browsers (wasm32-unknown-unknown): the core's tests, the page's engine"
cargo wasm-clippy --lib --test wasm_core --bench verify -- -D warnings
cargo wasm-clippy --profile test --lib -- -D warnings
say "the page: scripts that can be read"
if command -v node >/dev/null; then
    for script in page/script/*.js; do node --check "$script"; done
fi

say "package: no warnings, nothing big in it, and the filter builds from it"
scripts/package.sh

say "documentation: no link in a comment leads nowhere, neither in the core nor in the adapter"
export RUSTDOCFLAGS="-D warnings"
cargo native-doc --quiet --no-deps --document-private-items --lib
cargo doc --quiet --release --no-deps --document-private-items --lib --no-default-features --target wasm32-wasip1
