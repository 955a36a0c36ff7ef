#!/usr/bin/env bash
# Fuzzes each target for so many seconds, with the seeds in fuzz/seeds; a finding ends it with an error.
set -euo pipefail
cd "$(dirname "$0")/.."

# Not the target folder of `make`: sanitizers build everything anew.
export CARGO_TARGET_DIR="$PWD/fuzz/target"
seconds=${1:-30}
cargo +nightly fuzz --version >/dev/null 2>&1 || {
    echo "error: needs a nightly toolchain and cargo-fuzz (\`cargo install cargo-fuzz\`)" >&2
    exit 1
}
for target in json config request body readers; do
    echo "==> $target, $seconds seconds"
    mkdir -p "fuzz/corpus/$target"
    log="fuzz/$target.log"
    if ! cargo +nightly fuzz run "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -max_len=4096 -print_final_stats=1 >"$log" 2>&1; then
        tail -40 "$log"
        exit 1
    fi
    grep "stat::number_of_executed_units" "$log"
done
