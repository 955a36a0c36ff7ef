#!/usr/bin/env bash
# Signs what `make dist` has put together, and attests where it comes from, with `cosign`.
#
#     sign.sh FOLDER [IMAGE]      IMAGE without tag and digest; the image must be there already
#
# With COSIGN_KEY (and COSIGN_PASSWORD) by that key, and nothing leaves this machine but what goes to the registry. Without it by who runs
# this, as Sigstore's certificate and its public log have it: in a workflow that is the workflow.
# What comes to FOLDER: SHA256SUMS.sigstore.json (a signature over all files), provenance.json, and for module and command lines
# <file>.provenance.sigstore.json.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$1 image=${2:-}
cosign=$(command -v cosign || echo .tools/mesh/bin/cosign)
[ -x "$cosign" ] || { echo "error: cosign is not on the PATH; run \`make mesh-tools\`, or see https://docs.sigstore.dev" >&2; exit 1; }
by=(--yes)
[ -z "${COSIGN_KEY:-}" ] || by+=(--key "$COSIGN_KEY" --tlog-upload=false --use-signing-config=false)

python3 scripts/provenance.py >"$folder/provenance.json"
! grep -qF '+changes' "$folder/provenance.json" ||
    echo "warning: this checkout has changes that are not committed: the provenance names the commit with \`+changes\`, and nobody can build it again" >&2
"$cosign" sign-blob "${by[@]}" --bundle "$folder/SHA256SUMS.sigstore.json" "$folder/SHA256SUMS" >/dev/null
for file in "$folder/eec_authn.wasm" "$folder"/eec-authn-*-linux-musl; do
    "$cosign" attest-blob "${by[@]}" --type slsaprovenance1 --predicate "$folder/provenance.json" \
        --bundle "$file.provenance.sigstore.json" "$file" >/dev/null
done
[ -n "$image" ] || exit 0
digest=sha256:$(cut -d' ' -f1 "$folder/oci.sha256")
"$cosign" sign "${by[@]}" "$image@$digest"
"$cosign" attest "${by[@]}" --type slsaprovenance1 --predicate "$folder/provenance.json" "$image@$digest"
