"""Records in the audit trail what clients change: the requests that may change something, and the consoles that are
opened. Those that are refused are recorded too if a user sent them, and so are wrong passwords; the log has the others.

The trail has a limited size. So that nobody pushes the changes out of it with requests that are refused, those of a
user are recorded at a limited rate, and the next one that is recorded says how many are missing before it.
"""

from collections.abc import Mapping
from time import monotonic
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gns3trio.acting import request_of_somebody
from gns3trio.api.access import Access
from gns3trio.api.audit_targets import MAX_NAME, made_by, target_of
from gns3trio.api.audit_words import action_words
from gns3trio.api.latest import Latest
from gns3trio.api.rates import Bucket, Rate
from gns3trio.api.route_index import RouteIndex
from gns3trio.classes import define
from gns3trio.controller.controller import Controller
from gns3trio.controller.people.audit_trail import AuditTrail, Entry

_READS = ("GET", "HEAD", "OPTIONS")
# A controller that uses this server as a compute has its own users, whose names it does not tell.
_OF_CONTROLLERS = (Access.COMPUTE, Access.COMPUTE_CONSOLE)
# It compares versions, and changes nothing.
_NO_CHANGES = frozenset({"post_version"})
_LOG_IN = frozenset({"log_in", "log_in_by_form"})
# What users do to themselves.
_OWN = _LOG_IN | {"log_out", "log_out_here", "update_me"}
_IDS = ("project_id", "node_id", "link_id")
_REFUSED_HANDSHAKE = "websocket.http.response.start"
_STARTS = ("http.response.start", "websocket.accept", _REFUSED_HANDSHAKE)
_MAX_PATH = 2000
_ACCEPTED = 101  # the status of a websocket that is accepted
_CREATED = 201
_UNAUTHORIZED = 401
# The refused requests of a user that are recorded, and the wrong passwords of all: about 3 MB a day each.
REFUSED = Rate(100, 10.0)
_MAX_USERS = 4096
# A name that somebody has tried is shorter, or it is none.
_MAX_TRIED = 40


@define
class _Refused:
    """What was refused to a user: the entries that may still be made, and how many are missing since the last one."""

    bucket: Bucket
    missing: int = 0


class RefusedEntries:
    """Adds entries of what was refused to a trail, at a limited rate for each user."""

    def __init__(self, trail: AuditTrail) -> None:
        self._trail = trail
        self._of_user: Latest[str | None, _Refused] = Latest(_MAX_USERS)

    def add(self, user: str | None, entry: Entry) -> None:
        """Add an entry of something that was refused to a user; None stands for all who have not shown who they are."""
        now = monotonic()
        refused = self._of_user.get(user) or _Refused(Bucket(REFUSED, now))
        self._of_user.put(user, refused)
        if refused.bucket.wait(now) > 0:
            refused.missing += 1
            return
        refused.bucket.take(now)
        missing, refused.missing = refused.missing, 0
        self._trail.add({**entry, "missing": missing} if missing else entry)

    def wrong_password(self, address: str, name: str) -> None:
        """Somebody has sent a wrong password for this name, which may not exist."""
        tried = name.encode(errors="replace").decode()[:_MAX_TRIED]
        entry = {"user": None, "address": address, "action": "log in", "method": "", "path": ""}
        self.add(None, {**entry, "status": _UNAUTHORIZED, "target": {"kind": "user", "name": tried}})


class Audited:
    """ASGI middleware around authentication, which tells with ``acting.act_as`` who sends a request."""

    def __init__(self, app: ASGIApp, routes: RouteIndex, controller: Controller, refused: RefusedEntries) -> None:
        self._app = app
        self._routes = routes
        self._controller = controller
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket (ASGI entry point)."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        with request_of_somebody() as actor:
            record = self._begin(scope)
            if record is None:
                await self._app(scope, receive, send)
                return

            async def send_and_record(message: Message) -> None:
                record.see(message, actor.user)
                await send(message)

            await self._app(scope, receive, send_and_record)

    def _begin(self, scope: Scope) -> "_Record | None":
        """What is told of a request when it is answered; None if it changes nothing."""
        if scope["type"] == "http" and scope["method"] in _READS:
            return None
        found = self._routes.route_of(scope)
        if found is None or found[0].name in _NO_CHANGES:
            return None
        route, parameters = found
        is_websocket = scope["type"] == "websocket"
        if (is_websocket and route.rule.access is not Access.CONSOLE) or route.rule.access in _OF_CONTROLLERS:
            return None
        if route.name in _LOG_IN and self._controller.people.is_open:
            return None  # everybody is the administrator, so nobody has shown who it is
        # What is deleted has a name now.
        target = target_of(self._controller, parameters)
        return _Record(self._controller, self._refused, scope, route.name, parameters, target)


@define
class _Record:
    """A request that may change something, until it is answered."""

    controller: Controller
    refused: RefusedEntries
    scope: Scope
    route: str
    parameters: Mapping[str, Any]
    target: dict[str, str] | None
    created: bool = False  # the reply, which comes now, tells what

    def see(self, message: Message, user: str | None) -> None:
        """A message of the answer, which begins or goes on, for a user."""
        if message["type"] in _STARTS:
            status: int = message.get("status", _ACCEPTED)
            if status == _CREATED:
                self.created = True
            else:
                self._tell(status, user)
        elif self.created:
            self.created = False
            made = made_by(self.controller, self.parameters, message.get("body", b""))
            # An import has the id that its client chose, and a name only now.
            self.target = made or target_of(self.controller, self.parameters)
            self._tell(_CREATED, user)

    def _tell(self, status: int, user: str | None) -> None:
        entry = {
            "user": user,
            "address": str((self.scope.get("client") or ("",))[0]),
            "action": action_words(self.route),
            "method": self.scope.get("method", "WEBSOCKET"),
            "path": self.scope["path"][:_MAX_PATH],
            "status": status,
            **{name: str(self.parameters[name]) for name in _IDS if name in self.parameters},
        }
        target = self.target
        if target is None and user is not None and self.route in _OWN:
            target = {"kind": "user", "name": user[:MAX_NAME]}
        if target is not None:
            entry["target"] = target
        if status < 400:
            self.controller.audit.add(entry)
        elif user is not None:
            self.refused.add(user, entry)
