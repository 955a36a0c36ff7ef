"""Bound tokens, beside bearer tokens; the part `proofs` of run.py.

Each proof is good once, so each run gets its own, more than it can use. Envoy has no filter of its own that
checks proofs: the way to do the same without this one is `ext_authz` and a checker, here a small one in Rust.
"""

import contextlib
import hashlib
import json
import statistics
import subprocess
import time

import envoys
import load
from tokens import AUDIENCE, ISSUER, Key, base64url, file_of

CLIENTS = 1000
# More than any variant gets through in a second, on the machines that this has been run on.
PROOFS_A_SECOND = 30_000


def thumbprint(jwk):
    members = {name: jwk[name] for name in sorted(("crv", "kty", "x", "y")) if name in jwk}
    return base64url(hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest())


class Client:
    def __init__(self, issuer, algorithm, serial):
        self.key = Key(algorithm, "client")
        self.token = issuer.token(serial, claims={"cnf": {"jkt": thumbprint(self.key.jwk)}})
        ath = base64url(hashlib.sha256(self.token.encode()).digest())
        self.claims = {"htm": envoys.METHOD, "htu": f"https://{AUDIENCE}{envoys.PATH}", "ath": ath}
        jwk = {name: value for name, value in self.key.jwk.items() if name not in ("kid", "alg")}
        self.header = base64url(json.dumps({"typ": "dpop+jwt", "alg": algorithm, "jwk": jwk}).encode())
        self.made = 0

    def proof(self):
        self.made += 1
        claims = self.claims | {"jti": f"{id(self):x}-{self.made}", "iat": int(time.time())}
        text = f"{self.header}.{base64url(json.dumps(claims).encode())}"
        return f"{text}.{base64url(self.key.sign(text.encode()))}"


def measure(bench):
    issuer = Key("EdDSA", "k0")
    clients = {a: [Client(issuer, a, n) for n in range(CLIENTS)] for a in ("ES256", "EdDSA")}
    bearers = bench.tokens("proofs-bearer", issuer, CLIENTS)
    configuration = json.dumps({
        "protects": {"role": "ees", "fqdns": [AUDIENCE]},
        "entitlement_servers": [{"fqdn": ISSUER, "keys": [{"jwk": issuer.jwk}]}],
        "proof": {"dpop": {}},
    })
    ours = envoys.wasm(bench.options.wasm, configuration)

    def lines(algorithm, count):
        return [f"{c.token} {c.proof()}" for c in (clients[algorithm][n % CLIENTS] for n in range(count))]

    checker = subprocess.run(["cargo", "bench", "--quiet", "--bench", "proof_checker", "--no-run", "--message-format=json"],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout
    built = [line for line in map(json.loads, checker.splitlines()) if line.get("executable")]
    built = [line for line in built if line["target"]["name"] == "proof_checker"]
    with contextlib.ExitStack() as stack:
        process = stack.enter_context(subprocess.Popen([built[-1]["executable"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        stack.callback(process.kill)
        process.stdin.write(configuration + "\n")
        process.stdin.flush()
        port = int(process.stdout.readline())
        variants = {
            "no filter": ([], None),
            "ours, Bearer": ([ours], None),
            "ours, DPoP ES256": ([ours], "ES256"),
            "ours, DPoP EdDSA": ([ours], "EdDSA"),
            "ext_authz, DPoP ES256": ([ext_authz()], "ES256"),
            "ext_authz, DPoP EdDSA": ([ext_authz()], "EdDSA"),
        }
        running, loads = {}, {name: [] for name in variants}
        for name, (filters, algorithm) in variants.items():
            if envoy := bench.start(stack, f"proofs {name}".replace(",", ""), filters, clusters={"es": port}):
                running[name] = (envoy, algorithm)
        for number in range(bench.options.rounds + 1):
            for name, (envoy, algorithm) in running.items():
                tokens = bearers if algorithm is None else file_of(bench.directory / "proofs.txt", lines(algorithm, PROOFS_A_SECOND * bench.options.seconds))
                result = load.run(bench.options.wrk, envoy, tokens, bench.options.seconds, bench.wrk_cpus)
                if algorithm and result.requests >= tokens.count - 100:
                    raise SystemExit(f"error: {name} has used up its {tokens.count} proofs; make more")
                # The first round fills the caches.
                if number:
                    loads[name].append(result)
    return {
        name: {field: statistics.median(getattr(l, field) for l in results)
               for field in ("per_second", "microseconds", "p99_milliseconds")}
        for name, results in loads.items() if results
    }


def ext_authz():
    return {
        "name": "ext_authz",
        "typed_config": {
            "@type": envoys.TYPE + "http.ext_authz.v3.ExtAuthz",
            "transport_api_version": "V3",
            "allowed_headers": {"patterns": [{"exact": "authorization"}, {"exact": "dpop"}]},
            "http_service": {"server_uri": {"uri": "http://es", "cluster": "es", "timeout": "5s"}},
        },
    }


def page(results, table, value):
    rows = [
        [name.replace("ours", "**eec-authn**").replace("ext_authz", "`ext_authz` and a Rust checker"), value(results, name),
         value(results, name, "p99_milliseconds", digits=1), value(results, name, "microseconds", digits=1)]
        for name in results
    ]
    return table(["variant", "requests/s", "p99, ms", "µs of Envoy's processor"], rows)
