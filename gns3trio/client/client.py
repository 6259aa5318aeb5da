"""The commands' client for a server: its address, the credentials, requests, files and events.

The libraries for HTTP and websockets are imported when they are used, because help and completion do not need them.
"""

import argparse
import base64
import json
import os
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import attrs

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.client.kept_tokens import read_token
from gns3trio.client.refusals import no_gns3_server, refused
from gns3trio.config import environment_name
from gns3trio.errors import LabError

if TYPE_CHECKING:
    from httpcore2 import Response
    from trio_websocket import WebSocketConnection

_PIECE_BYTES = 256 * 1024
_JSON = "application/json"

Progress = Callable[[int, int | None], None]  # bytes so far, total bytes if known


@frozen
class Client:
    """A server and our credentials there. Use ``from_arguments``.

    Every method raises NotFound if the server answers 404, and Unavailable with the server's message if it rejects the
    request otherwise or cannot be reached.
    """

    scheme: str
    address: str
    credentials: str | None
    context: ssl.SSLContext | None  # for https only, because reading the certificates of this machine takes a while

    @classmethod
    def from_arguments(cls, arguments: argparse.Namespace) -> "Client":
        """The client that the options describe. Raises LabError for an invalid URL."""
        scheme, separator, address = arguments.url.rstrip("/").partition("://")
        if not separator or scheme not in ("http", "https"):
            raise LabError(f"--url: {arguments.url!r} does not begin with http:// or https://")
        try:
            url = urlsplit(arguments.url)
            has_host = bool((url.hostname or "").encode("idna") and url.port != 0)
        except ValueError:
            has_host = False
        if not has_host:
            raise LabError(f"--url: {arguments.url!r} names no host and port")
        credentials = None
        if arguments.user:
            credentials = _basic(arguments.user, os.environ.get(environment_name("password"), ""))
        elif token := read_token(f"{scheme}://{address}"):
            credentials = f"Bearer {token}"
        context = ssl.create_default_context() if scheme == "https" else None
        if context is not None and arguments.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return cls(scheme, address, credentials, context)

    async def token(self, user: str, password: str) -> str:
        """Log in; returns a token."""
        body = {"username": user, "password": password}
        reply = await attrs.evolve(self, credentials=_basic(user, password)).request(
            "POST", "/v3/access/users/authenticate", body
        )
        return str(reply["access_token"])

    def with_token(self, token: str) -> "Client":
        """The same server, with this token as credentials."""
        return attrs.evolve(self, credentials=f"Bearer {token}")

    @property
    def base(self) -> str:
        """The URL of the server, without a slash at its end."""
        return f"{self.scheme}://{self.address}"

    async def request(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request with a JSON body; returns the JSON reply."""
        data = None if body is None else json.dumps(body).encode()
        return await self.send(method, path, data, _JSON)

    async def send(self, method: str, path: str, data: bytes | None, content_type: str) -> Any:
        """Send a request with a body of any type; returns the JSON reply."""
        return await self._send(method, path, data, {"Content-Type": content_type})

    async def page(self, path: str, query: Mapping[str, object]) -> tuple[list[Any], int]:
        """GET a part of a list; returns it, and the number of all objects that match.

        Raises LabError if the server has whole lists only, as GNS3's has.
        """
        async with self._open("GET", f"{path}?{urlencode(query)}", None, {}) as reply:
            total, body = _header(reply, b"gns3trio-total"), await reply.aread()
        if not total.isdigit():
            raise LabError(f"{self.base} gives whole lists only: leave out {', '.join(query)}")
        return _parsed(self.base, body), int(total)

    async def text(self, path: str, content_type: str) -> str:
        """GET a text reply of this media type."""
        async with self._open("GET", path, None, {"Accept": content_type}) as reply:
            return (await reply.aread()).decode()

    async def content(self, path: str) -> tuple[str, bytes]:
        """GET a small file; returns its media type and its bytes."""
        async with self._open("GET", path, None, {}) as reply:
            return _header(reply, b"content-type").partition(";")[0].strip().lower(), await reply.aread()

    async def download(self, path: str, file: Path, progress: Progress) -> int:
        """GET a reply into a file, which appears only when it is complete; returns its size in bytes."""
        done = 0
        async with self._open("GET", path, None, {}) as reply:
            length = _header(reply, b"content-length")
            with _written_as_a_whole(file) as target:
                async for piece in reply.aiter_stream():
                    target.write(piece)  # a blocking write is fine: the command has nothing else to do meanwhile
                    done += len(piece)
                    progress(done, int(length) if length else None)
        return done

    async def upload(self, path: str, file: Path, progress: Progress) -> Any:
        """POST a file as the body; returns the JSON reply."""
        return await self._send_file("POST", path, file, 0, progress)

    async def upload_part(self, path: str, file: Path, offset: int, progress: Progress) -> Any:
        """PUT a file from ``offset`` on as the body; returns the JSON reply."""
        return await self._send_file("PUT", path, file, offset, progress)

    async def _send_file(self, method: str, path: str, file: Path, offset: int, progress: Progress) -> Any:
        with _opened(file) as source:
            size = os.fstat(source.fileno()).st_size
            source.seek(offset)
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(max(0, size - offset))}
            async with aclosing(_pieces(source, offset, size, progress)) as pieces:
                return await self._send(method, path, pieces, headers)

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """The pieces of an endless reply."""
        from gns3trio.client.exchange import pieces_of_stream

        async with self._open("GET", path, None, {}) as reply, aclosing(pieces_of_stream(self.base, reply)) as pieces:
            yield pieces

    @asynccontextmanager
    async def websocket(self, path: str) -> AsyncIterator["WebSocketConnection"]:
        """Open a websocket for events or a console, for as long as the ``async with`` lasts."""
        from gns3trio.client.websocket import open_websocket

        if self.context is not None:
            # trio-websocket does not tell why a TLS handshake failed: it waits for a minute instead.
            await self.request("GET", "/v2/version")
        async with open_websocket(self.base, self.context, path, self.credentials) as connection:
            yield connection

    @asynccontextmanager
    async def messages(self, path: str) -> AsyncIterator[AsyncIterator[str | bytes]]:
        """The messages of a websocket, until the server closes it."""
        from gns3trio.client.websocket import messages

        async with self.websocket(path) as connection, aclosing(messages(connection)) as told:
            yield told

    async def _send(
        self, method: str, path: str, data: bytes | AsyncIterator[bytes] | None, headers: Mapping[str, str]
    ) -> Any:
        async with self._open(method, path, data, headers) as reply:
            body = await reply.aread()
        return _parsed(self.base, body)

    @asynccontextmanager
    async def _open(
        self, method: str, path: str, data: bytes | AsyncIterator[bytes] | None, headers: Mapping[str, str]
    ) -> AsyncIterator["Response"]:
        from gns3trio.client.exchange import exchange

        if self.credentials is not None:
            headers = {**headers, "Authorization": self.credentials}
        async with exchange(self.base, self.context, method, path, headers, data) as reply:
            if reply.status >= HTTPStatus.BAD_REQUEST:
                raise refused(reply.status, await reply.aread(), self.credentials)
            yield reply


def _basic(user: str, password: str) -> str:
    """The value of the header Authorization for HTTP Basic (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _parsed(base: str, body: bytes) -> Any:
    try:
        return json.loads(body or b"null")
    except (ValueError, RecursionError) as error:
        raise no_gns3_server(base, error) from None


def _header(reply: "Response", name: bytes) -> str:
    """A header of the reply by its lower-case name; empty if it is absent."""
    return next((value.decode("latin-1") for key, value in reply.headers if key.lower() == name), "")


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    try:
        source = file.open("rb")
    except OSError as error:
        raise LabError(f"{file}: {error.strerror}") from None
    with source:
        yield source


@contextmanager
def _written_as_a_whole(file: Path) -> Iterator[IO[bytes]]:
    """Write a new file, which appears only if the block ends without an error. Raises LabError if
    it cannot be written.
    """
    part = file.with_name(file.name + ".part")
    try:
        with part.open("wb", _PIECE_BYTES) as target:
            yield target
        part.rename(file)
    except OSError as error:
        raise LabError(f"{file}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            part.unlink()


async def _pieces(source: IO[bytes], done: int, size: int, progress: Progress) -> AsyncGenerator[bytes]:
    """Read the file in pieces from its byte ``done`` up to ``size``, and report the progress. Raises LabError if it has
    become shorter.
    """
    while done < size:
        try:
            piece = await threads.terminal.run(source.read, min(_PIECE_BYTES, size - done))
        except OSError as error:
            raise LabError(f"{source.name}: {error.strerror or error}") from None
        if not piece:
            raise LabError(f"{source.name}: became shorter while it was sent")
        yield piece
        done += len(piece)
        progress(done, size)
