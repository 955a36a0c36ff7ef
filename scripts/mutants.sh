#!/usr/bin/env bash
# Changes the core in small ways, one at a time, and runs its native tests on each; fails where none of them notices.
# Arguments: files or folders of the core; none: all of it. `.cargo/mutants.toml` says which changes are none.
# SAMPLE=60: some sixty of the changes, by chance; it says which share they are, and SHARD=2/7 runs that one again.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    printf 'error: %s\n' "$1" >&2
    exit "${2:-1}"
}

chosen=()
for path in "$@"; do
    [ -e "$path" ] || fail "no file or folder $path; name one of the core: make mutants FILES=src/exchange"
    [ ! -d "$path" ] || path="${path%/}/**"
    chosen+=(--file "$path")
done

export PATH="$PWD/.tools/bin:$PATH"
share="${SHARD:-}"
if [ -n "${SAMPLE:-}" ] && [ -z "$share" ]; then
    [[ $SAMPLE =~ ^[1-9][0-9]{0,5}$ ]] || fail "SAMPLE is a number of changes: make mutants SAMPLE=60"
    changes=$(cargo mutants --list "${chosen[@]}" | wc -l)
    shares=$(((changes + SAMPLE - 1) / SAMPLE))
    [ "$shares" -le 1 ] || share=$((RANDOM % shares))/$shares
    printf 'mutants: of %d changes, share %s\n' "$changes" "${share:-0/1}"
fi
[ -z "$share" ] || chosen+=(--shard "$share" --sharding round-robin)

# What is built stays for the next run; backtraces are nobody's interest here. Much of a run is tests of arithmetic, which
# optimised code passes in a fraction of the time.
export CARGO_TARGET_DIR="$PWD/target/mutants" CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_INCREMENTAL=1
# The sources are copied, the environment of the tests is not.
export EEC_AUTHN_PYTHON="$PWD/.venv/bin/python"
# Where a change is noticed at all, few random signatures notice it as well.
export EEC_AUTHN_ES256_CASES=100 EEC_AUTHN_ED25519_CASES=200
# What it says when it is stopped is a line, without its own stack.
export RUST_LIB_BACKTRACE=0
results=target/mutants/mutants.out
# In a clone of which nothing has been built there is no such folder, and the tool makes but one level.
mkdir -p target/mutants
printf 'mutants: building, and the tests without a change first\n'
status=0
cargo mutants --output target/mutants --jobs "${JOBS:-1}" --colors never --no-times "${chosen[@]}" || status=$?
case $status in
0) ;;
2) fail "$results/missed.txt lists what no test noticed; write the test that does, or, where nothing changes for anybody, add it with the reason to .cargo/mutants.toml" 2 ;;
# Noticed as well, if they have no end; a machine with other work may have been too slow for the others.
3) printf 'note: %s/timeout.txt lists what ran until it was stopped; what should come to an end is to be run again\n' "$results" ;;
4) fail "the tests fail without any change; see $results/log, and mend that first: cargo native-test --lib --test core" 4 ;;
*) fail "cargo-mutants came to no result (status $status); what it said stands above" "$status" ;;
esac
