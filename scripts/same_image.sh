#!/usr/bin/env bash
# Compares the image in a release's folder with one that has been made: its digest, each blob, and the archive, which is there after
# `make dist` alone.
#
#     same_image.sh MADE FOLDER      each with `oci` and `oci.sha256`, as scripts/oci.py makes them
set -euo pipefail

made=$1 folder=$2
unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT
same=0
cmp "$made/oci.sha256" "$folder/oci.sha256" || same=1
diff -r "$made/oci" "$folder/oci" || same=1
if [ -e "$folder/image.oci.tar" ]; then
    tar -xf "$folder/image.oci.tar" -C "$unpacked"
    diff -r "$made/oci" "$unpacked" || same=1
fi
[ "$same" != 0 ] || echo "the same: image ($(cut -c1-16 "$made/oci.sha256")…)"
exit "$same"
