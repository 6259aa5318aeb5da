"""A compute that is made of single answers: whatever a test wants it to say, right or wrong."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import attrs
import trio

from gns3trio.compute.other_hosts import OtherCompute
from tests.support.opened_in_memory import OpenedInMemory

Answer = Callable[[trio.SocketStream, str], Awaitable[None]]
PREFIX = "/v2/compute/"


def reply(body: Any, status: int = 200) -> bytes:
    """An answer in JSON."""
    data = json.dumps(body).encode()
    return b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        status,
        len(data),
        data,
    )


def says(*pieces: bytes, then_waits: bool = False) -> Answer:
    """An answer of these bytes. It may keep the connection then."""

    async def answer(stream: trio.SocketStream, head: str) -> None:
        for piece in pieces:
            await stream.send_all(piece)
        if then_waits:
            await trio.sleep_forever()

    return answer


def says_without_end(head: bytes, piece: bytes) -> Answer:
    """An answer that never ends."""

    async def answer(stream: trio.SocketStream, request: str) -> None:
        await stream.send_all(head)
        while True:
            await stream.send_all(piece)

    return answer


def frame(text: str | bytes) -> bytes:
    """A websocket message of the server (RFC 6455, 5.2)."""
    data = text.encode() if isinstance(text, str) else text
    length = bytes([len(data)]) if len(data) < 126 else b"\x7e" + len(data).to_bytes(2, "big")
    return b"\x81" + length + data


def event(action: str, **fields: Any) -> bytes:
    """A notification."""
    project = {"project_id": fields.pop("project_id")} if "project_id" in fields else {}
    return frame(json.dumps({"action": action, "event": fields, **project}))


PING = event("ping", cpu_usage_percent=12.5, memory_usage_percent=34.5)


def accept_websocket(head: str) -> bytes:
    """The answer that opens a websocket."""
    key = next(line.split(":")[1].strip() for line in head.splitlines() if line.lower().startswith("sec-websocket-key"))
    accepted = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accepted}\r\n\r\n"
    ).encode()


def notifications(*messages: bytes, pause: float = 0.1, forever: bytes | None = PING) -> Answer:
    """The stream of notifications: these, and then one again and again."""

    async def answer(stream: trio.SocketStream, head: str) -> None:
        await stream.send_all(accept_websocket(head) + b"".join(messages))
        while forever is not None:
            await stream.send_all(forever)
            await trio.sleep(pause)
        await trio.sleep_forever()

    return answer


CAPABILITIES = {"node_types": ["vpcs", "qemu", "unheard_of", 7], "platform": "linux", "version": "2.2.61"}
PORTS = {
    "console_port_range": [5000, 10000],
    "console_ports": [],
    "udp_port_range": [20000, 30000],
    "udp_ports": [],
}


@attrs.define
class FakeCompute:
    """It listens on ``port``. ``answers`` are by method and path; what is not there is 404. ``asked`` is what came."""

    answers: dict[str, Answer]
    otherwise: Answer | None = None  # to what is not there
    port: int = 0
    asked: list[str] = attrs.field(factory=list)

    async def _serve(self, stream: trio.SocketStream) -> None:
        data = b""
        try:
            async with stream:
                while True:
                    while b"\r\n\r\n" not in data:
                        piece = await stream.receive_some()
                        if not piece:
                            return
                        data += piece
                    raw, _, data = data.partition(b"\r\n\r\n")
                    head = raw.decode()
                    length = next(
                        (int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-l")),
                        0,
                    )
                    while len(data) < length:
                        data += await stream.receive_some()
                    data = data[length:]
                    method, path, _ = head.splitlines()[0].split(" ")
                    key = f"{method} {path.removeprefix(PREFIX)}"
                    self.asked.append(key)
                    nothing = self.otherwise or says(reply({"message": "there is nothing", "status": 404}, 404))
                    await self.answers.get(key, nothing)(stream, head)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass


@asynccontextmanager
async def fake_compute(**answers: Answer) -> AsyncIterator[FakeCompute]:
    """One that greets as a compute does, unless it should answer otherwise. ``GET_x`` is the answer to ``GET x``."""
    fake = FakeCompute(
        {
            "GET capabilities": says(reply(CAPABILITIES)),
            "GET network/ports": says(reply(PORTS)),
            "GET notifications/ws": notifications(),
            "GET projects": says(reply([])),
        }
    )
    names = {
        "capabilities": "GET capabilities",
        "extensions": "GET extensions",
        "ports": "GET network/ports",
        "notifications": "GET notifications/ws",
    }
    fake.answers |= {names[name]: answer for name, answer in answers.items()}
    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        fake.port = listener.socket.getsockname()[1]
        nursery.start_soon(trio.serve_listeners, fake._serve, [listener])
        yield fake
        nursery.cancel_scope.cancel()


class IgnoringWatcher:
    """The controller of a compute on another host, to which nothing matters here."""

    def opened_at(self, compute_id: str) -> OpenedInMemory:
        """No file has them."""
        return OpenedInMemory()

    def changed(self, compute: OtherCompute) -> None:
        """Nothing."""

    def returned(self, compute: OtherCompute, lost: object) -> None:
        """Nothing."""

    def told(self, compute: OtherCompute, level: str, message: str, project_id: UUID | None) -> None:
        """Nothing."""
