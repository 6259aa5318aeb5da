"""``/v2/events``: numbered events, which a client can resume after a disconnect; an extension.

Over HTTP they are server-sent events (WHATWG HTML 9.2), which browsers resume by themselves with the header
Last-Event-ID. A websocket message is the same JSON with the id as a third key.

With ``batch``, an event of the stream, or a message of the websocket, is a JSON array of such events. The id of a batch
over HTTP is that of its last event.

A stream starts with ``events.begin``. If its ``resumed`` is true, the events after the given id follow. If it is false,
new events follow, and the client must read the state again. It is sent again, with false, to a client that has fallen
behind the events that the server remembers.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import trio
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from gns3trio.api import streams
from gns3trio.api.access import Access
from gns3trio.api.client_text import client_text
from gns3trio.api.context import ApiContext
from gns3trio.api.event_batches import BATCH_QUERY, batch_seconds, join
from gns3trio.api.identity import require_privilege, visible_events
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.streams import EndlessResponse, Writer, ping_event, serve_lines
from gns3trio.classes import frozen
from gns3trio.controller.controller import Controller
from gns3trio.convert import parse_uuid
from gns3trio.errors import Invalid
from gns3trio.notifications.events import Event
from gns3trio.notifications.hub import NotificationHub
from gns3trio.notifications.journal import Forgotten, Journal
from gns3trio.notifications.topics import CONTROLLER, EVERYTHING, Topic, whole_project_topic

routes = RouteTable("/v2", while_opening=True)

_QUERY = {
    "after": "id of the last event that was received: the events after it are sent first",
    "attend": "`false`: this stream does not keep the project open; the default is `true`",
    "only": "`server`: only the events of the server: computes, templates, the list of projects",
    "project_id": "only the events of this project",
    **BATCH_QUERY,
}
_ATTEND = {"true": True, "false": False}
_RECONNECT_AFTER_MS = 1000

Numbered = tuple[str | None, bytes]  # the id, if there is one, and the line


@frozen
class Wanted:
    """The events that a client requests. ``after`` is an id or empty. ``attend`` is entered while the stream lasts.
    ``batch`` is the time for which events are gathered, in seconds, or 0.

    A project closes after its last watcher has left. With ``?attend=false`` a client does not count as a watcher.
    """

    topic: Topic
    after: str
    attend: Callable[[], AbstractContextManager[None]]
    batch: float

    @classmethod
    def of(cls, controller: Controller, connection: HTTPConnection) -> "Wanted":
        """Parse the query. Raises Invalid for a bad parameter, NotFound for an unknown project, Forbidden for one that
        the user does not see.
        """
        query = connection.query_params
        if unknown := sorted(query.keys() - _QUERY.keys()):
            raise Invalid(f"{unknown[0]}: unknown parameter; there are {', '.join(_QUERY)}")
        attends = _ATTEND.get(query.get("attend", "true"))
        if attends is None:
            raise Invalid("attend: is true or false")
        # A browser that reconnects sends its original URL, and the newest id in the header.
        after = connection.headers.get("last-event-id") or query.get("after", "")
        batch = batch_seconds(query)
        if query.get("only", "server") != "server":
            raise Invalid("only: is server")
        if "only" in query and "project_id" in query:
            raise Invalid("only, project_id: one of them")
        if "project_id" not in query:
            topic = visible_events(connection.scope, CONTROLLER if "only" in query else EVERYTHING)
            return cls(topic, after, nullcontext, batch)
        try:
            project_id = parse_uuid(query["project_id"])
        except ValueError as error:
            raise Invalid(f"project_id: {error}") from None
        require_privilege(connection.scope, "Project.Audit", f"/projects/{project_id}")
        project = controller.get_project(project_id)
        attend = partial(controller.attendance.attend, project, client_text(connection)) if attends else nullcontext
        return cls(visible_events(connection.scope, whole_project_topic(project_id)), after, attend, batch)


class EventSourceResponse(EndlessResponse):
    """Numbered events as server-sent events."""

    def __init__(self, context: ApiContext, wanted: Wanted) -> None:
        super().__init__("text/event-stream", context.closing)
        self._hub = context.events.v2
        self._wanted = wanted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket (ASGI entry point)."""

        async def produce(write: Callable[[bytes], Awaitable[None]], nursery: trio.Nursery) -> None:
            await write(b"retry: %d\n\n" % _RECONNECT_AFTER_MS)
            to_text = _server_sent_batch if self._wanted.batch else _server_sent
            await _follow(self._hub, self._wanted, lambda events: write(to_text(events)))

        with self._wanted.attend():
            await self.stream(receive, send, produce)


@routes.route("GET", "/events", query=_QUERY, access=Access.LOGIN)
async def stream_events(api: ApiRequest) -> EventSourceResponse:
    """Numbered events as server-sent events, starting after ``after`` or the header Last-Event-ID."""
    return EventSourceResponse(api.context, Wanted.of(api.controller, api.http))


@routes.websocket("/events/ws", access=Access.LOGIN)
async def stream_events_ws(context: ApiContext, websocket: WebSocket) -> None:
    """Numbered events over a websocket; the parameters are those of ``/v2/events``."""
    wanted = Wanted.of(context.controller, websocket)

    async def produce(write: Writer, nursery: trio.Nursery) -> None:
        to_messages = _message_batch if wanted.batch else _messages
        await _follow(context.events.v2, wanted, lambda events: write(to_messages(events)))

    with wanted.attend():
        await serve_lines(websocket, context.closing, produce)


def _server_sent(events: list[Numbered]) -> bytes:
    return b"".join(_with_fields(event_id, line) for event_id, line in events)


def _server_sent_batch(events: list[Numbered]) -> bytes:
    ids = [event_id for event_id, _ in events if event_id is not None]
    return _with_fields(ids[-1] if ids else None, join([line for _, line in events]))


def _with_fields(event_id: str | None, data: bytes) -> bytes:
    return b"data: %b\n\n" % data if event_id is None else b"id: %b\ndata: %b\n\n" % (event_id.encode(), data)


def _messages(events: list[Numbered]) -> list[bytes]:
    return [line if event_id is None else b'{"id":"%b",%b' % (event_id.encode(), line[1:]) for event_id, line in events]


def _message_batch(events: list[Numbered]) -> list[bytes]:
    return [join(_messages(events))]


async def _follow(hub: NotificationHub, wanted: Wanted, write: Callable[[list[Numbered]], Awaitable[None]]) -> None:
    """Write the missed events, then new events as they come, with pings between them, until cancelled."""
    number, resumed = _position(hub.journal, wanted.after)
    with hub.follow(wanted.topic, number, wanted.batch) as follower:
        events = [_begin(hub.journal, number, resumed)]
        while True:
            await write(events)
            events = [(None, ping_event().line)]
            with trio.move_on_after(streams.PING_AFTER_SECONDS):
                try:
                    events = await follower.receive()
                except Forgotten:
                    hub.counts.lost += 1
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
