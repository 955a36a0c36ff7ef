"""Reads the public keys of certificates with OpenSSL (through `cryptography`).

Standard input:  [PEM, ...]
Standard output: [JWK or null, ...]: null where the certificate cannot be read, or its key is of another kind
"""

import json
import sys

from chains import jwk
from cryptography import x509


def public(pem):
    try:
        return jwk(x509.load_pem_x509_certificate(pem.encode()).public_key())
    except (ValueError, KeyError, OverflowError, AttributeError, x509.InvalidVersion):
        return None


if __name__ == "__main__":
    json.dump([public(pem) for pem in json.load(sys.stdin)], sys.stdout)
