"""Keeps the configurations of a version: what its documents and tests show, and its command line accepts.

    keep_configurations.py TREE COMMAND_LINE FOLDER

TREE is a checkout of the version, COMMAND_LINE its `eec-authn`. Each goes into FOLDER as JSON by itself, named after where it
stands; those that differ in nothing are kept once. `tests/core/kept_configurations.rs` holds every later version to them.
Needs PyYAML and cryptography (.venv/bin/python, by `make foreign`).
"""

import base64
import json
import pathlib
import re
import subprocess
import sys

import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

ROOT = pathlib.Path(__file__).resolve().parent.parent


def encoded(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def public(seed):
    return encoded(Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32).public_key().public_bytes_raw())


POINT = ec.derive_private_key(7, ec.SECP256R1()).public_key().public_numbers()
X, Y = (encoded(number.to_bytes(32, "big")) for number in (POINT.x, POINT.y))
RSA = load_pem_public_key((ROOT / "tests/core/vectors/pem/rsa2048.pub").read_bytes()).public_numbers()
JWK = {"kty": "OKP", "crv": "Ed25519", "kid": "2026-10", "x": public(1)}
# What stands for a key in templates, documents and tables of cases.
PLACES = [("${JWK}", json.dumps(JWK)), ("@JWKS@", json.dumps({"keys": [JWK]}))]
PLACES += [(f"@x:{seed}", public(seed)) for seed in range(1, 10)]
PLACES += [('"x": "…", "y": "…"', f'"x": "{X}", "y": "{Y}"'), ('"x": "…"', f'"x": "{public(1)}"')]
PLACES += [('"n": "…"', f'"n": "{encoded(RSA.n.to_bytes(256, "big"))}"')]


def filled(text):
    for place, key in PLACES:
        text = text.replace(place, key)
    return re.sub(r"\$\{[A-Z_]+\}", "x", text)


def is_filter(value):
    return isinstance(value, dict) and {"protects", "entitlement_servers"} <= value.keys()


def parsed(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def inside(value):
    """The configurations in a document, whether they are its own members or a text in it."""
    if isinstance(value, str):
        value = parsed(filled(value)) if '"entitlement_servers"' in value else None
    if is_filter(value):
        yield value
    elif isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from inside(member)


def merged(base, changes):
    """As the tables of cases have it: member by member; null takes one away."""
    if not (isinstance(base, dict) and isinstance(changes, dict)):
        return changes
    result = {**base, **{name: merged(base.get(name), change) for name, change in changes.items()}}
    return {name: value for name, value in result.items() if changes.get(name, value) is not None}


def slug(*words):
    return re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower()).strip("-")


def candidates(tree):
    for path in sorted(tree.glob("examples/*/filter.json")):
        yield slug("example", path.parent.name), json.loads(path.read_text())
    for path in sorted(p for p in tree.glob("envoy/**/*") if {".json", ".yaml"} & {*p.suffixes} and ".schema" not in p.suffixes):
        for value in inside(list(yaml.safe_load_all(filled(path.read_text())))):
            yield slug(str(path.relative_to(tree)).split(".")[0]), value
    for path in sorted([tree / "README.md", *tree.glob("docs/*.md")]):
        for number, block in enumerate(re.findall(r"^```json\n(.*?)^```", path.read_text(), re.DOTALL | re.MULTILINE)):
            if is_filter(value := parsed(filled(block))):
                yield slug(path.stem, str(number + 1)), value
    for path in sorted(tree.glob("tests/cases/*.json")):
        table = parsed(filled(path.read_text()))
        if isinstance(table, dict):
            for case in table["cases"]:
                yield slug("case", path.stem, case["name"]), merged(table["defaults"], case)["config"]


def main():
    tree, command_line, folder = (pathlib.Path(a) for a in sys.argv[1:4])
    folder.mkdir(parents=True, exist_ok=True)
    seen = []
    for name, value in candidates(tree):
        if value in seen or not is_filter(value):
            continue
        text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
        path = folder / f"{name}.json"
        for number in range(2, 100):
            path = folder / f"{name}-{number}.json" if path.exists() else path
        path.write_text(text)
        if subprocess.run([command_line, "check", path], capture_output=True).returncode != 0:
            path.unlink()
            print(f"left out, since it is refused: {name}", file=sys.stderr)
            continue
        seen.append(value)
    print(f"{folder}: {len(seen)} configurations")


if __name__ == "__main__":
    main()
