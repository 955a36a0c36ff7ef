#!/usr/bin/env bash
# The crate as a package: no warnings but that nobody hosts it yet, nothing big in it, and the filter builds from what is in it.
# With `cli` the command line does, too: with other features than tests have, that takes a minute more.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}
case ${1:-} in '' | cli) ;; *) fail "usage: scripts/package.sh [cli]" ;; esac
target=${CARGO_TARGET_DIR:-$PWD/target}
said=$(cargo package --offline --locked --no-verify --allow-dirty 2>&1) || { printf '%s\n' "$said" >&2; exit 1; }
if grep '^warning' <<<"$said" | grep -vx 'warning: manifest has no documentation, homepage or repository'; then
    fail "\`cargo package\` has warnings:"$'\n'"$said"
fi
package=$(sed -n 's/^version = "\(.*\)"/eec-authn-\1/p' Cargo.toml | head -n 1)
[ "$(stat -c %s "$target/package/$package.crate")" -lt 1500000 ] ||
    fail "$target/package/$package.crate is over 1.5 MB; \`exclude\` in Cargo.toml leaves out what no build needs"
rm -rf "$target/package/$package"
tar -C "$target/package" -xzf "$target/package/$package.crate"

check() { cargo check --quiet --locked --release --target-dir "$target" --manifest-path "$target/package/$package/Cargo.toml" "$@"; }
check --lib --no-default-features --target wasm32-wasip1
[ "${1:-}" != cli ] || check --lib --bins
