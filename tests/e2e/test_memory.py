"""Clients who take as much as they can, at once: the server's memory stays bounded, and is given back after them."""

import json
import select
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import PATIENCE, ServerProcess, StartServer, wait_until

CLIENTS = 60
LARGE = 15_000_000
# Of everything that is held at once, with what lies in sockets and is read in that moment.
MOST_GROWTH_BYTES = 200_000_000
LEFT_BYTES = 20_000_000


@pytest.fixture
def connect(start_server: StartServer) -> Iterator[tuple[ServerProcess, Callable[[], socket.socket]]]:
    server = start_server()
    port = int(server.url.rpartition(":")[2])
    with ExitStack() as stack:

        def connect() -> socket.socket:
            client = stack.enter_context(socket.socket())
            client.settimeout(PATIENCE)
            client.connect(("127.0.0.1", port))
            return client

        yield server, connect


def resident(server: ServerProcess) -> int:
    return int(psutil.Process(server.process.pid).memory_info().rss)


def warmed_up(server: ServerProcess) -> tuple[str, int]:
    """The path of a project, and the server's memory after it has done a bit of everything."""
    _, project = server.post("/v2/projects", '{"name": "lab"}')
    path = f"/v2/projects/{project['project_id']}"
    for _ in range(3):
        server.get(f"{path}/nodes")
        server.get("/health")
    return path, resident(server)


def send_what_it_takes(client: socket.socket, data: bytes) -> None:
    """Until the server takes no more, or refuses."""
    client.settimeout(0.5)
    with suppress(OSError):
        client.sendall(data)


def send_what_they_take(clients: Iterable[socket.socket], data: bytes) -> None:
    """From all at the same time, until the server takes no more of any of them."""
    view, sent = memoryview(data), dict.fromkeys(clients, 0)
    while writable := select.select([], list(sent), [], 0.5)[1]:
        for client in writable:
            with suppress(OSError):
                sent[client] += client.send(view[sent[client] : sent[client] + 100_000], socket.MSG_DONTWAIT)
                if sent[client] < len(data):
                    continue
            del sent[client]


def comes_back(server: ServerProcess, before: int) -> None:
    wait_until(lambda: server.get("/v2/version")[0] == 200 and resident(server) < before + LEFT_BYTES)


def test_bodies_that_do_not_end(connect: tuple[ServerProcess, Callable[[], socket.socket]]) -> None:
    server, new_client = connect
    path, before = warmed_up(server)
    clients = [new_client() for _ in range(CLIENTS)]
    body = b'{"svg":"' + b"x" * LARGE
    for client in clients:
        client.sendall(f"POST {path}/drawings HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 16000000\r\n\r\n".encode())
        send_what_it_takes(client, body)
    assert resident(server) < before + MOST_GROWTH_BYTES
    assert clients[-1].recv(12) == b"HTTP/1.1 503"
    for client in clients:
        client.close()
    comes_back(server, before)


def test_replies_that_nobody_reads(connect: tuple[ServerProcess, Callable[[], socket.socket]], tmp_path: Path) -> None:
    server, new_client = connect
    path, _ = warmed_up(server)
    (tmp_path / "drawing").write_text(json.dumps({"svg": f"<svg>{' ' * 3_000_000}</svg>"}))
    for _ in range(4):
        assert server.post(f"{path}/drawings", f"@{tmp_path / 'drawing'}")[0] == 201
    server.get(f"{path}/drawings")
    before = resident(server)
    clients = [new_client() for _ in range(CLIENTS)]
    for client in clients:
        client.sendall(f"GET {path}/drawings HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    assert server.get("/v2/version")[0] == 200
    assert resident(server) < before + MOST_GROWTH_BYTES
    for client in clients:
        client.close()
    comes_back(server, before)


def test_websockets_that_send_more_than_is_read(
    connect: tuple[ServerProcess, Callable[[], socket.socket]],
) -> None:
    server, new_client = connect
    path, _ = warmed_up(server)
    data = '{"name": "PC", "node_type": "vpcs", "compute_id": "local"}'
    _, node = server.post(f"{path}/nodes", data)
    console = f"{path}/nodes/{node['node_id']}"
    assert server.post(f"{console}/start")[0] == 200
    before = resident(server)
    clients = [new_client() for _ in range(CLIENTS)]
    message = struct.pack("!BBQ", 0x82, 0x80 | 127, 1_000_000) + bytes(4) + b"a" * 1_000_000
    for client in clients:
        client.sendall(_upgrade(f"{console}/console/ws"))
        assert client.recv(12) == b"HTTP/1.1 101"
    send_what_they_take(clients, message * 8)
    assert resident(server) < before + MOST_GROWTH_BYTES
    for client in clients:
        client.close()
    comes_back(server, before)


def _upgrade(path: str) -> bytes:
    headers: dict[str, Any] = {
        "Host": "127.0.0.1",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": 13,
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()
