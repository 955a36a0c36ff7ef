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

say "callbacks: what the adapter implements is what the module exports"
python3 scripts/wasm_module.py callbacks src/proxy_wasm_adapter

say "clippy: native, all targets, with the page's engine and its tests"
cargo clippy --locked --workspace --all-targets -- -D warnings
say "clippy: the filter (wasm32-wasip1)"
cargo clippy --lib --no-default-features --target wasm32-wasip1 -- -D warnings
say "clippy: the core's tests in Node (wasm32-unknown-unknown)"
cargo clippy --no-default-features --target wasm32-unknown-unknown --lib --test wasm_core --bench verify -- -D warnings
say "the page: scripts that can be read"
if command -v node >/dev/null; then
    for script in page/script/*.js; do node --check "$script"; done
fi

say "package: no warnings but that nobody hosts it yet, nothing big in it, and it builds"
target=${CARGO_TARGET_DIR:-target}
said=$(cargo package --offline --locked --no-verify --allow-dirty 2>&1) || { printf '%s\n' "$said" >&2; exit 1; }
if grep '^warning' <<<"$said" | grep -vx 'warning: manifest has no documentation, homepage or repository'; then
    printf 'error: `cargo package` has warnings:\n%s\n' "$said" >&2
    exit 1
fi
package=$(sed -n 's/^version = "\(.*\)"/eec-authn-\1/p' Cargo.toml | head -n 1)
[ "$(stat -c %s "$target/package/$package.crate")" -lt 1500000 ] || {
    echo "error: $target/package/$package.crate is over 1.5 MB; \`exclude\` in Cargo.toml leaves out what no build needs" >&2
    exit 1
}
rm -rf "$target/package/$package"
tar -C "$target/package" -xzf "$target/package/$package.crate"
cargo check --quiet --locked --lib --bins --target-dir "$target" --manifest-path "$target/package/$package/Cargo.toml"
cargo check --quiet --locked --lib --no-default-features --target wasm32-wasip1 --target-dir "$target" --manifest-path "$target/package/$package/Cargo.toml"

say "documentation: no link in a comment leads nowhere, neither in the core nor in the adapter"
export RUSTDOCFLAGS="-D warnings"
cargo doc --quiet --no-deps --document-private-items --lib
cargo doc --quiet --no-deps --document-private-items --lib --no-default-features --target wasm32-wasip1
