"""Counts requests for the metrics: by route and kind of status, and how long each waited for its reply to begin."""

from bisect import bisect_left
from collections import Counter
from itertools import accumulate
from time import perf_counter

from attrs import field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gns3trio.api.route_index import RouteIndex
from gns3trio.classes import define, frozen

# Seconds, from what nobody notices to what is too long. There are few, because each is a series for each API.
BUCKETS = (0.005, 0.05, 0.5, 5.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER = "other"
# The first prefix that fits decides.
_APIS = (
    ("/v3/compute/", "v3_compute"),
    ("/v3/", "v3"),
    ("/v2/compute/", "v2_compute"),
    ("/v2/", "v2"),
    ("/v1/", "v1"),
    ("/", "pages"),
)
_STATUSES = {"http.response.start": None, "websocket.accept": 101, "websocket.http.response.start": None}


@frozen
class RequestKind:
    """Requests that count together. ``route`` is the pattern of the path, so there are as many as routes."""

    method: str
    route: str
    status: str


@define
class Latency:
    """How many replies began within each of BUCKETS and later, and the seconds of all."""

    counts: list[int] = field(factory=lambda: [0] * (len(BUCKETS) + 1))
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        """Count a reply."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.seconds += seconds

    def cumulative(self) -> list[int]:
        """How many replies began within each of BUCKETS, and at all."""
        return list(accumulate(self.counts))


@define
class RequestCounts:
    """All requests since the server started. ``unanswered`` are those whose reply has not begun."""

    requests: Counter[RequestKind] = field(factory=Counter)
    latencies: dict[str, Latency] = field(factory=dict)
    unanswered: int = 0

    def add(self, kind: RequestKind, api: str, seconds: float) -> None:
        """Count a request whose reply begins."""
        self.requests[kind] += 1
        self.latencies.setdefault(api, Latency()).add(seconds)


class Counted:
    """Counts the requests and websockets that it passes on."""

    def __init__(self, app: ASGIApp, index: RouteIndex, counts: RequestCounts) -> None:
        self._app = app
        self._index = index
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket (ASGI entry point)."""
        begin, answered, counts = perf_counter(), False, self._counts

        async def send_counted(message: Message) -> None:
            nonlocal answered
            if not answered and message["type"] in _STATUSES:
                answered = True
                counts.unanswered -= 1
                status = message.get("status", _STATUSES[message["type"]])
                counts.add(self._kind(scope, status), _api_of(scope["path"]), perf_counter() - begin)
            await send(message)

        counts.unanswered += 1
        try:
            await self._app(scope, receive, send_counted)
        finally:
            if not answered:
                counts.unanswered -= 1

    def _kind(self, scope: Scope, status: int) -> RequestKind:
        found = self._index.route_of(scope)
        method = scope.get("method", "GET")
        route = found[0].path if found is not None else _OTHER
        return RequestKind(method if method in _METHODS else _OTHER, route, f"{status // 100}xx")


def _api_of(path: str) -> str:
    return next((name for prefix, name in _APIS if path.startswith(prefix)), _OTHER)
