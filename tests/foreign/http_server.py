"""Python's own HTTP/1.1 server on loopback, which keeps connections open and reads no more of a request than its handler does.

The handler reads what POST, PUT and PATCH bring, as most do, and leaves the rest on the connection. It serves until standard
input ends.

Standard output: {"port": N}, then one line for each request: {"case": X-CASE, "method": METHOD, "header": X-EEC-ID, "read": N},
                 which is also the answer; "read" is the length of the body.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body=b""):
        said = {"case": self.headers.get("x-case"), "method": self.command}
        line = json.dumps(said | {"header": self.headers.get("x-eec-id"), "read": len(body)})
        print(line, flush=True)
        self.send_response(200)
        self.send_header("content-length", str(len(line)))
        self.end_headers()
        self.wfile.write(line.encode() if self.command != "HEAD" else b"")

    def read(self):
        self.answer(self.rfile.read(int(self.headers.get("content-length", 0))))

    do_GET = do_HEAD = do_DELETE = do_OPTIONS = answer
    do_POST = do_PUT = do_PATCH = read

    def log_message(self, *_):
        pass


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(json.dumps({"port": server.server_address[1]}), flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
