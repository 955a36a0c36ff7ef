#!/usr/bin/env bash
# In place of rustc while the page is built. Cargo tells a package outside the workspace apart by the folder it lies in, which the core
# is to the page's engine, and whatever needs it by that, too. Names of functions follow from it, and with them their order in the file,
# so that each clone would get other bytes.
set -euo pipefail

own=
arguments=()
for argument in "$@"; do
    [ "${arguments[*]: -1}" != --crate-name ] || case $argument in eec_authn | page_engine) own=$argument ;; esac
    case $own:$argument in ?*:metadata=*) argument=metadata=$own ;; esac
    arguments+=("$argument")
done
exec "${arguments[@]}"
