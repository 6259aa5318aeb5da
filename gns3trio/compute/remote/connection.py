"""Keeps up the connection to a compute: its abilities, its notifications, and whether it is there.

The notification stream is the sign of life. A compute sends something every second; one that is silent for
SILENCE_SECONDS is away, even if it still accepts connections, and all requests to it end. It is tried again after a
pause, which doubles each time and is never the same, so that many controllers do not come back at once.
"""

import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Protocol

import attrs
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.compute.node_traits import NodeTraits
from gns3trio.compute.node_types import node_types
from gns3trio.compute.other_hosts import ComputeAddress
from gns3trio.compute.remote.dialect import DIALECTS, GNS3_2
from gns3trio.compute.remote.event_order import EventBarrier
from gns3trio.compute.remote.events import Message, NodeTold, Ping, read_event
from gns3trio.compute.remote.http import ComputeHttp, open_http
from gns3trio.compute.remote.pace import Pace
from gns3trio.compute.remote.transport import tls_context
from gns3trio.compute.remote.websocket import open_websocket
from gns3trio.errors import ComputeAway, Invalid, LabError, NotFound, Unavailable
from gns3trio.limits import MAX_PORT
from gns3trio.machine import MachineLoad
from gns3trio.printable import without_hidden

log = logging.getLogger(__name__)

# How long each step of connecting may take.
GREETING_SECONDS = 10.0
# A busy gns3-server can be silent for some seconds: it computes checksums of images meanwhile.
SILENCE_SECONDS = 15.0
# The same while the server stops: whoever stops it waits, and some kill it after ten seconds.
HURRIED_SECONDS = 5.0
# It says something every second. After this time it is not asked for what can be left out.
LIVELY_SECONDS = 3.0
# Clocks that differ by less do not matter, and the answer may have been on its way for some seconds.
CLOCK_SECONDS = 60.0
# More have to wait at the compute: each costs the clients of this server too.
EVENTS_PER_SECOND = 500
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
_UNITS = ((86400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds"))


@frozen
class Greeting:
    """What a compute says of itself. ``own_version`` is that of a server of ours; another one has none."""

    version: str
    platform: str
    node_types: Mapping[str, NodeTraits]
    console_range: tuple[int, int]
    own_version: str | None = None
    extensions: frozenset[str] = frozenset()


class Events(Protocol):
    """Who gets what the connection hears."""

    async def connected(self, http: ComputeHttp) -> None:
        """The compute is there. It counts as reachable for others only when this returns."""

    def state_changed(self) -> None:
        """It became reachable or unreachable."""

    def node_told(self, event: NodeTold) -> None:
        """A node changed."""

    def message_told(self, message: Message) -> None:
        """It has a message for users."""


class Connection:
    """The connection to one compute. ``error`` is the reason why it is not there; None if it is."""

    def __init__(self, address: ComputeAddress, events: Events) -> None:
        self.address = address
        self.error: str | None = "it has not answered yet"
        self.greeting: Greeting | None = None  # the last one
        self.dialect = GNS3_2  # in which it was greeted last
        self.load: MachineLoad | None = None
        self.tried = trio.Event()  # whether it is there is known
        self.barrier = EventBarrier()
        self._events = events
        self._http: ComputeHttp | None = None
        self._told: str | None = self.error  # of which the watcher knows
        self._told_offset = 0.0  # of its clock
        self._heard = float("-inf")  # when it said something last
        self._silence = trio.CancelScope()  # in which something is waited for
        self._is_hurried = False
        self._attempts = trio.CancelScope()
        self._pause = FIRST_PAUSE_SECONDS

    def reach(self) -> ComputeHttp:
        """The requests to the compute. Raises Unavailable if it is away."""
        if self._http is None:
            raise ComputeAway(f"compute '{self.address.name}' cannot be reached: {self.error}")
        return self._http

    def reach_if_lively(self) -> ComputeHttp:
        """As ``reach``, for what is better left out than waited for: raises Unavailable too if the compute has said
        nothing for some seconds.
        """
        http = self.reach()
        lively_seconds = LIVELY_SECONDS + http.dialect.quiet_seconds
        if trio.current_time() - self._heard > lively_seconds:
            raise http.unavailable(f"it has been silent for more than {lively_seconds:g} s")
        return http

    def hurry(self) -> None:
        """Wait less for a silent compute from now on: the server stops, and its users wait for that."""
        self._is_hurried = True
        self._silence.deadline = min(self._silence.deadline, self._heard + HURRIED_SECONDS)

    def move(self, address: ComputeAddress) -> None:
        """Connect anew, at once, with another address."""
        self.address, self.tried = address, trio.Event()
        self._attempts.cancel()

    async def run(self) -> None:
        """Connect again and again, until cancelled."""
        try:
            while True:
                with trio.CancelScope() as self._attempts:
                    await self._keep_trying()
                self._end("it has another address now, and has not answered yet")
        finally:
            self._end("this server does not use it any more")

    async def _keep_trying(self) -> None:
        self._pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                await self._serve()
            except LabError as error:
                self._lost(str(error).removeprefix(f"compute '{self.address.name}': "))
            except Exception as error:  # what a compute answers never ends this server
                log.exception("compute %s", self.address.compute_id)
                self._lost(f"its answers cannot be handled: {error!r}"[:300])
            await trio.sleep(self._pause * random.uniform(0.5, 1.0))
            self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)

    def _lost(self, reason: str) -> None:
        self._end(reason)
        self.tried.set()
        if reason != self._told:
            self._told = reason
            self._events.state_changed()

    def _end(self, reason: str) -> None:
        http, self._http = self._http, None
        self.error, self.load = reason, None
        if http is not None:
            http.abort(reason)

    async def _serve(self) -> None:
        """Connect, and listen to the compute until it is gone. Raises LabError."""
        context = await threads.disk.run(tls_context, self.address)
        async with open_http(self.address, context) as http:
            self.greeting = await greet(http)
            self.dialect = http.dialect
            self._compare_clocks(http.clock_offset or 0.0)
            async with open_websocket(
                self.address, context, f"{http.dialect.prefix}/notifications/ws", GREETING_SECONDS, queued=0
            ) as websocket:
                try:
                    reason = await self._stay(http, websocket)
                finally:
                    self._http = None  # nothing new begins
                    self.error = self.error or "the connection to it ended"
                    http.abort("the connection to it ended")
            raise Unavailable(reason)

    def _compare_clocks(self, offset: float) -> None:
        """Tell users of a clock that differs, once for each difference."""
        if abs(offset - self._told_offset) < CLOCK_SECONDS:
            return
        self._told_offset = offset
        text = clock_difference(offset)
        log.warning("compute '%s': %s", self.address.name, text)
        self._events.message_told(Message("warning", text, None))

    async def _stay(self, http: ComputeHttp, websocket: WebSocketConnection) -> str:
        """Take up the work with a compute that was reached, until it is gone; returns why."""
        reason = ""

        async def until_gone(stay: Callable[[], Awaitable[None]]) -> None:
            nonlocal reason
            try:
                await stay()
            except LabError as error:
                reason = reason or str(error)
                self._end(reason)  # whoever asks from now on gets the reason too
                http.abort(reason)
                nursery.cancel_scope.cancel()

        async def welcome() -> None:
            await self._events.connected(http)
            self._http, self.error, self._told, self._pause = http, None, None, FIRST_PAUSE_SECONDS
            self.tried.set()
            self._events.state_changed()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(until_gone, partial(self._listen, websocket, http.dialect.quiet_seconds))
            nursery.start_soon(until_gone, welcome)
            nursery.start_soon(self.barrier.run, websocket)
        return reason

    async def _listen(self, websocket: WebSocketConnection, quiet_seconds: float) -> None:
        pace = Pace(EVENTS_PER_SECOND)
        while True:
            await pace.wait()
            patience = quiet_seconds + (HURRIED_SECONDS if self._is_hurried else SILENCE_SECONDS)
            try:
                with trio.CancelScope(deadline=trio.current_time() + patience) as self._silence:
                    text = await websocket.get_message()
            except ConnectionClosed as closed:
                raise Unavailable(f"it closed the connection{_said(closed)}") from None
            if self._silence.cancelled_caught:
                raise Unavailable(f"it was silent for {trio.current_time() - self._heard:.0f} s")
            self._heard = trio.current_time()
            self._take(text)

    def _take(self, text: str | bytes) -> None:
        try:
            event = read_event(text)
        except Invalid as error:
            raise Unavailable(f"a notification {error}") from None
        match event:
            case Ping(load):
                self.load = attrs.evolve(load, measured_at=trio.current_time())
            case NodeTold():
                self._events.node_told(event)
            case Message():
                self._events.message_told(event)


async def greet(http: ComputeHttp) -> Greeting:
    """Ask a compute what it can do, in the dialect that it has, which the requests to it have from then on.

    Raises Unavailable if it is none, or of another version.
    """
    told = await _ask_capabilities(http)
    if not isinstance(told, dict) or not isinstance(version := told.get("version"), str):
        raise Unavailable("it is no GNS3 server: its answer does not tell a version")
    version = without_hidden(version[:40])
    if not http.dialect.versions.match(version):
        raise Unavailable(f"it has GNS3 {version}, and this server uses computes of GNS3 2.2 and 3.0")
    names, platform = told.get("node_types"), told.get("platform")
    ports = await http.request("GET", "network/ports", seconds=GREETING_SECONDS)
    own_version, extensions = await _ask_extensions(http)
    return Greeting(
        version=version,
        platform=without_hidden(platform[:40]) if isinstance(platform, str) else "",
        node_types={name: node_types[name] for name in names if isinstance(name, str) and name in node_types}
        if isinstance(names, list)
        else {},
        console_range=_range(ports.get("console_port_range") if isinstance(ports, dict) else None),
        own_version=own_version,
        extensions=extensions,
    )


async def _ask_capabilities(http: ComputeHttp) -> Any:
    """The capabilities, by the first dialect that the compute has. Raises Unavailable if it has none."""
    for dialect in DIALECTS:
        http.dialect = dialect
        try:
            return await http.request("GET", "capabilities", seconds=GREETING_SECONDS)
        except NotFound:
            continue
    raise Unavailable("it is no GNS3 server, or of a version that this server does not use: it has no compute API")


async def _ask_extensions(http: ComputeHttp) -> tuple[str | None, frozenset[str]]:
    """The version and the extensions of a server of ours; none of another one, whatever it answers. Raises
    Unavailable.
    """
    try:
        told = await http.request("GET", "extensions", seconds=GREETING_SECONDS)
    except Unavailable:
        raise
    except LabError:
        return None, frozenset()
    if not isinstance(told, dict) or told.get("product") != "gns3trio":
        return None, frozenset()
    version, names = told.get("version"), told.get("extensions")
    return (
        without_hidden(version[:40]) if isinstance(version, str) else "",
        frozenset(name for name in names if isinstance(name, str)) if isinstance(names, list) else frozenset(),
    )


def clock_difference(offset: float) -> str:
    """What a difference of clocks, in seconds, means to users."""
    if abs(offset) < CLOCK_SECONDS:
        return "its clock agrees with this server's again"
    size, unit = next((size, unit) for size, unit in _UNITS if abs(offset) >= 2 * size or size == 1)
    which = "ahead of" if offset > 0 else "behind"
    difference = f"{abs(offset) / size:.0f} {unit} {which} this server's"
    return f"its clock is {difference}: the times in its captures and of its files are by its clock"


def _range(value: Any) -> tuple[int, int]:
    match value:
        case [int() as first, int() as last] if 1 <= first <= last <= MAX_PORT:
            return first, last
    return 1, MAX_PORT


def _said(closed: ConnectionClosed) -> str:
    reason = closed.reason.reason if closed.reason is not None else None
    return f": {without_hidden(reason[:200])}" if reason else ""
