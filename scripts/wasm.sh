#!/usr/bin/env bash
# Builds the filter into the file given: compile, drop unused exports, optimise, check.
set -euo pipefail
cd "$(dirname "$0")/.."

out=$1
target=wasm32-wasip1
built=${CARGO_TARGET_DIR:-target}/$target/release/eec_authn.wasm
work=$(dirname "$built")/pruned
# What V8 of the supported Envoys accepts and rustc uses by default; SIMD is not among it.
features=(--mvp-features --enable-mutable-globals --enable-sign-ext --enable-nontrapping-float-to-int
    --enable-bulk-memory --enable-multivalue --enable-reference-types)

# Panic messages name source files: the same bytes must come out on every machine.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
export CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS="--remap-path-prefix=$cargo_home/registry/src=crates --remap-path-prefix=$PWD=eec-authn"
cargo build --release --lib --no-default-features --target "$target"

mkdir -p "$work" "$(dirname "$out")"
python3 scripts/wasm_module.py prune "$built" "$work/new.wasm"
if [ -f "$out" ] && cmp -s "$work/new.wasm" "$work/last.wasm" && cmp -s "$0" "$work/last.sh"; then
    touch "$out"
    exit
fi

if [ -n "${WASM_OPT:-}" ]; then
    optimiser=$WASM_OPT
elif [ -x .tools/node_modules/.bin/wasm-opt ]; then
    optimiser=.tools/node_modules/.bin/wasm-opt
else
    optimiser=$(command -v wasm-opt || true)
fi
if [ -n "$optimiser" ]; then
    echo "==> optimising with $("$optimiser" --version)" >&2
    # Functions with one caller stay apart: V8 takes longer than in proportion for a large one, and compiles several at once.
    "$optimiser" -Oz --one-caller-inline-max-function-size=400 "${features[@]}" --strip-debug --strip-producers --strip-target-features "$work/new.wasm" -o "$work/optimised.wasm"
else
    echo "==> no wasm-opt (install Node with npm, or binaryen): the module works, but is bigger and slower" >&2
    cp "$work/new.wasm" "$work/optimised.wasm"
fi
python3 scripts/wasm_module.py check "$work/optimised.wasm"
mv "$work/optimised.wasm" "$out"
mv "$work/new.wasm" "$work/last.wasm"
cp "$0" "$work/last.sh"
