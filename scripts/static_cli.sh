#!/usr/bin/env bash
# Builds the command line, with the page inside, for Linux of any distribution: linked statically with musl.
#
#     static_cli.sh TARGET FILE      TARGET is x86_64-unknown-linux-musl or aarch64-unknown-linux-musl
#
# `ring` has C and assembly, and no plain machine has a C compiler for both targets. Zig's, which is a Python package, has the C library
# of both, too; cargo-zigbuild hands it to Cargo.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$1 out=$2
page=$PWD/dist/page
cargo_home=${CARGO_HOME:-$HOME/.cargo}
# Panic messages name source files: the same bytes must come out on every machine.
paths=("$cargo_home/registry/src=crates" "$PWD=eec-authn")
name=${target//-/_}
export "CARGO_TARGET_${name^^}_RUSTFLAGS=${paths[*]/#/--remap-path-prefix=}"
export "CFLAGS_$name=${paths[*]/#/-ffile-prefix-map=}"
export EEC_AUTHN_PAGE=$page PATH=$PWD/.venv/bin:$PATH
cargo zigbuild --release --locked --features page --bin eec-authn --target "$target"
mkdir -p "$(dirname "$out")"
cp "${CARGO_TARGET_DIR:-target}/$target/release/eec-authn" "$out"
