"""A registry of images for a Docker engine, with one image (github.com/distribution/distribution, docs/spec/api.md)."""

import gzip
import hashlib
import json
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_KINDS = "application/vnd.docker."
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
# An engine tells how far it is only of layers that take a while.
_PIECE_BYTES = 64 * 1024


class ImageRegistry:
    """Its image is NAME of each path, made of one layer. While ``held`` is set, half of the layer is sent."""

    def __init__(self, layer: bytes) -> None:
        packed = gzip.compress(layer, compresslevel=1)
        config = {
            "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
            "os": "linux",
            "config": {"Cmd": ["/bin/sh"]},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
            "history": [],
        }
        text = json.dumps(config).encode()
        manifest = {
            "schemaVersion": 2,
            "mediaType": f"{_KINDS}distribution.manifest.v2+json",
            "config": _entry("container.image.v1+json", text),
            "layers": [_entry("image.rootfs.diff.tar.gzip", packed)],
        }
        self.manifest = json.dumps(manifest).encode()
        self.blobs = {_digest(text): text, _digest(packed): packed}
        self.sent_layers = 0
        self.go_on = threading.Event()
        self.go_on.set()
        self.address = ""


def _entry(kind: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": f"{_KINDS}{kind}", "size": len(data), "digest": _digest(data)}


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@contextmanager
def open_registry(layer: bytes) -> Iterator[ImageRegistry]:
    """A registry at a port of the loopback interface, to which engines speak without TLS."""
    registry = ImageRegistry(layer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            kind, _, name = self.path.rpartition("/")
            if "/missing/" in self.path:
                error = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
                self._send(json.dumps(error).encode(), "application/json", with_body, 404)
            elif self.path == "/v2/":
                self._send(b"{}", "application/json", with_body)
            elif kind.endswith("/manifests"):
                self._send(registry.manifest, f"{_KINDS}distribution.manifest.v2+json", with_body)
            else:
                self._send(registry.blobs[name], "application/octet-stream", with_body)

        def _send(self, data: bytes, kind: str, with_body: bool, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Docker-Content-Digest", _digest(data))
            self.end_headers()
            if not with_body:
                return
            if len(data) <= _PIECE_BYTES:
                self.wfile.write(data)
                return
            registry.sent_layers += 1
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            registry.go_on.wait()
            self.wfile.write(data[len(data) // 2 :])

        def log_message(self, *arguments: object) -> None:
            """Be quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *arguments: object) -> None:
            """An engine whose pull is cancelled leaves in the middle."""

    with Server(("127.0.0.1", 0), Handler) as server:
        registry.address = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield registry
        finally:
            registry.go_on.set()
            server.shutdown()
            thread.join()
