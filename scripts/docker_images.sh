#!/usr/bin/env bash
# Makes stand-ins of the images that envoy/docker/compose.yaml names, from files of this machine, under the same names:
# for a machine that reaches no image registry. DOCKER names the client, if not `docker`.
set -euo pipefail
cd "$(dirname "$0")/.."

docker=${DOCKER:-docker}
"$docker" version >/dev/null 2>&1 || {
    echo "error: no Docker engine answers; these are for one that runs. \`make docker-demo\` starts one and makes them itself" >&2
    exit 1
}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# A program with the libraries it needs, at the places where it looks for them.
take() {
    local program=$1 as=$2 library
    install -D -m 755 "$program" "$root$as"
    for library in $(ldd "$program" | grep -o '/[^ ]*'); do
        install -D -m 755 "$(realpath "$library")" "$root$library"
    done
}

import() {
    tar -C "$root" -c . | "$docker" import --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin' - "$1" >/dev/null
    echo "==> $1: made from local files" >&2
}

mkdir -p "$root/tmp" "$root/etc"
chmod 1777 "$root/tmp"
printf 'root:x:0:0::/:/bin/bash\nnobody:x:65534:65534::/:/bin/bash\n' >"$root/etc/passwd"
take /bin/bash /bin/bash
import "${BASE_IMAGE:-debian:bookworm-slim}"
take "$(scripts/find_envoy.sh)" /usr/local/bin/envoy
import "${ENVOY_IMAGE:-envoyproxy/envoy:v1.40-latest}"
