"""Drives two VPCS through their consoles until one has pinged the other."""

import socket

from gns3trio.console.telnet import Data, telnet_client

PATIENCE_SECONDS = 60.0


class Console:
    """A telnet connection to a VPCS."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self._telnet = telnet_client()

    def __enter__(self) -> "Console":
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def type(self, line: str) -> None:
        """Type a line."""
        self._socket.sendall(self._telnet.send(line.encode() + b"\r"))

    def read_until(self, wanted: bytes) -> None:
        """Read until ``wanted`` has come."""
        seen = b""
        while wanted not in seen:
            data = self._socket.recv(4096)
            if not data:
                raise SystemExit(f"a console was closed before {wanted!r} came")
            seen += b"".join(e.data for e in self._telnet.receive_data(data) if isinstance(e, Data))
            self._socket.sendall(self._telnet.take_answers())


def first_ping(first_port: int, second_port: int) -> None:
    """Give both ends an address, and return when the second has had a reply from the first."""
    with Console(first_port) as first, Console(second_port) as second:
        for number, console in enumerate((first, second), 1):
            console.read_until(b"VPCS> ")
            console.type(f"ip 10.0.0.{number} 24")
        for console in (first, second):
            console.read_until(b"255.255.255.0")
        second.type("ping 10.0.0.1 -c 1")
        second.read_until(b"icmp_seq=1 ttl=64")
