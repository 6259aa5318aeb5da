"""Requests to a compute, with httpcore2 on trio.

Every request has an end: a deadline for its answer, a limit for its size, and ``abort``, which ends all requests of a
compute that does not answer any more. Redirections are not followed: they are errors.
"""

import base64
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager, aclosing, asynccontextmanager, contextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from ssl import SSLContext
from typing import Any

import orjson
import trio
from httpcore2 import URL, AsyncConnectionPool, NetworkError, ProtocolError, Response, TimeoutException

from gns3trio import threads
from gns3trio.compute.other_hosts import ComputeAddress
from gns3trio.compute.remote.dialect import GNS3_2
from gns3trio.compute.remote.transport import ResolvingBackend, reason_of
from gns3trio.errors import ComputeAway, Conflict, Forbidden, Invalid, LabError, NotFound
from gns3trio.json_text import read_json
from gns3trio.printable import without_hidden
from gns3trio.sizes import size_text

# How long an answer may take. Creating a node may fetch an image, starting one may wait for a virtual machine: these
# are GNS3's own limits.
ANSWER_SECONDS = 60.0
CREATE_SECONDS = 1200.0
ACTION_SECONDS = 240.0
# How long a file may stand still.
STALL_SECONDS = 60.0
# A node, a list of files or images. One node with the configuration of a large router has some 100 kB.
MAX_REPLY_BYTES = 16 * 1024 * 1024
# Above this, an answer is parsed in a thread.
_PARSED_AT_ONCE = 32 * 1024
_MAX_MESSAGE = 2000
_MAX_WRONG = 10
_MAX_DATE = 40
# Requests at a time; others wait. A compute of GNS3 handles one at a time for most of its work.
_CONNECTIONS = 32
# Files and captures at a time.
_STREAMS = 256
# Servers close idle connections; ours are closed before.
_IDLE_SECONDS = 3.0

_ERRORS: Mapping[int, type[LabError]] = {400: Invalid, 403: Forbidden, 404: NotFound, 422: Invalid}
_JSON = [("Content-Type", "application/json")]


class ComputeHttp:
    """Requests to one compute. Use ``open_http``."""

    def __init__(
        self,
        address: ComputeAddress,
        context: SSLContext | None,
        pool: AsyncConnectionPool,
        streams: AsyncConnectionPool,
    ) -> None:
        self.address = address
        self.context = context
        self._pool = pool
        self._streams = streams  # files and captures, which last: requests do not wait for them
        self._running: set[trio.CancelScope] = set()
        self._aborted: str | None = None
        self.dialect = GNS3_2  # that of the compute, as soon as it is known
        self.clock_offset: float | None = None  # seconds that its clock is ahead, by its first answer
        name = f"[{address.host}]" if ":" in address.host else address.host
        told = f"{name}:{address.port}".encode("ascii", "replace").decode()  # as in the URL; such a host is never found
        self._headers = [("Host", told), ("Accept-Encoding", "identity")]
        if (authorization := basic_authorization(address)) is not None:
            self._headers.append(("Authorization", authorization))

    def abort(self, reason: str) -> None:
        """End all running requests: they raise Unavailable with the first such reason."""
        self._aborted = self._aborted or reason
        for scope in self._running:
            scope.cancel()

    @property
    def is_aborted(self) -> bool:
        """Whether the compute does not answer any more."""
        return self._aborted is not None

    def unavailable(self, reason: str) -> ComputeAway:
        """The error for a compute that cannot be reached."""
        return ComputeAway(f"compute '{self.address.name}': {reason}")

    async def request(self, method: str, path: str, body: Any = None, *, seconds: float = ANSWER_SECONDS) -> Any:
        """Send a JSON body to a path of the compute API, and return the JSON of the answer.

        Raises Invalid, Forbidden, NotFound or Conflict if the compute rejects it, ComputeAway if it does not answer.
        """
        content = orjson.dumps(body or {}) if method in ("POST", "PUT") else None
        with self._within(seconds):
            async with self._exchange(
                self._pool, method, path, _JSON if content is not None else [], content
            ) as answer:
                await self._raise_for(answer)
                text = await self._read(answer)
        return await self.parse(text)

    @asynccontextmanager
    async def open(
        self,
        method: str,
        path: str,
        content: AsyncIterator[bytes] | None = None,
        length: int | None = None,
        *,
        pause: float | None = STALL_SECONDS,
        seconds: float = math.inf,
    ) -> AsyncIterator[Response]:
        """Send a request, and have its answer before its body is read; ``pieces`` reads that. It may last as long as
        something moves: the compute may pause for so long, for ever if that is None. With ``seconds``, it ends then,
        with the body of the ``with``. Raises as ``request``.
        """
        with self._within(seconds):
            async with self.raw(method, path, content, length, pause=pause) as answer:
                await self._raise_for(answer)
                yield answer

    @asynccontextmanager
    async def raw(
        self,
        method: str,
        path: str,
        content: AsyncIterator[bytes] | None,
        length: int | None,
        *,
        pause: float | None,
    ) -> AsyncIterator[Response]:
        """As ``open``, whatever the status of the answer. Raises Unavailable."""
        headers = [("Content-Type", "application/octet-stream")] if content is not None else []
        if content is not None:
            headers.append(("Transfer-Encoding", "chunked") if length is None else ("Content-Length", str(length)))
        with self.lasting():
            async with self._exchange(self._streams, method, path, headers, content, pause) as answer:
                yield answer

    async def pieces(self, answer: Response) -> AsyncGenerator[bytes]:
        """The body of an answer. Raises Unavailable if it breaks off."""
        with self._translated():
            async for piece in answer.aiter_stream():
                yield piece

    def lasting(self) -> AbstractContextManager[None]:
        """While the ``with`` lasts, ``abort`` ends its body too, and raises Unavailable."""
        return self._within(math.inf)

    @contextmanager
    def _within(self, seconds: float) -> Iterator[None]:
        if self._aborted is not None:
            raise self.unavailable(self._aborted)
        with trio.CancelScope(deadline=trio.current_time() + seconds) as scope:
            self._running.add(scope)
            try:
                yield
            finally:
                self._running.discard(scope)
        if scope.cancelled_caught:
            too_late = trio.current_time() >= scope.deadline
            raise self.unavailable(f"did not answer within {seconds:g} s" if too_late else self._aborted or "")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except TimeoutException as error:
            raise self.unavailable(str(error) or f"nothing moved for {STALL_SECONDS:g} s") from None
        except NetworkError as error:
            raise self.unavailable(reason_of(error)) from None
        except ProtocolError as error:
            raise self.unavailable(f"its answer is not HTTP, or broke off: {error}"[:_MAX_MESSAGE]) from None

    @asynccontextmanager
    async def _exchange(
        self,
        pool: AsyncConnectionPool,
        method: str,
        path: str,
        headers: list[tuple[str, str]],
        content: bytes | AsyncIterator[bytes] | None,
        pause: float | None = None,
    ) -> AsyncIterator[Response]:
        a = self.address
        target = f"{self.dialect.prefix}/{path}".encode("ascii")
        url = URL(scheme=a.protocol, host=a.host.encode("ascii", "replace"), port=a.port, target=target)
        stalls = {"write": STALL_SECONDS, "read": pause}
        with self._translated():
            async with pool.stream(
                method, url, headers=[*self._headers, *headers], content=content, extensions={"timeout": stalls}
            ) as answer:
                if self.clock_offset is None and (date := _date(answer)) is not None:
                    self.clock_offset = date - time.time()
                yield answer

    async def _raise_for(self, answer: Response) -> None:
        status = answer.status
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return
        where = f"compute '{self.address.name}'"
        if status == HTTPStatus.UNAUTHORIZED:
            wrong = "the user or the password is wrong" if self.address.user else "it asks for a user and a password"
            raise ComputeAway(f"{where}: {wrong}")
        if status < HTTPStatus.BAD_REQUEST:
            raise ComputeAway(f"{where}: answered with a redirection ({status}), which is not followed")
        raise self.refusal(status, _message(await self._read(answer)))

    def refusal(self, status: int, message: object) -> LabError:
        """The error for a request that the compute rejected."""
        return error_of(status, message, f"compute '{self.address.name}'")

    async def _read(self, answer: Response) -> bytes:
        data = bytearray()
        async with aclosing(self.pieces(answer)) as pieces:
            async for piece in pieces:
                data += piece
                if len(data) > MAX_REPLY_BYTES:
                    raise self.unavailable(f"its answer has more than {size_text(MAX_REPLY_BYTES)}")
        return bytes(data)

    async def parse(self, text: bytes) -> Any:
        """The value of a JSON text, None if it is empty. Raises ComputeAway."""
        if not text:
            return None
        try:
            if len(text) < _PARSED_AT_ONCE:
                return read_json(text)
            return await threads.parsers.run(read_json, text)
        except Invalid as error:
            raise self.unavailable(f"its answer {error}") from None


def basic_authorization(address: ComputeAddress) -> str | None:
    """The header that carries user and password; None if there are none."""
    if not address.user:
        return None
    return "Basic " + base64.b64encode(f"{address.user}:{address.password or ''}".encode()).decode()


def _date(answer: Response) -> float | None:
    """When the compute answered, by its own clock; None if it does not tell."""
    for name, value in answer.headers:
        if name.lower() == b"date":
            try:
                return parsedate_to_datetime(value[:_MAX_DATE].decode("latin-1")).timestamp()
            except (ValueError, TypeError, OverflowError, OSError):  # none, or one before the year 1 in this zone
                return None
    return None


def error_of(status: int, message: object, where: str) -> LabError:
    """The error that a compute tells by a status and a message. ``where`` names the compute."""
    text = without_hidden(message[:_MAX_MESSAGE]) if isinstance(message, str) else ""
    return _ERRORS.get(status, Conflict)(f"{where}: {text or f'answered {status}'}")


def _message(body: bytes) -> object:
    """Why a request was rejected. GNS3 3.0 tells wrong values in a list, each with its place in the request."""
    try:
        told = orjson.loads(body)
        if isinstance(wrong := told.get("detail"), list):
            return "; ".join(f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in wrong[:_MAX_WRONG])
        return told["message"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


@asynccontextmanager
async def open_http(address: ComputeAddress, context: SSLContext | None) -> AsyncIterator[ComputeHttp]:
    """Requests to a compute, for as long as the ``async with`` lasts."""

    def pool(most: int) -> AsyncConnectionPool:
        return AsyncConnectionPool(
            ssl_context=context,
            max_connections=most,
            max_keepalive_connections=_CONNECTIONS,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=ResolvingBackend(),
        )

    async with pool(_CONNECTIONS) as requests, pool(_STREAMS) as streams:
        yield ComputeHttp(address, context, requests, streams)
