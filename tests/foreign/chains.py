"""Makes keys with certificate chains, good ones and bad ones, with OpenSSL (through `cryptography`).

Standard input:  {"name": the server's FQDN, "claims": optional, those of a token}
Standard output: [{"name", "anchors": [PEM, ...], "key": JWK with x5c, "window": [from, to] or null where it must be refused,
                   "tokens": where claims are given and the key is on P-256, a token that names the key by kid, and one by x5t#S256}]

Times are whole days, in seconds since 1970.
"""

import base64
import datetime
import json
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from joserfc import jws
from joserfc.jwk import ECKey

DAY = 86_400
TODAY = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
RSA = rsa.generate_private_key(65_537, 2_048)
JWT = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.37")
ACCESS_TOKENS = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.39")


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwk(public):
    if isinstance(public, ec.EllipticCurvePublicKey):
        numbers, size = public.public_numbers(), public.curve.key_size // 8
        x, y = (base64url(n.to_bytes(size, "big")) for n in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": {32: "P-256", 48: "P-384"}[size], "x": x, "y": y}
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {"kty": "RSA", "n": base64url(numbers.n.to_bytes(256, "big")), "e": "AQAB"}
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": base64url(raw)}


class Party:
    """A name with a key, and a certificate once somebody has signed one."""

    def __init__(self, name, key=None):
        self.name = name
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.certificate = None

    def signed_by(self, issuer, extensions=(), days=(-1, 30), pss=False, hash=hashes.SHA256()):
        start, end = (TODAY + datetime.timedelta(days=day) for day in days)
        builder = x509.CertificateBuilder().public_key(self.key.public_key())
        builder = builder.subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)]))
        builder = builder.issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer.name)]))
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
        critical = (x509.BasicConstraints, x509.NameConstraints, x509.UnrecognizedExtension)
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, critical))
        hash = None if isinstance(issuer.key, ed25519.Ed25519PrivateKey) else hash
        options = {"rsa_padding": padding.PSS(padding.MGF1(hash), hash.digest_size)} if pss else {}
        self.certificate = builder.sign(issuer.key, hash, **options)
        return self

    def der(self):
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()

    def private_pem(self):
        form, nothing = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, form, nothing)

    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


def key_usage(*names):
    all_names = "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign encipher_only decipher_only"
    return x509.KeyUsage(**{name: name in names for name in all_names.split()})


def authority(name, issuer=None, key=None, more=(), length=None, **options):
    party = Party(name, key)
    return party.signed_by(issuer or party, [x509.BasicConstraints(True, length), *more], **options)


def main():
    orders = json.load(sys.stdin)
    name = orders["name"]
    san = x509.SubjectAlternativeName([x509.DNSName(name)])
    root = authority("root")
    middle = authority("middle", root)
    cases = []

    def case(title, leaf, chain, window=(-1, 30), anchors=(root,), of=None, **changes):
        key = jwk((of or leaf).key.public_key()) | {"kid": title, "x5c": [party.der() for party in (leaf, *chain)]}
        key |= changes
        window = window and [int(TODAY.timestamp()) + day * DAY for day in window]
        tokens = []
        if "claims" in orders and key.get("crv") == "P-256":
            signer = ECKey.import_key((of or leaf).private_pem())
            thumbprint = base64url(leaf.certificate.fingerprint(hashes.SHA256()))
            for header in ({"kid": title}, {"x5t#S256": thumbprint}):
                payload = json.dumps(orders["claims"]).encode()
                tokens.append(jws.serialize_compact({"alg": "ES256"} | header, payload, signer, algorithms=["ES256"]))
        anchors = [anchor.pem() for anchor in anchors]
        cases.append({"name": title, "anchors": anchors, "key": key, "window": window, "tokens": tokens})

    def leaf(issuer=middle, extensions=(san,), key=None, **options):
        return Party("leaf", key).signed_by(issuer, extensions, **options)

    def refused(title, *arguments, **options):
        case(title, *arguments, window=None, **options)

    case("by the root", leaf(root), [])
    case("by one in between", leaf(), [middle])
    case("with the root", leaf(), [middle, root])
    case("one of two anchors", leaf(), [middle], anchors=(authority("other"), root))
    case("upper case", leaf(extensions=[x509.SubjectAlternativeName([x509.DNSName(name.upper())])]), [middle])
    for purpose in (ExtendedKeyUsageOID.SERVER_AUTH, JWT, ACCESS_TOKENS, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE):
        others = [ExtendedKeyUsageOID.CODE_SIGNING, purpose]
        case(f"purpose {purpose.dotted_string}", leaf(extensions=[san, x509.ExtendedKeyUsage(others)]), [middle])
    case("a key usage", leaf(extensions=[san, key_usage("digital_signature")]), [middle])
    p384 = authority("p384", key=ec.generate_private_key(ec.SECP384R1()), hash=hashes.SHA384())
    case("P-384", leaf(p384, key=ec.generate_private_key(ec.SECP384R1()), hash=hashes.SHA384()), [], anchors=(p384,))
    edwards = authority("ed25519", key=ed25519.Ed25519PrivateKey.generate())
    case("Ed25519", leaf(edwards, key=ed25519.Ed25519PrivateKey.generate()), [], anchors=(edwards,))
    for hash in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512()):
        by_rsa = authority("rsa", key=RSA, hash=hash)
        case(f"RSA {hash.name}", leaf(by_rsa, hash=hash, key=RSA), [], anchors=(by_rsa,))
        case(f"RSA-PSS {hash.name}", leaf(by_rsa, hash=hash, pss=True), [], anchors=(by_rsa,))
    case("not valid yet", leaf(days=(2, 20)), [middle], (2, 20))
    early_root = authority("early root", days=(-300, 300))
    old = authority("old", early_root, days=(-100, 30))
    case("over", leaf(old, days=(-20, -2)), [old], (-20, -2), anchors=(early_root,))
    short = authority("short", root, days=(0, 3))
    case("dates that all share", leaf(short), [short], (0, 3))
    brief = authority("brief", days=(0, 2))
    case("dates of the anchor", leaf(brief), [], (0, 2), anchors=(brief,))
    permitted = authority("permitted", root, more=[x509.NameConstraints([x509.DNSName(name.split(".", 1)[1])], None)])
    case("a permitted name", leaf(permitted), [permitted])
    line = [authority("line 0", root)]
    for n in range(1, 5):
        line.append(authority(f"line {n}", line[-1]))
    case("five in all", leaf(line[3]), line[3::-1])

    over = authority("over", days=(-300, -100))
    case("beside one that is over", leaf(), [middle, over])
    case("behind one that is over", leaf(), [over, middle])
    crossed = authority("crossed", authority("gone", days=(-300, -100)), days=(-50, -2))
    case("crossed with one that is over", leaf(authority("crossed", root, key=crossed.key)), [crossed, authority("crossed", root, key=crossed.key)])
    former = authority("renewed", days=(-100, -1))
    renewed = authority("renewed", key=former.key, days=(-2, 30))
    waning = authority("renewed", key=former.key, days=(-100, 3))
    for title, anchors in (("first", (former, renewed)), ("last", (renewed, former)), ("that ends soon", (waning, renewed))):
        case(f"an anchor beside its former certificate, {title}", leaf(renewed), [], anchors=anchors)

    refused("six in all", leaf(line[4]), line[4::-1])
    refused("no certificate", leaf(), [], x5c=[])
    refused("no x5c", leaf(), [], x5c=None)
    refused("base64url", leaf(), [], x5c=[leaf().der().replace("+", "-").replace("/", "_").rstrip("=") + "_-"])
    refused("no certificates", leaf(), [], x5c=["AAAA"])
    refused("another key", leaf(), [middle], of=leaf())
    refused("nobody in between", leaf(), [])
    refused("another root of the same name", leaf(), [middle], anchors=(authority("root"),))
    alone = Party("leaf")
    refused("signed by itself", alone.signed_by(alone, [san]), [])
    refused("an authority's", Party("leaf").signed_by(middle, [san, x509.BasicConstraints(True, None)]), [middle])
    for title, names in (("a wildcard", "*." + name.split(".", 1)[1]), ("another name", "other.example.org")):
        refused(title, leaf(extensions=[x509.SubjectAlternativeName([x509.DNSName(names)])]), [middle])
    refused("a common name", Party(name[:64]).signed_by(middle, []), [middle])
    refused("for encryption", leaf(extensions=[san, key_usage("key_encipherment")]), [middle])
    for purpose in (ExtendedKeyUsageOID.CLIENT_AUTH, x509.ObjectIdentifier("1.3.6.1.5.5.7.3.38")):
        refused(f"purpose {purpose.dotted_string}", leaf(extensions=[san, x509.ExtendedKeyUsage([purpose])]), [middle])
    clients = authority("clients", root, more=[x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])])
    refused("an authority for clients", leaf(clients), [clients])
    no_authority = Party("none").signed_by(root, [san])
    refused("by no authority", leaf(no_authority), [no_authority])
    no_signer = authority("no signer", root, more=[key_usage("digital_signature")])
    refused("by one that must not sign", leaf(no_signer), [no_signer])
    last = authority("last", root, length=0)
    below = authority("below", last)
    refused("longer than allowed", leaf(below), [below, last])
    domain = x509.DNSName(name.split(".", 1)[1])
    excluded = authority("excluded", root, more=[x509.NameConstraints(None, [domain])])
    refused("an excluded name", leaf(excluded), [excluded])
    elsewhere = authority("elsewhere", root, more=[x509.NameConstraints([x509.DNSName("example.org")], None)])
    refused("no permitted name", leaf(elsewhere), [elsewhere])
    for title, constraints in (("excludes it", (None, [domain])), ("permits another", ([x509.DNSName("example.org")], None))):
        anchor = authority(title, more=[x509.NameConstraints(*constraints)])
        refused(f"an anchor that {title}", leaf(anchor), [], anchors=(anchor,))
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    refused("a critical extension", leaf(extensions=[san, strange]), [middle])
    later = authority("later", root, days=(10, 20))
    refused("never valid together", leaf(later, days=(-1, 5)), [later])
    forged = leaf()
    forged_by = Party("middle").signed_by(root, [x509.BasicConstraints(True, None)])
    refused("a forged signature", forged, [forged_by])
    json.dump(cases, sys.stdout)


if __name__ == "__main__":
    main()
