#!/usr/bin/env python3
"""What the filter costs, side by side with Envoy's own jwt_authn and ext_authz; `make bench` runs it.

One Envoy with one worker per variant, all of them up at once, loaded one after the other in rounds; every
number is the median over the rounds. Envoy and wrk have a processor core each. Ratios are what to look at:
all numbers of a table come from the same minutes on the same machine.
"""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile

import envoys
import load
import online
import proofs
import report
import responses
import slices
from tokens import ALGORITHMS, PUSHED, Key, write_tokens

MANY = 4000
PARTS = ["algorithms", "keys", "sizes", "distinct", "online", "proofs", "responses", "starts", "pushes", "verifiers"]


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


class Bench:
    def __init__(self, options, directory):
        self.options, self.directory = options, directory
        cores = sorted(os.sched_getaffinity(0))
        self.envoy_cpus, self.wrk_cpus = {cores[0]}, set(cores[1:2] or cores)
        # A third core, where there is one, for what answers questions; else wrk's, which has time left.
        self.answering_cpus = set(cores[2:3]) or self.wrk_cpus
        self.missing = {}

    def tokens(self, name, key, count=MANY, size=0):
        return write_tokens(self.directory / f"{name}.tokens", key, count, size)

    def start(self, stack, name, filters, workers=1, loaded=True, clusters=None):
        """A running Envoy, or None where it refuses the configuration: that variant is not there yet."""
        cpus = self.envoy_cpus if loaded else self.envoy_cpus | self.wrk_cpus
        try:
            envoy = envoys.Envoy(self.options.envoy, self.directory, name, filters, cpus, workers, clusters)
        except envoys.Refused as refused:
            say(f"{name} left out: {refused}")
            self.missing[name] = re.sub(r"^(\[[^]]*\] ?)*(wasm log: )?", "", str(refused))[:200]
            return None
        stack.callback(envoy.stop)
        return envoy

    def compare(self, variants, clusters=None):
        """Medians by name for `variants`: name -> (filters, tokens, guarded). `clusters` are there for all: name -> port."""
        rounds = {}
        with contextlib.ExitStack() as stack:
            running = {}
            for name, (filters, tokens, guarded) in variants.items():
                if envoy := self.start(stack, name, filters, clusters=clusters):
                    running[name] = (envoy, tokens)
                    self.expect(envoy, name, tokens.first, guarded)
            for name, (envoy, tokens) in running.items():
                before = envoy.resident_bytes()
                load.warm_up(self.options.wrk, envoy, tokens, self.wrk_cpus)
                rounds[name] = {"loads": [], "grown": envoy.resident_bytes() - before, "counted": envoy.counters()}
            for number in range(self.options.rounds):
                say(f"round {number + 1} of {self.options.rounds}: {len(running)} variants")
                for name, (envoy, tokens) in running.items():
                    rounds[name]["loads"].append(
                        load.run(self.options.wrk, envoy, tokens, self.options.seconds, self.wrk_cpus))
            for name, (envoy, tokens) in running.items():
                before = rounds[name]["counted"]
                rounds[name]["counted"] = {n: value - before.get(n, 0) for n, value in envoy.counters().items()}
        return {
            name: {
                "per_second": statistics.median(l.per_second for l in result["loads"]),
                "microseconds": statistics.median(l.microseconds for l in result["loads"]),
                "p99_milliseconds": statistics.median(l.p99_milliseconds for l in result["loads"]),
                "grown_bytes": result["grown"],
                "requests": sum(l.requests for l in result["loads"]),
                "counted": {n: value for n, value in result["counted"].items() if value},
            }
            for name, result in rounds.items()
        }

    def expect(self, envoy, name, token, guarded):
        """A variant that lets everything through, or nothing, is not worth a number."""
        header, payload, _ = token.split(".")
        forged = f"{header}.{payload}.{'A' * 86}"
        for shown, wanted in ((token, 200), (forged, 401 if guarded else 200)):
            if (status := envoy.status(shown)) != wanted:
                raise SystemExit(f"error: {name} answered {status} instead of {wanted}; see {envoy.log}")

    def algorithms(self):
        say(f"the hot path, in slices: {slices.MANY} different tokens")
        return slices.measure(self)

    def ours(self, jwks, cache, name=None):
        return envoys.ours(self.options.wasm, jwks, cache, name)

    def both(self, label, jwks, tokens, cache):
        """The four variants that most tables have."""
        return {
            f"native {label} verify": ([envoys.native(jwks)], tokens, True),
            f"ours {label} verify": ([self.ours(jwks, 0)], tokens, True),
            f"native {label} cache": ([envoys.native(jwks, cache)], tokens, True),
            f"ours {label} cache": ([self.ours(jwks, cache)], tokens, True),
        }

    def keys(self):
        say("number of pinned keys")
        keys = [Key("EdDSA", f"k{n}") for n in range(256)]
        tokens = self.tokens("keys", keys[0])
        variants = {}
        for count in (1, 16, 256):
            variants |= self.both(str(count), [key.jwk for key in keys[:count]], tokens, 2 * MANY)
        return self.compare(variants)

    def sizes(self):
        say("size of the token")
        key, variants, means = Key("EdDSA", "k0"), {}, {}
        for size in (400, 2000, 8000):
            tokens = self.tokens(f"size-{size}", key, size=size)
            means[str(size)] = tokens.mean_bytes
            variants |= self.both(str(size), [key.jwk], tokens, 2 * MANY)
        return {"bytes": means, "results": self.compare(variants)}

    def distinct(self):
        say("size of the cache")
        key, variants = Key("EdDSA", "k0"), {}
        for count in (1000, 100_000):
            tokens = self.tokens(f"distinct-{count}", key, count)
            variants |= {n: v for n, v in self.both(str(count), [key.jwk], tokens, 2 * count).items() if "cache" in n}
        return self.compare(variants)

    def online(self):
        return online.measure(self)

    def proofs(self):
        say("bound tokens, a proof each")
        return proofs.measure(self)

    def responses(self):
        say("looking at answers, in pairs")
        return responses.measure(self)

    def starts(self):
        say("time to start, and memory per worker")
        jwks = [Key("EdDSA", f"k{n}").jwk for n in range(256)]
        variants = {"no filter": [], "empty filter": [envoys.wasm(self.options.noop_pruned)]}
        for count in (1, 16, 256):
            variants[f"native {count}"] = [envoys.native(jwks[:count])]
            variants[f"ours {count}"] = [self.ours(jwks[:count], 10_000)]
        times, memory = {name: [] for name in variants}, {}
        for number in range(self.options.rounds):
            for name, filters in variants.items():
                for workers in (1, 5) if number == 0 else (1,):
                    if name in self.missing:
                        continue
                    with contextlib.ExitStack() as stack:
                        if envoy := self.start(stack, name, filters, workers, loaded=False):
                            memory.setdefault(name, {}).setdefault(workers, envoy.resident_bytes())
                            if workers == 1:
                                times[name].append(envoy.start_seconds)
        return {
            name: {
                "milliseconds": statistics.median(times[name]) * 1000,
                "bytes_per_worker": (memory[name][5] - memory[name][1]) / 4,
            }
            for name in variants
            if times[name]
        }

    def pushes(self):
        say("what a push costs the worker (makes keys first)")
        results = {}
        for algorithm in PUSHED:
            jwks = [Key(algorithm, f"{algorithm} {n}").jwk for n in range(257)]
            with contextlib.ExitStack() as stack:
                envoy = envoys.Pushed(self.options.envoy, self.directory, [self.ours(jwks[:1], 10_000)])
                stack.callback(envoy.stop)
                for count in (1, 16, 256):
                    # Other keys each time, as far as there are any: none of them is known from the last push.
                    starts = [0, 256 - count, 257 - count]
                    pushed = [jwks[start:start + count] for start in starts]
                    times = [envoy.push_milliseconds([self.ours(keys, 10_000 + n)]) for n, keys in enumerate(pushed)]
                    results.setdefault(algorithm, {})[str(count)] = max(times)
        return results

    def verifiers(self):
        say("the verifiers by themselves, natively and in WebAssembly (compiles first)")
        bench = ["cargo", "bench", "--quiet", "--no-default-features", "--bench", "verify"]
        times = {}
        for where, target in (("native", []), ("wasm", ["--target", "wasm32-unknown-unknown"])):
            text = subprocess.run([*bench, *target], stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if text.returncode:
                raise SystemExit(f"error: {' '.join([*bench, *target])}\n{text.stdout}{text.stderr}")
            for algorithm, microseconds in re.findall(r"^\s*verify (\S+) ([0-9.]+)", text.stdout + text.stderr, re.M):
                times.setdefault(algorithm, {})[where] = float(microseconds)
        return times

    def about(self):
        def first_line(*command):
            text = subprocess.run(command, capture_output=True, text=True).stdout
            return text.strip().splitlines()[0] if text.strip() else ""

        cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
        envoy = first_line(self.options.envoy, "--version")
        return {
            "envoy": re.search(r"/(\d+\.\d+\.\d+)", envoy).group(1),
            "rustc": first_line("rustc", "--version"),
            "node": first_line("node", "--version"),
            "eec-authn": re.search(r'^version = "(.*)"', pathlib.Path("Cargo.toml").read_text(), re.M).group(1),
            "wrk": re.search(r"wrk (\S+)", subprocess.run([self.options.wrk, "-v"], capture_output=True, text=True).stdout).group(1),
            "processor": f"{cpu.group(1) if cpu else platform.machine()}, {len(os.sched_getaffinity(0))} cores",
            "load_before": os.getloadavg()[0],
            "module_bytes": self.options.wasm.stat().st_size,
            "rounds": self.options.rounds,
            "seconds": self.options.seconds,
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--envoy", required=True)
    for name in ("wasm", "noop", "noop-pruned", "floor", "load"):
        parser.add_argument(f"--{name}", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--wrk", default="wrk")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2, help="of load on each variant in each round")
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--results", type=pathlib.Path, required=True, help="all numbers, as JSON")
    parser.add_argument("--report", type=pathlib.Path, help="write the table and the picture into this directory")
    options = parser.parse_args()

    results = {}
    options.results.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="eec-authn-bench-") as directory:
        bench = Bench(options, pathlib.Path(directory))
        results["about"] = bench.about()
        if results["about"]["load_before"] > 0.5:
            say(f"warning: the machine is busy already (load {results['about']['load_before']:.1f}): look at ratios only")
        for part in options.only or PARTS:
            results[part] = getattr(bench, part)()
            results["missing"] = bench.missing
            # At once: a later part that fails costs nothing of it.
            options.results.write_text(json.dumps(results, indent=1) + "\n")
    if options.report:
        report.write(results, options.report)


if __name__ == "__main__":
    main()
