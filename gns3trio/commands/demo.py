"""``gns3trio demo``: starts a server and runs the sample session of the GNS3 API documentation on it.

It sends the requests of the documentation over real HTTP, opens the consoles with real telnet, and sends real pings
through the forwarder. The server is a process of its own with a temporary folder, and nothing is left behind.
"""

import argparse
import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2

from gns3trio.classes import define
from gns3trio.console.telnet import Data, telnet_client
from gns3trio.errors import Unavailable

# Every step takes milliseconds, except VPCS's search for duplicate addresses (1 s) and its pings (1 s each).
PATIENCE_SECONDS = 30.0
PINGS = 5
# Keys of replies that the documentation shows. Errors are shown in full.
SHOWN_KEYS = frozenset(
    (
        *("version", "name", "path", "project_id", "temporary", "status", "message", "console", "vm_id"),
        *("udp_port", "lport", "rhost", "rport", "type"),
    )
)

_READY = re.compile(r"ready on (\S+)")
_PROMPT = re.compile(rb"\r\n\r?VPCS> $")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``gns3trio demo`` to its parser."""
    parser.add_argument("--vpcs-path", default="vpcs", metavar="FILE", help="VPCS program (default: vpcs)")


def run(arguments: argparse.Namespace) -> int:
    """Run the session. Raises Unavailable if a step fails or its result differs from the documentation."""
    with tempfile.TemporaryDirectory(prefix="gns3trio-demo-") as folder, _server(folder, arguments.vpcs_path) as url:
        _Session(url).play()
    return 0


@contextmanager
def _server(folder: str, vpcs_path: str) -> Iterator[str]:
    """Run a server in a process of its own; yields its URL."""
    command = [sys.executable, "-m", "gns3trio", "serve", "--port", "0", "--log-level", "error"]
    command += ["--projects-path", f"{folder}/projects", "--vpcs-path", vpcs_path]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        ready = _READY.search(line)
        if ready is None:
            raise Unavailable(f"the server did not start: {line.strip() or 'see above'}")
        print(line, flush=True)
        yield ready.group(1)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@define
class _Session:
    """The steps of the documentation, in its order."""

    url: str

    def play(self) -> None:
        self._request("GET", "/v2/version", expect=200)
        project = self._request("POST", "/v2/projects", {"name": "test"}, expect=201)["project_id"]
        first = self._request("POST", f"/v2/projects/{project}/vms", {"name": "VPCS 1", "vm_type": "vpcs"}, expect=201)
        second = self._request("POST", f"/v1/projects/{project}/vpcs/vms", {"name": "VPCS 2"}, expect=201)
        near, far = (
            self._request("POST", f"/v1/projects/{project}/ports/udp", {}, expect=201)["udp_port"] for _ in range(2)
        )
        for vm, lport, rport in ((first, near, far), (second, far, near)):
            nio = {"lport": lport, "rhost": "", "rport": rport, "type": "nio_udp"}
            path = f"/v1/projects/{project}/vpcs/vms/{vm['vm_id']}/adapters/0/ports/0/nio"
            self._request("POST", path, nio, expect=201)
        for vm in (first, second):
            self._request("POST", f"/v1/projects/{project}/vpcs/vms/{vm['vm_id']}/start", {}, expect=200)
        with _Console(first["console"]) as console:
            console.run("ip 192.168.1.1 24")
        with _Console(second["console"]) as console:
            console.run("ip 192.168.1.2 24")
            replies = console.ping("192.168.1.1")
        print("And back, from the first:\n", flush=True)
        with _Console(first["console"]) as console:
            replies += console.ping("192.168.1.2")
        if replies != 2 * PINGS:
            raise Unavailable(f"{replies} of {2 * PINGS} pings were answered")
        print(f"{replies} of {2 * PINGS} pings were answered.", flush=True)

    def _request(self, method: str, path: str, body: Any = None, *, expect: int) -> dict[str, Any]:
        """Send a request, print it as the documentation does, and check its status."""
        data = None if body is None else json.dumps(body)
        shown = f'curl "{self.url}{path}"' if data is None else f"curl -X {method} \"{self.url}{path}\" -d '{data}'"
        print(f"# {shown}", flush=True)
        form = [("Content-Type", "application/x-www-form-urlencoded")]  # as curl -d sends it
        response = httpcore2.request(
            method,
            f"{self.url}{path}",
            headers=[] if data is None else form,
            content=None if data is None else data.encode(),
            extensions={"timeout": {"connect": PATIENCE_SECONDS, "read": PATIENCE_SECONDS}},
        )
        reply: dict[str, Any] = json.loads(response.content)
        shown_reply = {key: value for key, value in reply.items() if key in SHOWN_KEYS}
        print(json.dumps(shown_reply, indent=4) + "\n", flush=True)
        if response.status != expect:
            raise Unavailable(f"{method} {path} was answered with {response.status} instead of {expect}")
        return reply


class _Console:
    """A telnet client for a VPCS. It prints everything that it receives."""

    def __init__(self, port: int) -> None:
        print(f"# telnet localhost {port}", flush=True)
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self._telnet = telnet_client()

    def __enter__(self) -> "_Console":
        self._read_prompt()
        return self

    def __exit__(self, *error: object) -> None:
        with self._socket:
            if error[0] is None:
                self._type("disconnect")
                while self._receive():
                    pass
                print("Connection closed by foreign host.\n", flush=True)

    def run(self, command: str) -> bytes:
        """Type a command; returns the output until the next prompt."""
        self._type(command)
        return self._read_prompt()

    def ping(self, address: str) -> int:
        """Ping an address; returns the number of replies."""
        return len(re.findall(rb"icmp_seq=\d+ ttl=", self.run(f"ping {address} -c {PINGS}")))

    def _type(self, line: str) -> None:
        self._socket.sendall(self._telnet.send(line.encode() + b"\r"))

    def _read_prompt(self) -> bytes:
        seen = b""
        while not _PROMPT.search(seen):
            received = self._receive()
            if not received:
                raise Unavailable("the console was closed")
            seen += received
        return seen

    def _receive(self) -> bytes:
        """Receive and print the next bytes of the session; empty at its end."""
        while data := self._socket.recv(4096):
            text = b"".join(event.data for event in self._telnet.receive_data(data) if isinstance(event, Data))
            self._socket.sendall(self._telnet.take_answers())
            if text:
                sys.stdout.write(text.replace(b"\r", b"").decode(errors="replace"))
                sys.stdout.flush()
                return text
        return b""
