"""The hot path: all variants are listeners of one Envoy with one worker, loaded in short slices that take turns.

The same module differs by several microseconds from one start of Envoy to the next, by where it comes to lie in memory. Within
one process, and in slices of a tenth of a second, what disturbs one variant disturbs the others: a ratio is the median over pairs
of slices of one cycle, and its interval the one in which that median lies with 95 % confidence (by order statistics). There are
several sittings, each with an Envoy of its own, so that no start decides.
"""

import math
import os
import statistics
import subprocess

import envoys
from tokens import ALGORITHMS, AUDIENCE, Key, file_of

MANY = 4000
SLICE = 2000
SITTINGS = 3
# Shares of requests whose token was seen before: as phones keep theirs for an hour, and as if each brought a new one.
MIXES = {"90 % hits": 0.9, "1 % hits": 0.01}


def variants(bench, cycles):
    """Name -> (filters, tokens, whether a forged token is refused)."""
    found, keys = {}, {algorithm: Key(algorithm, "k0") for algorithm in ALGORITHMS}
    for algorithm, key in keys.items():
        tokens = bench.tokens(algorithm, key)
        if not found:
            found["no filter"] = ([], tokens, False)
            found["empty filter"] = ([envoys.wasm(bench.options.noop_pruned)], tokens, False)
            found["floor"] = ([envoys.wasm(bench.options.floor)], tokens, False)
        for cache, label in ((0, "verify"), (2 * MANY, "cache")):
            found |= of(bench, key, cache, f"{algorithm} {label}", tokens)
    for label, share in MIXES.items():
        found |= of(bench, keys["EdDSA"], 2 * MANY, label, mixed(bench, keys["EdDSA"], label, share, cycles))
    return found


def of(bench, key, cache, label, tokens):
    native = envoys.native([key.jwk], cache)
    return {
        f"native {label}": ([native], tokens, True),
        f"rbac {label}": ([native, envoys.rbac()], tokens, True),
        f"ours {label}": ([bench.ours([key.jwk], cache, "v_" + "".join(c for c in label if c.isalnum()))], tokens, True),
    }


def mixed(bench, key, label, share, cycles):
    """As many requests as a variant gets; the tokens of `share` of them come again and again, the others once."""
    known = [key.token(serial) for serial in range(MANY)]
    lines, fresh = [], 0
    for number in range(2 * 4_500 + cycles * (SLICE + 64)):
        if (number * share) % 1 + share >= 1:
            lines.append(known[number % MANY])
        else:
            fresh += 1
            lines.append(key.token(10 * MANY + fresh))
    return file_of(bench.directory / f"{label.replace(' ', '')}.tokens", lines)


def measure(bench):
    cycles = max(10, bench.options.rounds * 4)
    slices = {}
    for sitting in range(SITTINGS):
        wanted = variants(bench, cycles)
        envoy = envoys.Envoy(
            bench.options.envoy, bench.directory, f"slices-{sitting}", None, bench.envoy_cpus,
            config=envoys.listeners({name: filters for name, (filters, _, _) in wanted.items()}))
        try:
            ports = envoy.ports()
            for name, (_, tokens, guarded) in wanted.items():
                envoy.port = ports[name]
                bench.expect(envoy, name, tokens.first, guarded)
            for name, _, microseconds, rate in load(bench, envoy, ports, wanted, cycles):
                slices.setdefault(name, []).append((float(microseconds), float(rate)))
        finally:
            envoy.stop()
    return {
        name: {
            "microseconds": statistics.median(m for m, _ in found),
            "per_second": statistics.median(r for _, r in found),
            "ratios": {other: compared(found, slices[other]) for other in others(name)},
        }
        for name, found in slices.items()
    }


def others(name):
    """What a variant of ours is compared with."""
    who, _, label = name.partition(" ")
    if who != "ours":
        return []
    return [f"native {label}", f"rbac {label}"] + (["floor"] if label.endswith("cache") else [])


def compared(ours, others):
    """Median, and the ends of its interval, of how often ours fits into the other's processor time; the same for the rates."""
    by_time = sorted(other[0] / own[0] for own, other in zip(ours, others))
    by_rate = sorted(own[1] / other[1] for own, other in zip(ours, others))
    return {"time": middle(by_time), "rate": middle(by_rate)}


def middle(values):
    half = 0.98 * math.sqrt(len(values))
    low, high = (len(values) / 2 - half, len(values) / 2 + half)
    return [statistics.median(values), values[max(0, math.floor(low))], values[min(len(values) - 1, math.ceil(high))]]


def load(bench, envoy, ports, wanted, cycles, method=envoys.METHOD, path=envoys.PATH):
    """Name, cycle, microseconds and rate of each slice."""
    listeners = [f"{name.replace(' ', '_')}={ports[name]}={tokens.path}" for name, (_, tokens, _) in wanted.items()]
    names = {name.replace(" ", "_"): name for name in wanted}
    process = subprocess.run(
        [bench.options.load, str(envoy.process.pid), str(SLICE), str(cycles), method, path, AUDIENCE, *listeners],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=3600,
        preexec_fn=lambda: os.sched_setaffinity(0, bench.wrk_cpus),
    )
    if process.returncode:
        raise SystemExit(f"error: {process.stderr.strip()}; see {envoy.log}")
    for line in process.stdout.splitlines():
        name, *numbers = line.split()
        yield names[name], *numbers
