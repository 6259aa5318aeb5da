"""Connects the clients of a console with a VPCS."""

import math
from collections.abc import Awaitable, Callable

import trio

from gns3trio.compute.nodes.vpcs.command import DisconnectFilter
from gns3trio.compute.nodes.vpcs.terminal import PATIENCE_SECONDS, VpcsTerminal
from gns3trio.console.hub import ConsoleClient, ConsoleHub

GOOD_BYE = b"Good-bye\r\n"


class VpcsConsole:
    """The console of the node ``name`` during one run of its VPCS."""

    def __init__(self, hub: ConsoleHub, name: str) -> None:
        self._hub = hub
        self._terminal = VpcsTerminal(name)
        self._disconnects = DisconnectFilter()
        self._last_typist: ConsoleClient | None = None  # the client whose line is running or ran last

    def show(self, output: bytes) -> None:
        """Process output of VPCS, and send it to the clients."""
        shown = self._terminal.feed_output(output, self._hub.input.arrived)
        for number, piece in enumerate(self._disconnects.feed(shown)):
            if number > 0 and self._last_typist is not None:
                self._hub.dismiss(self._last_typist, GOOD_BYE)
            if piece:
                self._hub.feed(piece)
        self._hub.input.tell_change()

    async def type_input(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        """Pass typed input to VPCS when it is ready for it."""
        typed = self._hub.input
        while True:
            while (taken := self._terminal.take(typed)) is not None:
                if taken.shown:
                    self._hub.feed(taken.shown)
                if taken.entered_by is not None:
                    self._last_typist = taken.entered_by
                await write(taken.program)
            impatient = not typed.is_empty and not self._terminal.is_patient
            with trio.move_on_after(PATIENCE_SECONDS if impatient else math.inf) as waiting:
                await typed.wait_change()
            if waiting.cancelled_caught:
                self._terminal.lose_patience()
