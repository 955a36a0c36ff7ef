#!/usr/bin/env bash
# Builds the programs of scripts/mesh_tools.txt into .tools/mesh/bin, those that are not there in the pinned version, and puts what the
# tests read of their modules (definitions of resources, the bootstrap of Istio's sidecar) into .tools/mesh/files.
#
#     mesh_tools.sh [PROGRAM…]      only these
#     mesh_tools.sh --check         whether all are there; builds nothing
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '==> %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

pins=scripts/mesh_tools.txt
kept=.tools/mesh
GOTOOLCHAIN=$(awk '$1 == "toolchain" { print $2 }' "$pins")
# What this machine is set to does not matter; two at a time, as CI has cores.
export GOTOOLCHAIN GOFLAGS=-p=2 GOWORK=off GO111MODULE=on CGO_ENABLED=0

programs() { awk '/^[a-z]/ && $1 != "toolchain" { print $1 }' "$pins"; }
pinned() { awk -v program="$1" '$1 == program { print $2, $3 }' "$pins"; }
version_of() { awk -v program="$1" '$1 == program { print $3 }' "$pins"; }
current() { [ -x "$kept/bin/$1" ] && [ "$(cat "$kept/bin/$1.version" 2>/dev/null)" = "$(pinned "$1") $GOTOOLCHAIN" ]; }

# The folder of a module in Go's own cache.
folder_of() { go mod download -json "$1@$2" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'; }

# A module file of our own: that of Kubernetes replaces its parts by folders which the published module does not have, and `go install`
# takes no replacements. The parts are published as v0 of the same minor version.
kubernetes() {
    local package=$1 version=$2 work=$3 own
    own=$(folder_of k8s.io/kubernetes "$version")
    {
        printf 'module mesh-tools\n\ngo 1.27\n\nrequire k8s.io/kubernetes %s\n\nreplace (\n' "$version"
        sed -n "s|^\t\(k8s.io/[a-z-]*\) => ./staging/.*|\t\1 => \1 ${version/v1./v0.}|p" "$own/go.mod"
        printf ')\n'
    } >"$work/go.mod"
    # As its own build does: clients look at the version.
    local minor=${version#v1.} of=k8s.io/component-base/version
    local flags="-s -w -X $of.gitVersion=$version -X $of.gitMajor=1 -X $of.gitMinor=${minor%%.*}"
    (cd "$work" && go build -mod=mod -trimpath -ldflags="$flags" -o "$work/bin/" "$package")
}

build() {
    local program=$1 package version work
    current "$program" && return
    read -r package version <<<"$(pinned "$program")"
    [ -n "$version" ] || fail "$pins has no program \`$program\`"
    command -v go >/dev/null ||
        fail "go is not on the PATH; istiod, the API server and Envoy Gateway are built with it (1.21 or later; it fetches $GOTOOLCHAIN itself)"
    say "$program $version: building into $kept (minutes, the first time)"
    work=$(mktemp -d)
    # Go's messages about what it downloads are for a fault alone.
    if ! case "$package" in
        k8s.io/kubernetes/*) kubernetes "$package" "$version" "$work" ;;
        *) GOBIN="$work/bin" go install -trimpath -ldflags='-s -w' "$package@$version" ;;
    esac 2>"$work/messages"; then
        tail -n 20 "$work/messages" >&2
        fail "$program $version cannot be built; is the Go module proxy reached?"
    fi
    mkdir -p "$kept/bin"
    mv "$work/bin/$program" "$kept/bin/$program"
    rm -rf "$work"
    printf '%s' "$(pinned "$program") $GOTOOLCHAIN" >"$kept/bin/$program.version"
}

files() {
    local istio gateway both file
    istio=$(version_of pilot-discovery) gateway=$(version_of envoy-gateway)
    both="$istio $gateway"
    [ "$(cat "$kept/files/version" 2>/dev/null)" = "$both" ] && return
    rm -rf "$kept/files"
    mkdir -p "$kept/files"
    istio=$(folder_of istio.io/istio "$istio") gateway=$(folder_of github.com/envoyproxy/gateway "$gateway")
    cp "$istio/manifests/charts/base/files/crd-all.gen.yaml" "$kept/files/istio-crds.yaml"
    cp "$istio/tools/packaging/common/envoy_bootstrap.json" "$kept/files/istio-bootstrap.json"
    # Helm templates, with a condition around each file and nothing else of Helm's in them.
    for file in "$gateway"/charts/gateway-crds-helm/templates/{experimental-gatewayapi-crds.yaml,generated/*.yaml}; do
        printf -- '---\n'
        grep -vE '^\{\{-? *(if|end|else)' "$file"
    done >"$kept/files/gateway-crds.yaml"
    chmod -R u+w "$kept/files"
    printf '%s' "$both" >"$kept/files/version"
}

if [ "${1:-}" = --check ]; then
    for program in $(programs); do current "$program" || exit 1; done
    exit 0
fi
if [ $# -gt 0 ]; then wanted=("$@"); else mapfile -t wanted < <(programs); fi
for program in "${wanted[@]}"; do build "$program"; done
[ $# -gt 0 ] || files
