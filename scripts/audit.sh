#!/usr/bin/env bash
# Licences, sources and advisories of whatever a lock file of the project names: what is shipped, and what builds and tests it.
set -uo pipefail
cd "$(dirname "$0")/.."

status=0
while read -r lock; do
    manifest=${lock%.lock}.toml
    printf '==> %s\n' "$manifest"
    cargo deny --manifest-path "$manifest" --workspace --config deny.toml --locked check "$@" || status=1
done < <(find . \( -name target -o -name node_modules -o -name '.?*' \) -prune -o -name Cargo.lock -print | sort)
exit "$status"
