#!/usr/bin/env python3
"""Stands between a program and an S3 server, and counts the requests by method.

    count-requests.py SERVER-URL COUNTS-FILE

Prints its own URL, serves until it is ended, and then has written "GET 12, PUT 3" into the file after each request.
"""
import collections
import http.client
import http.server
import sys
import threading
import urllib.parse

server = urllib.parse.urlsplit(sys.argv[1])
counts, lock, local = collections.Counter(), threading.Lock(), threading.local()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def forward(self):
        with lock:
            counts[self.command] += 1
            with open(sys.argv[2], "w", encoding="ascii") as file:
                file.write(", ".join(f"{method} {number}" for method, number in sorted(counts.items())))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not hasattr(local, "connection"):
            local.connection = http.client.HTTPConnection(server.hostname, server.port)
        # The host belongs to the signature, so it goes on as it came.
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "expect")}
        local.connection.request(self.command, self.path, body, headers)
        response = local.connection.getresponse()
        content = response.read()
        self.send_response(response.status)
        for key, value in response.getheaders():
            if key.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(key, value)
        length = response.getheader("Content-Length") if self.command == "HEAD" else len(content)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = forward

    def log_message(self, *arguments):
        pass


with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
    print(f"http://127.0.0.1:{proxy.server_port}", flush=True)
    proxy.serve_forever()
