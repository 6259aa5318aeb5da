"""Endless replies: notifications over chunked HTTP and over websockets.

A stream ends when its client leaves, when it loses events, or when the server closes. One task in a nursery waits for
each of these, and the first that ends cancels the others.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext, suppress

import trio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from gns3trio.api.event_batches import join
from gns3trio.api.identity import visible_events
from gns3trio.classes import frozen
from gns3trio.compute.captures import Capture
from gns3trio.controller.links.link import Link
from gns3trio.errors import Conflict
from gns3trio.machine import machine_load
from gns3trio.notifications.events import Event
from gns3trio.notifications.hub import NotificationHub, Subscription
from gns3trio.notifications.topics import Topic

# A ping is sent after this many seconds without an event.
PING_AFTER_SECONDS = 5.0
COMPUTE_PING_AFTER_SECONDS = 1.0  # a controller considers a silent compute dead

WS_GOING_AWAY = 1001  # RFC 6455 7.4.1
WS_TRY_AGAIN_LATER = 1013  # IANA WebSocket close code registry


def ping_event() -> Event:
    load = machine_load()
    shown = {"cpu_usage_percent": load.cpu_usage_percent, "memory_usage_percent": load.memory_usage_percent}
    return Event("ping", shown)


Writer = Callable[[list[bytes]], Awaitable[None]]


@frozen
class Greeting:
    """What is sent without being asked: a ``ping``, first and whenever a stream is quiet, and after the first one the
    events of ``state``.
    """

    ping: Callable[[], Event] = ping_event
    state: Callable[[], list[Event]] = list

    def first(self) -> list[bytes]:
        """The first lines."""
        return [event.line for event in (self.ping(), *self.state())]


V2_GREETING = Greeting()


async def _forward(
    subscription: Subscription,
    write: Writer,
    nursery: trio.Nursery,
    ping_after: float | None = None,
    greeting: Greeting = V2_GREETING,
) -> None:
    """Write events as they come, and pings between them. Returns when the subscription has ended."""
    await write(greeting.first())
    nursery.start_soon(_ping_when_quiet, subscription, ping_after or PING_AFTER_SECONDS, greeting.ping)
    with suppress(trio.EndOfChannel):
        while True:
            await write(await subscription.receive())


async def _ping_when_quiet(subscription: Subscription, ping_after: float, ping: Callable[[], Event]) -> None:
    """Send pings, with one timer for all: a timer per event would cost as much as sending the event."""
    last = trio.current_time()
    while True:
        await trio.sleep_until(last + ping_after)
        last = max(last, subscription.offer_time)
        if trio.current_time() >= last + ping_after:
            subscription.offer(ping())
            last = trio.current_time()


Produce = Callable[[Callable[[bytes], Awaitable[None]], trio.Nursery], Awaitable[None]]


class EndlessResponse(Response):
    """A chunked reply that lasts until its client leaves, its source ends, or the server closes."""

    def __init__(self, media_type: str, closing: trio.Event) -> None:
        # Without this, nginx would buffer up to 4 KiB (ngx_http_proxy_module: proxy_buffering).
        headers = {"content-type": media_type, "cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(status_code=200, headers=headers)
        del self.headers["content-length"]
        self._closing = closing

    async def stream(self, receive: Receive, send: Send, produce: Produce) -> None:
        """Run ``produce``, which gets a function that writes a piece, and a nursery. It returns when its source has
        ended.
        """
        client_left = False

        async def write(body: bytes) -> None:
            await send({"type": "http.response.body", "body": body, "more_body": True})

        async def wait_for_leaving(nursery: trio.Nursery) -> None:
            nonlocal client_left
            while (await receive())["type"] != "http.disconnect":
                pass
            client_left = True
            nursery.cancel_scope.cancel()

        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait_for_leaving, nursery)
            nursery.start_soon(_cancel_when, self._closing, nursery)
            await produce(write, nursery)
            nursery.cancel_scope.cancel()
        if not client_left:
            await send({"type": "http.response.body", "body": b""})


class NotificationStream(EndlessResponse):
    """An endless stream of newline-delimited JSON, one event per line; with ``batch``, in seconds, one array of events.
    The context manager of ``attend`` is entered while it lasts. Of the controller's projects, it has those of which the
    user is told; a topic ``of_compute`` has those of a client of the compute.
    """

    def __init__(
        self,
        hub: NotificationHub,
        topic: Topic,
        closing: trio.Event,
        attend: Callable[[], AbstractContextManager[None]] = nullcontext,
        batch: float = 0.0,
        greeting: Greeting = V2_GREETING,
        *,
        of_compute: bool = False,
    ) -> None:
        super().__init__("application/json", closing)
        self._of_compute = of_compute
        self._hub = hub
        self._greeting = greeting
        self._topic = topic
        self._attend = attend
        self._batch = batch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket (ASGI entry point)."""
        topic = self._topic if self._of_compute else visible_events(scope, self._topic)
        with self._attend(), self._hub.subscribe(topic, self._batch) as subscription:

            async def produce(write: Callable[[bytes], Awaitable[None]], nursery: trio.Nursery) -> None:
                if self._batch:
                    await _forward(
                        subscription, lambda lines: write(join(lines) + b"\n"), nursery, greeting=self._greeting
                    )
                    return
                if (send_now := _send_now_of(scope)) is not None:
                    subscription.send_now = lambda line: send_now(line + b"\n")
                await _forward(
                    subscription, lambda lines: write(b"\n".join(lines) + b"\n"), nursery, greeting=self._greeting
                )

            await self.stream(receive, send, produce)


class CaptureStream(EndlessResponse):
    """Streams a capture as a pcap or pcapng file. ``left`` is called when the stream has ended."""

    def __init__(
        self, capture: Capture, closing: trio.Event, left: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint
    ) -> None:
        super().__init__("application/x-pcapng" if capture.spec.pcapng else "application/vnd.tcpdump.pcap", closing)
        self._capture = capture
        self._left = left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket (ASGI entry point)."""
        try:
            with self._capture.stream() as reader:

                async def produce(write: Callable[[bytes], Awaitable[None]], nursery: trio.Nursery) -> None:
                    while data := await reader.receive():
                        await write(data)

                await self.stream(receive, send, produce)
        finally:
            with trio.CancelScope(shield=True):
                await self._left()


def capture_stream(link: Link, closing: trio.Event) -> CaptureStream:
    """The capture of GNS3's clients as a stream. Raises Conflict if there is none."""
    shown = link.gns3_capture
    if shown is None:
        raise Conflict(f"Link {link.link_id} is not being captured")
    return CaptureStream(shown.capture, closing)


def _send_now_of(scope: Scope) -> Callable[[bytes], bool] | None:
    """The server's extension for sending without waking a task, if present (``gns3trio.http.protocol.SEND_NOW``)."""
    send_now: Callable[[bytes], bool] | None = scope.get("extensions", {}).get("gns3trio.send_now")
    return send_now


async def _cancel_when(event: trio.Event, nursery: trio.Nursery) -> None:
    await event.wait()
    nursery.cancel_scope.cancel()


async def serve_notifications(
    websocket: WebSocket,
    hub: NotificationHub,
    topic: Topic,
    closing: trio.Event,
    *,
    ping_after: float | None = None,
    batch: float = 0.0,
    greeting: Greeting = V2_GREETING,
    of_compute: bool = False,
) -> None:
    """Send the events of ``topic`` as text frames until the client leaves or the server closes; with ``batch``, in
    seconds, arrays of events. ``of_compute`` is as for ``NotificationStream``.
    """
    topic = topic if of_compute else visible_events(websocket.scope, topic)
    with hub.subscribe(topic, batch) as subscription:

        async def produce(write: Writer, nursery: trio.Nursery) -> None:
            if batch:
                await _forward(subscription, lambda lines: write([join(lines)]), nursery, ping_after, greeting)
                return
            subscription.send_now = _send_now_of(websocket.scope)
            await _forward(subscription, write, nursery, ping_after, greeting)

        await serve_lines(websocket, closing, produce)


async def serve_lines(
    websocket: WebSocket, closing: trio.Event, produce: Callable[[Writer, trio.Nursery], Awaitable[None]]
) -> None:
    """Send lines as text frames until ``produce`` returns (close code 1013), the client leaves or the server closes."""
    close_code: int | None = WS_GOING_AWAY

    async def write(lines: list[bytes]) -> None:
        for line in lines:
            await websocket.send_text(line.decode())

    async def wait_for_leaving(nursery: trio.Nursery) -> None:
        nonlocal close_code
        try:
            while (await websocket.receive())["type"] != "websocket.disconnect":
                pass  # messages from clients are ignored
        except WebSocketDisconnect:
            pass
        close_code = None
        nursery.cancel_scope.cancel()

    await websocket.accept()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait_for_leaving, nursery)
        nursery.start_soon(_cancel_when, closing, nursery)
        await produce(write, nursery)
        close_code = WS_TRY_AGAIN_LATER
        nursery.cancel_scope.cancel()
    if close_code is not None:
        await websocket.close(close_code)
