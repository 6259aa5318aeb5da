"""Drives a GNS3 ubridge binary: its hypervisor protocol (sans-IO), a client, and the wiring of links.

The protocol: one command per line. The reply is any number of ``101 text`` lines with data, then ``100-text`` when it
went well or ``2xx-text`` when not, each ended by CR LF. This was written from a description of observed behaviour and
has been run against a fake that keeps to it, not against the program itself.
"""

import re
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.forwarding.programs import END_SECONDS, REPLY_SECONDS, BenchmarkError

LOOPBACK = "127.0.0.1"
CONNECT_POLL_SECONDS = 0.02
# A reply is a few lines; more without an end is no ubridge.
MAX_REPLY_BYTES = 1 << 20
REPLY_LINE = re.compile(r"(\d{3})([ -])(.*)")
DATA_CODE, OK_CODE = 101, 100


class Refused(BenchmarkError):
    """ubridge answered a command with an error."""


class ReplyParser:
    """Replies of the hypervisor protocol, from bytes in pieces of any size."""

    def __init__(self) -> None:
        self._received = b""
        self._data: list[str] = []

    def receive_data(self, data: bytes) -> list[str] | None:
        """The data lines of the reply once it is complete, None before. Raises Refused, BenchmarkError for no reply."""
        self._received += data
        if len(self._received) > MAX_REPLY_BYTES:
            raise BenchmarkError("ubridge: endless reply")
        while b"\n" in self._received:
            line, _, self._received = self._received.partition(b"\n")
            text = line.decode(errors="replace").rstrip("\r")
            match = REPLY_LINE.fullmatch(text)
            if match is None:
                raise BenchmarkError(f"ubridge: not a reply: {text!r}")
            code, is_last = int(match[1]), match[2] == "-"
            if not is_last:
                if code == DATA_CODE:
                    self._data.append(match[3])
                continue
            reply, self._data = self._data, []
            if code != OK_CODE:
                raise Refused(f"ubridge: {text}")
            return reply
        return None


class Hypervisor:
    """A connection to a ubridge that listens on a TCP port. To be used in a ``with``."""

    def __init__(self, tcp_port: int) -> None:
        self._socket = socket.create_connection((LOOPBACK, tcp_port), timeout=REPLY_SECONDS)
        self._parser = ReplyParser()

    def command(self, *words: str | int) -> list[str]:
        """Send a command; gives the data lines of its reply. Raises Refused or BenchmarkError."""
        try:
            self._socket.sendall((" ".join(map(str, words)) + "\n").encode())
            while data := self._socket.recv(65536):
                reply = self._parser.receive_data(data)
                if reply is not None:
                    return reply
        except OSError as error:
            raise BenchmarkError(f"ubridge does not answer {words[0]!r}: {error}") from error
        raise BenchmarkError("ubridge has closed the connection")

    def add_bridge(self, name: str, *tunnels: tuple[int, int]) -> None:
        """A running bridge between two UDP tunnels, each (its own UDP port, the remote's)."""
        self.command("bridge", "create", name)
        for own, remote in tunnels:
            self.command("bridge", "add_nio_udp", name, own, LOOPBACK, remote)
        self.command("bridge", "start", name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()


@contextmanager
def running_ubridge(binary: Path) -> Iterator[tuple[int, Hypervisor]]:
    """A ubridge process of ours: its process id and a connection to it. Raises BenchmarkError."""
    (tcp_port,) = free_ports(1, socket.SOCK_STREAM)
    command = [str(binary), "-H", f"{LOOPBACK}:{tcp_port}"]
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    except OSError as error:
        raise BenchmarkError(f"cannot start {binary}: {error}") from error
    try:
        with _connection(process, tcp_port) as hypervisor:
            yield process.pid, hypervisor
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _connection(process: subprocess.Popen[bytes], tcp_port: int) -> Hypervisor:
    deadline = time.monotonic() + REPLY_SECONDS
    while True:
        try:
            return Hypervisor(tcp_port)
        except ConnectionRefusedError:
            # It has no other way to say that it is ready.
            if process.poll() is not None or time.monotonic() > deadline:
                raise BenchmarkError("ubridge does not listen") from None
            time.sleep(CONNECT_POLL_SECONDS)


def free_ports(count: int, kind: socket.SocketKind = socket.SOCK_DGRAM) -> list[int]:
    """Ports that are free now. ubridge binds its ports itself, by number, so here nothing better is possible."""
    with ExitStack() as stack:
        found = []
        for _ in range(count):
            sock = stack.enter_context(socket.socket(socket.AF_INET, kind))
            sock.bind((LOOPBACK, 0))
            found.append(sock.getsockname()[1])
        return found


def wire(hypervisors: Sequence[Hypervisor], links: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Per link a bridge in each ubridge and a UDP tunnel from each to the next; with two this is how GNS3 wires a link.

    ``links`` are the UDP ports of each link's devices. Gives the UDP ports towards the devices.
    """
    ports = []
    hops = len(hypervisors)
    for number, (sender, receiver) in enumerate(links):
        own = free_ports(2 * hops)
        # What the bridges' ports send to: the first and the last to the devices, the others to each other.
        remotes = [sender, *(port for pair in zip(own[2::2], own[1::2], strict=False) for port in pair), receiver]
        for hop, hypervisor in enumerate(hypervisors):
            near, far = 2 * hop, 2 * hop + 1
            hypervisor.add_bridge(f"link{number}", (own[near], remotes[near]), (own[far], remotes[far]))
        ports.append((own[0], own[-1]))
    return ports
