#!/usr/bin/env bash
# Runs tests and ends with the sum of all runs. `product`: the core and the page's engine in Node first, then native and in a real
# Envoy; `page`: the page, and the core's tables, in a real browser; `deploy`: what is shipped around the filter; `mesh`: the same in
# real meshes. `build` runs none: it builds those of all but the meshes.
set -uo pipefail
cd "$(dirname "$0")/.."

# Most tests wait most of their time: for an Envoy, a browser, a registry.
threads=${RUST_TEST_THREADS:-}
export RUST_TEST_THREADS=${threads:-$(($(nproc) * 3))}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
failed=()

run() {
    printf '==> %s\n' "$*"
    "$@" 2>&1 | tee -a "$log"
    local result=${PIPESTATUS[0]}
    [ "$result" -eq 0 ] || { status=$result failed+=("$*"); }
}

in_node=(--lib --test wasm_core)
product=(--lib --bin eec-authn --test core --test cli --test envoy)

case "${1:-}" in
build)
    # All at once: with tests between, each build would end on one core.
    cargo native-test --no-run "${product[@]}" --test corpora --test deploy --test page &&
        cargo wasm-test --no-run "${in_node[@]}"
    exit
    ;;
product)
    run cargo wasm-test --no-fail-fast "${in_node[@]}"
    run cargo native-test --no-fail-fast "${product[@]}"
    run cargo native-test --no-fail-fast --doc
    ;;
page)
    export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
    export EEC_AUTHN_PAGE=$PWD/dist/page EEC_AUTHN_AXE=$PWD/.tools/page/node_modules/axe-core/axe.min.js
    # The command line as all tests have it: with another set of features it would be built anew, and so would they.
    run cargo native-build --bin eec-authn
    export EEC_AUTHN_CLI=$CARGO_TARGET_DIR/debug/eec-authn
    # A browser takes more to start than most tests do in it: one for each core.
    RUST_TEST_THREADS=${threads:-$(nproc)}
    # A browser as root has no sandbox of its own; a driver on a busy machine takes longer to listen than the five seconds it is given.
    run env WASM_BINDGEN_USE_BROWSER=1 CHROMEDRIVER="$(command -v chromedriver)" WASM_BINDGEN_TEST_WEBDRIVER_JSON=page/tests/webdriver.json \
        WASM_BINDGEN_TEST_DRIVER_TIMEOUT=60 WASM_BINDGEN_TEST_TIMEOUT=300 cargo wasm-test --no-fail-fast --test wasm_core
    run cargo native-test --no-fail-fast --test page
    # With the files inside it is built for a release alone, and its tests are asked there.
    run cargo native-clippy --features page --bin eec-authn --examples -- -D warnings
    ;;
deploy) run cargo native-test --no-fail-fast --test deploy ;;
mesh) run cargo native-test --test mesh ;;
*)
    echo "usage: scripts/test.sh build|product|page|deploy|mesh" >&2
    exit 2
    ;;
esac

awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, ignored }' "$log"
# One that never got to its tests is missing in the sum: what failed is said where one looks first.
[ ${#failed[@]} -eq 0 ] || printf 'failed: %s\n' "${failed[@]}"
# A run that tested nothing is no success.
grep -q '^test result: .* [1-9][0-9]* passed' "$log" || status=1
exit "$status"
