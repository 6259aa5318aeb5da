"""Records in the audit trail what clients change: the requests that may change something, and the consoles that are
opened. Those that are refused are recorded too if a user sent them; the log has the others.

The trail has a limited size. So that nobody pushes the changes out of it with requests that are refused, those of a
user are recorded at a limited rate, and the next one that is recorded says how many are missing before it.
"""

from time import monotonic

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gns3trio.acting import request_of_somebody
from gns3trio.api.access import Access
from gns3trio.api.latest import Latest
from gns3trio.api.rates import Bucket, Rate
from gns3trio.api.route_index import route_of
from gns3trio.classes import define
from gns3trio.controller.people.audit_trail import AuditTrail, Entry

_READS = ("GET", "HEAD", "OPTIONS")
# A controller that uses this server as a compute has its own users, whose names it does not tell.
_OF_CONTROLLERS = (Access.COMPUTE, Access.COMPUTE_CONSOLE)
_IDS = ("project_id", "node_id", "link_id")
_REFUSED_HANDSHAKE = "websocket.http.response.start"
_STARTS = ("http.response.start", "websocket.accept", _REFUSED_HANDSHAKE)
_MAX_PATH = 2000
_ACCEPTED = 101  # the status of a websocket that is accepted
# The refused requests of a user that are recorded: about 3 MB a day.
REFUSED = Rate(100, 10.0)
_MAX_USERS = 4096


@define
class _Refused:
    """What was refused to a user: the entries that may still be made, and how many are missing since the last one."""

    bucket: Bucket
    missing: int = 0


class Audited:
    """ASGI middleware around authentication, which tells with ``acting.act_as`` who sends a request."""

    def __init__(self, app: ASGIApp, trail: AuditTrail) -> None:
        self._app = app
        self._trail = trail
        self._refused: Latest[str, _Refused] = Latest(_MAX_USERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket (ASGI entry point)."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        with request_of_somebody() as actor:

            async def send_and_record(message: Message) -> None:
                if message["type"] in _STARTS:
                    status: int = message.get("status", _ACCEPTED)
                    if _is_recorded(scope):
                        self._record(scope, status, actor.user)
                await send(message)

            await self._app(scope, receive, send_and_record)

    def _record(self, scope: Scope, status: int, user: str | None) -> None:
        missing = 0
        if status >= 400:
            if user is None:
                return
            now = monotonic()
            refused = self._refused.get(user) or _Refused(Bucket(REFUSED, now))
            self._refused.put(user, refused)
            if refused.bucket.wait(now) > 0:
                refused.missing += 1
                return
            refused.bucket.take(now)
            missing, refused.missing = refused.missing, 0
        entry = _entry(scope, status, user)
        self._trail.add({**entry, "missing": missing} if missing else entry)


def _is_recorded(scope: Scope) -> bool:
    found = route_of(scope)
    if found is None:
        return False
    access = found[0].rule.access
    if scope["type"] == "websocket":
        return access is Access.CONSOLE
    return scope["method"] not in _READS and access not in _OF_CONTROLLERS


def _entry(scope: Scope, status: int, user: str | None) -> Entry:
    found = route_of(scope)
    route_name, given = ("", {}) if found is None else (found[0].name, found[1])
    return {
        "user": user,
        "address": str((scope.get("client") or ("",))[0]),
        "action": route_name.replace("_", " "),
        "method": scope.get("method", "WEBSOCKET"),
        "path": scope["path"][:_MAX_PATH],
        "status": status,
        **{name: str(given[name]) for name in _IDS if name in given},
    }
