#!/usr/bin/env bash
# Starts Envoy with the keys that the entitlement server has now. Bash alone: the image has no HTTP client.
set -euo pipefail

exec 3<>/dev/tcp/entitlement-server/8080
printf 'GET /jwks HTTP/1.1\r\nhost: entitlement-server\r\nconnection: close\r\n\r\n' >&3
IFS= read -r status <&3
[[ $status == "HTTP/1.1 200"* ]] || { echo "no keys: $status" >&2; exit 1; }
while IFS= read -r line <&3 && [ "$line" != $'\r' ]; do :; done
IFS= read -r -d '' keys <&3 || true

# A secret for this run: 42 random characters and one whose last bits are 0, base64url of 32 bytes.
alphabet=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_
secret=
for ((i = 0; i < 42; i++)); do secret+=${alphabet:SRANDOM & 63:1}; done
export EEC_AUTHN_OWNERSHIP=${secret}A

config=$(</etc/envoy/envoy.yaml.in)
printf '%s\n' "${config//@JWKS@/"$keys"}" >/tmp/envoy.yaml
# The filter tells each denial with its reason in words, at level `info`.
exec envoy -c /tmp/envoy.yaml --disable-hot-restart -l warning --component-log-level wasm:info
