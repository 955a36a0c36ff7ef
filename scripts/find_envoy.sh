#!/usr/bin/env bash
# Prints the path of the Envoy to use: $ENVOY, then `envoy` on the PATH if it is of a supported minor version, then .venv's.
set -euo pipefail
cd "$(dirname "$0")/.."

minors=$(sed -n 's/^1\.\([0-9]*\)\..*/\1/p' scripts/envoy_versions.txt)
oldest=$(head -n 1 <<<"$minors") newest=$(tail -n 1 <<<"$minors")
range="1.$oldest to 1.$newest"

# "envoy  version: COMMIT/1.40.0/Clean/RELEASE/BoringSSL"
minor() { "$1" --version 2>/dev/null | sed -n 's|.*/1\.\([0-9]*\)\.[0-9]*[-/].*|\1|p'; }
usable() { local found; found=$(minor "$1") && [ -n "$found" ] && [ "$found" -ge "$oldest" ] && [ "$found" -le "$newest" ]; }

if [ -n "${ENVOY:-}" ]; then
    path=$(command -v "$ENVOY") || { echo "error: ENVOY=\`$ENVOY\` is not an executable" >&2; exit 1; }
    usable "$path" || echo "warning: \`$path\` is not an Envoy from $range, with which the filter was tried" >&2
    realpath -s "$path"
    exit
fi
on_path=$(command -v envoy || true)
for path in "$on_path" .venv/lib/python3*/site-packages/envoy/_bin/envoy; do
    if [ -n "$path" ] && [ -x "$path" ] && usable "$path"; then
        realpath -s "$path"
        exit
    fi
done
echo "error: no Envoy from $range in ENVOY, on the PATH or in .venv; run \`make setup\`" >&2
exit 1
