"""What looking at answers costs requests that have nothing to do with it; the part `responses` of run.py.

The filter exports a callback for answers, which Envoy calls for every one, though only `ownership` needs it. How much of its cost is
the host's is told by the same module with a callback that does nothing. All that is small beside the differences between two processes
of one program, and not large beside those between two listeners of one: so all variants are listeners of one Envoy, loaded in slices
that take turns (slices.py), in another order in each of several sittings. One variant is there twice: how far that differs from itself is what the figures are good for.
And one has the callback many times over in its chain, in filters that export nothing else of a request: a part of that difference differs less.
"""

import json
import statistics

import envoys
import slices
from callbacks import with_empty, without
from tokens import AUDIENCE, ISSUER, Key

CALLBACK = "proxy_on_response_headers"
OF_REQUESTS = {"proxy_on_request_headers", "proxy_on_request_body", "proxy_on_request_trailers"}
SITTINGS = 32
MORE = 16
GOAL = 0.3
# No resource of anybody's: a rule takes it.
METHOD, PATH = "GET", "/own"
# What is told -> the variants that differ by it, and how many times.
PAIRS = {
    "the callback, nobody needs it": ("without ownership", "without the callback", 1),
    "… of which the filter's own part": ("without ownership", "with an empty callback", 1),
    f"each of {MORE} more callbacks in one request": ("many callbacks", "many without", MORE),
    "… of which the filter's own part, in each": ("many callbacks", "many empty", MORE),
    "`ownership`, which these requests do not use": ("with ownership", "without ownership", 1),
    "nothing: the same twice": ("without ownership again", "without ownership", 1),
}


def measure(bench):
    key = Key("EdDSA", "k0")
    tokens = bench.tokens("responses", key)

    def plugin(name, module, ownership=False):
        """Plugins with the same configuration share their caches: names keep them apart."""
        configuration = {
            "name": name,
            "protects": {"role": "ees", "fqdns": [AUDIENCE]},
            "entitlement_servers": [{"fqdn": ISSUER, "keys": [{"jwk": key.jwk}]}],
            "rules": [{"match": {"path": PATH, "methods": [METHOD]}}],
        } | ({"ownership": {"secret_env": ["SECRET"]}} if ownership else {})
        wasm = envoys.wasm(module, json.dumps(configuration))
        wasm["typed_config"]["config"]["vm_config"]["environment_variables"] = {"key_values": {"SECRET": "A" * 43}}
        return wasm

    ours = bench.options.wasm
    of_answers = without(OF_REQUESTS, ours, bench.directory)
    answers_alone = plugin("answers_alone", of_answers)
    empty = plugin("empty_alone", with_empty(CALLBACK, of_answers, bench.directory))
    nothing = plugin("nothing", without(OF_REQUESTS | {CALLBACK}, ours, bench.directory))
    variants = {
        "without the callback": [plugin("no_callback", without({CALLBACK}, ours, bench.directory))],
        "with an empty callback": [plugin("empty", with_empty(CALLBACK, ours, bench.directory))],
        "without ownership": [plugin("first", ours)],
        "without ownership again": [plugin("again", ours)],
        "with ownership": [plugin("owned", ours, ownership=True)],
        "many callbacks": [plugin("many", ours), *[answers_alone] * MORE],
        "many empty": [plugin("many_empty", ours), *[empty] * MORE],
        "many without": [plugin("many_without", ours), *[nothing] * MORE],
    }
    variants = {name: (chain, tokens, True) for name, chain in variants.items()}
    cycles = max(10, bench.options.rounds * 4)
    differences, costs = {pair: [] for pair in PAIRS}, {name: [] for name in variants}
    for sitting in range(SITTINGS):
        turn = sitting % len(variants)
        wanted = dict([*variants.items()][turn:] + [*variants.items()][:turn])
        envoy = envoys.Envoy(
            bench.options.envoy, bench.directory, f"responses-{sitting}", None, bench.envoy_cpus,
            config=envoys.listeners({name: chain for name, (chain, _, _) in wanted.items()}))
        try:
            ports = envoy.ports()
            for name in wanted:
                envoy.port = ports[name]
                expect(envoy, name, tokens.first)
            spent = {name: {} for name in wanted}
            for name, cycle, microseconds, _ in slices.load(bench, envoy, ports, wanted, cycles, METHOD, PATH):
                spent[name][cycle] = float(microseconds)
        finally:
            envoy.stop()
        for name, found in spent.items():
            costs[name] += found.values()
        for pair, (more, less, times) in PAIRS.items():
            found = [(spent[more][cycle] - spent[less][cycle]) / times for cycle in spent[more]]
            differences[pair].append(statistics.median(found))
    return {
        "microseconds": {name: statistics.median(found) for name, found in costs.items()},
        "pairs": {
            pair: dict(zip(["median", "least", "most"], slices.middle(sorted(found)), strict=True))
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
    noise = max(abs(results["pairs"][nothing][end]) for end in ("least", "most"))
    for pair, found in results["pairs"].items():
        told = noise / PAIRS[pair][2] <= GOAL
        verdict = ("met" if found["median"] <= GOAL else "**missed**") if told else "not to be told: the same differs by more"
        met = f"{verdict} (≤ {GOAL} µs)" if pair in figures else ""
        rows.append([pair, f"{found['median']:+.2f}", f"{found['least']:+.2f} … {found['most']:+.2f}", met])
    head = ["what a request pays for", "µs of Envoy's processor, median of the sittings", "95 %", "goal"]
    base = results["microseconds"]["without ownership"]
    return table(head, rows) + f"\n\nA whole request costs {base:.1f} µs here."
