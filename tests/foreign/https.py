"""Sends requests over TLS, by Python's `ssl` and, where the server chooses HTTP/2, by hyper-h2.

Standard input:  {"port": N, "ca": PEM, "server_name": N, "alpn": ["h2"], "maximum": "TLSv1_2" or absent,
                  "client": {"certificate": PEM, "key": PEM} or absent,
                  "requests": [{"method": M, "path": P, "authority": A, "headers": [[n, v]], "body": TEXT or null}]}
Standard output: {"tls": "TLSv1.3", "cipher": C, "alpn": "h2", "serial": hex,
                  "responses": [{"status": N, "headers": {n: v}, "body": TEXT}]} or {"error": TEXT}
One connection, one request after the other. Requests are sent over HTTP/2 only.
"""

import json
import socket
import ssl
import sys
import tempfile

import h2.config
import h2.connection
import h2.events


def exchange(tls, connection, request):
    stream = connection.get_next_available_stream_id()
    body = request.get("body")
    headers = [(":method", request["method"]), (":scheme", "https"), (":authority", request["authority"])]
    headers += [(":path", request["path"])] + [tuple(h) for h in request["headers"]]
    connection.send_headers(stream, headers, end_stream=body is None)
    left = None if body is None else body.encode()
    out = {"status": 0, "headers": {}, "body": ""}
    while True:
        # As much of the body as the server has given credit for.
        while left is not None and (credit := connection.local_flow_control_window(stream)):
            piece = left[: min(credit, connection.max_outbound_frame_size)]
            left = left[len(piece) :] or None
            connection.send_data(stream, piece, end_stream=left is None)
        tls.sendall(connection.data_to_send())
        data = tls.recv(65536)
        if not data:
            raise ConnectionError("closed by the server")
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                out["headers"] = dict(event.headers)
                out["status"] = int(out["headers"].pop(":status"))
            elif isinstance(event, h2.events.DataReceived):
                out["body"] += event.data.decode()
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamReset):
                raise ConnectionError(f"reset: {event.error_code}")
            elif isinstance(event, h2.events.StreamEnded):
                tls.sendall(connection.data_to_send())
                return out


def main():
    orders = json.load(sys.stdin)
    context = ssl.create_default_context(cadata=orders["ca"])
    context.set_alpn_protocols(orders["alpn"])
    if orders.get("maximum"):
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = ssl.TLSVersion[orders["maximum"]]
        context.set_ciphers("ALL:@SECLEVEL=0")
    if orders.get("client"):
        with tempfile.NamedTemporaryFile("w") as pem:
            pem.write(orders["client"]["certificate"] + orders["client"]["key"])
            pem.flush()
            context.load_cert_chain(pem.name)
    try:
        plain = socket.create_connection(("127.0.0.1", orders["port"]), timeout=20)
        with context.wrap_socket(plain, server_hostname=orders["server_name"]) as tls:
            der = tls.getpeercert()
            out = {"tls": tls.version(), "cipher": tls.cipher()[0], "alpn": tls.selected_alpn_protocol()}
            out["serial"] = der["serialNumber"]
            out["responses"] = []
            if out["alpn"] == "h2":
                config = h2.config.H2Configuration(header_encoding="utf-8", validate_outbound_headers=False)
                connection = h2.connection.H2Connection(config=config)
                connection.initiate_connection()
                out["responses"] = [exchange(tls, connection, r) for r in orders["requests"]]
    except (OSError, ssl.SSLError) as error:
        out = {"error": str(error)}
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main()
