"""One Envoy per variant: its configuration, its process, what it costs."""

import json
import os
import pathlib
import subprocess
import time
import urllib.error
import urllib.request

from tokens import AUDIENCE, ISSUER

TYPE = "type.googleapis.com/envoy.extensions.filters."
IDENTITY_HEADERS = {"x-eec-id": "sub", "x-eec-gpsi": "gpsi", "x-eec-issuer": "iss", "x-eec-token-id": "jti"}
# A built-in operation without a body: what is measured is the token alone.
METHOD, PATH = "DELETE", "/eees-eecregistration/v1/registrations/1"


def native(jwks, cache=0, issuer=ISSUER):
    """Envoy's own jwt_authn, set up to check and forward the same as ours."""
    provider = {
        "issuer": issuer,
        "audiences": [AUDIENCE],
        "local_jwks": {"inline_string": json.dumps({"keys": jwks})},
        "claim_to_headers": [{"header_name": h, "claim_name": c} for h, c in IDENTITY_HEADERS.items()],
    }
    if cache:
        provider["jwt_cache_config"] = {"jwt_cache_size": cache, "jwt_max_token_size": 16384}
    return {
        "name": "jwt",
        "typed_config": {
            "@type": TYPE + "http.jwt_authn.v3.JwtAuthentication",
            "providers": {"es": provider},
            "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "es"}}],
        },
    }


def rbac():
    """What an operator needs beside jwt_authn for what ours does by itself: host, method and path."""
    permissions = [
        {"header": {"name": ":authority", "string_match": {"exact": AUDIENCE, "ignore_case": True}}},
        {"header": {"name": ":method", "string_match": {"exact": METHOD}}},
        {"url_path": {"path": {"safe_regex": {"regex": "/eees-eecregistration/v1/registrations/[^/]+"}}}},
    ]
    policy = {"principals": [{"any": True}], "permissions": [{"and_rules": {"rules": permissions}}]}
    return {
        "name": "rbac",
        "typed_config": {
            "@type": TYPE + "http.rbac.v3.RBAC",
            "rules": {"action": "ALLOW", "policies": {"operations": policy}},
        },
    }


def wasm(file, configuration=""):
    return {
        "name": "wasm",
        "typed_config": {
            "@type": TYPE + "http.wasm.v3.Wasm",
            "config": {
                "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": configuration},
                "vm_config": {"runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": str(file)}}},
            },
        },
    }


def ours(file, jwks, cache, name=None):
    """Plugins with the same configuration share their caches: a `name` keeps them apart."""
    return wasm(file, json.dumps(({"name": name} if name else {}) | {
        "protects": {"role": "ees", "fqdns": [AUDIENCE]},
        "entitlement_servers": [{"fqdn": ISSUER, "keys": [{"jwk": jwk} for jwk in jwks]}],
        "token": {"max_bytes": 16384},
        "cache": {"tokens": cache},
    }))


def direct(path, body="", headers=None):
    """A route that Envoy answers itself."""
    fields = [{"header": {"key": k, "value": v}} for k, v in (headers or {}).items()]
    answer = {"status": 200} | ({"body": {"inline_string": body}} if body else {})
    return {"match": {"prefix": path}, "direct_response": answer, "response_headers_to_add": fields}


def bootstrap(filters, clusters=None, routes=None):
    router = {"name": "router", "typed_config": {"@type": TYPE + "http.router.v3.Router"}}
    manager = {
        "@type": TYPE + "network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bench",
        "route_config": {"virtual_hosts": [{
            "name": "all",
            "domains": ["*"],
            "routes": routes or [direct("/")],
        }]},
        "http_filters": [*filters, router],
    }
    return {
        "admin": {"address": loopback(0)},
        "static_resources": {
            "clusters": [
                {"name": name, "type": "STATIC", "load_assignment": {"cluster_name": name, "endpoints": [
                    {"lb_endpoints": [{"endpoint": {"address": loopback(port)}}]}]}}
                for name, port in (clusters or {}).items()
            ],
            "listeners": [{
                "name": "bench",
                "address": loopback(0),
                "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
            }],
        },
    }


def listeners(variants):
    """A listener for each variant, in one Envoy: name -> filters."""
    whole = bootstrap([])
    whole["static_resources"]["listeners"] = [
        bootstrap(filters)["static_resources"]["listeners"][0] | {"name": name} for name, filters in variants.items()
    ]
    return whole


def loopback(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


class Pushed:
    """An Envoy with one worker that takes its listener from a file; what a push costs the worker."""

    def __init__(self, binary, directory, filters):
        self.directory = pathlib.Path(directory) / "pushed"
        self.directory.mkdir(parents=True, exist_ok=True)
        self.pushes = 0
        self._write(filters)
        config, self.admin = self.directory / "envoy.json", self.directory / "admin"
        watched = {"path": str(self.directory / "lds.json"), "watched_directory": {"path": str(self.directory)}}
        config.write_text(json.dumps({
            "node": {"id": "bench", "cluster": "bench"},
            "admin": {"address": loopback(0)},
            "dynamic_resources": {"lds_config": {"resource_api_version": "V3", "path_config_source": watched}},
        }))
        with (self.directory / "log").open("w") as log:
            self.process = subprocess.Popen(
                [binary, "-c", config, "--concurrency", "1", "--use-dynamic-base-id", "-l", "error", "--drain-time-s", "1",
                 "--admin-address-path", self.admin],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
        self._settle()

    def push_milliseconds(self, filters):
        """Processor time of the worker's thread for this push: so long, at least, nobody else is served there."""
        before = self._worker_milliseconds()
        self._write(filters)
        self._settle()
        return self._worker_milliseconds() - before

    def _write(self, filters):
        self.pushes += 1
        listener = bootstrap(filters)["static_resources"]["listeners"][0]
        listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener"
        next_file = self.directory / "next.json"
        next_file.write_text(json.dumps({"version_info": str(self.pushes), "resources": [listener]}))
        next_file.rename(self.directory / "lds.json")

    def _settle(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Refused((self.directory / "log").read_text()[:500])
            try:
                address = self.admin.read_text().strip()
                with urllib.request.urlopen(f"http://{address}/stats?filter=listener_manager", timeout=5) as reply:
                    stats = dict(line.split(": ") for line in reply.read().decode().splitlines())
                if int(stats["listener_manager.lds.update_rejected"]):
                    raise Refused((self.directory / "log").read_text()[:500])
                taken = int(stats["listener_manager.lds.update_success"]) >= self.pushes
                if taken and stats["listener_manager.total_listeners_warming"] == "0":
                    # The worker takes the listener, and gives the old one up, a moment later.
                    time.sleep(0.5)
                    return
            except (OSError, KeyError, ValueError):
                pass
            time.sleep(0.02)
        raise Refused("a push was not taken within a minute")

    def _worker_milliseconds(self):
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            if (task / "comm").read_text().startswith("wrk:worker_0"):
                return int((task / "schedstat").read_text().split()[0]) / 1e6
        raise Refused("no worker")

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Refused(Exception):
    """Envoy did not start; the text is the first line of its log that says why."""


class Envoy:
    """A running Envoy; `start_seconds` is from the start of the process to `ready`."""

    def __init__(self, binary, directory, name, filters, cpus, workers=1, clusters=None, routes=None, config=None):
        directory = pathlib.Path(directory) / name
        directory.mkdir(parents=True, exist_ok=True)
        file, admin, self.log = directory / "envoy.json", directory / "admin", directory / "log"
        file.write_text(json.dumps(config or bootstrap(filters, clusters, routes)))
        admin.unlink(missing_ok=True)
        began = time.monotonic()
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [binary, "-c", file, "--concurrency", str(workers), "--use-dynamic-base-id", "-l", "error",
                 "--admin-address-path", admin],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: os.sched_setaffinity(0, cpus),
            )
        try:
            self.admin = self._wait(lambda: admin.read_text().strip() if admin.exists() else "")
            self._wait(lambda: self._ask("/ready").startswith("LIVE"))
            self.start_seconds = time.monotonic() - began
            self.port = next(iter(self.ports().values()))
        except BaseException:
            self.stop()
            raise

    def ports(self):
        """The port of each listener, by its name."""
        listeners = json.loads(self._ask("/listeners?format=json"))["listener_statuses"]
        return {one["name"]: one["local_address"]["socket_address"]["port_value"] for one in listeners}

    def _ask(self, path):
        try:
            with urllib.request.urlopen(f"http://{self.admin}{path}", timeout=5) as reply:
                return reply.read().decode()
        except (urllib.error.URLError, OSError):
            return ""

    def _wait(self, ready):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                lines = [line for line in self.log.read_text().splitlines() if line.strip()]
                raise Refused(next((l for l in lines if "wasm log" in l), lines[0] if lines else "no log"))
            if answer := ready():
                return answer
            time.sleep(0.002)
        raise Refused("not ready within two minutes")

    def status(self, token, method=METHOD, path=PATH):
        """The status that a request with this token gets."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", method=method,
            headers={"Host": AUDIENCE, "Authorization": f"Bearer {token}"},
        )
        try:
            return urllib.request.urlopen(request, timeout=10).status
        except urllib.error.HTTPError as error:
            return error.code

    def counters(self, names="^(wasmcustom|cluster|http.bench)%5C."):
        """Statistics by name: what the filter counted, what came, and what went to a cluster."""
        text = self._ask(f"/stats?filter={names}")
        pairs = (line.split(": ") for line in text.splitlines())
        return {name: int(number) for name, number in pairs if number.isdecimal()}

    def cpu_seconds(self):
        # Of all threads, in nanoseconds: the ticks of `stat` would be a percent of a second's load.
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def resident_bytes(self):
        pages = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
