"""Asking the entitlement server, side by side with Envoy's own ext_authz; the part `online` of run.py."""

import contextlib
import json

import envoys
from tokens import AUDIENCE, ISSUER, Key, file_of

COUNT = 4000
# One request in so many has to be asked about.
ASKED = {"0 %": 1, "90 %": 10, "99 %": 100}
FLOOR = "the same host calls, and no computing"
KEPT, FRESH = ISSUER, "aes.mnc002.mcc001.pub.3gppnetwork.org"
IDENTITY = {"sub": "eec-1", "gpsi": "msisdn-491700000001"}
CACHE_SECONDS = 3600


def measure(bench):
    """Medians by variant, with the share of kept answers and the questions per request as they were counted."""
    keys = {KEPT: Key("EdDSA", "k0"), FRESH: Key("EdDSA", "k1")}
    with contextlib.ExitStack() as stack:
        server = envoys.Envoy(bench.options.envoy, bench.directory, "entitlement-server", [buffer()],
                              bench.answering_cpus, routes=routes())
        stack.callback(server.stop)
        results = bench.compare(variants(bench, keys), {"es": server.port})
    for name, result in results.items():
        counted = result["counted"]
        requests = counted["http.bench.downstream_rq_total"]
        result["kept"] = counted.get("wasmcustom.eec_authn.online.cache_hit", 0) / requests
        result["questions"] = counted.get("cluster.es.upstream_rq_total", 0) / requests
        # A variant that does not ask when it should, or asks when it need not, is not worth a number.
        if abs(result["kept"] + result["questions"] - (name != "no filter")) > 0.01:
            raise SystemExit(f"error: {name}: {result['kept']:.3f} answers kept, {result['questions']:.3f} questions a request")
    return results


def page(results, table, value, ratio, times):
    """The table of the report."""
    def against(name, native):
        by_requests, by_time = ratio(results, name, native), ratio(results, native, name, "microseconds")
        return f"{times(by_requests)}, {times(by_time)}"

    rows = []
    for name, result in results.items():
        ours = name.startswith("ours")
        label = f"**eec-authn**, {name.removeprefix('ours ')} of the answers kept" if ours else name
        rows.append([
            label.replace("jwt_authn", "`jwt_authn`").replace("ext_authz", "`ext_authz`"),
            value(results, name),
            value(results, name, "p99_milliseconds", digits=1),
            value(results, name, "microseconds", digits=1),
            f"{result['per_second'] * result['microseconds'] / 1e6:.0%}",
            f"{result['kept']:.1%}" if ours else "–",
            f"{result['questions']:.2f}",
            against(name, "ext_authz") if ours else "",
            against(name, "jwt_authn and ext_authz") if ours else "",
            # Only what asks each time makes the same calls.
            against(name, FLOOR) if ours and result["questions"] > 0.99 else "",
        ])
    return table(["variant", "requests/s", "p99, ms", "µs of Envoy's processor", "Envoy's core busy", "answers kept, counted",
                  "questions per request", "to `ext_authz`: by requests, by processor time", "to both native filters", "to the same host calls"], rows)


def variants(bench, keys):
    """Requests whose answer is kept have tokens of one entitlement server, the others those of another that is asked
    each time: so the share of kept answers is that of the tokens, however fast the requests come."""
    ours = envoys.wasm(bench.options.wasm, json.dumps({
        "protects": {"role": "ees", "fqdns": [AUDIENCE]},
        "entitlement_servers": [
            {"fqdn": issuer, "keys": [{"jwk": key.jwk}], "online": {
                "method": "rfc7662", "cluster": "es", "path": f"/introspect/{issuer}", "apply_to": "all",
                "timeout_ms": 5000, "cache_seconds": CACHE_SECONDS if issuer == KEPT else 0}}
            for issuer, key in keys.items()
        ],
        "cache": {"tokens": 2 * COUNT},
    }))
    tokens = {share: mixed(bench, share, every, keys) for share, every in ASKED.items()}
    first = tokens["0 %"]
    jwt = envoys.native([keys[FRESH].jwk], 2 * COUNT, FRESH)
    return {
        "no filter": ([], first, False),
        "ext_authz": ([ext_authz()], first, False),
        "jwt_authn and ext_authz": ([jwt, ext_authz()], first, True),
        FLOOR: ([envoys.wasm(bench.options.floor, f"es\n/introspect/{FRESH}")], first, False),
        **{f"ours {share}": ([ours], tokens[share], True) for share in ASKED},
    }


def mixed(bench, share, every, keys):
    def token(serial):
        issuer = KEPT if serial % every else FRESH
        return keys[issuer].token(serial, claims={"iss": issuer, **IDENTITY})

    name = share.split()[0]
    return file_of(bench.directory / f"online-{name}.tokens", [token(serial) for serial in range(COUNT)])


def routes():
    """The same Envoy answers both: introspection with claims in JSON, ext_authz with the identity in headers."""
    answers = [
        envoys.direct(
            f"/introspect/{issuer}",
            json.dumps({"active": True, "iss": issuer, "aud": [AUDIENCE], "token_type": "Bearer", **IDENTITY}),
            {"content-type": "application/json"})
        for issuer in (KEPT, FRESH)
    ]
    claims = {**IDENTITY, "iss": FRESH, "jti": f"{0:032x}"}
    return [*answers, envoys.direct("/", headers={h: claims[c] for h, c in envoys.IDENTITY_HEADERS.items()})]


def buffer():
    """Reads a question before the answer goes out: else Envoy answers at the headers and closes the connection."""
    return {
        "name": "buffer",
        "typed_config": {"@type": envoys.TYPE + "http.buffer.v3.Buffer", "max_request_bytes": 65536},
    }


def ext_authz():
    return {
        "name": "ext_authz",
        "typed_config": {
            "@type": envoys.TYPE + "http.ext_authz.v3.ExtAuthz",
            "transport_api_version": "V3",
            "http_service": {
                "server_uri": {"uri": "http://es", "cluster": "es", "timeout": "5s"},
                "authorization_response": {"allowed_upstream_headers": {"patterns": [{"prefix": "x-eec-"}]}},
            },
        },
    }
