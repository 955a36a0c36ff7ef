"""An HTTPS server on loopback that gives one answer to every GET and POST, by Python's `ssl`.

Standard input:  {"certificate": PEM, "key": PEM, "answer": {...}}, with {"media_type": T, "text": TEXT} in place of "answer", or with
                  neither: an empty answer; it serves until standard input ends
Standard output: {"port": N}, then one line {"path": P, "authorization": A, "body": TEXT} for each question
"""

import http.server
import json
import ssl
import sys
import tempfile
import threading


def say(value):
    print(json.dumps(value), flush=True)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answer = b""
    media_type = "application/json"

    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode("utf-8", "replace")
        say({"path": self.path, "authorization": self.headers["authorization"], "body": body})
        self.send_response(200)
        if self.answer:
            self.send_header("content-type", self.media_type)
        self.send_header("content-length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """A client that does not trust the certificate is none of our business."""


def main():
    orders = json.loads(sys.stdin.readline())
    Handler.media_type = orders.get("media_type", Handler.media_type)
    text = json.dumps(orders["answer"]) if "answer" in orders else orders.get("text", "")
    Handler.answer = text.encode()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as pem:
        pem.write(orders["key"] + orders["certificate"])
        pem.flush()
        context.load_cert_chain(pem.name)
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say({"port": server.server_address[1]})
    sys.stdin.read()


if __name__ == "__main__":
    main()
