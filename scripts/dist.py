"""Puts a release together in a folder, from what has been built.

    dist.py FOLDER MODULE TARGET=COMMAND_LINE…

    eec_authn.wasm                  the filter, with a bill of materials (.cdx.json), as what follows
    eec-authn-VERSION-ARCHITECTURE-linux-musl
                                    the command line, for each TARGET of Rust
    page.cdx.json                   a bill of materials of the page in it, where that has been built (page)
    filter-config.schema.json       JSON Schema of the filter JSON
    image.oci.tar, oci.sha256       the filter as an image (scripts/oci.py), out of the folder oci
    LICENSE, CHANGELOG.md           our own licence; what is new
    licences.tar                    the licence texts of all crates in any of them, out of the folder licences
    eec_authn.wasm.sha256           for the module alone
    SHA256SUMS                      for every file above: what is published is what it names, and the signatures
    eec-authn                       a link to the command line of this machine's architecture; no part of the release

Signatures of what lay there before are removed: they are of other bytes.

The bills of materials are CycloneDX 1.5, from Cargo: what is linked in, not what tests and builds need, with the checksums of the lock
file. The same sources and tools give the same bytes, which is why cargo-cyclonedx 0.5.9 does not make them: it names our own packages by
the folder they lie in, lists what procedural macros are made of and what other crates could be built with, has no digest of the artefact,
and takes minutes to build. Crates and checksums were compared: but for those two they are the same. cargo-auditable puts a list without
checksums and licences into the program itself, with one more tool to compile; these files are in `SHA256SUMS`, which is signed.
"""

import hashlib
import json
import pathlib
import platform
import shutil
import subprocess
import sys
import tarfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEXTS = ("license", "licence", "copying", "copyright", "notice", "unlicense")


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


class Linked:
    """The crates that end up in one artefact, and who needs whom."""

    def __init__(self, package, target, *features):
        metadata = json.loads(cargo("metadata", "--locked", "--format-version", "1", "--filter-platform", target))
        lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
        self.checksums = {(p["name"], p["version"]): p["checksum"] for p in lock["package"] if "checksum" in p}
        self.packages = {(p["name"], p["version"]): p for p in metadata["packages"]}
        # Not from the metadata, whose features are those of all packages of the workspace together.
        tree = ["tree", "--locked", "--package", package, "--target", target, *features]
        self.root, self.needs = needs(cargo(*tree, "--edges", "normal", "--no-dedupe", "--prefix", "depth", "--format", " {p}"))
        self.crates = [self.packages[crate] for crate in sorted(self.needs) if crate != self.root]


def needs(tree):
    """What each crate of a tree of `cargo tree` needs, by name and version; the first is what all is for."""
    found, path = {}, []
    for line in tree.splitlines():
        depth, name, version, *notes = line.split()
        path[int(depth):] = [((name, version.removeprefix("v")), "(proc-macro)" in notes)]
        # What a procedural macro needs runs in the compiler.
        if any(macro for _, macro in path[:-1]):
            continue
        crate = path[-1][0]
        found.setdefault(crate, set())
        if len(path) > 1:
            found[path[-2][0]].add(crate)
    return path[0][0], found


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package, digest, kind="library"):
    expression = (package["license"] or "").replace("/", " OR ")
    if not expression:
        sys.exit(f"error: {package['name']} {package['version']} names no licence")
    result = {
        "type": kind,
        "bom-ref": purl(package),
        "name": package["name"],
        "version": package["version"],
        "licenses": [{"expression": expression}],
        "purl": purl(package),
    }
    # What is our own has no checksum.
    return {**result, "hashes": [{"alg": "SHA-256", "content": digest}]} if digest else result


def bill(linked, artefact):
    main = component(linked.packages[linked.root], hashlib.sha256(artefact.read_bytes()).hexdigest(), "application")
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": main},
        "components": [component(p, linked.checksums.get((p["name"], p["version"]))) for p in linked.crates],
        "dependencies": [
            {"ref": purl(linked.packages[crate]), "dependsOn": [purl(linked.packages[need]) for need in sorted(of_it)]}
            for crate, of_it in sorted(linked.needs.items())
        ],
    }


def licences(crates, folder):
    """Copies the licence texts; a crate that ships none is named in a list."""
    without = []
    for package in crates:
        source = pathlib.Path(package["manifest_path"]).parent
        texts = [p for p in sorted(source.iterdir()) if p.is_file() and p.name.lower().startswith(TEXTS)]
        target = folder / f"{package['name']}-{package['version']}"
        target.mkdir(parents=True, exist_ok=True)
        for text in texts:
            shutil.copyfile(text, target / text.name)
        if not texts:
            without.append(f"{package['name']} {package['version']}: {package['license']}\n")
            (target / "LICENCE-EXPRESSION").write_text(f"{package['license']}\n")
    (folder / "without-text.txt").write_text("".join(without))


def archive(source, inside, out):
    """The files of a folder as one; of nobody, of 1970, in order: the same files give the same bytes."""
    with tarfile.open(out, "w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted(p for p in source.rglob("*") if p.is_file()):
            entry = tarfile.TarInfo(str(inside / path.relative_to(source)))
            entry.size, entry.mode = path.stat().st_size, 0o644
            with path.open("rb") as data:
                tar.addfile(entry, data)


def sums(folder, names):
    """Of these and no others: the folder may hold keys, or what an earlier run has left."""
    lines = (f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in sorted(names))
    (folder / "SHA256SUMS").write_text("".join(lines))


def put(source, folder, name):
    """Copies what was built into the release, if it is not there already."""
    if source.resolve() != folder / name:
        shutil.copy(source, folder / name)
    return folder / name


def main():
    folder, module, *command_lines = sys.argv[1:]
    folder = pathlib.Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "envoy/filter-config.schema.json", folder / "filter-config.schema.json")
    for name in ("CHANGELOG.md", "LICENSE"):
        shutil.copyfile(ROOT / name, folder / name)
    module = put(pathlib.Path(module), folder, "eec_authn.wasm")
    digest = hashlib.sha256(module.read_bytes()).hexdigest()
    (folder / "eec_authn.wasm.sha256").write_text(f"{digest}  eec_authn.wasm\n")

    in_filter = Linked("eec-authn", "wasm32-wasip1", "--no-default-features")
    _, version = in_filter.root
    parts = [(in_filter, module)]
    for pattern in ("eec-authn*", "*.cdx.json", "*.sigstore.json", "provenance.json", "SHA256SUMS"):
        for old in folder.glob(pattern):
            old.unlink()
    for target, built in (argument.split("=", 1) for argument in command_lines):
        name = f"eec-authn-{version}-{target.replace('-unknown', '')}"
        parts.append((Linked("eec-authn", target, "--features", "page"), put(pathlib.Path(built), folder, name)))
        if target.startswith({"arm64": "aarch64"}.get(platform.machine(), platform.machine())):
            (folder / "eec-authn").symlink_to(name)
    engine = folder / "page/engine.js"
    if engine.exists():
        parts.append((Linked("page-engine", "wasm32-unknown-unknown"), engine))
    names = ["eec_authn.wasm.sha256", "filter-config.schema.json", "CHANGELOG.md", "LICENSE", "oci.sha256", "image.oci.tar", "licences.tar"]
    names += [artefact.name for _, artefact in parts if artefact != engine]
    for linked, artefact in parts:
        text = json.dumps(bill(linked, artefact), indent=1, sort_keys=True)
        name = "page" if artefact == engine else artefact.name
        (folder / f"{name}.cdx.json").write_text(text + "\n")
        names.append(f"{name}.cdx.json")
    shutil.rmtree(folder / "licences", ignore_errors=True)
    # `source` is null for what is our own.
    crates = {(p["name"], p["version"]): p for linked, _ in parts for p in linked.crates if p["source"]}
    licences([crates[key] for key in sorted(crates)], folder / "licences")

    subprocess.run([sys.executable, ROOT / "scripts/oci.py", module, version, folder / "oci"], check=True)
    archive(folder / "oci", pathlib.PurePath(), folder / "image.oci.tar")
    archive(folder / "licences", pathlib.PurePath("licences"), folder / "licences.tar")
    sums(folder, names)


if __name__ == "__main__":
    main()
