"""Keys and tokens of a made-up entitlement server, minted by a foreign library."""

import base64
import json
import pathlib
import time
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISSUER = "aes.mnc001.mcc001.pub.3gppnetwork.org"
AUDIENCE = "ees1.edge.example.net"
ALGORITHMS = ["EdDSA", "ES256", "RS256"]
# Whose keys are pushed.
PUSHED = [*ALGORITHMS, "ES384"]


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size):
    return base64url(value.to_bytes(size, "big"))


class Key:
    """A private key with its public JWK."""

    def __init__(self, algorithm, kid):
        self.algorithm = algorithm
        self.jwk = {"kid": kid, "alg": algorithm}
        if algorithm == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()
            raw = self.private.public_key().public_bytes_raw()
            self.jwk |= {"kty": "OKP", "crv": "Ed25519", "x": base64url(raw)}
        elif algorithm == "ES256":
            self.private = ec.generate_private_key(ec.SECP256R1())
            point = self.private.public_key().public_numbers()
            self.jwk |= {"kty": "EC", "crv": "P-256", "x": number(point.x, 32), "y": number(point.y, 32)}
        elif algorithm == "ES384":
            self.private = ec.generate_private_key(ec.SECP384R1())
            point = self.private.public_key().public_numbers()
            self.jwk |= {"kty": "EC", "crv": "P-384", "x": number(point.x, 48), "y": number(point.y, 48)}
        else:
            self.private = rsa.generate_private_key(65537, 2048)
            public = self.private.public_key().public_numbers()
            self.jwk |= {"kty": "RSA", "n": number(public.n, 256), "e": number(public.e, 3)}

    def sign(self, text):
        if self.algorithm == "EdDSA":
            return self.private.sign(text)
        if self.algorithm == "ES256":
            r, s = decode_dss_signature(self.private.sign(text, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self.private.sign(text, padding.PKCS1v15(), hashes.SHA256())

    def token(self, serial, size=0, claims=None):
        """A good token; `size` is the least number of bytes it shall have, `claims` replace or add some."""
        now = int(time.time())
        header = base64url(json.dumps({"alg": self.algorithm, "typ": "JWT", "kid": self.jwk["kid"]}).encode())
        claims = {
            "iss": ISSUER,
            "sub": f"eec-{serial:06}",
            "gpsi": f"msisdn-{491700000000 + serial}",
            "aud": [AUDIENCE],
            "iat": now,
            "exp": now + 12 * 3600,
            "jti": f"{serial:032x}",
        } | (claims or {})
        payload = base64url(json.dumps(claims).encode())
        missing = size - len(header) - len(payload) - 2 - {"EdDSA": 86, "ES256": 86, "RS256": 342}[self.algorithm]
        if missing > 0:
            claims["pad"] = "x" * max(0, missing * 3 // 4 - 10)
            payload = base64url(json.dumps(claims).encode())
        text = f"{header}.{payload}"
        return f"{text}.{base64url(self.sign(text.encode()))}"


@dataclass
class Tokens:
    """A file of different tokens, one a line."""

    path: pathlib.Path
    count: int
    first: str
    mean_bytes: int


def write_tokens(path, key, count, size=0):
    return file_of(path, [key.token(serial, size) for serial in range(count)])


def file_of(path, tokens):
    path.write_text("\n".join(tokens) + "\n")
    return Tokens(path, len(tokens), tokens[0], round(sum(map(len, tokens)) / len(tokens)))
