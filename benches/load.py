"""Load by wrk on one variant, and what it came to."""

import os
import pathlib
import subprocess
from dataclasses import dataclass

from envoys import METHOD, PATH
from tokens import AUDIENCE

SCRIPT = pathlib.Path(__file__).with_name("requests.lua")


@dataclass
class Load:
    """One round on one variant."""

    requests: int
    per_second: float
    # Processor time of Envoy per request: other load on the machine disturbs it less than the rate.
    microseconds: float
    # 99 of 100 answers were there by then; wrk keeps all its connections busy, so most of it is queueing.
    p99_milliseconds: float


def run(wrk, envoy, tokens, seconds, cpus, connections=32, method=METHOD, path=PATH):
    before = envoy.cpu_seconds()
    process = subprocess.run(
        [wrk, "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s", "--script", SCRIPT,
         f"http://127.0.0.1:{envoy.port}", "--", tokens.path, AUDIENCE, method, path],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=seconds + 120,
        preexec_fn=lambda: os.sched_setaffinity(0, cpus),
    )
    spent = envoy.cpu_seconds() - before
    counts = next(line for line in process.stdout.splitlines() if line.startswith("counts "))
    requests, duration, refused, failed, p99 = map(int, counts.split()[1:])
    if refused or failed or not requests:
        raise SystemExit(f"error: {refused} of {requests} requests refused, {failed} failed; see {envoy.log}")
    return Load(requests, requests / (duration / 1e6), spent / requests * 1e6, p99 / 1000)


def warm_up(wrk, envoy, tokens, cpus, method=METHOD, path=PATH):
    """Shows the variant every token, so that caches hold all that they will ever hold."""
    seconds = 1
    # wrk starts over with the first token each time.
    while run(wrk, envoy, tokens, seconds, cpus, method=method, path=path).requests < tokens.count * 1.1:
        seconds *= 2
