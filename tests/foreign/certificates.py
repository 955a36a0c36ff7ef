"""Makes a CA and certificates by it, with OpenSSL (through `cryptography`).

Standard input:  {"names": [dNSName, ...]}
Standard output: {"ca": PEM, "certificates": {dNSName: {"certificate": PEM, "key": PEM}}}
"""

import datetime
import json
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate(name, public, issuer, signer, extensions):
    today = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=2))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def main():
    orders = json.load(sys.stdin)
    ca = ec.generate_private_key(ec.SECP256R1())
    issuer = "test CA"
    out = {
        "ca": certificate(issuer, ca.public_key(), issuer, ca, [x509.BasicConstraints(ca=True, path_length=0)]),
        "certificates": {},
    }
    for name in orders["names"]:
        key = ec.generate_private_key(ec.SECP256R1())
        san = x509.SubjectAlternativeName([x509.DNSName(name)])
        out["certificates"][name] = {
            "certificate": certificate(name, key.public_key(), issuer, ca, [san]),
            "key": key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode(),
        }
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main()
