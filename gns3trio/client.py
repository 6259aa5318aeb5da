"""How the commands talk to a server: its address, the credentials, requests, files and events."""

import argparse
import base64
import http.client
import json
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar, cast
from urllib.parse import urlsplit

import attrs
from trio_websocket import ConnectionRejected, HandshakeError, WebSocketConnection, open_websocket_url
from wsproto.events import Ping

from gns3trio import threads
from gns3trio.config import CLIENT_URL_VARIABLE, environment_name
from gns3trio.errors import LabError, NotFound, Unavailable

DEFAULT_URL = "http://127.0.0.1:3080"
_SCHEMES = {"http": "ws", "https": "wss"}
_PIECE_BYTES = 256 * 1024
_T = TypeVar("_T")
_JSON = "application/json"
_PASSWORD = environment_name("password")

Progress = Callable[[int, int | None], None]  # bytes so far, bytes in all where that is known


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that name a server. The password comes from GNS3TRIO_PASSWORD."""
    url = os.environ.get(CLIENT_URL_VARIABLE) or DEFAULT_URL
    user = os.environ.get(environment_name("user"), "")
    parser.add_argument("--url", default=url, help=f"the server (default: {CLIENT_URL_VARIABLE}, else {DEFAULT_URL})")
    parser.add_argument(
        "--user",
        default=user,
        help=f"user, if the server asks for one (default: {environment_name('user')}); "
        f"the password is taken from {environment_name('password')}",
    )
    parser.add_argument(
        "--insecure",
        action="store_true",
        help="accept any certificate, such as one that the server signed itself",
    )


@attrs.frozen
class Client:
    """A server and who we are there. Use ``from_arguments``.

    Every method raises NotFound when the server does not know the thing, and Unavailable with the server's message
    when it refuses otherwise or is not there.
    """

    scheme: str
    address: str
    credentials: str | None
    context: ssl.SSLContext | None  # for https only: to read the certificates of this machine takes a while

    @classmethod
    def from_arguments(cls, arguments: argparse.Namespace) -> "Client":
        """What the options say. Raises LabError for a URL that is none."""
        scheme, separator, address = arguments.url.rstrip("/").partition("://")
        if not separator or scheme not in _SCHEMES:
            raise LabError(f"--url: {arguments.url!r} does not begin with http:// or https://")
        try:
            has_host = bool(urlsplit(arguments.url).hostname and urlsplit(arguments.url).port != 0)
        except ValueError:
            has_host = False
        if not has_host:
            raise LabError(f"--url: {arguments.url!r} names no host and port")
        credentials = None
        if arguments.user:
            pair = f"{arguments.user}:{os.environ.get(environment_name('password'), '')}".encode()
            credentials = "Basic " + base64.b64encode(pair).decode()
        context = ssl.create_default_context() if scheme == "https" else None
        if context is not None and arguments.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return cls(scheme, address, credentials, context)

    async def request(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON reply."""
        data = None if body is None else json.dumps(body).encode()
        return await self.send(method, path, data, _JSON)

    async def send(self, method: str, path: str, data: bytes | None, content_type: str) -> Any:
        """The JSON reply to a body of any type."""
        return await _in_thread(partial(self._send, method, path, data, {"Content-Type": content_type}))

    async def text(self, path: str, content_type: str) -> str:
        """The reply as text of this type."""

        def read() -> str:
            with self._open("GET", path, None, {"Accept": content_type}) as reply:
                return reply.read().decode()

        return await _in_thread(read)

    async def content(self, path: str) -> tuple[str, bytes]:
        """The media type of a small file, and the file."""

        def read() -> tuple[str, bytes]:
            with self._open("GET", path, None, {}) as reply:
                return reply.headers.get_content_type(), reply.read()

        return await _in_thread(read)

    async def download(self, path: str, file: Path, progress: Progress) -> int:
        """Write the reply into a file, which is there when all has come; returns its bytes."""
        return await _in_thread(partial(self._download, path, file, progress))

    async def upload(self, path: str, file: Path, progress: Progress) -> Any:
        """The JSON reply to a file as the body."""
        return await _in_thread(partial(self._upload, path, file, progress))

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """The pieces of a reply that has no end."""
        connection = self._connection()
        try:
            await _in_thread(connection.connect)
            sock = connection.sock  # the connection forgets it while a reply without end is read
            reply = await _in_thread(partial(self._reply, connection, "GET", path, None, {}))
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise self._unreachable(error) from None

        async def pieces() -> AsyncIterator[bytes]:
            try:
                while piece := await _in_thread(partial(reply.read1, _PIECE_BYTES)):
                    yield piece
            except (OSError, http.client.HTTPException) as error:
                raise Unavailable(f"{self.scheme}://{self.address}: the stream broke off: {error!r}") from None

        try:
            yield pieces()
        finally:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)  # a thread may be reading: this ends it
            reply.close()
            connection.close()

    def _send(self, method: str, path: str, data: bytes | IO[bytes] | None, headers: dict[str, str]) -> Any:
        with self._open(method, path, data, headers) as reply:
            try:
                return json.loads(reply.read() or b"null")
            except ValueError as error:
                raise Unavailable(f"{self.scheme}://{self.address}: is no GNS3 server: {error!r}") from None

    def _download(self, path: str, file: Path, progress: Progress) -> int:
        part = file.with_name(file.name + ".part")
        with self._open("GET", path, None, {}) as reply:
            try:
                with part.open("wb") as target:
                    size = _copy(reply, target, reply.length, progress)
                part.rename(file)
            except OSError as error:
                raise LabError(f"{file}: {error.strerror or error}") from None
            finally:
                part.unlink(missing_ok=True)
        return size

    def _upload(self, path: str, file: Path, progress: Progress) -> Any:
        try:
            source = file.open("rb")
        except OSError as error:
            raise LabError(f"{file}: {error.strerror}") from None
        with source:
            size = os.fstat(source.fileno()).st_size
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
            return self._send("POST", path, cast(IO[bytes], _Watched(source, size, progress)), headers)

    @contextmanager
    def _open(
        self, method: str, path: str, data: bytes | IO[bytes] | None, headers: dict[str, str]
    ) -> Iterator[http.client.HTTPResponse]:
        connection = self._connection()
        try:
            with closing(connection):
                yield self._reply(connection, method, path, data, headers)
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: Exception) -> Unavailable:
        where = f"{self.scheme}://{self.address}"
        if isinstance(error, http.client.IncompleteRead):
            return Unavailable(f"{where}: the answer broke off")
        if not isinstance(error, OSError):
            return Unavailable(f"{where}: is no GNS3 server: {error!r}")
        if _is_refusal(error):
            hint = f"Start a server: gns3trio serve. Or name another: --url, {CLIENT_URL_VARIABLE}"
            return Unavailable(f"{where}: connection refused. {hint}")
        if isinstance(error, ssl.SSLCertVerificationError):
            hint = "If the server signed it itself: --insecure"
            return Unavailable(f"{where}: its certificate is not trusted: {error.verify_message}. {hint}")
        return Unavailable(f"{where}: {error.strerror or error}")

    def _connection(self) -> http.client.HTTPConnection:
        """No proxy: the websockets know none either, and a server on this host is not behind one."""
        address = urlsplit(f"{self.scheme}://{self.address}")
        host = address.hostname or ""
        if self.scheme == "https":
            return http.client.HTTPSConnection(host, address.port, context=self.context)
        return http.client.HTTPConnection(host, address.port)

    def _reply(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        data: bytes | IO[bytes] | None,
        headers: dict[str, str],
    ) -> http.client.HTTPResponse:
        if self.credentials is not None:
            headers = {**headers, "Authorization": self.credentials}
        prefix = urlsplit(f"{self.scheme}://{self.address}").path
        connection.request(method, prefix + path, data, headers)
        reply = connection.getresponse()
        if reply.status >= http.HTTPStatus.BAD_REQUEST:
            kind = NotFound if reply.status == http.HTTPStatus.NOT_FOUND else Unavailable
            raise kind(self._refusal(reply.read(), reply.status))
        return reply

    def _refusal(self, body: bytes | None, status: int) -> str:
        """The server's message; where it asks for a password, how to give one."""
        if status != http.HTTPStatus.UNAUTHORIZED:
            return _message(body, status)
        if self.credentials is not None:
            return f"the user or the password is wrong: --user names the user, {_PASSWORD} is the password"
        return f"the server asks for user and password: give them as --user and {_PASSWORD}"

    @asynccontextmanager
    async def websocket(self, path: str) -> AsyncIterator[WebSocketConnection]:
        """A websocket, of events or of a console."""
        url = f"{_SCHEMES[self.scheme]}://{self.address}{path}"
        headers = [] if self.credentials is None else [(b"Authorization", self.credentials.encode())]
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(
                    open_websocket_url(url, ssl_context=self.context, extra_headers=headers)
                )
            except ConnectionRejected as error:
                kind = NotFound if error.status_code == http.HTTPStatus.NOT_FOUND else Unavailable
                raise kind(self._refusal(error.body, error.status_code)) from None
            except HandshakeError as error:
                if isinstance(error.__cause__, OSError):
                    raise self._unreachable(error.__cause__) from None
                raise Unavailable(f"{url}: is no GNS3 server: {error!r}") from None
            except OSError as error:
                raise self._unreachable(error) from None
            yield connection


_answer_ping = WebSocketConnection._handle_ping_event


async def _answer_ping_unless_closing(self: WebSocketConnection, event: Ping) -> None:
    """trio-websocket answers a ping that comes while it closes, which wsproto forbids, and the reader fails (its issue
    184). Servers send the first ping at once, so a short visit would often end with that.
    """
    if self.closed is None:
        await _answer_ping(self, event)


WebSocketConnection._handle_ping_event = _answer_ping_unless_closing  # type: ignore[method-assign]


async def _in_thread(function: Callable[[], _T]) -> _T:
    """A blocking call. A cancelled one is left to itself: nobody reads its result, and the process is about to end."""
    return await threads.terminal.run(function, abandon_on_cancel=True)


@attrs.define
class _Watched:
    """A file that tells how far it was read."""

    source: IO[bytes]
    size: int
    progress: Progress
    done: int = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self.source.read(size)
        self.done += len(data)
        self.progress(self.done, self.size)
        return data


def _copy(source: http.client.HTTPResponse, target: IO[bytes], size: int | None, progress: Progress) -> int:
    done = 0
    while piece := source.read(_PIECE_BYTES):
        target.write(piece)
        done += len(piece)
        progress(done, size)
    if size is not None and done < size:
        raise http.client.IncompleteRead(b"", size - done)
    return done


def _is_refusal(error: BaseException | None) -> bool:
    """trio hides it behind one that tells of all addresses."""
    if isinstance(error, BaseExceptionGroup):
        return any(map(_is_refusal, error.exceptions))
    return isinstance(error, ConnectionRefusedError) or (error is not None and _is_refusal(error.__cause__))


def _message(body: bytes | None, status: int) -> str:
    try:
        return str(json.loads(body or b"")["message"])
    except (ValueError, KeyError, TypeError):
        return f"the server answered {status}"
