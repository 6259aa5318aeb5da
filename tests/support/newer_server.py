"""A program in the place of a server: a compute of another version of GNS3. Arguments: its port, and the version."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = orjson.dumps({"version": sys.argv[2], "platform": "linux", "node_types": ["vpcs", "qemu"]})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("", int(sys.argv[1])), _Handler).serve_forever()
