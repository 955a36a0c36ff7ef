"""Makes the keys, certificates and tokens of examples/ anew.

    .venv/bin/python scripts/examples.py target/release/eec-authn [FOLDER…]

The private keys are in a temporary folder that ends with the run: the examples hold public keys and signed tokens only, and
nobody can sign another one. So whoever adds a token adds it here and makes all anew. The tokens' time stands still:
`explain` is told a `--now`.
"""

import base64
import datetime
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / "examples"
SERVER = "aes.mnc001.mcc001.pub.3gppnetwork.org"
PARTNER = "https://login.partner.example.org/realms/edge"
EES = "ees1.edge.example.net"
EEC = "eec-0001.vehicles.example.com"
GPSI = "msisdn-447700900123"
REGISTRATIONS = "/eees-eecregistration/v1/registrations"
ISSUED = int(datetime.datetime(2025, 1, 15, 11, 30, tzinfo=datetime.timezone.utc).timestamp())

USUAL = {"iss": SERVER, "sub": EEC, "aud": EES, "gpsi": GPSI, "iat": ISSUED, "exp": ISSUED + 3600, "jti": "t-0001"}


def token(key, file="token.txt", **claims):
    """`None` takes a claim away."""
    return file, key, {name: value for name, value in {**USUAL, **claims}.items() if value is not None}


NESTED = {"eec_id": EEC, "gpsis": [GPSI, "extid-car-0001@vehicles.example.com"], "slice": 7}
# Folder: the algorithm of each key by its `kid`, and the tokens.
MADE = {
    "smallest": ({"2025-01": "EdDSA"}, [token("2025-01")]),
    "edge-ecs": (
        {"2025-01": "ES256"},
        [
            token("2025-01", aud="ecs.edge.example.net"),
            token("2025-01", "token-without-gpsi.txt", aud="ecs.edge.example.net", gpsi=None),
        ],
    ),
    # The old key's token lives for long enough to outlast the key.
    "rotation": (
        {"2024-07": "EdDSA", "2025-01": "EdDSA"},
        [
            token("2024-07", "old.txt", iat=ISSUED + 17 * 86400 - 43200, exp=ISSUED + 17 * 86400 + 3600),
            token("2025-01", "new.txt", iat=ISSUED + 17 * 86400 - 43200, exp=ISSUED + 17 * 86400 + 3600),
        ],
    ),
    "certificate": ({"2025-01": "ES256"}, [token("2025-01")]),
    "operator-tokens": ({"2025-01": "ES256"}, [token("2025-01")]),
    "outage": ({"2025-01": "EdDSA"}, [token("2025-01")]),
    "rules": (
        {"2025-01": "EdDSA"},
        [
            token("2025-01", tier="gold"),
            token("2025-01", "token-with-scope.txt", scope="eees-eecregistration eees-easdiscovery"),
        ],
    ),
    "ownership": (
        {"2025-01": "EdDSA"},
        [token("2025-01"), token("2025-01", "other-client.txt", sub="eec-0002.vehicles.example.com", jti="t-0002")],
    ),
    "shadow": ({"2025-01": "EdDSA"}, [token("2025-01")]),
    "two-names": (
        {"2025-01": "EdDSA"},
        [
            token("2025-01", aud=["https://ees1.internal.example.com", "ees9.internal.example.com"]),
            token("2025-01", "token-for-another.txt", aud="ees9.internal.example.com"),
        ],
    ),
    "two-entitlement-servers": (
        {"home": "EdDSA", "partner": "ES256"},
        [token("home", "home.txt"), token("partner", "partner.txt", iss=PARTNER)],
    ),
    "revocation": (
        {"2024-07": "EdDSA", "2025-01": "EdDSA"},
        [
            token("2025-01"),
            token("2025-01", "revoked.txt", jti="t-0042"),
            token("2025-01", "other-client.txt", sub="eec-0666.vehicles.example.com"),
            token("2024-07", "old-key.txt"),
        ],
    ),
    "dpop": ({"2025-01": "ES256"}, [token("2025-01", cnf={"jkt": "client"})]),
    "client-certificate": ({"2025-01": "EdDSA"}, [token("2025-01", cnf={"x5t#S256": "client.pem"})]),
    # Only the key that signs the sets is pinned.
    "fetched-keys": (
        {"set-signer": "EdDSA", "2025-01": "EdDSA", "2025-02": "EdDSA"},
        [token("2025-01"), token("2025-02", "token-of-the-new-key.txt", jti="t-0002")],
    ),
    "own-claims": ({"2025-01": "EdDSA"}, [token("2025-01", sub="device-7", gpsi=None, edge=NESTED)]),
}
# File: the keys of a signed set.
SETS = {"set.jwt": ["2025-01"], "set-with-the-new-key.jwt": ["2025-01", "2025-02"]}


def certificate(jwk):
    """Self-signed, for the entitlement server's name: it is pinned, so nobody asks who signed it."""
    number = int.from_bytes(base64.urlsafe_b64decode(jwk["d"] + "=="), "big")
    key = ec.derive_private_key(number, ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an example")])
    usage = dict.fromkeys(
        "content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign encipher_only decipher_only".split(),
        False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(2025, 1, 1))
        .not_valid_after(datetime.datetime(2055, 1, 1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(SERVER)]), False)
        .add_extension(x509.KeyUsage(digital_signature=True, **usage), True)
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def make(command, folder, algorithms, tokens, secret):
    filter_json = folder / "filter.json"
    text = filter_json.read_text()
    published = {}
    for kid, algorithm in algorithms.items():
        private = secret / f"{folder.name}-{kid}.json"
        subprocess.run([command, "keygen", "--alg", algorithm, "--out", private], check=True, capture_output=True)
        jwk = {**json.loads(private.read_text()), "kid": kid}
        private.write_text(json.dumps(jwk))
        public = {name: jwk[name] for name in ("kty", "crv", "kid", "x", "y") if name in jwk}
        published[kid] = public
        if folder.name == "fetched-keys" and kid != "set-signer":
            continue
        if folder.name == "certificate":
            pem = certificate(jwk)
            (folder / "certificate.pem").write_text(pem)
            text, found = re.subn(r'"certificate_pem": "[^"]*"', lambda _: f'"certificate_pem": {json.dumps(pem)}', text)
        else:
            pattern = r'\{"jwk": \{[^}]*"kid": "' + re.escape(kid) + r'"[^}]*\}'
            text, found = re.subn(pattern, lambda _: f'{{"jwk": {json.dumps(public)}', text)
        if found != 1:
            sys.exit(f"error: {filter_json} has {found} places for the key {kid}; it needs one")
    filter_json.write_text(text)
    confirmations = confirmations_of(command, folder, secret)
    for file, kid, claims in tokens:
        if "cnf" in claims:
            claims["cnf"] = {name: confirmations[value] for name, value in claims["cnf"].items()}
        # `mint` fills in times of its own: all claims are replaced.
        order = [command, "mint", "--key", secret / f"{folder.name}-{kid}.json", "--iss", "x", "--sub", "x", "--aud", "x"]
        minted = subprocess.run([*order, "--claims", json.dumps(claims)], check=True, capture_output=True, text=True)
        (folder / file).write_text(minted.stdout)
    if folder.name == "fetched-keys":
        for file, kids in SETS.items():
            keys = [published[kid] for kid in kids]
            claims = {"iss": SERVER, "sub": SERVER, "aud": None, "jti": None, "iat": ISSUED, "exp": ISSUED + 86400, "keys": keys}
            order = [command, "mint", "--key", secret / f"{folder.name}-set-signer.json", "--iss", "x", "--sub", "x", "--aud", "x"]
            order += ["--claims", json.dumps(claims), "--header", json.dumps({"typ": "jwk-set+jwt"})]
            minted = subprocess.run(order, check=True, capture_output=True, text=True)
            # As a server answers it: nothing may stand around a JWS.
            (folder / file).write_text(minted.stdout.strip())
    if folder.name == "dpop":
        claims = json.dumps({"jti": "p-0001", "iat": ISSUED + 1800})
        for client in ("client", "thief"):
            order = [command, "dpop", "--key", secret / f"{client}.json", "--token", f"@{folder / 'token.txt'}", "--claims", claims]
            made = subprocess.run([*order, "--url", f"https://{EES}{REGISTRATIONS}"], check=True, capture_output=True, text=True)
            (folder / ("proof.txt" if client == "client" else "proof-of-a-thief.txt")).write_text(made.stdout)


def confirmations_of(command, folder, secret):
    """The clients' keys and certificates of a folder, and what `cnf` says of them."""
    if folder.name == "dpop":
        for client in ("client", "thief"):
            subprocess.run([command, "keygen", "--alg", "ES256", "--out", secret / f"{client}.json"], check=True, capture_output=True)
        # The thumbprint is the `kid` that `keygen` gives.
        return {"client": json.loads((secret / "client.json").read_text())["kid"]}
    if folder.name == "client-certificate":
        prints = {}
        for file in ("client.pem", "another-client.pem"):
            key = ec.generate_private_key(ec.SECP256R1())
            name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, file.removesuffix(".pem"))])
            builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            builder = builder.serial_number(x509.random_serial_number()).not_valid_before(datetime.datetime(2025, 1, 1))
            made = builder.not_valid_after(datetime.datetime(2055, 1, 1)).sign(key, hashes.SHA256())
            (folder / file).write_text(made.public_bytes(serialization.Encoding.PEM).decode())
            prints[file] = base64.urlsafe_b64encode(made.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
        return prints
    return {}


def main():
    command = pathlib.Path(sys.argv[1]).resolve()
    only = sys.argv[2:]
    with tempfile.TemporaryDirectory(prefix="eec-authn-examples-") as secret:
        for name, (algorithms, tokens) in MADE.items():
            if only and name not in only:
                continue
            make(command, EXAMPLES / name, algorithms, tokens, pathlib.Path(secret))


if __name__ == "__main__":
    main()
