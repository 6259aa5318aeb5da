"""The client of a Docker engine: its HTTP API on a unix socket, with httpcore2 on trio. Podman has the same API.

Paths have no version, so each engine answers as the newest version that it knows. What is used here is the same in all
of them since 1.24 (docs.docker.com/reference/api/engine). Each request has a connection of its own: an engine that was
restarted costs no request. Nothing that it answers is trusted: each wait and each size has a limit.
"""

import math
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import orjson
import trio
from httpcore2 import (
    URL,
    AsyncHTTPConnection,
    AsyncNetworkStream,
    NetworkError,
    ProtocolError,
    Response,
    TimeoutException,
    TrioBackend,
)

from gns3trio import threads
from gns3trio.errors import Conflict, Invalid, LabError
from gns3trio.json_text import read_json
from gns3trio.printable import without_hidden
from gns3trio.sizes import size_text
from gns3trio.slices import Slices

# An engine that starts fifty containers at once answers some of them after several seconds.
ANSWER_SECONDS = 120.0
# A list of a thousand containers has about 1 MB.
MAX_ANSWER_BYTES = 16 * 1024 * 1024
# A line of a stream of events tells of one layer of an image, or one container.
MAX_LINE_BYTES = 256 * 1024
# Above this, an answer is parsed in a thread.
_PARSED_AT_ONCE = 32 * 1024
_MAX_MESSAGE = 1000
_READ_BYTES = 65536
# Requests that wait for an answer, without those that last. Each has a descriptor.
_MOST_AT_ONCE = 64

# Docker's and Podman's ids: SHA-256, or as many random digits.
_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)

# Objects are sent as JSON.
Query = Mapping[str, str | int | Mapping[str, Any]]


class EngineRefused(Conflict):
    """The engine has refused a request. ``status`` is that of its answer."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class EngineAway(Conflict):
    """There is no engine, or it does not answer as one."""


class HijackedStream:
    """A connection that the engine has turned into a stream of bytes of a container."""

    def __init__(self, stream: AsyncNetworkStream) -> None:
        self._stream = stream

    async def receive(self) -> bytes:
        """The next bytes; empty at the end, however the connection ends."""
        try:
            return await self._stream.read(_READ_BYTES)
        except (NetworkError, ProtocolError):
            return b""

    async def send(self, data: bytes) -> None:
        """Send bytes. Bytes for a stream that has ended are lost: ``receive`` tells the end."""
        with suppress(NetworkError, ProtocolError):
            await self._stream.write(data)


class Engine:
    """The engine at the unix socket ``path``, whether it is there or not."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._limiter = trio.CapacityLimiter(_MOST_AT_ONCE)

    async def request(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Any = None,
        *,
        seconds: float = ANSWER_SECONDS,
    ) -> Any:
        """Send a JSON body; returns the JSON of the answer, None if it has none.

        Raises EngineRefused, or EngineAway.
        """
        async with self._limiter:
            with self._within(seconds):
                async with self._exchange(method, path, query, body) as answer:
                    await self._raise_for(answer)
                    text = await self._read(answer)
        return await self._parse(text)

    async def wait(self, method: str, path: str, query: Query | None = None) -> Any:
        """As ``request``, for something that may last for ever. Others do not wait for it."""
        async with self._exchange(method, path, query, None) as answer:
            await self._raise_for(answer)
            text = await self._read(answer)
        return await self._parse(text)

    @asynccontextmanager
    async def lines(
        self, method: str, path: str, query: Query | None = None, *, pause: float
    ) -> AsyncIterator[AsyncGenerator[Any]]:
        """The JSON values in the lines of a long answer, of which no more than ``pause`` seconds may pass without one.

        Raises EngineRefused or EngineAway, also inside the block.
        """
        async with self._exchange(method, path, query, None, pause=pause) as answer:
            await self._raise_for(answer)
            async with aclosing(self._lines_of(answer)) as lines:
                yield lines

    async def _lines_of(self, answer: Response) -> AsyncGenerator[Any]:
        waiting, slices = bytearray(), Slices()
        async with aclosing(_pieces(answer)) as pieces:
            async for piece in pieces:
                *whole, rest = piece.split(b"\n")
                for line in whole:
                    waiting += line
                    if waiting.strip():
                        yield await self._parse(bytes(waiting))
                        await slices.pause()
                    waiting.clear()
                waiting += rest
                if len(waiting) > MAX_LINE_BYTES:
                    raise self._away(f"a line of its answer has more than {size_text(MAX_LINE_BYTES)}")
        if waiting.strip():
            yield await self._parse(bytes(waiting))

    @asynccontextmanager
    async def hijack(self, path: str, query: Query | None = None, body: Any = None) -> AsyncIterator[HijackedStream]:
        """A stream to a container. Raises EngineRefused or EngineAway before the block begins."""
        upgrade = [("Connection", "Upgrade"), ("Upgrade", "tcp")]
        async with self._exchange("POST", path, query, body, upgrade) as answer:
            if answer.status != HTTPStatus.SWITCHING_PROTOCOLS:
                await self._raise_for(answer)
                raise self._away(f"it answered {answer.status} when a stream was asked for")
            yield HijackedStream(answer.extensions["network_stream"])

    @asynccontextmanager
    async def _exchange(
        self,
        method: str,
        path: str,
        query: Query | None,
        body: Any,
        headers: list[tuple[str, str]] | None = None,
        *,
        pause: float | None = None,
    ) -> AsyncIterator[Response]:
        target = path + (f"?{_encoded(query)}" if query else "")
        url = URL(scheme="http", host=b"docker", port=None, target=target.encode("ascii"))
        sent = [("Host", "docker"), ("Accept-Encoding", "identity"), *(headers or ())]
        content = orjson.dumps(body) if body is not None else b"" if method == "POST" else None
        if body is not None:
            sent.append(("Content-Type", "application/json"))
        with self._translated():
            async with (
                AsyncHTTPConnection(url.origin, uds=self.path, network_backend=TrioBackend()) as connection,
                connection.stream(
                    method, url, headers=sent, content=content, extensions={"timeout": {"read": pause}}
                ) as answer,
            ):
                yield answer

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except TimeoutException:
            raise self._away("it has fallen silent") from None
        except NetworkError as error:
            raise self._away(_reason_of(error)) from None
        except ProtocolError as error:
            raise self._away(f"its answer is not HTTP, or broke off: {error}"[:_MAX_MESSAGE]) from None

    @contextmanager
    def _within(self, seconds: float) -> Iterator[None]:
        with trio.move_on_after(seconds if seconds != math.inf else math.inf) as scope:
            yield
        if scope.cancelled_caught:
            raise self._away(f"it did not answer within {seconds:g} s")

    async def _raise_for(self, answer: Response) -> None:
        if answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return
        text = await self._read(answer)
        try:
            message = orjson.loads(text)["message"]
        except (ValueError, KeyError, TypeError):
            message = text[:_MAX_MESSAGE].decode("utf-8", "replace")
        told = without_hidden(str(message).strip()[:_MAX_MESSAGE]) or f"status {answer.status}"
        raise EngineRefused(f"Docker has returned an error: {told}", answer.status)

    async def _read(self, answer: Response) -> bytes:
        data = bytearray()
        async with aclosing(_pieces(answer)) as pieces:
            async for piece in pieces:
                data += piece
                if len(data) > MAX_ANSWER_BYTES:
                    raise self._away(f"its answer has more than {size_text(MAX_ANSWER_BYTES)}")
        return bytes(data)

    async def _parse(self, text: bytes) -> Any:
        if not text.strip():
            return None
        try:
            return read_json(text) if len(text) < _PARSED_AT_ONCE else await threads.parsers.run(read_json, text)
        except Invalid as error:
            raise self._away(f"its answer {error}") from None

    def checked_id(self, value: Any) -> str:
        """An id of an object that the engine has answered; it becomes part of the paths of requests. Raises
        EngineAway.
        """
        if not isinstance(value, str) or not _ID.fullmatch(value):
            raise self._away("its answer has an id that is none")
        return value

    def _away(self, reason: str) -> LabError:
        return EngineAway(f"Docker is not available: {self.path}: {reason}")


async def _pieces(answer: Response) -> AsyncGenerator[bytes]:
    """What arrives of an answer. Other tasks run meanwhile, also if it comes in thousands of pieces at once."""
    slices = Slices()
    async for piece in answer.aiter_stream():
        yield piece
        await slices.pause()


def _encoded(query: Query) -> str:
    return urlencode(
        {name: orjson.dumps(value) if isinstance(value, Mapping) else value for name, value in query.items()}
    )


def _reason_of(error: BaseException) -> str:
    """What the system has told, which the libraries chain as the cause of their errors."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        seen = seen.__cause__ or seen.__context__
    return str(error)[:_MAX_MESSAGE] or "the connection broke off"
