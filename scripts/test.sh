#!/usr/bin/env bash
# Runs all tests: the core in Node first, then native and in a real Envoy. Ends with the sum of all runs.
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

run cargo test --target wasm32-unknown-unknown --no-default-features --lib --test wasm_core
run cargo test --no-fail-fast

awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, ignored }' "$log"
# A run that tested nothing is no success.
grep -q '^test result: .* [1-9][0-9]* passed' "$log" || status=1
exit "$status"
