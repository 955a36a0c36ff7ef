#!/usr/bin/env python3
"""The results of run.py as a page (Markdown) and a picture (SVG).

    report.py RESULTS.json DIRECTORY
"""

import html
import json
import pathlib
import sys

import online
import proofs
import responses
import slices
from tokens import ALGORITHMS

# Goals by how often ours fits into the other's processor time: `jwt_authn`, it and RBAC, and the same host calls without computing.
GOALS = {
    "EdDSA verify": {"native": 1.6, "rbac": 1.7},
    "ES256 verify": {"native": 1.35, "rbac": 1.5},
    "RS256 verify": {"native": 0.95, "rbac": 1.0},
    **{f"{algorithm} cache": {"native": 0.95, "rbac": 1.15, "floor": 0.95} for algorithm in ALGORITHMS},
}
PUSH_GOAL = 10
MODULE_GOAL = 700_000


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def value(results, name, field="per_second", scale=1.0, digits=0):
    return f"{results[name][field] * scale:,.{digits}f}" if name in results else "–"


def ratio(results, ours, native, field="per_second"):
    if ours not in results or native not in results:
        return None
    return results[ours][field] / results[native][field]


def times(number):
    return "–" if number is None else f"{number:.2f} ×"


def algorithms(results):
    rows = []
    for name in ("no filter", "empty filter", "floor"):
        label = {"floor": "the same host calls, and no computing"}.get(name, name)
        rows.append([label, value(results, name, "microseconds", digits=1), value(results, name), *[""] * 3])
    labels = [name.removeprefix("ours ") for name in results if name.startswith("ours ")]
    words = {"verify": "every token verified", "cache": "from its cache"}
    for label in labels:
        what = " ".join(words.get(word, word) for word in label.split(" ", 1)) if label in GOALS else f"EdDSA, {label}"
        for who, name in (("native", "`jwt_authn`"), ("rbac", "`jwt_authn` and `rbac`"), ("ours", "**eec-authn**")):
            own = f"{who} {label}"
            row = [f"{name}, {what}", value(results, own, "microseconds", digits=1), value(results, own)]
            ratios = results[own]["ratios"]
            columns = [(other, ratios.get(f"{other} {label}")) for other in ("native", "rbac")] + [("floor", ratios.get("floor"))]
            rows.append(row + [against(ratio, GOALS.get(label, {}).get(other)) for other, ratio in columns])
    head = ["variant", "µs of Envoy's processor", "requests/s", "to `jwt_authn`", "to `jwt_authn` and `rbac`", "to the floor"]
    return table(head, rows)


def against(ratio, goal):
    """A ratio by processor time with its interval, and whether that is what we wanted."""
    if ratio is None:
        return ""
    median, low, high = ratio["time"]
    verdict = "" if goal is None else f", {'met' if median >= goal else '**missed**'} (≥ {goal})"
    return f"{median:.2f} × ({low:.2f}–{high:.2f}){verdict}"


def both(results, labels, what):
    rows = []
    for key, label in labels.items():
        row = [label]
        for kind in ("verify", "cache"):
            ours, native = f"ours {key} {kind}", f"native {key} {kind}"
            row += [value(results, ours), value(results, native), times(ratio(results, ours, native))]
        rows.append(row)
    head = [what, "ours, verified", "native, verified", "ratio", "ours, cached", "native, cached", "ratio"]
    return table(head, rows)


def distinct(results):
    rows = []
    for count in (1000, 100_000):
        ours, native = f"ours {count} cache", f"native {count} cache"
        rows.append([
            f"{count:,}", value(results, ours), value(results, native), times(ratio(results, ours, native)),
            value(results, ours, "grown_bytes", 1e-6), value(results, native, "grown_bytes", 1e-6),
        ])
    return table(["different tokens", "ours, requests/s", "native", "ratio", "ours, MB grown", "native, MB grown"], rows)


def starts(results):
    base = results["no filter"]
    rows = []
    for name, numbers in results.items():
        rows.append([
            name.replace("native", "`jwt_authn`, keys:").replace("ours", "**eec-authn**, keys:"),
            f"{numbers['milliseconds']:.0f}",
            f"{numbers['milliseconds'] - base['milliseconds']:+.0f}",
            f"{numbers['bytes_per_worker'] / 1e6:.1f}",
        ])
    return table(["variant", "ms until ready", "ms more than no filter", "MB per worker"], rows)


def pushes(results):
    rows = []
    for algorithm, by_count in results.items():
        most = max(by_count.values())
        goal = f"{'met' if most <= PUSH_GOAL else '**missed**'} (≤ {PUSH_GOAL} ms)"
        rows.append([algorithm, *(f"{by_count[n]:.1f}" for n in ("1", "16", "256")), goal])
    return table(["keys of", "1", "16", "256", "goal"], rows)


def page(results):
    about = results["about"]
    size = about["module_bytes"]
    parts = [
        "# What the filter costs",
        "Written by `make bench`; do not edit. ![Requests per second](benchmark.svg)",
        f"eec-authn {about['eec-authn']} in Envoy {about['envoy']} (V8), {about['rustc']}, wrk {about['wrk']}, {about['processor']}.\n"
        f"Load of the machine before the start: {about['load_before']:.1f}.\n"
        f"Medians of {about['rounds']} rounds of {about['seconds']} s on each variant, the variants taking turns. One Envoy with one worker per\n"
        "variant, bound to a core of its own; wrk with 32 connections on another; replies come from Envoy itself. Every variant gets\n"
        "the same requests (`DELETE` on an EEC registration), checks issuer, audience and times, and sets the same four headers. Look at the\n"
        "ratios: absolute numbers are those of this machine.",
    ]
    if "algorithms" in results:
        parts += [
            "## The hot path: 4,000 different tokens",
            f"All of these are listeners of one Envoy, loaded in slices of {slices.SLICE:,} requests that take turns, in {slices.SITTINGS} sittings with an Envoy of\n"
            "its own. Ratios are by Envoy's processor time for a request: medians over pairs of slices of one cycle, in brackets the interval in\n"
            "which that median lies with 95 % confidence. *RBAC* has host, method and path to check, which ours does by itself. The *floor* is a filter\n"
            "that reads the header map and the time, removes the token and adds the four headers, and computes nothing.",
            algorithms(results["algorithms"]),
        ]
    if "keys" in results:
        parts += ["## Pinned keys (EdDSA, requests/s)", both(results["keys"], {n: n for n in ("1", "16", "256")}, "keys")]
    if "sizes" in results:
        labels = {key: f"{mean:,} bytes" for key, mean in results["sizes"]["bytes"].items()}
        parts += ["## Size of the token (EdDSA, requests/s)", both(results["sizes"]["results"], labels, "token")]
    if "distinct" in results:
        parts += ["## Size of the cache (EdDSA; memory of the whole process, from before the first to after the last token)", distinct(results["distinct"])]
    if "online" in results:
        parts += [
            "## Asking the entitlement server",
            "`online` by rfc7662 with `apply_to: all`, against Envoy's `ext_authz` (HTTP service), which has no cache and so asks each time,\n"
            "alone and behind `jwt_authn`, which together do what this filter does. The same Envoy, on wrk's core or a third one, answers both at once\n"
            "over HTTP/1.1 without TLS. The shares of kept answers are made by the tokens: some belong to a server whose answers are kept for an hour,\n"
            "the others to one that is asked each time; all tokens are in the token caches. As wrk keeps 32 requests under way, p99 is mostly waiting\n"
            "for one's turn. *The same host calls* are those of a Wasm filter that asks, reads the whole answer and goes on, whatever it says.",
            online.page(results["online"], table, value, ratio, times),
        ]
    if "proofs" in results:
        parts += [
            "## Bound tokens",
            "A DPoP proof with each request, used once, from 1,000 clients with a key each; the tokens are in the token cache. No filter of Envoy's own\n"
            "checks proofs, so the other way is `ext_authz` to a checker: here this project's core, natively, in one thread on Envoy's neighbour core, with a\n"
            "memory of its own; its processor time is not in the last column, nor what several checkers would need to share. `Bearer` is the same\n"
            "configuration with tokens that are not bound.",
            proofs.page(results["proofs"], table, value),
        ]
    if results.get("responses"):
        parts += [
            "## Looking at answers",
            f"The filter sees every answer, though only `ownership` needs that. Variants in slices of one Envoy that take\n"
            f"turns, from the token cache, in {responses.SITTINGS} sittings with Envoys started anew; `GET` on a path of a rule, which has nothing to do with\n"
            f"owners. The interval is that of the median over the sittings. {responses.MORE} more callbacks are in filters of the same module that export nothing\n"
            "else of a request, so they find it in the processor's caches, but for the first.",
            responses.page(results["responses"], table),
        ]
    if "starts" in results:
        parts += [
            "## Start and memory",
            "From the start of Envoy until it is ready, and resident memory per worker (five workers less one, over four), before any load.\n"
            "The configuration is compiled once on the main thread, once to check it, and once per worker.",
            starts(results["starts"]),
        ]
    if "pushes" in results:
        parts += [
            "## Pushes",
            "Processor time of the worker, in ms, for a push by listener discovery with so many keys, the most of three: so long, at least,\n"
            "nobody else is served by that worker.",
            pushes(results["pushes"]),
        ]
    if "verifiers" in results:
        rows = [[a, *(f"{t[w]:,.0f}" if w in t else "–" for w in ("native", "wasm"))] for a, t in results["verifiers"].items()]
        parts += [
            "## The verifiers by themselves",
            f"One signature, in µs; WebAssembly by Node {about['node']}. Without a host: in Envoy, ES384 and RS* are verified by Envoy's own\n"
            "BoringSSL, and these Rust verifiers are what other hosts get.",
            table(["algorithm", "native", "WebAssembly"], rows),
        ]
    parts += ["## Module", f"`dist/eec_authn.wasm`: {size:,} bytes; goal ≤ {MODULE_GOAL:,}: {'met' if size <= MODULE_GOAL else '**missed**'}."]
    if results["missing"]:
        reasons = {}
        for name, why in results["missing"].items():
            reasons.setdefault(why.replace("`", " "), []).append(name)
        parts += ["## Left out", "\n".join(f"- {', '.join(names)}: `{why}`" for why, names in reasons.items())]
    return "\n\n".join(parts) + "\n"


def picture(results):
    """A bar for each variant, by algorithm."""
    groups = [("", [("no filter", "no filter", "#8a8f98"), ("empty filter", "Wasm filter that does nothing", "#b9bec7")])]
    for algorithm in ALGORITHMS:
        groups.append((algorithm, [
            (f"native {algorithm} verify", "jwt_authn, every token verified", "#7aa6d8"),
            (f"ours {algorithm} verify", "eec-authn, every token verified", "#2f9e6e"),
            (f"native {algorithm} cache", "jwt_authn, from its cache", "#7aa6d8"),
            (f"ours {algorithm} cache", "eec-authn, from its cache", "#2f9e6e"),
        ]))
    widest = max(numbers["per_second"] for numbers in results.values())
    left, right, step, y, marks = 290, 780, 22, 58, []
    for title, bars in groups:
        if title:
            y += 12
            marks.append(f'<text x="16" y="{y + 15}" font-weight="bold">{html.escape(title)}</text>')
        for name, label, colour in bars:
            marks.append(f'<text x="{left - 8}" y="{y + 15}" text-anchor="end">{html.escape(label)}</text>')
            rate = results.get(name, {}).get("per_second")
            if rate is None:
                marks.append(f'<text x="{left}" y="{y + 15}" fill="#8a8f98">not measured</text>')
            else:
                width = (right - left) * rate / widest
                marks.append(f'<rect x="{left}" y="{y + 3}" width="{width:.1f}" height="{step - 6}" fill="{colour}"/>')
                marks.append(f'<text x="{left + width + 6:.1f}" y="{y + 15}">{rate:,.0f}</text>')
            y += step
    height = y + 16
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="860" height="{height}" viewBox="0 0 860 {height}" '
        'font-family="system-ui, sans-serif" font-size="13" fill="#1f2328">\n'
        f'<rect width="860" height="{height}" fill="#ffffff"/>\n'
        '<text x="16" y="28" font-size="17" font-weight="bold">Requests per second through one Envoy worker</text>\n'
        '<text x="16" y="48" fill="#57606a">4,000 different tokens, one run, medians; longer is better</text>\n'
        + "\n".join(marks) + "\n</svg>\n"
    )


def write(results, directory):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "benchmark.md").write_text(page(results))
    if "algorithms" in results:
        (directory / "benchmark.svg").write_text(picture(results["algorithms"]))
    print(page(results))


if __name__ == "__main__":
    write(json.loads(pathlib.Path(sys.argv[1]).read_text()), pathlib.Path(sys.argv[2]))
