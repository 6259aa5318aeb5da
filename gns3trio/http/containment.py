"""One client's connection. It replaces the connection class of Hypercorn's trio worker and avoids its defects.

In Hypercorn's ``TCPServer`` the application's task writes to the socket itself. This causes most of the defects:

- A write must not be cancelled half-way, so it is shielded. A client that does not read then blocks the shutdown for
  ever.
- The connection is closed inside the application's ``send()``. An application that cancels itself at a disconnect
  cancels the closing too.
- Any exception in one connection ends the server.

Here a connection is two tasks that own the socket, in a nursery with the application's task:

- the reader feeds the protocol. It ends when the client leaves, when the protocol wants the connection closed,
  or when its deadline passes (headers that never end, an idle connection, a body that stalls), and it then sees
  the connection to its end;
- the writer sends the contents of a bounded buffer, which the protocol fills, in one write. A client that reads nothing
  for ``write_stall_seconds`` is disconnected. A short reply or websocket frame bypasses the buffer if the kernel
  accepts it at once.

So the application's ``send()`` waits only for room in the buffer, and may be cancelled there at any time. Frames that
are sent together leave in one segment.

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

from gns3trio.classes import define
from gns3trio.errors import sole_cause
from gns3trio.http.limits import Limits
from gns3trio.http.protocol import (
    SEND_NOW,
    UNSENT,
    AsgiMessage,
    ClientLeft,
    Http1Protocol,
    HttpStream,
    Inbox,
    WebsocketStream,
)
from gns3trio.memory import FREE_BYTES, Holder, Memory

SUPPORTED_HYPERCORN = "0.18."


def check_hypercorn(installed: str) -> None:
    """Raise ImportError unless the installed Hypercorn is the version whose parts are replaced here."""
    if not installed.startswith(SUPPORTED_HYPERCORN):
        raise ImportError(
            f"Hypercorn {installed} is installed, gns3trio needs {SUPPORTED_HYPERCORN}*: "
            "it replaces parts of it that other versions may have changed"
        )


check_hypercorn(version("hypercorn"))

RECEIVE_BYTES = 64 * 1024
# The most sends in a row that are gathered for one write. After that the sender lets other tasks run.
WRITE_BUFFER_PIECES = 128
# A long body is written in pieces of this size, so that a slow client that does take bytes is not "stalled".
WRITE_SLICE_BYTES = 256 * 1024

log = logging.getLogger(__name__)


@define(eq=False)
class Connections:
    """The live connections of one server."""

    limits: Limits
    memory: Memory = attrs.field(factory=Memory)
    closing: bool = False
    _live: set["Connection"] = attrs.field(factory=set, init=False)

    def add(self, connection: "Connection") -> None:
        """Register a new connection."""
        self._live.add(connection)

    def discard(self, connection: "Connection") -> None:
        """Remove a connection that has ended."""
        self._live.discard(connection)

    @property
    def write_stall_seconds(self) -> float:
        """How long a client may read nothing before it is disconnected, in seconds. Shorter while the server closes."""
        return self.limits.closing_stall_seconds if self.closing else self.limits.write_stall_seconds

    @property
    def body_stall_seconds(self) -> float:
        """How long an unfinished request body may pause, in seconds. Shorter while the server closes."""
        return self.limits.closing_stall_seconds if self.closing else self.limits.body_stall_seconds

    def cut_off_slowest(self) -> None:
        """Free memory if unread replies occupy too much: disconnect the client that has read nothing for the longest
        time.

        A single slow client is exempt, however large its reply is.
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
        """Begin the shutdown: idle connections end; running replies continue, with shorter limits for clients that do
        not read.
        """
        self.closing = True
        for connection in self._live:
            connection.hurry()


class ContainedConfig(Config):
    """The settings that Hypercorn's protocol classes read."""

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
    """Replaces Hypercorn's TaskGroup: runs the tasks of one connection and handles their errors."""

    def __init__(
        self, nursery: trio.Nursery, inbox_limit: int, memory: Memory, add_unsent: Callable[[int], bool]
    ) -> None:
        self._nursery = nursery
        self._add_unsent = add_unsent
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
        """Start the application for one request; returns the function that passes messages to it."""
        stream = getattr(send, "__self__", None)
        held: Holder | None = None
        if isinstance(stream, WebsocketStream):
            held = stream.held = Holder(self._memory.messages)
        if isinstance(stream, HttpStream | WebsocketStream):
            cast(dict[str, Any], scope)["extensions"] |= {SEND_NOW: stream.send_now, UNSENT: self._add_unsent}
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
            # The stream holds its scope. Without this cycle both are freed now, not by a later garbage collection.
            for name in (SEND_NOW, UNSENT):
                cast(dict[str, Any], scope)["extensions"].pop(name, None)
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
        self._reading = trio.CancelScope()  # of the running receive call
        self._stopped = False
        self._resume = False
        self._peer_sent_eof = False
        self._idle = True
        self._idle_deadline = trio.current_time() + self._limits.request_head_seconds
        self._head_started = True
        # Writing
        self._head = b""  # of a reply, until its body comes
        self._out: list[bytes] = []
        self._out_idle = False  # the writer waits and holds no data
        self._held = Holder(config.connections.memory.replies)  # in _out and with the writer
        self._unsent = Holder(config.connections.memory.replies)  # the rest of a reply, with the application
        self.took_at = trio.current_time()  # when the client last read something, or nothing was left to read
        self._out_waiting = trio.lowlevel.ParkingLot()  # the writer
        self._out_taken = trio.lowlevel.ParkingLot()  # senders
        self._writing = trio.CancelScope()  # of the running write
        self._broken = False  # nothing can be written any more

    async def run(self) -> None:
        """Serve this client. Errors end the connection and are logged; only cancellation propagates."""
        self._siblings.add(self)
        try:
            await self._serve()
        except* Exception as errors:
            log.error("a connection failed", exc_info=sole_cause(errors))
        finally:
            self._siblings.discard(self)
            self._held.close()
            self._unsent.close()
            await trio.aclose_forcefully(self._stream)

    @property
    def held_bytes(self) -> int:
        """Bytes of replies that the client has not read yet."""
        return self._held.size + self._unsent.size

    def cut_off(self) -> None:
        """Disconnect a client that does not read its reply."""
        log.info("disconnected a client that does not read its reply, to free memory for others")
        self._break()
        self._writing.cancel()

    def hurry(self) -> None:
        """Shutdown: end if idle, and apply the shorter limits to a client that does not read or send."""
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
            tasks = _Tasks(nursery, self._config.max_app_queue_size, self._siblings.memory, self._add_unsent)
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
        """Do what the protocol requests. Runs in the reader's task or in the application's."""
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
        """Pass bytes to the writer, then wait for room in the buffer. Cancelling the wait loses nothing."""
        if self._protocol.holds_head:
            self._head = data
            return
        at_once = self._protocol.websocket is not None or bool(self._head)
        head, self._head = self._head, b""
        if self._broken:
            await trio.lowlevel.checkpoint()  # an application that sends without a pause must not block the loop
            return
        if head and len(data) > WRITE_SLICE_BYTES:  # joining them would use the memory twice
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
        """Pass bytes to the kernel. Returns False and does nothing if others are queued before them or the client is
        gone.
        """
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
        if not self.held_bytes:
            self.took_at = trio.current_time()
        self._out_idle = False
        self._out.append(data)
        self._held.add(len(data))
        self._out_waiting.unpark()
        self._siblings.cut_off_slowest()

    def _add_unsent(self, size: int) -> bool:
        """Account for bytes of a reply that wait in the application. See ``UNSENT``."""
        if not self.held_bytes:
            self.took_at = trio.current_time()
        self._unsent.add(size)
        self._siblings.cut_off_slowest()
        return not self._broken

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
            pieces.clear()
            piece = b""  # an idle connection must not keep its last reply in memory
            self._out_taken.unpark_all()
        await self._protocol.handle(Closed())

    def _break(self) -> None:
        """Stop writing: the client is gone or was given up. Wakes everybody who waits for room."""
        self._broken = True
        self._out.clear()
        self._held.close()
        self._unsent.close()
        self._out_waiting.unpark_all()
        self._out_taken.unpark_all()
        self._stop_reading()

    async def _write_in_slices(self, data: bytes) -> bool:
        """Write all of ``data``. Returns False if the client is gone or reads nothing."""
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
        """Account for ``count`` bytes that the client, or the kernel for it, has accepted."""
        self._held.add(-size)
        self.took_at = trio.current_time()
        return size

    def _write_what_fits(self, data: memoryview) -> int:
        """Write as much as the kernel accepts at once, nearly always all. Takes a third of the time of ``send_all``."""
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
