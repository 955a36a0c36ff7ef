#!/usr/bin/env bash
# Runs tests and ends with the sum of all runs. `product`: the core in Node first, then native and in a real Envoy;
# `deploy`: what is shipped around the filter; `mesh`: the same in real meshes.
set -uo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0

run() {
    printf '==> %s\n' "$*"
    "$@" 2>&1 | tee -a "$log"
    local result=${PIPESTATUS[0]}
    [ "$result" -eq 0 ] || status=$result
}

case "${1:-}" in
product)
    run cargo test --target wasm32-unknown-unknown --no-default-features --lib --test wasm_core
    run cargo test --no-fail-fast --lib --bins --test core --test cli --test envoy
    run cargo test --no-fail-fast --doc
    ;;
deploy) run cargo test --no-fail-fast --test deploy ;;
mesh) run cargo test --test mesh ;;
*)
    echo "usage: scripts/test.sh product|deploy|mesh" >&2
    exit 2
    ;;
esac

awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, ignored }' "$log"
# A run that tested nothing is no success.
grep -q '^test result: .* [1-9][0-9]* passed' "$log" || status=1
exit "$status"
