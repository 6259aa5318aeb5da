"""``/v2/events``: numbered events, which a client that was away can ask for again; our own.

The HTTP form is server-sent events (WHATWG HTML 9.2), which browsers resume by themselves with the header
Last-Event-ID. A websocket message is the same JSON with the id as a third key.

A stream starts with ``events.begin``. If its ``resumed`` is true, the events behind the given id follow. If it is
false, the client reads the state anew, and the events from here on follow. It is sent again, with false, to a client
that fell behind what the server remembers.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import attrs
import trio
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from gns3trio.api import streams
from gns3trio.api.context import ApiContext
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.streams import EndlessResponse, Writer, ping_event, serve_lines
from gns3trio.controller.controller import Controller
from gns3trio.convert import parse_uuid
from gns3trio.errors import Invalid
from gns3trio.notifications.events import Event
from gns3trio.notifications.hub import NotificationHub
from gns3trio.notifications.journal import Forgotten, Journal
from gns3trio.notifications.topics import EVERYTHING, Topic, whole_project_topic

routes = RouteTable("/v2", while_opening=True)

_QUERY = {
    "after": "the id of the last event that was received: what came since is sent first",
    "attend": "`false`: watching this project does not keep it open; `true` is the default",
    "project_id": "only what concerns this project",
}
_ATTEND = {"true": True, "false": False}
_RECONNECT_AFTER_MS = 1000

Numbered = tuple[str | None, bytes]  # the id, if it has one, and the line


@attrs.frozen
class Wanted:
    """What a client asks for. ``after`` is an id, or empty. ``attend`` is entered as long as the stream lasts.

    A project closes when its last watcher has left; ``?attend=false`` is for those who look on without being one.
    """

    topic: Topic
    after: str
    attend: Callable[[], AbstractContextManager[None]]

    @classmethod
    def of(cls, controller: Controller, connection: HTTPConnection) -> "Wanted":
        """What the query says. Raises Invalid for a bad parameter, NotFound for an unknown project."""
        query = connection.query_params
        if unknown := sorted(query.keys() - _QUERY.keys()):
            raise Invalid(f"{unknown[0]}: unknown parameter; there are {', '.join(_QUERY)}")
        attends = _ATTEND.get(query.get("attend", "true"))
        if attends is None:
            raise Invalid("attend: is true or false")
        # A browser that connects again sends the address it began with, and the newest id in the header.
        after = connection.headers.get("last-event-id") or query.get("after", "")
        if "project_id" not in query:
            return cls(EVERYTHING, after, nullcontext)
        try:
            project = controller.get_project(parse_uuid(query["project_id"]))
        except ValueError as error:
            raise Invalid(f"project_id: {error}") from None
        attend = partial(controller.attendance.attend, project) if attends else nullcontext
        return cls(whole_project_topic(project.project_id), after, attend)


class EventSourceResponse(EndlessResponse):
    """Numbered events as server-sent events."""

    def __init__(self, context: ApiContext, wanted: Wanted) -> None:
        super().__init__("text/event-stream", context.closing)
        self._hub = context.events.v2
        self._wanted = wanted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""

        async def produce(write: Callable[[bytes], Awaitable[None]], nursery: trio.Nursery) -> None:
            await write(b"retry: %d\n\n" % _RECONNECT_AFTER_MS)
            await _follow(self._hub, self._wanted, lambda events: write(b"".join(map(_server_sent, events))))

        with self._wanted.attend():
            await self.stream(receive, send, produce)


@routes.route("GET", "/events", query=_QUERY)
async def stream_events(api: ApiRequest) -> EventSourceResponse:
    """Numbered events as server-sent events, from ``after`` or the header Last-Event-ID on."""
    return EventSourceResponse(api.context, Wanted.of(api.controller, api.http))


@routes.websocket("/events/ws")
async def stream_events_ws(context: ApiContext, websocket: WebSocket) -> None:
    """Numbered events over a websocket; the parameters are those of ``/v2/events``."""
    wanted = Wanted.of(context.controller, websocket)

    async def produce(write: Writer, nursery: trio.Nursery) -> None:
        await _follow(context.events.v2, wanted, lambda events: write([_with_id(event) for event in events]))

    with wanted.attend():
        await serve_lines(websocket, context.closing, produce)


def _server_sent(event: Numbered) -> bytes:
    event_id, line = event
    return b"data: %b\n\n" % line if event_id is None else b"id: %b\ndata: %b\n\n" % (event_id.encode(), line)


def _with_id(event: Numbered) -> bytes:
    event_id, line = event
    return line if event_id is None else b'{"id":"%b",%b' % (event_id.encode(), line[1:])


async def _follow(hub: NotificationHub, wanted: Wanted, write: Callable[[list[Numbered]], Awaitable[None]]) -> None:
    """Write what the client missed, then events as they come, and pings between them, without end."""
    number, resumed = _position(hub.journal, wanted.after)
    with hub.follow(wanted.topic, number) as follower:
        events = [_begin(hub.journal, number, resumed)]
        while True:
            await write(events)
            events = [(None, ping_event().line)]
            with trio.move_on_after(streams.PING_AFTER_SECONDS):
                try:
                    events = await follower.receive()
                except Forgotten:
                    events = [_begin(hub.journal, follower.number, resumed=False)]


def _position(journal: Journal, after: str) -> tuple[int, bool]:
    try:
        number = journal.number_of(after)
        journal.after(number)
    except Forgotten:
        return journal.last, False
    return number, True


def _begin(journal: Journal, number: int, resumed: bool) -> Numbered:
    return journal.id_of(number), Event("events.begin", {"resumed": resumed}).line
