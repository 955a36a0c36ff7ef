"""Connects again and again over TLS, by Python's `ssl`, each time with the session that the last connection brought.

Standard input:  {"ports": [N], "ca": PEM, "server_name": N, "maximum": "TLSv1_2" or absent}
Standard output: {"tls": "TLSv1.3", "resumed": [false, true]} for one connection to each port in turn, or {"error": TEXT}
Each connection has one request, since the tickets of TLS 1.3 come after the handshake.
"""

import json
import socket
import ssl
import sys


def main():
    orders = json.load(sys.stdin)
    context = ssl.create_default_context(cadata=orders["ca"])
    context.set_alpn_protocols(["http/1.1"])
    if orders.get("maximum"):
        context.maximum_version = ssl.TLSVersion[orders["maximum"]]
    name, session, out = orders["server_name"], None, {"resumed": []}
    request = f"GET /healthz HTTP/1.1\r\nhost: {name}\r\nconnection: close\r\n\r\n".encode()
    try:
        for port in orders["ports"]:
            plain = socket.create_connection(("127.0.0.1", port), timeout=20)
            with context.wrap_socket(plain, server_hostname=name, session=session) as tls:
                tls.sendall(request)
                while tls.recv(65536):
                    pass
                session, out["tls"] = tls.session, tls.version()
                out["resumed"].append(tls.session_reused)
    except (OSError, ssl.SSLError) as error:
        out = {"error": str(error)}
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main()
