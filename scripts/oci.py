"""Writes the module as a container image, the way Istio and Envoy Gateway fetch it, into an OCI image layout.

    oci.py MODULE VERSION DIRECTORY

Of the two forms that both take, it is the one with the module itself as a layer. Out of the other, an archive with
`plugin.wasm` in it, they take the file and do not read on to the end, where the layer's digest would be compared: whatever
the registry sends is run. A layer that is the module they read whole, and refuse another.

The same module and version give the same digest, on every machine. DIRECTORY.sha256 holds the digest of the manifest, in a
form that `sha256sum -c` checks: it is what `sha256` beside an `oci://` address means.
"""

import hashlib
import json
import pathlib
import shutil
import sys

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.module.wasm.config.v1+json"
MODULE = "application/vnd.module.wasm.content.layer.v1+wasm"
# They ask for two layers, and read no more than the module.
RUNTIME = {"type": "envoy_proxy", "abiVersions": ["v0-2-1"]}


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
    config = layout.add(CONFIG, canonical(RUNTIME))
    layers = [config, layout.add(MODULE, module.read_bytes())]
    annotations = {
        "org.opencontainers.image.title": "eec-authn",
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": "Apache-2.0",
    }
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers, "annotations": annotations}
    descriptor = layout.add(MANIFEST, canonical(manifest))
    layout.index(descriptor, version)
    hexadecimal = descriptor["digest"].removeprefix("sha256:")
    checksum = pathlib.Path(f"{directory}.sha256")
    checksum.write_text(f"{hexadecimal}  {directory.name}/blobs/sha256/{hexadecimal}\n")
    print(descriptor["digest"])


if __name__ == "__main__":
    main()
