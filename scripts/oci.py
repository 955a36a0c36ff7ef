"""Writes the module as a container image, the way Istio and Envoy Gateway fetch it, into an OCI image layout.

    oci.py MODULE VERSION DIRECTORY

The image has one layer with `plugin.wasm` at its root (as `FROM scratch` and `COPY plugin.wasm ./` make it). The same
module and version give the same digest, on every machine: no dates, and gzip without compression, whose bytes do not
depend on a library. DIRECTORY.sha256 holds the digest of the manifest, in a form that `sha256sum -c` checks: it is what
`sha256` beside an `oci://` address means.
"""

import hashlib
import io
import json
import pathlib
import shutil
import struct
import sys
import tarfile
import zlib

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def tar(module):
    """A tar archive with the module alone; root's, readable by all, of 1970."""
    entry = tarfile.TarInfo("plugin.wasm")
    entry.size, entry.mode = len(module), 0o644
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(entry, io.BytesIO(module))
    return out.getvalue()


def gzip(data):
    """RFC 1952 with stored blocks of RFC 1951."""
    out = bytearray(b"\x1f\x8b\x08" + bytes(6) + b"\xff")
    for start in range(0, len(data), 0xFFFF):
        block = data[start : start + 0xFFFF]
        last = start + len(block) == len(data)
        out += struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF) + block
    return bytes(out + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF))


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


class Layout:
    """An OCI image layout: blobs by their digest, and an index of what they are."""

    def __init__(self, directory):
        self.directory = directory
        shutil.rmtree(directory, ignore_errors=True)
        (directory / "blobs/sha256").mkdir(parents=True)
        (directory / "oci-layout").write_bytes(canonical({"imageLayoutVersion": "1.0.0"}))

    def add(self, media_type, data):
        name = digest(data)
        (self.directory / "blobs" / name.replace(":", "/")).write_bytes(data)
        return {"mediaType": media_type, "digest": name, "size": len(data)}

    def index(self, descriptor, tag):
        entry = {**descriptor, "annotations": {"org.opencontainers.image.ref.name": tag}}
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}
        (self.directory / "index.json").write_bytes(canonical(index))


def main():
    module, version, directory = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    layout = Layout(directory)
    archive = tar(module.read_bytes())
    rootfs = {"type": "layers", "diff_ids": [digest(archive)]}
    config = layout.add(CONFIG, canonical({"architecture": "wasm", "os": "wasi", "config": {}, "rootfs": rootfs}))
    layer = layout.add(LAYER, gzip(archive))
    annotations = {
        "org.opencontainers.image.title": "eec-authn",
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": "Apache-2.0",
    }
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer], "annotations": annotations}
    descriptor = layout.add(MANIFEST, canonical(manifest))
    layout.index(descriptor, version)
    hexadecimal = descriptor["digest"].removeprefix("sha256:")
    checksum = pathlib.Path(f"{directory}.sha256")
    checksum.write_text(f"{hexadecimal}  {directory.name}/blobs/sha256/{hexadecimal}\n")
    print(descriptor["digest"])


if __name__ == "__main__":
    main()
