"""An authorisation service for Envoy's ext_authz as one writes it in an afternoon: a JOSE library, and a look at the body.

Standard input:  {"jwk": JWK, "issuer": ISS, "audience": AUD}; it serves until standard input ends
Standard output: {"port": N}
It answers 200 with `x-eec-id`, or 401 or 403. The body's EEC ID is compared where the operations have it.
"""

import http.server
import json
import sys
import threading

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import import_key


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    orders = {}

    def check(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        scheme, _, token = (self.headers.get("authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return self.answer(401, {"www-authenticate": 'Bearer realm="edge"'})
        try:
            claims = self.verified(token)
        except (JoseError, ValueError, TypeError, KeyError):
            return self.answer(401, {"www-authenticate": 'Bearer realm="edge", error="invalid_token"'})
        # A PATCH names nobody.
        if body and self.command != "PATCH":
            try:
                named = self.named(json.loads(body))
            except ValueError:
                return self.answer(400, {})
            own = claims.get("gpsi") if "ueidentifier" in self.path else claims["sub"]
            if named is None or named != own:
                return self.answer(403, {})
        return self.answer(200, {"x-eec-id": claims["sub"]})

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = check

    def verified(self, token):
        key = import_key(self.orders["jwk"])
        claims = jwt.decode(token, key, algorithms=[self.orders["jwk"]["alg"]]).claims
        registry = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self.orders["issuer"]},
            aud={"essential": True, "value": self.orders["audience"]},
            sub={"essential": True},
            exp={"essential": True},
        )
        registry.validate(claims)
        return claims

    def named(self, body):
        if "ueidentifier" in self.path:
            return body.get("ueId")
        requestor = body.get("requestorId")
        if isinstance(requestor, dict):
            return requestor.get("eecId")
        return requestor or body.get("eecId")

    def answer(self, status, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def main():
    Handler.orders = json.loads(sys.stdin.readline())
    # Five connections are kept waiting by default: under load, requests would be refused for want of an answer.
    http.server.ThreadingHTTPServer.request_queue_size = 128
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_address[1]}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
