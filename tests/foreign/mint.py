"""Mints tokens with joserfc, a JOSE library that shares no code with eec-authn.

Standard input:  {"keys": {name: {"kty": "OKP" | "EC" | "RSA", "crv": curve or number of bits, "kid": ...}},
                  "tokens": {name: {"key": name of a key, "header": {...}, "claims": {...}}},
                  "sets": {name: {"key": name of the signer, "header": {...}, "claims": {...}, "keys": [names of keys]}},
                  "confused": {"name": ..., "key": name of a key, "claims": {...}}}
"sets" is optional: key sets as JWSs, which stand among the tokens. So is "confused": a token with HS256 whose secret is the PEM of that
public key.
Standard output: {"jwks": {"keys": [public JWKs]}, "jwk": {name: public JWK}, "tokens": {name: compact JWS}}
"""

import base64
import hashlib
import hmac
import json
import sys

from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

KINDS = {"OKP": OKPKey, "EC": ECKey, "RSA": RSAKey}


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def main():
    orders = json.load(sys.stdin)
    keys = {}
    for name, order in orders["keys"].items():
        parameters = {"kid": order["kid"]} if "kid" in order else None
        size = int(order["crv"]) if order["kty"] == "RSA" else order["crv"]
        keys[name] = KINDS[order["kty"]].generate_key(size, parameters, private=True, auto_kid=False)
    public = {name: key.as_dict(private=False) for name, key in keys.items()}
    for order in orders.get("sets", {}).values():
        order["claims"]["keys"] = [public[name] for name in order["keys"]]
    tokens = {}
    for name, order in (orders["tokens"] | orders.get("sets", {})).items():
        payload = json.dumps(order["claims"]).encode()
        header = order["header"]
        tokens[name] = jws.serialize_compact(header, payload, keys[order["key"]], algorithms=[header["alg"]])
    if order := orders.get("confused"):
        # By hand: the library rightly refuses a public key as a secret.
        header = {"alg": "HS256", "kid": order["key"]}
        signing_input = b".".join(base64url(json.dumps(part).encode()) for part in (header, order["claims"]))
        secret = keys[order["key"]].as_pem(private=False)
        signature = hmac.new(secret, signing_input, hashlib.sha256).digest()
        tokens[order["name"]] = (signing_input + b"." + base64url(signature)).decode()
    json.dump({"jwks": {"keys": list(public.values())}, "jwk": public, "tokens": tokens}, sys.stdout)


if __name__ == "__main__":
    main()
