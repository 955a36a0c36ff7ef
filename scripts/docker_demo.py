"""Plays the demo's story against envoy/docker/compose.yaml, and cleans up.

Where no Docker engine answers, it starts one of its own (as root), in namespaces of its own: an engine leaves its
bridge and its packet filter rules behind when it ends, and these go with the namespace. No network is reached from
there. Where an image is not there and cannot be pulled, `scripts/docker_images.sh` makes a stand-in from local files.
Compose v2 is taken if it is there, else docker-compose; COMPOSE=docker-compose says which.
"""

import contextlib
import fcntl
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
HOST = "ees1.edge.example.net"
ECS_HOST = "ecs1.edge.example.net"
REGISTRATIONS = "/eees-eecregistration/v1/registrations"
EDGE = int(os.environ.setdefault("EDGE_PORT", "8080"))
ECS = int(os.environ.setdefault("ECS_PORT", "8082"))
ENTITLEMENT_SERVER = int(os.environ.setdefault("ENTITLEMENT_SERVER_PORT", "8081"))
# Set once it runs in namespaces of its own.
ENCLOSED = "EEC_AUTHN_DOCKER_DEMO_ENCLOSED"
# From <linux/sockios.h> and <linux/if.h>.
SET_FLAGS, UP = 0x8914, 0x1
IMAGES = [
    os.environ.setdefault("ENVOY_IMAGE", "envoyproxy/envoy:v1.40-latest"),
    os.environ.setdefault("BASE_IMAGE", "debian:bookworm-slim"),
]


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def works(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0


@contextlib.contextmanager
def engine():
    """A Docker engine that answers: the one that is there, or one of our own for as long as it is needed."""
    if works("docker", "version"):
        yield False
        return
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        sys.exit("error: no Docker engine answers, and only root can start one (Debian: apt-get install docker.io)")
    if not os.environ.get(ENCLOSED):
        # Network, mounts and processes: what is left of the engine at the end, ends too.
        options = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        os.execvpe("unshare", ["unshare", *options, sys.executable, *sys.argv], {**os.environ, ENCLOSED: "1"})
    loopback_up()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="eec-authn-docker-"))
    pid = folder / "pid"
    os.environ["DOCKER_HOST"] = f"unix://{folder}/socket"
    options = ["--data-root", folder / "data", "--exec-root", folder / "exec", "-H", os.environ["DOCKER_HOST"], "-p", pid]
    say("no Docker engine answers: starting a private one")
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(["dockerd", *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait("the engine", lambda: process.poll() is not None or works("docker", "version"))
        if process.poll() is not None:
            sys.exit("error: dockerd ended:\n" + (folder / "log").read_text()[-2000:])
        yield True
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        del os.environ["DOCKER_HOST"]
        shutil.rmtree(folder, ignore_errors=True)


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sH14x", b"lo", UP))


def wait(what, ready, seconds=120):
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} never came")
        time.sleep(0.2)


def images(private):
    missing = [image for image in IMAGES if not works("docker", "image", "inspect", image)]
    if missing and (private or not all(works("docker", "pull", "--quiet", image) for image in missing)):
        subprocess.run([ROOT / "scripts/docker_images.sh"], check=True)


def compose():
    named = os.environ.get("COMPOSE")
    command = named.split() if named else ["docker", "compose"] if works("docker", "compose", "version") else ["docker-compose"]
    say("Compose: " + " ".join(command))
    return [*command, "-p", "eec-authn-demo", "-f", str(ROOT / "envoy/docker/compose.yaml")]


def ask(port, method, path, headers=(), body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    text = None if body is None else json.dumps(body)
    given = {"host": HOST, **({"content-type": "application/json"} if body is not None else {}), **dict(headers)}
    connection.request(method, path, text, given)
    response = connection.getresponse()
    return response.status, dict(response.getheaders()), response.read().decode()


def token(**order):
    order = {"eec_id": "eec-1", "gpsi": "msisdn-447700900001", **order}
    status, _, text = ask(ENTITLEMENT_SERVER, "POST", "/token", body=order)
    if status != 200:
        raise RuntimeError(f"no token: {status} {text}")
    answer = json.loads(text)
    return answer.get("access_token") or answer["token"]


def tell(what, fine, shown):
    print(f"{'ok   ' if fine else 'WRONG'} {what}: {shown}", flush=True)
    return not fine


def client(*options):
    """`eec-authn eec` from this machine, by the published ports: its exit code, and its steps."""
    command = [ROOT / "dist/eec-authn", "--json", "eec", "--connect", f"{HOST}=127.0.0.1:{EDGE}"]
    command += ["--connect", f"{ECS_HOST}=127.0.0.1:{ECS}", *options]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=120)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def life():
    """A client's life by way of the edge ECS: every step as it should be, and the servers saw who the token names."""
    servers = ["--entitlement-server", f"http://127.0.0.1:{ENTITLEMENT_SERVER}", "--ecs", f"http://{ECS_HOST}"]
    who = ["--eec-id", "eec-1", "--ue-id", "msisdn-447700900001"]
    wrong = 0
    for key in ([], ["--dpop"]):
        code, steps = client(*servers, *who, *key)
        seen = [step["received"]["seen"] for step in steps if "seen" in step.get("received", {})]
        fine = code == 0 and len(steps) == 10 and len(seen) == 6
        fine = fine and all(s["x-eec-id"] == who[1] and s["x-eec-gpsi"] == who[3] and "authorization" not in s for s in seen)
        wrong += tell(f"a client's life {' '.join(key)}", fine, [(s["step"], s.get("status")) for s in steps])
    return wrong


def refused(folder):
    """Tokens that are no good, and one of another client: the code by which the filter refuses them."""
    tokens = [
        ("a token for another EES", token(audience="ees2.edge.example.net"), "AUDIENCE_MISMATCH"),
        ("an expired token", token(lifetime_seconds=-3600), "TOKEN_EXPIRED"),
        ("a forged token", token(forged=True), "SIGNATURE_INVALID"),
        ("another EEC in the body", token(eec_id="eec-2"), "BINDING_MISMATCH"),
    ]
    wrong = 0
    file = pathlib.Path(folder, "token")
    for what, text, expected in tokens:
        file.write_text(text)
        code, steps = client("--token-file", file, "--ees", f"http://{HOST}", "--eec-id", "eec-1")
        cause = steps[-1].get("cause")
        wrong += tell(what, (code, cause) == (2, expected), f"{steps[-1].get('status')} {cause}")
    return wrong


def no_client():
    """What no client sends: no token, headers of others, a path that is no operation."""
    seen = {"x-eec-id": "eec-1", "x-eec-gpsi": "msisdn-447700900001"}
    spoofed = {"x-eec-id": "eec-2", "X_EEC_GPSI": "msisdn-447700900999"}
    steps = [
        ("no token", None, {}, REGISTRATIONS, 401, "token_missing"),
        ("spoofed identity headers", token(), spoofed, REGISTRATIONS, 201, seen),
        ("an unknown path", token(), {}, "/admin", 403, "route_unmatched"),
    ]
    wrong = 0
    for what, bearer, extra, path, expected_status, expected in steps:
        headers = {**({"authorization": f"Bearer {bearer}"} if bearer else {}), **extra}
        status, _, text = ask(EDGE, "POST", path, headers, {"eecId": "eec-1"})
        answer = json.loads(text or "{}")
        if isinstance(expected, str):
            fine = answer.get("detail") == expected and "seen" not in answer
        else:
            fine = all(answer["seen"].get(n) == v for n, v in expected.items()) and "authorization" not in answer["seen"]
        wrong += tell(what, fine and status == expected_status, f"{status} {answer.get('detail') or answer.get('seen')}")
    return wrong


def contained(command):
    """The same client in a container of its own."""
    run = [*command, "run", "--rm", "-T", "eec", "--dpop"]
    done = subprocess.run(run, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=300)
    last = done.stdout.strip().splitlines()[-1:]
    return tell("a client in a container", done.returncode == 0 and last == ["all 10 steps as they should be"], last)


def main():
    for name in ("eec_authn.wasm", "eec-authn"):
        if not (ROOT / "dist" / name).is_file():
            sys.exit(f"error: dist/{name} is not there; run `make dist`")
    with engine() as private:
        images(private)
        command = compose()
        try:
            subprocess.run([*command, "up", "-d"], check=True)
            wait("the demo", lambda: up())
            with tempfile.TemporaryDirectory() as folder:
                wrong = life() + refused(folder) + no_client() + contained(command)
        except BaseException:
            subprocess.run([*command, "logs", "--no-color"])
            raise
        finally:
            subprocess.run([*command, "down", "--volumes", "--timeout", "5"])
    sys.exit(1 if wrong else 0)


def up():
    try:
        return ask(EDGE, "GET", "/healthz")[0] == 204
    except (OSError, http.client.HTTPException):
        return False


if __name__ == "__main__":
    main()
