#!/usr/bin/env python3
"""Resident memory of an Envoy with the filter, by workers and by keys that are in use, put into the results of `make bench-fleet`.

    memory.py ENVOY WASM RESULTS.json
"""

import http.client
import json
import os
import pathlib
import sys
import tempfile

import envoys
from tokens import AUDIENCE, Key

# Keys that verify tokens. A key's table is whole after 64 of them.
KEYS = (0, 1, 16, 64)
WORKERS = (1, 5)
TOKENS = 70
# A worker takes a share of the connections: with so many for each, every one has seen every key often enough.
CONNECTIONS = 6


def use(envoy, keys, workers):
    tokens = [key.token(serial) for key in keys for serial in range(TOKENS)]
    for _ in range(workers * CONNECTIONS):
        connection = http.client.HTTPConnection("127.0.0.1", envoy.port)
        for token in tokens:
            connection.request(envoys.METHOD, envoys.PATH, headers={"Host": AUDIENCE, "Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"error: a good token got {answer.status}; see {envoy.log}")
        connection.close()


def measure(binary, wasm, directory):
    keys, found = [Key("EdDSA", f"k{n}") for n in range(max(KEYS))], {}
    for count in KEYS:
        for workers in WORKERS:
            filters = [envoys.ours(wasm, [key.jwk for key in keys[:count]], 10_000)] if count else []
            envoy = envoys.Envoy(binary, directory, f"memory-{count}-{workers}", filters, os.sched_getaffinity(0), workers)
            try:
                if count:
                    use(envoy, keys[:count], workers)
                found.setdefault(str(count), {})[str(workers)] = envoy.resident_bytes()
            finally:
                envoy.stop()
    return found


def main(binary, wasm, results):
    file = pathlib.Path(results)
    all_results = json.loads(file.read_text())
    with tempfile.TemporaryDirectory(prefix="eec-authn-bench-") as directory:
        all_results["memory"] = measure(binary, wasm, pathlib.Path(directory))
    file.write_text(json.dumps(all_results, indent=1) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
