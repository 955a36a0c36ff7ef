"""An entitlement server that nobody here wrote, on loopback: ts43-test-ecs (GSMA TS.43).

Standard input:  {"settings": {...}, "operator_tokens": {TOKEN: seconds until it ends}, "revoked": [TOKEN],
                  "temporary_tokens": {TOKEN: the operations that it is for}}; it serves until standard input ends
Standard output: {"port": N, "own": an operator token as the server itself issues it}

Its own operator tokens are random and name nobody. Those of the order are entered into its table as if it had issued them:
it keeps nothing of a token but a hash.
"""

import asyncio
import datetime
import hashlib
import json
import os
import socket
import sys
import tempfile
import threading
import time
import urllib.request

import uvicorn
from ts43ecs.config import Settings
from ts43ecs.main import create_app
from ts43ecs.storage.db import create_engine, create_session_factory
from ts43ecs.storage.models import AuthToken, Base, Subscriber

IMSI = "001010000000001"
MSISDN = "+491700000001"


def row(token, kind, seconds, **more):
    return AuthToken(
        token_hash=hashlib.sha256(token.encode()).hexdigest(),
        token_type=kind,
        imsi=IMSI,
        expires_at=datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds),
        **more,
    )


async def fill(settings, orders):
    engine = create_engine(settings.database_url, sql_echo=False)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with create_session_factory(engine)() as session, session.begin():
        session.add(Subscriber(imsi=IMSI, ki="00" * 16, opc="00" * 16, msisdn=MSISDN))
        for token, seconds in orders.get("operator_tokens", {}).items():
            revoked = token in orders.get("revoked", [])
            session.add(row(token, "operator", seconds, app_id="ees1", revoked=revoked))
        for token, operations in orders.get("temporary_tokens", {}).items():
            session.add(row(token, "temporary", 600, operation_targets=operations))
    await engine.dispose()


def acquire(port):
    """AcquireOperatorToken (TS.43, 14.1) by a secret that the server shares with the application."""
    members = {
        "app": "ap2015",
        "operation": "AcquireOperatorToken",
        "client_id": "app-1",
        "access_token": "secret",
        "msisdn": MSISDN,
        "vers": "0",
        "entitlement_version": "2.0",
    }
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/",
        json.dumps(members).encode(),
        {"content-type": "application/json", "accept": "application/json"},
    )
    # Loopback is asked directly, whatever proxy the environment names.
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return json.load(answer)["ap2015"]["OperatorToken"]


def main():
    orders = json.loads(sys.stdin.readline())
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        settings = Settings(
            _env_file=None,
            log_level="CRITICAL",
            device_app_shared_secrets="app-1:secret",
            **orders.get("settings", {}),
        )
        asyncio.run(fill(settings, orders))
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(create_app(settings), log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        own = None if orders.get("settings", {}).get("post_unsupported_mode") else acquire(port)
        print(json.dumps({"port": port, "own": own}), flush=True)
        sys.stdin.read()
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    main()
