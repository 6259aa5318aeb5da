"""HTTP/1.1 and websockets of one connection: Hypercorn's protocol classes, corrected where they are wrong.

Has no sockets and no tasks of its own: ``gns3trio.http.containment`` moves the bytes. Differences from Hypercorn 0.18:

- No HTTP/2: neither h2c nor prior knowledge.
- Bytes pipelined behind a running reply do not block the reader, so a disconnect of the client is still noticed.
- A reply that ends before all input was read does not wait for the application to read it.
- An application that keeps sending to a client that has left first gets a disconnect message, then ClientLeft.
  Hypercorn ignores such sends without a checkpoint, so an endless sender blocks the whole event loop.
- A websocket frame that comes along with the upgrade waits for the application's answer instead of being
  answered with 400 and a connection that nobody closes.
- A websocket message that is too long, or a broken frame, is answered with its close code and ends the
  connection; the application gets the code of the client's close frame.
- A target in absolute form (``GET http://host/path``) is accepted and means its path.
- A request whose body has two lengths is rejected. No error message contains the client's bytes in Python notation.
- Errors of this level have the JSON body of the API: ``{"message": ..., "status": ...}``.
"""

import json
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from time import time
from typing import Any

import h11
import trio
from hypercorn.events import Closed, RawData, Updated
from hypercorn.events import Event as TransportEvent
from hypercorn.protocol.events import Body, Data, EndBody, Request, Response, StreamClosed
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h11 import STREAM_ID, H11Protocol, H11WSConnection
from hypercorn.protocol.http_stream import ASGIHTTPState, HTTPStream
from hypercorn.protocol.ws_stream import ASGIWebsocketState, FrameTooLargeError, WSStream
from wsproto.connection import ConnectionState as WebsocketState
from wsproto.events import CloseConnection, Message, Ping
from wsproto.frame_protocol import CloseReason

from gns3trio.memory import Holder

# An application has this long, from its first send to a client that left, to see the disconnect in receive().
LATE_SENDS_SECONDS = 1.0
# Each of these sends pauses, so that an endless sender does not use the CPU meanwhile.
LATE_SEND_PAUSE_SECONDS = 0.01

# wsproto decodes these header values and fails if they are anything else.
_ASCII_HEADERS = frozenset({b"connection", b"sec-websocket-extensions", b"sec-websocket-protocol"})

# An ASGI extension: this key of ``scope["extensions"]`` holds a function that sends the text (bytes) of a websocket
# frame, or a piece of a body without a length, if that is possible at once, and returns whether it did. It costs a
# third of a ``websocket.send`` or less, which matters for events to many clients.
SEND_NOW = "gns3trio.send_now"

# An ASGI extension: this key of ``scope["extensions"]`` holds a function for a reply that the application sends in many
# pieces. It adds the number of bytes that wait in the application to those that the client has not read (or takes them
# off, if negative), and returns False if the client is given up, so that the application drops them.
UNSENT = "gns3trio.unsent"

NO_ROOM = "the server is busy with large messages of others"

_WS_TEXT = 0x81  # FIN and opcode, RFC 6455 5.2
_WS_BINARY = 0x82

# Bytes that wait for an application that does not receive them.
MAX_WAITING_BYTES = 128 * 1024

AsgiMessage = Any  # Hypercorn types each message as its own TypedDict; here they are only passed on


class ClientLeft(OSError):
    """Raised by ``send()`` if the client is gone and the application does not stop (ASGI 2.4 requires an OSError)."""


class Inbox:
    """The messages that an application gets from ``receive()``: requests and their bodies, websocket messages.

    Bounded: ``put`` waits while ``limit`` messages or MAX_WAITING_BYTES are queued, and the client's further bytes then
    wait in the kernel. A disconnect is always queued at once, comes after all other messages, and is then the answer to
    every ``receive()``. ``held`` counts the memory of websocket messages: their stream adds to it, ``receive`` releases
    it.
    """

    def __init__(self, limit: int, held: Holder | None = None) -> None:
        self._limit = limit
        self._held = held
        self._bytes = 0
        self._messages: deque[AsgiMessage] = deque()
        self._disconnect: AsgiMessage | None = None
        self._told = False  # of the disconnect
        self._closed = False
        self._changed = trio.lowlevel.ParkingLot()

    async def put(self, message: AsgiMessage) -> None:
        """Queue a message for the application. It is dropped if the application has ended or has
        seen the disconnect.
        """
        if message["type"] in ("http.disconnect", "websocket.disconnect"):
            self._disconnect = self._disconnect or message
        else:
            while self._is_full() and self._disconnect is None and not self._closed:
                await self._changed.park()
            if self._closed or self._disconnect is not None:
                return
            self._messages.append(message)
            self._bytes += _size(message)
        self._changed.unpark_all()

    async def receive(self) -> AsgiMessage:
        """ASGI ``receive``. Has no checkpoint when a message waits: Starlette's ``is_disconnected()`` needs that."""
        while not self._messages:
            if self._disconnect is not None:
                if self._told:  # a caller in a loop must let other tasks run
                    await trio.lowlevel.checkpoint()
                self._told = True
                return self._disconnect
            await self._changed.park()
        self._changed.unpark_all()
        message = self._messages.popleft()
        size = _size(message)
        self._bytes -= size
        if self._held is not None:
            self._held.add(-size)
        return message

    def close(self) -> None:
        """Drop all queued messages: the application has ended."""
        self._closed = True
        self._messages.clear()
        if self._held is not None:
            self._held.close()
        self._changed.unpark_all()

    def _is_full(self) -> bool:
        return len(self._messages) >= self._limit or self._bytes >= MAX_WAITING_BYTES


def _size(message: AsgiMessage) -> int:
    return len(message.get("body") or message.get("bytes") or message.get("text") or b"")


def error_reply(status: int, message: str = "") -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and JSON body of an error of the HTTP layer. The connection ends with it."""
    body = json.dumps({"message": message or HTTPStatus(status).phrase, "status": status}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    return headers, body


class _LateSends:
    """``send()`` for an application whose stream is over."""

    def __init__(self) -> None:
        self._raise_after: float | None = None

    async def send(self) -> None:
        now = trio.current_time()
        if self._raise_after is None:
            self._raise_after = now + LATE_SENDS_SECONDS
        elif now > self._raise_after:
            raise ClientLeft("the client has left")
        await trio.sleep(LATE_SEND_PAUSE_SECONDS)


class HttpStream(HTTPStream):
    """One request and its reply."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._late = _LateSends()
        self.write_now: Callable[[bytes], bool] = lambda data: False
        self.is_chunked = False  # the head of the reply is out, and its body goes in chunks

    def send_now(self, piece: bytes) -> bool:
        """Send a piece of the body if that is possible without waiting; otherwise return False. See ``SEND_NOW``."""
        if self.closed or not self.is_chunked or self.state is not ASGIHTTPState.RESPONSE or not piece:
            return False
        return self.write_now(b"%x\r\n%b\r\n" % (len(piece), piece))  # RFC 9112 7.1

    async def client_left(self) -> None:
        """Tell the application that the client sends no more. A reply is still written: the connection may be
        half-closed.
        """
        if not self.closed:
            await self.app_put({"type": "http.disconnect"})

    async def app_send(self, message: AsgiMessage | None) -> None:
        """ASGI ``send``; None when the application has ended."""
        if self.closed and message is not None:
            await self._late.send()
        else:
            await super().app_send(message)

    async def _send_error_response(self, status_code: int) -> None:
        headers, body = error_reply(status_code)
        await self.send(Response(stream_id=self.stream_id, headers=headers, status_code=status_code))
        if self.scope["method"] != "HEAD":
            await self.send(Body(stream_id=self.stream_id, data=body))
        await self.send(EndBody(stream_id=self.stream_id))
        self.state = ASGIHTTPState.CLOSED
        await self.config.log.access(self.scope, {"status": status_code, "headers": []}, time() - self.start_time)


class WebsocketStream(WSStream):
    """One websocket, from its upgrade on. Compression is never negotiated, because one frame could
    unpack to gigabytes.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._late = _LateSends()
        self._answered = trio.Event()  # the application has accepted or rejected it
        self._close_code: int = CloseReason.ABNORMAL_CLOSURE
        self.write_now: Callable[[bytes], bool] = lambda data: False
        self.held: Holder | None = None
        self._early_frames = False

    @property
    def expects_input(self) -> bool:
        """Whether the client may still send data: its close frame, or the rest of frames that came before the handshake
        ended.
        """
        if self.handshake.accepted:
            return self.connection.state is not WebsocketState.CLOSED
        return self._early_frames

    def take_leftover(self, data: bytes) -> None:
        """Handle bytes that came after the server's close frame. Only the client's close frame among them matters."""
        if self.handshake.accepted and self.expects_input:
            self.connection.receive_data(data)
            deque(self.connection.events(), maxlen=0)

    async def handle(self, event: StreamEvent) -> None:
        """Handle an event of the connection. Frames that come before the application has accepted wait here."""
        if isinstance(event, Body | Data) and not self._answered.is_set():
            self._early_frames = True
            await self._answered.wait()
        if isinstance(event, Body | Data) and not self.handshake.accepted:
            return
        if isinstance(event, StreamClosed) and not self.closed:
            self.closed = True
            self._answered.set()
            if self.app_put is not None:
                await self.app_put({"type": "websocket.disconnect", "code": int(self._close_code)})
            return
        await super().handle(event)
        if isinstance(event, Request) and self.closed:  # the upgrade request was invalid and has been rejected
            self._answered.set()
            await self.send(StreamClosed(stream_id=self.stream_id))

    def send_now(self, text: bytes) -> bool:
        """Send a text frame if that is possible without waiting; otherwise return False. See ``SEND_NOW``."""
        is_open = self.state is ASGIWebsocketState.CONNECTED and self.connection.state is WebsocketState.OPEN
        return is_open and not self.closed and self.write_now(_frame_of(_WS_TEXT, text))

    async def app_send(self, message: AsgiMessage | None) -> None:
        """ASGI ``send``; None when the application has ended."""
        if message is None:
            self._answered.set()
            await super().app_send(None)
        elif self.closed:
            await self._late.send()
        elif message["type"] == "websocket.send" and self.state is ASGIWebsocketState.CONNECTED:
            if self.connection.state is WebsocketState.OPEN:  # otherwise the close frame is sent and nothing may follow
                await self.send(Data(stream_id=self.stream_id, data=_frame(message)))
        else:
            if message["type"] == "websocket.accept":
                self.handshake.extensions = None
            await super().app_send(message)
            if self.state is not ASGIWebsocketState.HANDSHAKE:
                self._answered.set()

    async def _handle_events(self) -> None:
        for event in self.connection.events():
            if isinstance(event, Message):
                if self.held is not None and not self.held.take(len(event.data)):
                    await self._close_with(CloseReason.TRY_AGAIN_LATER, NO_ROOM)
                    return
                try:
                    self.buffer.extend(event)
                except FrameTooLargeError:
                    await self._close_with(CloseReason.MESSAGE_TOO_BIG)
                    return
                if event.message_finished:
                    assert self.app_put is not None
                    await self.app_put(self.buffer.to_message())
                    self.buffer.clear()
            elif isinstance(event, Ping):
                await self._send_wsproto_event(event.response())
            elif isinstance(event, CloseConnection):
                if self.connection.state is WebsocketState.REMOTE_CLOSING:
                    self._close_code = event.code
                    await self._send_wsproto_event(event.response())
                elif self.connection.state is WebsocketState.OPEN:  # an invalid frame: tell the client why
                    await self._send_wsproto_event(CloseConnection(code=event.code, reason=event.reason))
                await self.send(StreamClosed(stream_id=self.stream_id))
                return

    async def _close_with(self, code: CloseReason, reason: str | None = None) -> None:
        await self._send_wsproto_event(CloseConnection(code=code, reason=reason))
        await self.send(StreamClosed(stream_id=self.stream_id))

    async def _send_error_response(self, status_code: int) -> None:
        headers, body = error_reply(status_code)
        await self.send(Response(stream_id=self.stream_id, headers=headers, status_code=status_code))
        await self.send(Body(stream_id=self.stream_id, data=body))
        await self.send(EndBody(stream_id=self.stream_id))
        await self.config.log.access(self.scope, {"status": status_code, "headers": []}, time() - self.start_time)


def _frame(message: AsgiMessage) -> bytes:
    """The frame (RFC 6455 5.2) for a ``websocket.send``: unmasked and unfragmented. wsproto takes
    eight times as long.
    """
    data = message.get("bytes")
    first = _WS_TEXT if data is None else _WS_BINARY
    payload: bytes = message["text"].encode() if data is None else data
    return _frame_of(first, payload)


def _frame_of(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 1 << 16:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


class Http1Protocol(H11Protocol):
    """The requests of one connection, one after the other."""

    def __init__(self, *args: Any, pipelined_bytes: int, write_now: Callable[[bytes], bool]) -> None:
        super().__init__(*args)
        self._write_now = write_now
        self._max_pipelined = pipelined_bytes
        self._pipelined = 0
        self.websocket: WebsocketStream | None = None  # kept when its stream is over
        self.paused = False  # a reply is running, and pipelined bytes wait in h11's buffer
        self.holds_head = False  # the head of a reply is being sent, and its body follows immediately

    @property
    def receiving_body(self) -> bool:
        """Whether the body of a request is still incomplete."""
        return self.connection.their_state is h11.SEND_BODY

    @property
    def expects_input(self) -> bool:
        """Whether unread data of the client may exist: part of a request, pipelined bytes, a close frame."""
        if self.websocket is not None:
            return self.websocket.expects_input
        settled = self.connection.their_state in (h11.IDLE, h11.DONE, h11.MUST_CLOSE, h11.CLOSED)
        return not settled or bool(self.connection.trailing_data[0])

    def take_leftover(self, data: bytes) -> None:
        """Handle data that the client sends after its stream is over."""
        if self.websocket is not None:
            self.websocket.take_leftover(data)

    async def handle(self, event: TransportEvent) -> None:
        """Handle bytes from the client (none: it sends no more), or Closed when the connection is
        over for both sides.
        """
        if isinstance(event, RawData) and self.paused:
            self._pipelined += len(event.data)
            if self._pipelined > self._max_pipelined:
                await self.send(Closed())
            else:
                self.connection.receive_data(event.data)
        else:
            await super().handle(event)

    async def resume(self) -> None:
        """The reply is complete: continue with pipelined requests."""
        self.paused = False
        self._pipelined = 0
        await self._handle_events()

    async def client_left(self) -> None:
        """The client sends no more: a websocket is over, but the client may still read a running reply."""
        if isinstance(self.stream, HttpStream):
            await self.stream.client_left()
        else:
            await self.handle(Closed())

    async def time_out(self) -> None:
        """Answer a request whose headers are still incomplete at the deadline."""
        if self.connection.our_state is h11.IDLE and self.connection.trailing_data[0]:
            await self._send_error_response(408)

    async def stream_send(self, event: StreamEvent) -> None:
        """Send an event of the reply. If its length is known, the head leaves together with the first piece."""
        if isinstance(event, Response) and isinstance(self.stream, HttpStream):
            has_body = self.stream.scope["method"] != "HEAD"
            self.holds_head = has_body and any(name == b"content-length" for name, _ in event.headers)
        try:
            await super().stream_send(event)
        finally:
            self.holds_head = False
        if isinstance(event, Response) and isinstance(self.stream, HttpStream):
            has_length = any(name == b"content-length" for name, _ in event.headers)
            may_have_chunks = self.stream.scope["http_version"] == "1.1" and self.stream.scope["method"] != "HEAD"
            self.stream.is_chunked = may_have_chunks and not has_length

    async def _handle_events(self) -> None:
        while True:
            if self.connection.they_are_waiting_for_100_continue:
                headers = self.config.response_headers("h11")
                await self._send_h11_event(h11.InformationalResponse(status_code=100, headers=headers))
            try:
                event = self.connection.next_event()
            except h11.RemoteProtocolError as error:
                if self.connection.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                    # What follows in the message are the client's bytes in Python notation.
                    message, _, _ = str(error).partition(": bytearray(")
                    await self._send_error_response(error.error_status_hint, message)
                await self.send(Closed())
                return
            if isinstance(event, h11.Request):
                await self.send(Updated(idle=False))
                await self._create_stream(event)
            elif event is h11.PAUSED:
                self.paused = True
                return
            elif self.stream is None or event is h11.NEED_DATA or isinstance(event, h11.ConnectionClosed):
                return
            elif isinstance(event, h11.Data):
                await self.stream.handle(Body(stream_id=STREAM_ID, data=event.data))
            elif isinstance(event, h11.EndOfMessage):
                await self.stream.handle(EndBody(stream_id=STREAM_ID))
            elif isinstance(event, Data):  # of a websocket
                await self.stream.handle(event)

    async def _create_stream(self, request: h11.Request) -> None:
        if request.http_version not in (b"1.0", b"1.1"):  # HTTP/2 with prior knowledge looks like a request of 2.0
            await self._refuse(505)
            return
        try:
            target, authority = _split_target(request.target)
        except ValueError:
            await self._refuse(400, "the address in the first line is invalid")
            return
        if authority is not None:
            # RFC 9112 3.2.2: the authority in the first line takes precedence over the Host header.
            others = [(name, value) for name, value in request.headers if name != b"host"]
            headers = [(b"host", authority), *others]
        else:
            headers = list(request.headers)
        if {b"content-length", b"transfer-encoding"} <= {name for name, _ in request.headers}:
            # RFC 9112 6.3: if a server and a proxy disagree on which length counts, a request can be smuggled.
            await self._refuse(400, "a request with both Content-Length and Transfer-Encoding")
            return
        stream_type: type[HttpStream] | type[WebsocketStream] = HttpStream
        if _is_websocket_upgrade(request):
            if not all(value.isascii() for name, value in request.headers if name in _ASCII_HEADERS):
                await self._refuse(400)
                return
            assert isinstance(self.connection, h11.Connection)
            stream_type = WebsocketStream
            self.connection = H11WSConnection(self.connection)
        self.stream = stream_type(
            self.app,
            self.config,
            self.context,
            self.task_group,
            self.ssl,
            self.client,
            self.server,
            self.stream_send,
            STREAM_ID,
        )
        self.stream.write_now = self._write_now
        if isinstance(self.stream, WebsocketStream):
            self.websocket = self.stream
        await self.stream.handle(
            Request(
                stream_id=STREAM_ID,
                headers=headers,
                http_version=request.http_version.decode(),
                method=request.method.decode("ascii").upper(),
                raw_path=target,
                state=self.connection_state,
            )
        )
        self.keep_alive_requests += 1

    async def _refuse(self, status_code: int, message: str = "") -> None:
        await self._send_error_response(status_code, message)
        await self.send(Closed())

    async def _send_error_response(self, status_code: int, message: str = "") -> None:
        headers, body = error_reply(status_code, message)
        headers += self.config.response_headers("h11")
        await self._send_h11_event(h11.Response(status_code=status_code, headers=headers))
        await self._send_h11_event(h11.Data(data=body))
        await self._send_h11_event(h11.EndOfMessage())


def _split_target(target: bytes) -> tuple[bytes, bytes | None]:
    """The path of a request's target, and its authority if the target is in absolute form. Clients use that form for
    proxies, but may send it to any server (RFC 9112 3.2.2). Raises ValueError for an address without a host.
    """
    scheme, found, rest = target.partition(b"://")
    if not found or scheme.lower() not in (b"http", b"https"):
        return target, None
    end = min((at for mark in b"/?#" if (at := rest.find(mark)) >= 0), default=len(rest))
    authority, path = rest[:end].rpartition(b"@")[2], rest[end:].partition(b"#")[0]
    if not authority:
        raise ValueError("no host")
    return path if path.startswith(b"/") else b"/" + path, authority


def _is_websocket_upgrade(request: h11.Request) -> bool:
    if request.method != b"GET":
        return False
    tokens: dict[bytes, list[bytes]] = {b"connection": [], b"upgrade": []}
    for name, value in request.headers:
        if name in tokens:
            tokens[name] += [token.strip() for token in value.lower().split(b",")]
    return b"upgrade" in tokens[b"connection"] and tokens[b"upgrade"] == [b"websocket"]
