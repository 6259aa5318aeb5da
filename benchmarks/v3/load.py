"""Requests over several connections, with as little work for the client as possible: the server is what is measured."""

import selectors
import socket
from collections.abc import Callable

CONNECTIONS = 4


def encode(method: str, path: str, authorization: str, body: bytes = b"") -> bytes:
    """A request, as it is sent."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {authorization}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + body


def send_all(port: int, times: int, request: Callable[[int], bytes]) -> None:
    """Send ``request(0)``, ``request(1)``... over the connections, each the next one when it has its reply.

    Raises SystemExit at the first reply that is not a success.
    """
    with selectors.DefaultSelector() as selector:
        sent = 0
        for _ in range(min(CONNECTIONS, times)):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection, selectors.EVENT_READ, bytearray())
            connection.sendall(request(sent))
            sent += 1
        done = 0
        while done < times:
            for key, _ in selector.select():
                ready, received = key.fileobj, key.data
                assert isinstance(ready, socket.socket)
                data = ready.recv(1 << 16)
                if not data:
                    raise SystemExit(f"a connection was closed after {bytes(received[:200])!r}")
                received += data
                if not _is_whole(received):
                    continue
                received.clear()
                done += 1
                if sent < times:
                    ready.sendall(request(sent))
                    sent += 1
                else:
                    selector.unregister(ready)
                    ready.close()


def _is_whole(received: bytearray) -> bool:
    """Whether a reply has come to its end; both servers tell its length."""
    head, separator, body = bytes(received).partition(b"\r\n\r\n")
    if not separator:
        return False
    status, *lines = head.split(b"\r\n")
    if not status.split(b" ")[1].startswith(b"2"):
        raise SystemExit(f"a request failed: {bytes(received[:300])!r}")
    lengths = [line.partition(b":")[2] for line in lines if line.lower().startswith(b"content-length:")]
    return len(body) >= int(lengths[0])
