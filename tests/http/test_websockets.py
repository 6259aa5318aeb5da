"""Websockets on the wire: closing, limits, order."""

import pytest
import trio
from starlette.types import Receive, Scope, Send
from trio_websocket import ConnectionClosed, HandshakeError, WebSocketConnection, open_websocket_url

from gns3trio.http.limits import Limits

from .conftest import UPGRADE, Server, Start, are_released, client_frame, read_all, read_until, settled_resources


async def close_code(websocket: WebSocketConnection) -> int | None:
    """The code with which the server closes."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            await websocket.get_message()
    return closed.value.reason.code if closed.value.reason else None


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 1_000_000])
async def test_messages_of_all_sizes(start: Start, size: int) -> None:
    """Text and bytes go both ways unchanged (the length has three encodings)."""
    server = await start()
    async with open_websocket_url(server.url.replace("http", "ws"), max_message_size=1 << 20) as websocket:
        for message in ("é" * (size // 2), b"\xff" * size):
            await websocket.send_message(message)
            assert await websocket.get_message() == message


async def test_order_of_many_messages(start: Start) -> None:
    """Bursts from several tasks of an application arrive whole and in order."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})

        async def burst(name: str) -> None:
            for number in range(500):
                await send({"type": "websocket.send", "text": f"{name} {number}"})

        async with trio.open_nursery() as nursery:
            for name in "abc":
                nursery.start_soon(burst, name)
        await send({"type": "websocket.close"})

    server = await start(app)
    received: dict[str, list[int]] = {"a": [], "b": [], "c": []}
    async with open_websocket_url(server.url.replace("http", "ws"), message_queue_size=2000) as websocket:
        for _ in range(1500):
            name, number = str(await websocket.get_message()).split()
            received[name].append(int(number))
        assert await close_code(websocket) == 1000
    assert all(numbers == list(range(500)) for numbers in received.values())


async def test_server_closes_with_its_code(start: Start) -> None:
    """The code of the application arrives, also when the client was sending all the time."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        await send({"type": "websocket.close", "code": 1013})

    server = await start(app, limits=Limits(linger_seconds=0.05))
    before = await settled_resources()
    async with await server.connect(UPGRADE + client_frame(1, b"x") * 200) as client:
        assert (await read_all(client)).endswith(b"\x88\x02\x03\xf5")
    assert await are_released(server, before)


async def test_going_away_at_shutdown(start: Start) -> None:
    """1001 reaches a client that the application closes when the server closes."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await server.closing.wait()
        await send({"type": "websocket.close", "code": 1001})

    server: Server = await start(app)
    async with open_websocket_url(server.url.replace("http", "ws")) as websocket:
        server.closing.set()
        assert await close_code(websocket) == 1001
    await server.ended.wait()


async def test_client_closes_after_data(start: Start) -> None:
    """Its close frame is answered, and the application gets its code."""
    messages: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        while not messages or messages[-1]["type"] != "websocket.disconnect":  # type: ignore[index]
            messages.append(await receive())
        ended.set()

    ended = trio.Event()
    server = await start(app)
    data = client_frame(1, b"one") + client_frame(2, b"two") + client_frame(8, (4321).to_bytes(2, "big") + b"bye")
    reply = await server.exchange(UPGRADE + data)
    assert reply.endswith(b"\x88\x05\x10\xe1bye")
    await ended.wait()
    assert messages == [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "one", "bytes": None},
        {"type": "websocket.receive", "text": None, "bytes": b"two"},
        {"type": "websocket.disconnect", "code": 4321},
    ]


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (client_frame(1, b"x" * 101), 1009),
        (
            client_frame(1, b"x" * 60)[:1].replace(b"\x81", b"\x01")
            + client_frame(1, b"x" * 60)[1:]
            + client_frame(0, b"x" * 60),
            1009,
        ),
        (b"\xf1\x80\0\0\0\0", 1002),  # reserved bits
        (client_frame(1, b"\xff\xff"), 1007),  # not UTF-8
        (client_frame(8, b"\x00\x01"), 1002),  # a code that is none
    ],
)
async def test_breach_of_the_protocol(start: Start, frames: bytes, code: int) -> None:
    """It is answered with its close code, and the connection ends though the client does not."""
    server = await start(limits=Limits(websocket_message_bytes=100, linger_seconds=0.05))
    before = await settled_resources()
    async with await server.connect(UPGRADE + frames) as client:
        reply = await read_all(client)
        assert b"\x88" in reply and code.to_bytes(2, "big") in reply[reply.rindex(b"\x88") :]
    assert await are_released(server, before)


async def test_pings(start: Start) -> None:
    """The server pings, and answers pings."""
    server = await start(limits=Limits(websocket_ping_seconds=0.02))
    async with await server.connect(UPGRADE) as client:
        await read_until(client, b"\x89\x00\x89\x00")
        await client.send_all(client_frame(9, b"abc"))
        await read_until(client, b"\x8a\x03abc")


async def test_refused_websocket(start: Start) -> None:
    """A close before the acceptance is a 403 with the API's error body; early frames change nothing."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.close"})

    server = await start(app, limits=Limits(linger_seconds=0.05))
    with pytest.raises(HandshakeError) as refused:
        async with open_websocket_url(server.url.replace("http", "ws")):
            pass
    assert "403" in repr(refused.value)
    before = await settled_resources()
    reply = await server.exchange(UPGRADE + client_frame(1, b"early"))
    assert reply.startswith(b"HTTP/1.1 403") and reply.endswith(b'{"message": "Forbidden", "status": 403}')
    assert await are_released(server, before)


async def test_application_that_fails(start: Start) -> None:
    """Before the acceptance it is a 500, after it close code 1011."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/ws/late":
            await send({"type": "websocket.accept"})
        raise RuntimeError("on purpose")

    server = await start(app)
    assert (await server.exchange(UPGRADE)).startswith(b"HTTP/1.1 500")
    late = UPGRADE.replace(b"/ws", b"/ws/late")
    async with await server.connect(late) as client:
        assert (await read_until(client, b"\x88")).endswith(b"\x88\x02\x03\xf3")


async def test_leaving_without_a_close_frame(start: Start) -> None:
    """The application is told 1006."""
    codes: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] != "websocket.disconnect":
            pass
        codes.append(message["code"])
        ended.set()

    ended = trio.Event()
    server = await start(app)
    async with await server.connect(UPGRADE) as client:
        await read_until(client, b"\r\n\r\n")
    await ended.wait()
    assert codes == [1006]


async def test_frames_that_nobody_receives_wait_at_the_client(start: Start) -> None:
    """An application that does not receive bounds what its client can send; its end releases all."""
    leave = trio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await leave.wait()

    server = await start(app, limits=Limits(linger_seconds=0.05))
    before = await settled_resources()
    async with await server.connect(UPGRADE) as client:
        await read_until(client, b"\r\n\r\n")
        frames = client_frame(2, b"x" * 100) * 10_000
        with trio.move_on_after(0.3) as sending:
            for _ in range(50):
                await client.send_all(frames)
        assert sending.cancelled_caught
        leave.set()
        await read_all(client)
    assert await are_released(server, before)
