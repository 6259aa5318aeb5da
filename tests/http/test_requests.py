"""Requests and replies on the wire, and what a client may cost."""

import json
import logging

import pytest
import trio
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from trio.testing import wait_all_tasks_blocked

from gns3trio.http.limits import Limits

from .conftest import Start, are_released, hello, read_all, read_until, reset, settled_resources

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HEADERS = {"type": "http.response.start", "status": 200, "headers": []}


def body(data: bytes, more: bool = False) -> dict[str, object]:
    return {"type": "http.response.body", "body": data, "more_body": more}


def error_of(reply: bytes) -> tuple[int, object]:
    """The status line's number and the JSON body."""
    head, _, content = reply.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), json.loads(content)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no Host
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # TLS
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"x" * 200_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    ],
)
async def test_malformed_request(start: Start, request_bytes: bytes, status: int) -> None:
    """It is answered with the API's error body, and the connection ends."""
    server = await start()
    answered, error = error_of(await server.exchange(request_bytes))
    assert answered == status
    assert isinstance(error, dict) and error["status"] == status and error["message"]
    assert "bytearray" not in error["message"]
    assert await server.is_alive()


async def test_broken_body_ends_the_request(start: Start) -> None:
    """A broken chunk is answered with 400; the application that waits for the body is told."""
    told = trio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        told.set()

    server = await start(app)
    reply = await server.exchange(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    assert error_of(reply)[0] == 400
    await told.wait()


async def test_failing_application(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    """An exception before the reply is a 500 and one line of log; later it cuts the reply short, visibly."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/late":
            await send(HEADERS)
            await send(body(b"part", more=True))
        raise RuntimeError("on purpose")

    server = await start(app)
    assert error_of(await server.exchange(GET)) == (500, {"status": 500, "message": "Internal Server Error"})
    reply = await server.exchange(b"GET /late HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"part" in reply and not reply.endswith(b"0\r\n\r\n")
    assert [record.message for record in caplog.records] == ["GET / failed", "GET /late failed"]


async def test_pipelined_requests(start: Start) -> None:
    """They are answered in order on one connection."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(HEADERS)
        await send(body(scope["path"].encode()))

    server = await start(app)
    requests = [b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(20)]
    async with await server.connect(b"".join(requests)) as client:
        reply = await read_until(client, b"/19")
    places = [reply.index(b"/%d\r\n" % number) for number in range(20)]
    assert places == sorted(places)


async def test_pipelining_is_bounded(start: Start) -> None:
    """Who sends much more while a reply is running is cut off."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(HEADERS)
        await send(body(b"first", more=True))
        while (await receive())["type"] != "http.disconnect":
            pass

    server = await start(app, limits=Limits(pipelined_bytes=100_000, linger_seconds=0))
    async with await server.connect(GET) as client:
        await read_until(client, b"first")
        try:
            for _ in range(1000):
                await client.send_all(b"x" * 10_000)
        except trio.BrokenResourceError:
            pass
        else:
            pytest.fail("ten megabytes were taken")


async def test_reply_to_a_half_closed_connection(start: Start) -> None:
    """``printf ... | nc -N`` sends its end with the request and still reads."""
    server = await start()
    async with await server.connect(GET) as client:
        await client.send_eof()
        assert (await read_all(client)).endswith(b"\r\n\r\nhello")


async def test_client_that_left_is_told_to_receive(start: Start) -> None:
    """Every receive() after the disconnect says so again; sends in between do no harm."""
    said: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(HEADERS)
        await send(body(b"first", more=True))
        for _ in range(3):
            said.append((await receive())["type"])
            await send(body(b"more", more=True))
        ended.set()

    ended = trio.Event()
    server = await start(app)
    client = await server.connect(GET)
    await read_until(client, b"first")
    reset(client)
    await ended.wait()
    assert said == ["http.request", "http.disconnect", "http.disconnect"]


async def test_starlette_can_ask_whether_the_client_left(start: Start) -> None:
    """``Request.is_disconnected()`` works, which it does not with a receive() that always yields."""
    left, answered = trio.Event(), trio.Event()
    answers: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await request.body()
        answers.append(await request.is_disconnected())
        here.set()
        await left.wait()
        await wait_all_tasks_blocked()
        answers.append(await request.is_disconnected())
        answered.set()

    here = trio.Event()
    server = await start(app)
    async with await server.connect(GET):
        await here.wait()
    left.set()
    await answered.wait()
    assert answers == [False, True]


async def test_cancelled_send_loses_nothing(start: Start) -> None:
    """An application may give up waiting for a slow client and still end the reply properly."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(HEADERS)
        with trio.CancelScope() as scope_of_send:
            for number in range(100):
                if number == 60:
                    scope_of_send.cancel()
                await send(body(b"%02d" % number * 50_000, more=True))
        cancelled.set()
        await send(body(b"end"))

    cancelled = trio.Event()
    server = await start(app)
    async with await server.connect(GET, receive_buffer=65536) as client:
        await wait_all_tasks_blocked()  # until the application waits for this client
        reply = await read_until(client, b"0\r\n\r\n")
    assert cancelled.is_set()
    content = dechunked(reply.partition(b"\r\n\r\n")[2])
    numbers = [content[start : start + 100_000] for start in range(0, len(content) - 3, 100_000)]
    assert numbers == [b"%02d" % number * 50_000 for number in range(len(numbers))]
    assert content.endswith(b"end")


def dechunked(data: bytes) -> bytes:
    """The content of a chunked body."""
    content = bytearray()
    while data:
        size, _, data = data.partition(b"\r\n")
        content += data[: int(size, 16)]
        data = data[int(size, 16) + 2 :]
    return bytes(content)


@pytest.mark.parametrize("begin", [b"", b"GET / HTT", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_headers_that_never_end(start: Start, begin: bytes) -> None:
    """They have request_head_seconds, however they trickle in; a request that has begun gets a 408."""
    server = await start(limits=Limits(request_head_seconds=0.2, linger_seconds=0.05))
    before = await settled_resources()
    async with await server.connect(begin) as client, trio.open_nursery() as nursery:

        async def trickle() -> None:
            try:
                while True:
                    await trio.sleep(0.02)
                    await client.send_all(b"x" if begin else b"")
            except trio.BrokenResourceError:
                pass

        nursery.start_soon(trickle)
        reply = await read_all(client)
        nursery.cancel_scope.cancel()
    assert error_of(reply)[0] == 408 if begin else not reply
    assert await are_released(server, before)


async def test_body_that_stalls(start: Start) -> None:
    """An upload that stops ends after body_stall_seconds; the application is told."""
    told = trio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        told.set()

    server = await start(app, limits=Limits(body_stall_seconds=0.05, linger_seconds=0.05))
    async with await server.connect(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"):
        await told.wait()


async def test_idle_connection_ends(start: Start) -> None:
    """After its last reply a connection has keep_alive_seconds; a running reply is not idle."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await trio.sleep(0.2)
        await hello(scope, receive, send)

    server = await start(app, limits=Limits(keep_alive_seconds=0.05))
    assert (await server.exchange(GET)).endswith(b"hello")


async def test_client_that_takes_nothing_is_cut_off(start: Start) -> None:
    """After write_stall_seconds the application is told and all is released, though the client stays."""
    told = trio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(HEADERS)
        async with trio.open_nursery() as nursery:

            async def stream() -> None:
                while True:
                    await send(body(b"x" * 65536, more=True))

            nursery.start_soon(stream)
            while (await receive())["type"] != "http.disconnect":
                pass
            nursery.cancel_scope.cancel()
        told.set()

    server = await start(app, limits=Limits(write_stall_seconds=0.1))
    async with await server.connect(GET, receive_buffer=4096):
        before = await settled_resources()
        await told.wait()
        with trio.fail_after(30):
            while (await settled_resources())[0] >= before[0]:
                pass


async def test_expect_continue(start: Start) -> None:
    """A client that waits for 100 gets it, and then its reply."""
    server = await start()
    head = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    async with await server.connect(head) as client:
        assert (await read_until(client, b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        await client.send_all(b"ok")
        assert (await read_until(client, b"hello")).startswith(b"HTTP/1.1 200")


async def test_reply_leaves_in_one_segment(start: Start) -> None:
    """Headers and body arrive together."""
    server = await start()
    async with await server.connect(GET) as client:
        reply = await client.receive_some()
    assert reply.startswith(b"HTTP/1.1 200") and reply.endswith(b"hello")
    assert b"server:" not in reply.lower()


async def test_the_head_waits_for_its_body_only(start: Start) -> None:
    """A reply of known length leaves whole, or as far as it came when the application fails; pieces leave at once."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        length = {"/large": 3_000_000, "/none": 0}.get(path, 10)
        await send({**HEADERS, "headers": [(b"content-length", b"%d" % length)]})
        match path:
            case "/fails":
                raise RuntimeError("on purpose")
            case "/never":
                await trio.sleep_forever()
            case "/large":
                await send(body(b"x" * 3_000_000))
            case "/none":
                await send(body(b""))
            case _:
                await send(body(b"first", more=True))
                await shown.wait()
                await send(body(b"later"))

    shown = trio.Event()
    server = await start(app)
    async with await server.connect(b"GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n") as client:
        assert (await read_until(client, b"first")).startswith(b"HTTP/1.1 200")
        shown.set()
        await read_until(client, b"later")
        await client.send_all(b"HEAD /large HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await read_until(client, b"\r\n\r\n")).endswith(b"\r\n\r\n")
        await client.send_all(b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"content-length: 0" in await read_until(client, b"\r\n\r\n")
        await client.send_all(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        _, _, content = (await read_all(client)).partition(b"\r\n\r\n")
        assert len(content) == 3_000_000
    reply = await server.exchange(b"GET /fails HTTP/1.1\r\nHost: x\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 200") and reply.endswith(b"\r\n\r\n")
    async with await server.connect(b"HEAD /never HTTP/1.1\r\nHost: x\r\n\r\n") as client:
        assert (await read_until(client, b"\r\n\r\n")).startswith(b"HTTP/1.1 200")  # it will have no body


async def test_access_log(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    """Off unless asked for."""
    caplog.set_level(logging.INFO, "gns3trio.http.access")
    for access_log in (False, True):
        server = await start(access_log=access_log)
        await server.is_alive()
        lines = [record.getMessage() for record in caplog.records if record.name == "gns3trio.http.access"]
        assert len(lines) == access_log
    assert '"GET / 1.1" 200 5' in lines[0]
