"""The monitor of a running QEMU: sends commands over QMP, and tells of events."""

import socket
from array import array
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio

from gns3trio.compute.nodes.qemu.qmp import Answer, Greeting, QmpConnection, QmpEvent
from gns3trio.errors import Conflict

# QEMU answers in milliseconds, unless the machine is overloaded or its disk hangs.
ANSWER_SECONDS = 30.0
_READ_BYTES = 65536


class Monitor:
    """Use ``open_monitor``. Its calls raise Conflict if QEMU refuses, gives no answer, or has ended."""

    def __init__(self, sock: trio.socket.SocketType, on_event: Callable[[QmpEvent], None]) -> None:
        self._socket = sock
        self._on_event = on_event
        self._connection = QmpConnection()
        self._sending = trio.Lock()
        self._waiting: dict[int, trio.Event] = {}
        self._answers: dict[int, Answer] = {}
        self._greeted = trio.Event()
        self._ended = False

    async def handshake(self) -> None:
        """Wait for the greeting, and leave the mode of negotiation."""
        await self._greeted.wait()
        await self.execute("qmp_capabilities")

    async def execute(self, command: str, /, **arguments: Any) -> Any:
        """Run a command and return its result."""
        return await self._execute(command, arguments, ANSWER_SECONDS, None)

    async def execute_for(self, seconds: float, command: str, /, **arguments: Any) -> Any:
        """Run a command that may take this long."""
        return await self._execute(command, arguments, seconds, None)

    async def execute_with(self, descriptor: int, command: str, /, **arguments: Any) -> Any:
        """Run a command that takes an open file along, of which QEMU gets a copy."""
        return await self._execute(command, arguments, ANSWER_SECONDS, descriptor)

    async def _execute(self, name: str, arguments: dict[str, Any], seconds: float, descriptor: int | None) -> Any:
        if self._ended:
            raise Conflict("the machine has ended")
        number, data = self._connection.command(name, arguments)
        answered = self._waiting[number] = trio.Event()
        try:
            with trio.move_on_after(seconds):
                await self._send(data, descriptor)
                await answered.wait()
        finally:
            self._waiting.pop(number, None)
            answer = self._answers.pop(number, None)
        if answer is None:
            raise Conflict("the machine has ended" if self._ended else f"QEMU does not answer to {name}")
        if answer.error is not None:
            raise Conflict(answer.error)
        return answer.value

    async def _send(self, data: bytes, descriptor: int | None) -> None:
        """The descriptor goes with the first byte. Once begun, a command is sent whole: half of one would spoil the
        next.
        """
        async with self._sending:
            try:
                with trio.CancelScope(shield=True), trio.move_on_after(ANSWER_SECONDS):
                    if descriptor is not None:
                        await _send_with(self._socket, data[:1], descriptor)
                        data = data[1:]
                    while data:
                        data = data[await self._socket.send(data) :]
            except OSError:
                self.end()

    async def run(self) -> None:
        """Read what QEMU sends until it ends. Raises QmpError."""
        try:
            while data := await self._receive():
                for message in self._connection.receive_data(data):
                    match message:
                        case Greeting():
                            self._greeted.set()
                        case Answer(number):
                            if (waiting := self._waiting.get(number)) is not None:
                                self._answers[number] = message
                                waiting.set()
                        case QmpEvent():
                            self._on_event(message)
        finally:
            self.end()

    async def _receive(self) -> bytes:
        try:
            return await self._socket.recv(_READ_BYTES)
        except OSError:
            return b""

    def end(self) -> None:
        """QEMU has ended: nobody waits for answers any more."""
        self._ended = True
        for waiting in self._waiting.values():
            waiting.set()


async def _send_with(sock: trio.socket.SocketType, data: bytes, descriptor: int) -> None:
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [descriptor]))]
    await sock.sendmsg([data], ancillary)


@asynccontextmanager
async def open_monitor(sock: socket.socket, on_event: Callable[[QmpEvent], None]) -> AsyncIterator[Monitor]:
    """Use the socket, which is closed at the end. If QEMU sends what is not QMP, the body is cancelled and QmpError
    raised.
    """
    with trio.socket.from_stdlib_socket(sock) as ours:
        monitor = Monitor(ours, on_event)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(monitor.run)
            try:
                yield monitor
            finally:
                nursery.cancel_scope.cancel()
