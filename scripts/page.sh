#!/usr/bin/env bash
# Builds the page into the folder given: the core as WebAssembly with its glue, then the files around it.
set -euo pipefail
cd "$(dirname "$0")/.."

out=$1
target=wasm32-unknown-unknown
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
work=$CARGO_TARGET_DIR/page
built=$CARGO_TARGET_DIR/$target/page/page_engine.wasm

# Panic messages name source files: the same bytes must come out on every machine.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="--remap-path-prefix=$cargo_home/registry/src=crates --remap-path-prefix=$PWD=eec-authn"
cargo build --profile page --locked --package page-engine --target "$target"

mkdir -p "$work" "$out"
# No modules: the page also works from a file, where browsers load none.
.tools/bin/wasm-bindgen-glue --target no-modules --no-typescript --remove-producers-section --out-dir "$work" --out-name core "$built"
optimiser=${WASM_OPT:-.tools/node_modules/.bin/wasm-opt}
if [ -x "$optimiser" ]; then
    # -Oz takes four times as long for 5 % less, and compressed it is more.
    "$optimiser" -O1 --enable-mutable-globals --enable-sign-ext --enable-nontrapping-float-to-int --enable-bulk-memory \
        --enable-multivalue --enable-reference-types --strip-debug --strip-producers --strip-target-features \
        "$work/core_bg.wasm" -o "$work/core.wasm"
else
    echo "==> no wasm-opt: the page works, but is bigger" >&2
    cp "$work/core_bg.wasm" "$work/core.wasm"
fi
python3 scripts/page.py "$work/core.js" "$work/core.wasm" page "$out"
