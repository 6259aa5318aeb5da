"""The client of an engine, with an engine that answers wrongly. ``tests/compute/test_docker.py`` has a real one."""

import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trio

from gns3trio import slices
from gns3trio.compute.nodes.docker import engine as engine_module
from gns3trio.compute.nodes.docker.containers import Containers
from gns3trio.compute.nodes.docker.engine import Engine, EngineAway, EngineRefused

ID = "0123456789abcdef" * 4


class WrongEngine:
    """Gives ``answer`` to each request, and then ends the connection, unless it ``holds`` it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answer = b""
        self.holds = False
        self.asked = b""

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Serve until cancelled."""
        with trio.socket.socket(trio.socket.AF_UNIX) as listening:
            await listening.bind(str(self.path))
            listening.listen()
            task_status.started()
            async with trio.open_nursery() as nursery:
                while True:
                    client, _ = await listening.accept()
                    nursery.start_soon(self._serve, trio.SocketStream(client))

    async def _serve(self, client: trio.SocketStream) -> None:
        async with client:
            self.asked = bytes(await client.receive_some())
            try:
                await client.send_all(self.answer)
                if self.holds:
                    await trio.sleep_forever()
            except trio.BrokenResourceError:
                pass


@pytest.fixture
async def wrong() -> AsyncIterator[WrongEngine]:
    with tempfile.TemporaryDirectory() as folder:  # the path of a socket may have 107 bytes
        served = WrongEngine(Path(folder) / "sock")
        async with trio.open_nursery() as nursery:
            await nursery.start(served.run)
            yield served
            nursery.cancel_scope.cancel()


def http(status: str, body: bytes, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n\r\n".encode() + body


def in_chunks(*pieces: bytes) -> bytes:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "broke off|disconnected"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "is not HTTP"),
        (http("200 OK", b"{", 1), "is not JSON"),
        (http("200 OK", b"[]", 100), "broke off"),
        (http("200 OK", b"[" * 500), "its answer"),
        (http("200 OK", b" " * 2000), "more than 1000 bytes"),
    ],
)
async def test_wrong_answers(wrong: WrongEngine, monkeypatch: pytest.MonkeyPatch, answer: bytes, words: str) -> None:
    monkeypatch.setattr(engine_module, "MAX_ANSWER_BYTES", 1000)
    wrong.answer = answer
    with pytest.raises(EngineAway, match=f"Docker is not available: .*({words})"):
        await Engine(str(wrong.path)).request("GET", "/x")


async def test_silence_has_an_end(wrong: WrongEngine) -> None:
    wrong.holds = True
    engine = Engine(str(wrong.path))
    with pytest.raises(EngineAway, match=r"did not answer within 0\.05 s"):
        await engine.request("GET", "/x", seconds=0.05)
    wrong.answer = http("200 OK", b'{"a": 1}\n', 1000)
    lines = []
    with pytest.raises(EngineAway, match="fallen silent"):
        async with engine.lines("POST", "/x", pause=0.05) as received:
            async for line in received:
                lines.append(line)
    assert lines == [{"a": 1}]


async def test_refusals_are_cleaned(wrong: WrongEngine) -> None:
    engine = Engine(str(wrong.path))
    for body, told in (
        (b'{"message": "no such \\u001b[31m thing"}', "no such \ufffd[31m thing"),
        (b"page not found\n", "page not found"),
        (b'["x"]', '["x"]'),
        (b"", "status 404"),
    ):
        wrong.answer = http("404 Not Found", body)
        with pytest.raises(EngineRefused) as refused:
            await engine.request("POST", "/x", {"name": "a b&c", "filters": {"label": ["x=y"]}}, {"Image": "i"})
        assert (refused.value.status, str(refused.value)) == (404, f"Docker has returned an error: {told}")
        assert wrong.asked.startswith(
            b"POST /x?name=a+b%26c&filters=%7B%22label%22%3A%5B%22x%3Dy%22%5D%7D HTTP/1.1\r\n"
        )


async def test_lines_have_a_limit(wrong: WrongEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "MAX_LINE_BYTES", 1000)
    wrong.answer = http("200 OK", b"1\n" + b"[" * 5000)
    with pytest.raises(EngineAway, match="more than 1000 bytes"):
        async with Engine(str(wrong.path)).lines("POST", "/x", pause=60) as received:
            async for _ in received:
                pass


async def test_streams(wrong: WrongEngine) -> None:
    """Bytes that come with the answer are part of the stream; an engine without streams is none."""
    engine = Engine(str(wrong.path))
    wrong.answer = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst"
    async with engine.hijack("/x") as stream:
        assert await stream.receive() == b"first"
        assert await stream.receive() == b""
        await stream.send(b"lost")
        await stream.send(b"lost")
    wrong.answer = http("200 OK", b"")
    with pytest.raises(EngineAway, match="answered 200 when a stream was asked for"):
        async with engine.hijack("/x"):
            pass


@pytest.mark.parametrize(
    "value", ["", "é", "../version", "1 HTTP/1.1\r\nX: y", ID + "0", "A" * 1_000_000, 7, None, [ID]]
)
async def test_ids_that_are_none(wrong: WrongEngine, value: Any) -> None:
    """They would become part of the paths of requests."""
    containers = Containers(Engine(str(wrong.path)))
    for reply in {"Id": value}, [{"Id": ID}, {"Id": value}]:
        wrong.answer = in_chunks(json.dumps(reply).encode())
        with pytest.raises(EngineAway, match="its answer has an id that is none"):
            if isinstance(reply, list):
                await containers.labelled({"a": "b"})
            else:
                await containers.make_exec(ID, ["true"], terminal=True)


@pytest.mark.parametrize("value", [2**31, -(2**31), 10**18, True, 1.5, "1"])
async def test_numbers_that_are_none(wrong: WrongEngine, value: Any) -> None:
    """A process has none of these numbers, and functions of the system do not take them."""
    wrong.answer = in_chunks(json.dumps({"State": {"Running": True, "Pid": value, "ExitCode": value}}).encode())
    found = await Containers(Engine(str(wrong.path))).state(ID)
    assert found is not None and (found.pid, found.exit_code) == (0, 0)


async def test_others_run_while_an_answer_comes_in_many_pieces(
    wrong: WrongEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of pieces, or lines, can be in what arrives at once."""
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    many = 5000
    for wrong.answer in in_chunks(*[b" "] * many), in_chunks(b'{"status": "x"}\n' * many):
        turns = 0
        async with trio.open_nursery() as nursery:
            nursery.start_soon(count)
            async with Engine(str(wrong.path)).lines("POST", "/x", pause=60) as received:
                found = [line async for line in received]
            nursery.cancel_scope.cancel()
        assert found in ([], [{"status": "x"}] * many)
        assert turns >= many


async def test_lines_that_come_in_parts(wrong: WrongEngine) -> None:
    wrong.answer = in_chunks(b'{"a"', b": 1}\n\n", b'{"b": 2}\n{"c"', b": ", b"3}")
    async with Engine(str(wrong.path)).lines("GET", "/x", pause=60) as received:
        assert [line async for line in received] == [{"a": 1}, {"b": 2}, {"c": 3}]
