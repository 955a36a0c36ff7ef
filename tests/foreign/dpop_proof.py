"""Checks a request with a DPoP-bound token as RFC 9449, section 4.3 has it, with another JOSE library.

Standard input:  {"authorization": A, "proof": P, "method": M, "url": U, "jwk": the issuer's JWK}
Standard output: {"wrong": [what does not hold]}
"""

import base64
import hashlib
import json
import sys
import time

from joserfc import jws, jwt
from joserfc.jwk import import_key


def main():
    orders = json.load(sys.stdin)
    scheme, _, token = orders["authorization"].partition(" ")
    issuer = import_key(orders["jwk"])
    cnf = jwt.decode(token, issuer, algorithms=[orders["jwk"]["alg"]]).claims["cnf"]
    header = json.loads(base64.urlsafe_b64decode(orders["proof"].split(".")[0] + "=="))
    key = import_key(header["jwk"])
    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    proof = json.loads(jws.deserialize_compact(orders["proof"], key, registry=registry).payload)
    ath = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
    checks = {
        "scheme": scheme == "DPoP",
        "typ": header["typ"] == "dpop+jwt",
        "public": not key.is_private,
        "jkt": cnf["jkt"] == key.thumbprint(),
        "htm": proof["htm"] == orders["method"],
        "htu": proof["htu"] == orders["url"],
        "iat": abs(proof["iat"] - time.time()) < 60,
        "jti": len(proof["jti"]) >= 16,
        "ath": proof["ath"] == ath,
        "nonce": proof.get("nonce") == orders.get("nonce"),
    }
    print(json.dumps({"wrong": [name for name, holds in checks.items() if not holds]}))


if __name__ == "__main__":
    main()
