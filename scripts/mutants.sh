#!/usr/bin/env bash
# Changes the core in small ways, one at a time, and runs its native tests on each; fails where none of them notices.
# Arguments: files or folders of the core; none: all of it. `.cargo/mutants.toml` says which changes are none.
set -euo pipefail
cd "$(dirname "$0")/.."

chosen=()
for path in "$@"; do
    [ -e "$path" ] || { printf 'error: no file or folder %s; name one of the core: make mutants FILES=src/exchange\n' "$path" >&2; exit 1; }
    [ ! -d "$path" ] || path="${path%/}/**"
    chosen+=(--file "$path")
done

# What is built stays for the next run; backtraces are nobody's interest here.
export CARGO_TARGET_DIR="$PWD/target/mutants" CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=1
# The sources are copied, the environment of the tests is not.
export EEC_AUTHN_PYTHON="$PWD/.venv/bin/python"
export PATH="$PWD/.tools/bin:$PATH"
status=0
cargo mutants --output target/mutants --jobs "${JOBS:-1}" "${chosen[@]}" || status=$?
case $status in
0) ;;
# Some ran until they were stopped: noticed as well.
3) ;;
*)
    printf 'error: see target/mutants/mutants.out/missed.txt; write the test that notices, or, where nothing changes for anybody, add it with the reason to .cargo/mutants.toml\n' >&2
    exit "$status"
    ;;
esac
