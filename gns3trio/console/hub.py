"""The console of a node: its output goes to all clients, and the input of every client goes to the node.

A node feeds its output to the hub and reads its input from it. A client is a telnet connection (``serve_telnet``) or
anything else that moves the same bytes (``attach``, used for websockets). Nobody waits for a slow client:
each has a bounded output buffer, and the hub drops a client whose buffer is full.
"""

import logging
import math
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio

from gns3trio.console import telnet
from gns3trio.console.typed_input import TypedInput

log = logging.getLogger(__name__)

# A client with more unread output than this does not read at all: VPCS prints less in minutes.
MAX_CLIENT_BYTES = 256 * 1024
# Each client costs a descriptor of the server. Further clients get a message and are closed.
MAX_CLIENTS = 256
# A new client gets at most this much of the last output: one screen of a usual terminal.
SCREEN_LINES = 24
MAX_SCREEN_BYTES = 4096
# How long a new client waits for the last screen. A script presses Enter at once and takes the next prompt for the
# answer, so it must not see an older prompt first.
SCREEN_SECONDS = 0.2
# How long a closed client may take to read its last bytes.
CLOSE_SECONDS = 2.0
_READ_BYTES = 4096

# A vanished client is noticed after 60 + 4 * 10 seconds (the values of GNS3).
KEEPALIVE_IDLE_SECONDS = 60
KEEPALIVE_INTERVAL_SECONDS = 10
KEEPALIVE_PROBES = 4

_ALIVE_TEXT = b"\r\n[yes]\r\n"
_TOO_MANY_TEXT = b"This console has too many clients.\r\n"
_CTRL_C = b"\x03"

TOO_SLOW = "the client does not read"
TOO_MANY = "the console has too many clients"
RESET = "the console was reset"
CLIENT_LEFT = "the client left"
SAID_GOODBYE = "the client said good-bye"


class ConsoleClient:
    """One client. ``receive`` and ``send_input`` move the bytes of a telnet connection."""

    def __init__(self, hub: "ConsoleHub") -> None:
        self.close_reason: str | None = None  # why the hub closed it
        self._hub = hub
        self._telnet = telnet.telnet_server()
        self._output = bytearray(self._telnet.greeting)
        self._screen = b""  # that a new client has not seen yet
        self._wakeup = trio.Event()
        self._closed = trio.Event()

    async def receive(self) -> bytes:
        """The next bytes for the client; empty if it must be closed. Only one task may call this at a time."""
        while not self._output and not self._closed.is_set():
            self._wakeup = trio.Event()
            with trio.move_on_after(SCREEN_SECONDS if self._screen else math.inf):
                await self._wakeup.wait()
                continue
            self._show_screen()
        output = bytes(self._output)
        self._output.clear()
        return output

    async def wait_closed(self) -> None:
        """Return when the hub has closed this client; ``receive`` still gives its last bytes."""
        await self._closed.wait()

    async def send_input(self, data: bytes) -> None:
        """Pass bytes from the client to the node. Waits while too much input is queued. Ignored once closed."""
        # A websocket frame may be long and consist of telnet commands only.
        for start in range(0, len(data), _READ_BYTES):
            if start:
                await trio.lowlevel.checkpoint()
            for event in self._telnet.receive_data(data[start : start + _READ_BYTES]):
                match event:
                    case telnet.Data(typed):
                        await self._type(typed)
                    case telnet.InterruptProcess():
                        await self._type(_CTRL_C)
                    case telnet.AreYouThere():
                        self.offer(_ALIVE_TEXT)
            self._queue(self._telnet.take_answers())

    async def _type(self, typed: bytes) -> None:
        self._screen = b""
        await self._hub.type_input(self, typed)

    def welcome(self, screen: bytes) -> None:
        """Send a new client the last screen, unless it begins to type at once."""
        self._screen = telnet.TelnetConnection.send(screen)

    def _show_screen(self) -> None:
        screen, self._screen = self._screen, b""
        self._output += screen

    def offer(self, output: bytes) -> None:
        """Queue bytes for the client; never blocks. Drops the client if its buffer is full."""
        if output and not self._closed.is_set():
            self._show_screen()
            self._queue(output)

    def _queue(self, output: bytes) -> None:
        if self._closed.is_set():
            return
        if len(self._output) + len(output) > MAX_CLIENT_BYTES:
            self._output.clear()
            self.close(TOO_SLOW)
        else:
            self._output += output
        self._wakeup.set()

    def close(self, reason: str) -> None:
        """Let the client read its queued bytes, then end. Does nothing if it is closed already."""
        if not self._closed.is_set():
            self.close_reason = reason
            self._show_screen()
            self._hub.forget(self)
            self._closed.set()
            self._wakeup.set()


class ConsoleHub:
    """A node's console. It accepts clients between ``open`` and ``close``.

    ``closed_reason`` is the message for clients while it is closed.
    """

    def __init__(self, closed_reason: str) -> None:
        self._closed_reason = closed_reason
        self._input: TypedInput[ConsoleClient] | None = None  # until somebody types or reads
        self.clients: dict[ConsoleClient, None] = {}  # in the order in which they came
        self.on_input: Callable[[], None] | None = None  # called when something is about to be typed
        self._screen = bytearray()
        self._is_open = False

    @property
    def input(self) -> TypedInput[ConsoleClient]:
        """What was typed and the node has not read yet; ``read_input`` reads it as it comes."""
        if self._input is None:
            self._input = TypedInput()
        return self._input

    def open(self) -> None:
        """The node has started: discard the screen and input of its last run, and accept clients."""
        self._screen.clear()
        self._input = None
        self._is_open = True

    def close(self) -> None:
        """The node has stopped: close all clients."""
        self._is_open = False
        self._drop_all(self._closed_reason)
        if self._input is not None:
            self._input.close()

    def reset(self) -> None:
        """Close all clients; they may reconnect at once."""
        self._drop_all(RESET)

    def _drop_all(self, reason: str) -> None:
        for client in list(self.clients):
            client.close(reason)

    # --- the node's side ---

    def feed(self, output: bytes) -> None:
        """Send output of the node to all clients; never blocks."""
        self._screen += output
        if len(self._screen) > MAX_SCREEN_BYTES:
            del self._screen[:-MAX_SCREEN_BYTES]
            del self._screen[: self._screen.find(b"\n") + 1]
        escaped = telnet.TelnetConnection.send(output)
        for client in list(self.clients):  # one that is dropped leaves the set
            client.offer(escaped)

    async def read_input(self) -> tuple[ConsoleClient, bytes]:
        """The next typed bytes, in order of arrival over all clients, and the client that typed them."""
        while self.input.is_empty:
            await self.input.wait_change()
        return self.input.take()

    def dismiss(self, client: ConsoleClient, farewell: bytes) -> None:
        """Send ``farewell`` to a client and close it. Does nothing if it has left."""
        if client in self.clients:
            client.offer(farewell)
            client.close(SAID_GOODBYE)

    # --- the clients' side ---

    @contextmanager
    def attach(self) -> Iterator[ConsoleClient]:
        """A client that exists as long as the ``with``. If the node is stopped, the client is closed from the
        beginning.
        """
        client = ConsoleClient(self)
        if not self._is_open:
            client.close(self._closed_reason)
        elif len(self.clients) >= MAX_CLIENTS:
            client.offer(_TOO_MANY_TEXT)
            client.close(TOO_MANY)
        else:
            client.welcome(last_lines(bytes(self._screen), SCREEN_LINES))
            self.clients[client] = None
        try:
            yield client
        finally:
            client.close(CLIENT_LEFT)

    def forget(self, client: ConsoleClient) -> None:
        """Remove a client that is being closed."""
        self.clients.pop(client, None)

    async def type_input(self, client: ConsoleClient, typed: bytes) -> None:
        """Queue input of a client; waits while the queue is full. Ignored if the client is closed."""
        if client in self.clients:
            if self.on_input is not None:
                self.on_input()
            await self.input.put(client, typed)

    async def serve_telnet(self, stream: trio.SocketStream) -> None:
        """Serve one telnet connection until either side ends it, then close it. Only Cancelled propagates."""
        try:
            _configure(stream)
            with self.attach() as client:
                await _serve(client, stream)
        except OSError:
            pass  # it left before it was served
        except Exception:
            log.exception("a console client failed")
        finally:
            await trio.aclose_forcefully(stream)


async def _serve(client: ConsoleClient, stream: trio.SocketStream) -> None:
    async with trio.open_nursery() as nursery:

        async def read() -> None:
            try:
                while data := await stream.receive_some(_READ_BYTES):
                    await client.send_input(data)
            except trio.BrokenResourceError:
                pass
            nursery.cancel_scope.cancel()

        async def end_when_closed() -> None:
            await client.wait_closed()
            await trio.sleep(CLOSE_SECONDS)
            nursery.cancel_scope.cancel()

        nursery.start_soon(read)
        nursery.start_soon(end_when_closed)
        try:
            while output := await client.receive():
                await stream.send_all(output)
            # The reader continues until the client closes: closing with unread input would reset the
            # connection, and the client would lose the last bytes.
            await stream.send_eof()
        except trio.BrokenResourceError:
            nursery.cancel_scope.cancel()


def _configure(stream: trio.SocketStream) -> None:
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)


def last_lines(screen: bytes, count: int) -> bytes:
    """The last ``count`` lines of ``screen``, the unfinished one included."""
    position = len(screen)
    for _ in range(count):
        position = screen.rfind(b"\n", 0, position)
        if position < 0:
            return screen
    return screen[position + 1 :]
