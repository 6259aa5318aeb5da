"""One client's connection: replaces the connection class of Hypercorn's trio worker, whose defects it contains.

Hypercorn's ``TCPServer`` lets the application write to the socket from its own task. Hence most of its defects:
a write must not be cancelled half-way, so it is shielded, so a client that does not read holds the server's
shutdown for ever; the closing of the connection runs inside the application's ``send()``, so an application that
cancels itself at a disconnect cancels the closing too. And any exception of one connection ends the server.

Here a connection is two tasks that own the socket, in a nursery with the application's task:

- the reader feeds the protocol. It ends when the client leaves, when the protocol wants the connection closed,
  or when its deadline passes (headers that never end, an idle connection, a body that stalls), and it then sees
  the connection to its end;
- the writer sends what the protocol put into a bounded buffer, all of it in one write. A client that takes
  nothing for ``write_stall_seconds`` is cut off. What the kernel takes at once of a short reply, or of a
  websocket's frame, does not take this way.

So ``send()`` of an application only ever waits for room in the buffer, which may be cancelled at any time, and
frames that were sent in one go leave in one segment.

Nothing is shielded: cancelling a connection ends it.
"""

import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib.metadata import version
from math import inf
from typing import Any, cast

import attrs
import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper, ConnectionState, Scope
from hypercorn.utils import parse_socket_addr

from gns3trio.errors import sole_cause
from gns3trio.http.limits import Limits
from gns3trio.http.protocol import SEND_NOW, AsgiMessage, ClientLeft, Http1Protocol, HttpStream, Inbox, WebsocketStream
from gns3trio.memory import FREE_BYTES, Holder, Memory

SUPPORTED_HYPERCORN = "0.18."


def check_hypercorn(installed: str) -> None:
    """Raise ImportError unless this is the Hypercorn whose parts are replaced here."""
    if not installed.startswith(SUPPORTED_HYPERCORN):
        raise ImportError(
            f"Hypercorn {installed} is installed, gns3trio needs {SUPPORTED_HYPERCORN}*: "
            "it replaces parts of it that other versions may have changed"
        )


check_hypercorn(version("hypercorn"))

RECEIVE_BYTES = 64 * 1024
# So many sends in a row go into one write; then the sender lets others run, however small what it sends.
WRITE_BUFFER_PIECES = 128
# A long body is written in pieces of this size, so that a slow client that does take bytes is not "stalled".
WRITE_SLICE_BYTES = 256 * 1024

log = logging.getLogger(__name__)


@attrs.define(eq=False)
class Connections:
    """The live connections of one server."""

    limits: Limits
    memory: Memory = attrs.field(factory=Memory)
    closing: bool = False
    _live: set["Connection"] = attrs.field(factory=set, init=False)

    def add(self, connection: "Connection") -> None:
        """A client has connected."""
        self._live.add(connection)

    def discard(self, connection: "Connection") -> None:
        """A connection is over."""
        self._live.discard(connection)

    @property
    def write_stall_seconds(self) -> float:
        """How long a client may take nothing, at present."""
        return self.limits.closing_stall_seconds if self.closing else self.limits.write_stall_seconds

    @property
    def body_stall_seconds(self) -> float:
        """How long an unfinished request body may pause, at present."""
        return self.limits.closing_stall_seconds if self.closing else self.limits.body_stall_seconds

    def cut_off_slowest(self) -> None:
        """Make room when replies that clients do not take hold too much: who took nothing for the longest time goes.

        One that is alone may hold as much as its reply has.
        """
        total = self.memory.replies
        if total.held <= total.most:
            return
        large = sorted((each for each in self._live if each.held_bytes > FREE_BYTES), key=lambda each: each.took_at)
        for connection in large[:-1]:
            if total.held <= total.most:
                return
            total.refused += 1
            connection.cut_off()

    def close(self) -> None:
        """The server stops: idle connections end, replies go on, but clients that do not read are given up soon."""
        self.closing = True
        for connection in self._live:
            connection.hurry()


class ContainedConfig(Config):
    """Hypercorn's settings, as its protocol classes read them."""

    def __init__(
        self,
        connections: Connections,
        access_log: logging.Logger | None,
    ) -> None:
        limits = connections.limits
        self.connections = connections
        self.h11_max_incomplete_size = limits.request_head_bytes
        self.websocket_max_message_size = limits.websocket_message_bytes
        self.websocket_ping_interval = limits.websocket_ping_seconds
        self.keep_alive_max_requests = 1_000_000_000  # a client costs the same with many connections or with one
        self.include_server_header = False  # the application names the server
        self.accesslog = access_log
        self.errorlog = logging.getLogger("hypercorn.error")


class _Tasks:
    """Stands in for Hypercorn's TaskGroup: the tasks of one connection, and what their errors mean."""

    def __init__(self, nursery: trio.Nursery, inbox_limit: int, memory: Memory) -> None:
        self._nursery = nursery
        self._inbox_limit = inbox_limit
        self._memory = memory
        self._running = 0
        self._ended = trio.lowlevel.ParkingLot()

    def spawn(self, function: Callable[..., Awaitable[Any]], *args: Any) -> None:
        """Start a helper of the protocol (websocket pings); it ends with the connection."""
        self._nursery.start_soon(function, *args)

    async def spawn_app(
        self,
        app: AppWrapper,
        config: Config,
        scope: Scope,
        send: Callable[[AsgiMessage | None], Awaitable[None]],
    ) -> Callable[[AsgiMessage], Awaitable[None]]:
        """Start the application for one request; returns how to hand it messages."""
        stream = getattr(send, "__self__", None)
        held: Holder | None = None
        if isinstance(stream, WebsocketStream):
            held = stream.held = Holder(self._memory.messages)
        if isinstance(stream, HttpStream | WebsocketStream):
            cast(dict[str, Any], scope)["extensions"][SEND_NOW] = stream.send_now
        inbox = Inbox(self._inbox_limit, held)
        self._running += 1
        self._nursery.start_soon(self._run_app, app, scope, inbox, send)
        return inbox.put

    async def finished(self) -> None:
        """Wait until no application runs."""
        while self._running:
            await self._ended.park()

    async def _run_app(
        self,
        app: AppWrapper,
        scope: Scope,
        inbox: Inbox,
        send: Callable[[AsgiMessage | None], Awaitable[None]],
    ) -> None:
        try:
            try:
                await app(scope, inbox.receive, send, trio.to_thread.run_sync, trio.from_thread.run)
            except* ClientLeft:
                pass
            except* Exception as errors:
                what = f"{scope.get('method', scope['type'])} {scope.get('path', '')}"
                log.error("%s failed", what, exc_info=sole_cause(errors))
            await send(None)
        finally:
            inbox.close()
            self._running -= 1
            self._ended.unpark_all()


class Connection:
    """One connection, from its acceptance to its end. It stands for Hypercorn's ``TCPServer``."""

    def __init__(
        self,
        app: AppWrapper,
        config: ContainedConfig,
        context: WorkerContext,
        stream: trio.SocketStream | trio.SSLStream[trio.SocketStream],
    ) -> None:
        self._app = app
        self._config = config
        self._context = context
        self._stream = stream
        self._transport = stream.transport_stream if isinstance(stream, trio.SSLStream) else stream
        self._siblings = config.connections
        self._limits = config.connections.limits
        self._protocol: Http1Protocol
        # Reading
        self._reading = trio.CancelScope()  # of the receive call that is under way
        self._stopped = False
        self._resume = False
        self._peer_sent_eof = False
        self._idle = True
        self._idle_deadline = trio.current_time() + self._limits.request_head_seconds
        self._head_started = True
        # Writing
        self._head = b""  # of a reply, until its body comes
        self._out: list[bytes] = []
        self._out_idle = False  # the writer waits, and nothing is in its hands
        self._held = Holder(config.connections.memory.replies)  # in _out and in the writer's hands
        self.took_at = trio.current_time()  # when the client last took something, or there was nothing to take
        self._out_waiting = trio.lowlevel.ParkingLot()  # the writer
        self._out_taken = trio.lowlevel.ParkingLot()  # senders
        self._writing = trio.CancelScope()  # of the write that is under way
        self._broken = False  # nothing can be written any more

    async def run(self) -> None:
        """Serve this client. Errors end the connection and are logged; nothing but cancellation gets out."""
        self._siblings.add(self)
        try:
            await self._serve()
        except* Exception as errors:
            log.error("a connection failed", exc_info=sole_cause(errors))
        finally:
            self._siblings.discard(self)
            self._held.close()
            await trio.aclose_forcefully(self._stream)

    @property
    def held_bytes(self) -> int:
        """What the client has not taken yet."""
        return self._held.size

    def cut_off(self) -> None:
        """Give up a client that does not take what it asked for."""
        log.info("a client that takes nothing was cut off, as others need the memory")
        self._break()
        self._writing.cancel()

    def hurry(self) -> None:
        """The server closes: end if idle, and do not wait long for a client that does not read or send."""
        if self._idle:
            self._stop_reading()
        hurried = trio.current_time() + self._limits.closing_stall_seconds
        if not self._idle and self._protocol.receiving_body:
            self._reading.deadline = min(self._reading.deadline, hurried)
        self._writing.deadline = min(self._writing.deadline, hurried)

    async def _serve(self) -> None:
        if self._siblings.closing:
            return
        tls = isinstance(self._stream, trio.SSLStream)
        if isinstance(self._stream, trio.SSLStream) and not await self._handshake(self._stream):
            return
        try:
            family = self._transport.socket.family
            client = parse_socket_addr(family, self._transport.socket.getpeername())
            server = parse_socket_addr(family, self._transport.socket.getsockname())
        except OSError:
            return  # the client has gone already
        async with trio.open_nursery() as nursery:
            tasks = _Tasks(nursery, self._config.max_app_queue_size, self._siblings.memory)
            self._protocol = Http1Protocol(
                self._app,
                self._config,
                self._context,
                tasks,
                ConnectionState({}),
                tls,
                client,
                server,
                self._on_protocol_event,
                pipelined_bytes=self._limits.pipelined_bytes,
                write_now=self._write_now,
            )
            nursery.start_soon(self._write_until_broken)
            await self._read_until_end()
            if self._peer_sent_eof:
                await self._protocol.client_left()
                if self._protocol.stream is not None:
                    await tasks.finished()
            await self._protocol.handle(Closed())
            await self._flush()
            await self._close()
            await tasks.finished()
            nursery.cancel_scope.cancel()

    async def _handshake(self, stream: trio.SSLStream[trio.SocketStream]) -> bool:
        deadline = trio.current_time() + self._limits.tls_handshake_seconds
        try:
            with trio.CancelScope(deadline=deadline) as self._reading:
                await stream.do_handshake()
                return not self._stopped
        except trio.BrokenResourceError:
            pass  # no TLS, or no version or cipher in common
        return False

    async def _on_protocol_event(self, event: Event) -> None:
        """What the protocol asks for; runs in the reader's task or in that of the application."""
        if isinstance(event, RawData):
            await self._write(event.data)
        elif isinstance(event, Updated):
            self._set_idle(event.idle)
        elif isinstance(event, Closed):
            self._stop_reading()

    # Reading

    def _stop_reading(self) -> None:
        self._stopped = True
        self._reading.cancel()

    def _set_idle(self, idle: bool) -> None:
        self._idle = idle
        if not idle:
            return
        if self._siblings.closing:
            self._stop_reading()
        elif self._protocol.paused:
            self._resume = True
            self._reading.cancel()
        else:
            self._head_started = False
            self._idle_deadline = trio.current_time() + self._limits.keep_alive_seconds
            self._reading.deadline = self._idle_deadline

    def _start_head(self) -> None:
        if not self._head_started:
            self._head_started = True
            self._idle_deadline = trio.current_time() + self._limits.request_head_seconds

    def _read_deadline(self) -> float:
        if self._idle:
            return self._idle_deadline
        if self._protocol.receiving_body:
            return trio.current_time() + self._siblings.body_stall_seconds
        return inf  # a reply is running, or this is a websocket

    async def _read_until_end(self) -> None:
        while not self._stopped:
            if self._resume:
                self._resume = False
                self._head_started = False
                self._start_head()
                await self._protocol.resume()
                continue
            data: bytes | None = None
            try:
                with trio.CancelScope(deadline=self._read_deadline()) as self._reading:
                    data = bytes(await self._stream.receive_some(RECEIVE_BYTES))
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return
            if data is None:
                if not self._stopped and not self._resume:  # the deadline has passed
                    await self._protocol.time_out()
                    return
                continue
            if self._idle:
                self._start_head()
            await self._protocol.handle(RawData(data))
            if not data:
                self._peer_sent_eof = True
                return

    # Writing

    async def _write(self, data: bytes) -> None:
        """Hand bytes to the writer; waits for room after that, so being cancelled here loses nothing."""
        if self._protocol.holds_head:
            self._head = data
            return
        at_once = self._protocol.websocket is not None or bool(self._head)
        head, self._head = self._head, b""
        if self._broken:
            await trio.lowlevel.checkpoint()  # an application that goes on sending shall not keep the loop
            return
        if head and len(data) > WRITE_SLICE_BYTES:  # together they would take the memory twice
            self._leave_to_writer(head)
        else:
            data = head + data
        if not data:
            return
        # A frame goes out at once, and so does a reply whose length was known; the pieces of others are gathered.
        if not at_once or not self._write_now(data):
            self._leave_to_writer(data)
        while self._buffer_is_full() and not self._broken:
            await self._out_taken.park()

    def _write_now(self, data: bytes) -> bool:
        """Hand bytes to the kernel; False, and nothing is done, when others wait before them or the client is gone."""
        if not self._out_idle or self._stream is not self._transport:
            return False
        try:
            rest = data[self._write_what_fits(memoryview(data)) :]
        except OSError:  # the writer will meet it too
            return False
        if rest:
            self._leave_to_writer(rest)
        return True

    def _leave_to_writer(self, data: bytes) -> None:
        if not self._held.size:
            self.took_at = trio.current_time()
        self._out_idle = False
        self._out.append(data)
        self._held.add(len(data))
        self._out_waiting.unpark()
        self._siblings.cut_off_slowest()

    def _buffer_is_full(self) -> bool:
        return self._held.size > self._limits.write_buffer_bytes or len(self._out) > WRITE_BUFFER_PIECES

    async def _flush(self) -> None:
        await self._write(b"")
        while self._held.size and not self._broken:
            await self._out_taken.park()

    async def _write_until_broken(self) -> None:
        while not self._broken:
            while not self._out and not self._broken:
                self._out_idle = True
                await self._out_waiting.park()
            self._out_idle = False
            pieces, self._out = self._out, []
            if self._held.size <= WRITE_SLICE_BYTES:
                pieces = [b"".join(pieces)]
            for piece in pieces:
                if not await self._write_in_slices(piece):
                    self._break()
                    break
            self._out_taken.unpark_all()
        await self._protocol.handle(Closed())

    def _break(self) -> None:
        """Nothing is written any more."""
        self._broken = True
        self._out.clear()
        self._held.close()
        self._out_waiting.unpark_all()
        self._out_taken.unpark_all()
        self._stop_reading()

    async def _write_in_slices(self, data: bytes) -> bool:
        """Write all of ``data``; False when the client is gone or takes nothing."""
        view = memoryview(data)
        try:
            if self._stream is self._transport:
                view = view[self._took(self._write_what_fits(view)) :]
            while view:
                deadline = trio.current_time() + self._siblings.write_stall_seconds
                with trio.CancelScope(deadline=deadline) as self._writing:
                    await self._stream.send_all(view[:WRITE_SLICE_BYTES])
                if self._writing.cancelled_caught:
                    return False
                view = view[self._took(min(len(view), WRITE_SLICE_BYTES)) :]
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            return False
        return True

    def _took(self, size: int) -> int:
        """The client, or the kernel for it, has taken so much."""
        self._held.add(-size)
        self.took_at = trio.current_time()
        return size

    def _write_what_fits(self, data: memoryview) -> int:
        """How much the kernel takes at once: nearly always all. Saves two thirds of the time of ``send_all``."""
        try:
            return os.write(self._transport.socket.fileno(), data)
        except BlockingIOError:
            return 0

    # Closing

    async def _close(self) -> None:
        """Close the socket; before that, let a client that was still sending take its last reply."""
        if not self._broken and not self._peer_sent_eof:
            with trio.move_on_after(self._limits.linger_seconds):
                with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                    await self._linger()
        await trio.aclose_forcefully(self._stream)

    async def _linger(self) -> None:
        if self._protocol.expects_input and self._protocol.websocket is None:
            await self._transport.send_eof()
        while self._protocol.expects_input and (data := bytes(await self._stream.receive_some(RECEIVE_BYTES))):
            self._protocol.take_leftover(data)
