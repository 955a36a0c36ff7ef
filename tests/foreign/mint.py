"""Mints tokens with joserfc, a JOSE library that shares no code with eec-authn.

Standard input:  {"keys": {name: {"kty": "OKP" | "EC", "crv": ..., "kid": ...}},
                  "tokens": {name: {"key": name of a key, "header": {...}, "claims": {...}}}}
Standard output: {"jwks": {"keys": [public JWKs]}, "jwk": {name: public JWK}, "tokens": {name: compact JWS}}
"""

import json
import sys

from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

KINDS = {"OKP": OKPKey, "EC": ECKey}


def main():
    orders = json.load(sys.stdin)
    keys = {}
    for name, order in orders["keys"].items():
        parameters = {"kid": order["kid"]} if "kid" in order else None
        keys[name] = KINDS[order["kty"]].generate_key(order["crv"], parameters, private=True, auto_kid=False)
    public = {name: key.as_dict(private=False) for name, key in keys.items()}
    tokens = {}
    for name, order in orders["tokens"].items():
        payload = json.dumps(order["claims"]).encode()
        header = order["header"]
        tokens[name] = jws.serialize_compact(header, payload, keys[order["key"]], algorithms=[header["alg"]])
    json.dump({"jwks": {"keys": list(public.values())}, "jwk": public, "tokens": tokens}, sys.stdout)


if __name__ == "__main__":
    main()
