"""Brings the status of a node in a compute's notifications into one order with the answers to actions.

Both come on connections of their own. So an event from before an answer may arrive after it, most of all on a network
that loses packets. A node that was reloaded would count as stopped again until the next event, and a node that was
stopped as started, so that starting it would do nothing.

An answer counts at once. The status in events after it is shown only when all events from before the answer have
arrived (``EventBarrier``). Then the last of them is right, since events keep their own order.
"""

from collections.abc import Callable

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from gns3trio.compute.node import NodeStatus

# A compute that answers no ping of its stream has its events shown after this time, in seconds.
PONG_SECONDS = 5.0


class StatusOrder:
    """The actions on a node, and the status that events have told since the first of them. Sans-IO."""

    def __init__(self) -> None:
        self._open = 0  # actions that are not answered, or after whose answer events from before may still come
        self._confirmed = 0  # those of them that were answered
        self._told: NodeStatus | None = None

    def begin(self) -> None:
        """An action is asked for now. ``fail`` or ``confirm`` follows."""
        self._open += 1

    def fail(self) -> None:
        """The action is not known to have changed anything."""
        self._finish()

    def confirm(self) -> None:
        """The action was answered. ``settle`` follows."""
        self._confirmed += 1

    def hear(self, status: NodeStatus, shown: NodeStatus) -> NodeStatus:
        """An event tells a status; returns what is to be shown, which is as before while the event may be too old."""
        if self._open:
            self._told = status
        return shown if self._confirmed else status

    def settle(self) -> NodeStatus | None:
        """All events from before an answer have come. Returns the status to be shown; None to leave it as it is."""
        self._confirmed -= 1
        told = self._told if not self._confirmed else None
        self._finish()
        return told

    def forget(self) -> None:
        """What events have told counts no more."""
        self._told = None

    def _finish(self) -> None:
        self._open -= 1
        if not self._open:
            self._told = None


class EventBarrier:
    """Tells when all events have arrived that a compute had sent until now: it pings their stream, and the answer comes
    behind them. One ping at a time serves all who wait, however many.
    """

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []
        self._wake = trio.Event()
        self._is_running = False

    def call(self, passed: Callable[[], None]) -> None:
        """Call something then; at once if there is no stream."""
        if not self._is_running:
            passed()
            return
        self._waiting.append(passed)
        self._wake.set()

    async def run(self, websocket: WebSocketConnection) -> None:
        """Ping whenever somebody waits, until cancelled or the stream ends. Then nobody has to wait any more.

        The stream must have no queue: a message before a pong has reached its reader then.
        """
        self._is_running = True
        called: list[Callable[[], None]] = []
        try:
            while True:
                await self._wake.wait()
                self._wake = trio.Event()
                called, self._waiting = self._waiting, []
                with trio.move_on_after(PONG_SECONDS):
                    await websocket.ping()
                self._call_all(called)
        except ConnectionClosed:
            return  # whoever listens to the stream tells why
        finally:
            self._is_running = False
            self._call_all(called)
            self._call_all(self._waiting)

    @staticmethod
    def _call_all(waiting: list[Callable[[], None]]) -> None:
        while waiting:
            waiting.pop(0)()
