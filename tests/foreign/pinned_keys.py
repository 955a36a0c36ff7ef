"""Makes a key of each kind with OpenSSL (through `cryptography`) and signs with it through joserfc.

Standard input:  {"server": FQDN, "claims": {...}, "not_after": "2030-01-01"}
Standard output: {alg: {"jwk": public JWK, "public_key_pem": ..., "certificate_pem": ..., "x5t_s256": ...,
                        "token": with kid, "token_x5t": with x5t#S256 alone, "other": by another key, with kid}}
"""

import base64
import datetime
import json
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

MAKE = {
    "EdDSA": lambda: (ed25519.Ed25519PrivateKey.generate(), OKPKey, None),
    "ES256": lambda: (ec.generate_private_key(ec.SECP256R1()), ECKey, hashes.SHA256()),
    "ES384": lambda: (ec.generate_private_key(ec.SECP384R1()), ECKey, hashes.SHA384()),
}
for _alg in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"):
    MAKE[_alg] = lambda: (rsa.generate_private_key(65537, 2048), RSAKey, hashes.SHA256())


def sign(alg, private, kind, header, claims):
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return jws.serialize_compact({"alg": alg, **header}, json.dumps(claims).encode(), kind.import_key(pem), [alg])


def certificate(private, hash_, orders):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "not looked at")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime.fromisoformat(orders["not_after"]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(orders["server"])]), critical=False)
        .sign(private, hash_)
    )


def main():
    orders = json.load(sys.stdin)
    out = {}
    for alg, make in MAKE.items():
        private, kind, hash_ = make()
        other, _, _ = make()
        cert = certificate(private, hash_, orders)
        public = private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        jwk = kind.import_key(public).as_dict(private=False)
        thumbprint = base64.urlsafe_b64encode(cert.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
        kid = {"kid": "k-" + alg}
        out[alg] = {
            "jwk": {**jwk, **kid, "alg": alg},
            "public_key_pem": public.decode(),
            "certificate_pem": cert.public_bytes(serialization.Encoding.PEM).decode(),
            "x5t_s256": thumbprint,
            "token": sign(alg, private, kind, kid, orders["claims"]),
            "token_x5t": sign(alg, private, kind, {"x5t#S256": thumbprint}, orders["claims"]),
            "other": sign(alg, other, kind, kid, orders["claims"]),
        }
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main()
