"""What looking at answers costs requests that have nothing to do with it; the part `responses` of run.py.

The filter exports a callback for answers, which Envoy calls for every one, though only `ownership` needs it. Its cost is
small beside the differences between two processes of one program, so variants are compared in pairs: within a round, one
right after the other, in changing order; over several sittings, in each of which all of them are started anew. One variant
runs twice: how far that differs from itself is what the figures are good for.
"""

import contextlib
import json
import pathlib
import statistics
import sys

import envoys
import load
from tokens import AUDIENCE, ISSUER, Key

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scripts"))
import wasm_module  # noqa: E402

CALLBACK = "proxy_on_response_headers"
SITTINGS = 5
GOAL = 0.3
# No resource of anybody's: a rule takes it.
METHOD, PATH = "GET", "/own"
PAIRS = {
    "the callback, nobody needs it": ("without ownership", "without the callback"),
    "`ownership`, which these requests do not use": ("with ownership", "without ownership"),
    "nothing: the same twice": ("without ownership, again", "without ownership"),
}


def without_callback(module, directory):
    """The same module, but the host does not see the callback."""
    out = bytearray(wasm_module.HEADER)
    dropped = 0
    for kind, content in wasm_module.sections(module.read_bytes()):
        if kind == wasm_module.EXPORTS:
            kept = [entry for name, entry in wasm_module.exports(content) if name != CALLBACK]
            dropped = sum(1 for _ in wasm_module.exports(content)) - len(kept)
            content = wasm_module.write_number(len(kept)) + b"".join(kept)
        out += bytes([kind]) + wasm_module.write_number(len(content)) + content
    if dropped != 1:
        raise SystemExit(f"error: {module} does not export {CALLBACK}")
    path = directory / "without_callback.wasm"
    path.write_bytes(out)
    return path


def measure(bench):
    key = Key("EdDSA", "k0")
    tokens = bench.tokens("responses", key)

    def filters(module, ownership):
        configuration = {
            "protects": {"role": "ees", "fqdns": [AUDIENCE]},
            "entitlement_servers": [{"fqdn": ISSUER, "keys": [{"jwk": key.jwk}]}],
            "rules": [{"match": {"path": PATH, "methods": [METHOD]}}],
        } | ({"ownership": {"secret_env": ["SECRET"]}} if ownership else {})
        wasm = envoys.wasm(module, json.dumps(configuration))
        wasm["typed_config"]["config"]["vm_config"]["environment_variables"] = {"key_values": {"SECRET": "A" * 43}}
        return [wasm]

    ours = bench.options.wasm
    variants = {
        "without the callback": filters(without_callback(ours, bench.directory), False),
        "without ownership": filters(ours, False),
        "without ownership, again": filters(ours, False),
        "with ownership": filters(ours, True),
    }
    differences, costs = {pair: [] for pair in PAIRS}, {name: [] for name in variants}
    for sitting in range(SITTINGS):
        with contextlib.ExitStack() as stack:
            running = {}
            for name, chain in variants.items():
                envoy = bench.start(stack, f"responses {name}".replace(",", ""), chain)
                if envoy is None:
                    return {}
                expect(envoy, name, tokens.first)
                running[name] = envoy
            for envoy in running.values():
                load.warm_up(bench.options.wrk, envoy, tokens, bench.wrk_cpus, METHOD, PATH)
            rounds = []
            for number in range(bench.options.rounds):
                order = list(running) if number % 2 == 0 else list(running)[::-1]
                spent = {name: load.run(bench.options.wrk, running[name], tokens, bench.options.seconds, bench.wrk_cpus,
                                        method=METHOD, path=PATH).microseconds for name in order}
                rounds.append(spent)
            for name in variants:
                costs[name] += [spent[name] for spent in rounds]
            for pair, (more, less) in PAIRS.items():
                differences[pair].append(statistics.median(spent[more] - spent[less] for spent in rounds))
    return {
        "microseconds": {name: statistics.median(spent) for name, spent in costs.items()},
        "pairs": {
            pair: {"median": statistics.median(found), "least": min(found), "most": max(found)}
            for pair, found in differences.items()
        },
    }


def expect(envoy, name, token):
    """A good token passes, and a request that has an owner is refused where owners are asked."""
    status = envoy.status(token, METHOD, PATH)
    owned = envoy.status(token)
    if (status, owned) != (200, 403 if name == "with ownership" else 200):
        raise SystemExit(f"error: {name} answered {status} and {owned}; see {envoy.log}")


def page(results, table):
    rows = []
    *figures, nothing = PAIRS
    noise = results["pairs"][nothing]
    told = max(abs(noise["least"]), abs(noise["most"])) <= GOAL
    for pair, found in results["pairs"].items():
        verdict = ("met" if found["median"] <= GOAL else "**missed**") if told else "not to be told: the same differs by more"
        met = f"{verdict} (≤ {GOAL} µs)" if pair in figures else ""
        rows.append([pair, f"{found['median']:+.2f}", f"{found['least']:+.2f} … {found['most']:+.2f}", met])
    head = ["what a request pays for", "µs of Envoy's processor, median of the sittings", "the sittings", "goal"]
    base = results["microseconds"]["without ownership"]
    return table(head, rows) + f"\n\nA whole request costs {base:.1f} µs here."
