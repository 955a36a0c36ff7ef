#!/usr/bin/env bash
# Builds the commit of this checkout a second time, from a clone in another folder with another home of Cargo, and compares it with what
# is in FOLDER byte for byte: module and image; with `page` the page, too, and with `all` the command lines, which takes minutes more.
#
#     reproduce.sh FOLDER [page|all]
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(realpath "$1") what=${2:-}
case $what in '' | page | all) ;; *) echo "error: reproduce $what: page, all, or nothing" >&2; exit 2 ;; esac
[ -z "$(git status --porcelain --untracked-files=no)" ] || {
    echo "error: this checkout has changes that are not committed; a second build would not have them" >&2
    exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone --quiet . "$work/elsewhere/eec-authn"
# Another home, whose crates are those that have been fetched already.
home=${CARGO_HOME:-$HOME/.cargo}
mkdir -p "$work/cargo"
[ ! -d "$home/registry" ] || cp -r "$home/registry" "$work/cargo/"
for tools in .tools .venv; do
    [ ! -d "$tools" ] || ln -s "$PWD/$tools" "$work/elsewhere/eec-authn/$tools"
done
wanted=(wasm dist/oci.sha256) targets=()
[ -z "$what" ] || wanted+=(dist/page/engine.js)
[ "$what" != all ] || read -ra targets <<<"${STATIC_TARGETS:?the Makefile says which}"
for target in "${targets[@]}"; do
    wanted+=("$work/elsewhere/eec-authn/target/static/$target/eec-authn")
done
env -u CARGO_TARGET_DIR CARGO_HOME="$work/cargo" RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}" \
    make -C "$work/elsewhere/eec-authn" --no-print-directory "${wanted[@]}"

cd "$work/elsewhere/eec-authn"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
same=0
compare() {
    if cmp "$2" "$3"; then echo "the same: $1 ($(sha256sum <"$2" | cut -c1-16)…)"; else same=1; fi
}
compare module dist/eec_authn.wasm "$folder/eec_authn.wasm"
# What is in FOLDER, not what would be made of its module now.
scripts/same_image.sh dist "$folder" || same=1
[ -z "$what" ] || compare page dist/page/engine.js "$folder/page/engine.js"
for target in "${targets[@]}"; do
    name=eec-authn-$version-${target/-unknown/}
    compare "$name" "target/static/$target/eec-authn" "$folder/$name"
done
exit "$same"
