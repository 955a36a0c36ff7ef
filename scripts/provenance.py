"""Prints where a release comes from: the predicate of SLSA provenance, version 1 (https://slsa.dev/spec/v1.0/provenance).

    provenance.py

What it says is what this checkout and its tools say of themselves; the signature over it says who vouches for that. In GitHub's
workflows the builder and the run are named by its variables, elsewhere the builder is `local`.
"""

import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run(*command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def pinned(file, pattern):
    return re.search(pattern, (ROOT / file).read_text(), re.MULTILINE).group(1)


def sources():
    """The commit; with `+changes` where the checkout is not what was committed."""
    repository = os.environ.get("GITHUB_REPOSITORY")
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    uri = f"git+{server}/{repository}" if repository else "git+file:."
    reference = os.environ.get("GITHUB_REF") or "HEAD"
    changed = "+changes" if run("git", "status", "--porcelain", "--untracked-files=no") else ""
    return {"uri": f"{uri}@{reference}{changed}", "digest": {"gitCommit": run("git", "rev-parse", "HEAD")}}


def main():
    rust = pinned("rust-toolchain.toml", r'^channel = "(.*)"')
    binaryen = pinned("scripts/setup.sh", r"^BINARYEN_VERSION=(.*)$")
    zig = pinned("scripts/setup.sh", r"^ZIG_VERSION=(.*)$")
    server, repository = os.environ.get("GITHUB_SERVER_URL"), os.environ.get("GITHUB_REPOSITORY")
    on_github = server and repository
    predicate = {
        "buildDefinition": {
            "buildType": "urn:eec-authn:make-dist:1",
            "externalParameters": {"verb": "make dist", "version": pinned("Cargo.toml", r'^version = "(.*)"')},
            "internalParameters": {},
            "resolvedDependencies": [
                sources(),
                {"uri": f"pkg:generic/rust@{rust}"},
                {"uri": f"pkg:npm/binaryen@{binaryen}"},
                {"uri": f"pkg:pypi/ziglang@{zig}"},
            ],
        },
        "runDetails": {
            "builder": {
                "id": f"{server}/{os.environ['GITHUB_WORKFLOW_REF']}" if on_github else "urn:eec-authn:builder:local"
            },
            "metadata": {
                "invocationId": f"{server}/{repository}/actions/runs/{os.environ['GITHUB_RUN_ID']}" if on_github else "local"
            },
        },
    }
    print(json.dumps(predicate, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
