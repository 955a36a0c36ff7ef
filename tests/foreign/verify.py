"""Verifies tokens with joserfc, a JOSE library that shares no code with eec-authn.

Standard input:  {name: {"jwk": a JWK, public or private, "alg": the only algorithm allowed, "token": compact JWS}}
Standard output: {name: {"header": {...}, "claims": {...}}}, or null for a token that does not verify
"""

import json
import sys

from joserfc import jwk, jws
from joserfc.errors import JoseError


def verified(order):
    key = jwk.import_key(order["jwk"])
    try:
        token = jws.deserialize_compact(order["token"], key, algorithms=[order["alg"]])
    except JoseError:
        return None
    return {"header": token.headers(), "claims": json.loads(token.payload)}


if __name__ == "__main__":
    json.dump({name: verified(order) for name, order in json.load(sys.stdin).items()}, sys.stdout)
