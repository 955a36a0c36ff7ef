#!/usr/bin/env python3
"""The numbers of `make bench-fleet` as tables, between two lines of docs/scale.md.

    fleet.py RESULTS.json docs/scale.md
"""

import json
import pathlib
import statistics
import sys

from report import table
from slices import compared

BEGIN, END = "<!-- written by make bench-fleet: begin -->", "<!-- written by make bench-fleet: end -->"
WAYS = {"none": "no filter", "istio": "RequestAuthentication and AuthorizationPolicy", "ours": "**eec-authn**"}


def middle(pushes, *path):
    def value(push):
        for name in path:
            push = push[name]
        return push

    return statistics.median(map(value, pushes))


def key_table(fleets):
    rows = []
    for fleet in fleets:
        for one in fleet["keys"]:
            pushes, proxies = one["pushes"], fleet["proxies"]
            sent = statistics.median(sum(kind["bytes"] for kind in push["sent"].values()) for push in pushes) / proxies
            worst = max(push["last"] for push in pushes)
            rows.append([
                f"{proxies:,}", f"{one['keys']}", f"{one['bytes'] / 1000:.1f}",
                *(f"{middle(pushes, which):.2f}" for which in ("applied", "first", "median", "last")), f"{worst:.2f}",
                f"{sent / 1000:.1f}", f"{one['istiod_bytes'] / 1e6:,.0f}",
            ])
    head = ["proxies", "keys", "KB of filter JSON", "`kubectl` has returned", "first proxy", "half of them", "**last proxy**",
            "slowest push", "KB to each proxy", "istiod, MB"]
    return table(head, rows)


def connect_table(fleets):
    rows = []
    for fleet in fleets:
        sent = {kind.rpartition(".")[2]: numbers["bytes"] for kind, numbers in fleet["connect"]["sent"].items()}
        rows.append([
            f"{fleet['proxies']:,}", f"{fleet['connect_seconds']:.1f}", f"{fleet['proxies'] / fleet['connect_seconds']:.0f}",
            f"{fleet['connect']['retries'] / fleet['proxies']:.1f}", f"{sum(sent.values()) / fleet['proxies'] / 1000:.1f}",
            f"{fleet['idle_bytes'] / 1e6:,.0f}", f"{fleet['connected_bytes'] / 1e6:,.0f}",
        ])
    head = ["proxies", "seconds until the last is configured", "in a second", "refusals for each", "KB to each", "istiod before, MB", "after, MB"]
    return table(head, rows)


def sidecar_table(slices):
    rows = []
    for count, label in ((1, "one token"), (20_000, "20,000 tokens")):
        ours = slices[f"ours-{count}"]
        for way, name in WAYS.items():
            found = slices[f"{way}-{count}"]
            row = [f"{name}, {label}", f"{statistics.median(m for m, _ in found):.1f}", f"{statistics.median(r for _, r in found):,.0f}"]
            if way == "istio":
                ratios = compared(ours, found)
                row += [f"{m:.2f} × ({low:.2f}–{high:.2f})" for m, low, high in (ratios["time"], ratios["rate"])]
            rows.append(row + [""] * (5 - len(row)))
    head = ["variant", "µs of Envoy's processor", "requests/s", "eec-authn to it, by processor time", "by requests"]
    return table(head, rows)


def memory_table(memory):
    rows, without = [], memory["0"]
    for count in (name for name in memory if name != "0"):
        one, five = memory[count]["1"], memory[count]["5"]
        rows.append([count, f"{(one - without['1']) / 1e6:.0f}", f"{(five - one) / 4e6:.1f}"])
    return table(["keys in use", "MB more than without the filter, one worker", "MB for each further worker"], rows)


def tables(results):
    parts = [f"Load of the machine at the end: {results['load_after']:.1f}."]
    if "fleet" in results:
        fleets, pushes = results["fleet"]["fleets"], results["fleet"]["pushes"]
        parts += [
            f"Seconds from the start of `kubectl apply`; medians of {pushes} pushes.",
            key_table(fleets),
            "All proxies come at once, as after an outage of istiod:",
            connect_table(fleets),
        ]
    if "sidecar" in results:
        parts += ["### In a sidecar, beside Istio's own way", sidecar_table(results["sidecar"]["slices"])]
    if "memory" in results:
        parts += ["### Memory of a proxy", memory_table(results["memory"])]
    return "\n\n".join(parts)


def main(source, target):
    results, page = json.loads(pathlib.Path(source).read_text()), pathlib.Path(target)
    text = page.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise SystemExit(f"error: {target} has not each of the lines `{BEGIN}` and `{END}` once")
    before, _, rest = text.partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n\n{tables(results)}\n\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
