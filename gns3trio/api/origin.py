"""Protects the server from web pages of other sites.

A browser sends requests to any address that a page names. Without protection, any page in a browser on this machine
could start programs here. Requests are rejected if they come from a page of another origin (``Origin`` header, RFC
6454), or use a foreign domain name that was made to point here (DNS rebinding; ``Host`` header). Programs other than
browsers send no Origin.

Pages of the origins in the settings may use the server and read its replies (CORS). Version 3 may also be used by the
pages that this machine serves itself, as in GNS3 3, if they have a token. A browser does not send one by itself but in
a cookie, and cookies of such requests do not count: they are those of our own page.
"""

import re
import socket
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gns3trio.addresses import parse_address
from gns3trio.api.dialects import V2, V3, Dialect, dialect_of
from gns3trio.api.errors import error_response, refuse, reply_to

# Reading is harmless: without our CORS headers, the browser does not show the reply to the page.
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
# The headers that GNS3 allows pages to read.
_EXPOSED_HEADERS = "Server,X-Route,Content-Length,Connection,Date"
_DEFAULT_PORTS = (":80", ":443")
_OF_THIS_MACHINE = re.compile(r"http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?")
_MAX_AGE_SECONDS = 600


class OriginGuard:
    """Answers 403 to requests from pages of other sites.

    Pages from ``allowed_origins``, and pages that a reverse proxy serves under one of ``allowed_hosts``, have full
    access. ``check_names`` is for servers without a password: requests to names that are neither this machine's nor in
    ``allowed_hosts`` are rejected.
    """

    def __init__(
        self, app: ASGIApp, *, allowed_origins: Iterable[str], allowed_hosts: Iterable[str], check_names: bool
    ) -> None:
        self._app = app
        self._origins = frozenset(origin.lower() for origin in allowed_origins)
        self._places = frozenset(_without_default_port(host.lower()) for host in allowed_hosts)
        self._names = frozenset(_host_name(host) for host in allowed_hosts)
        self._check_names = check_names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket (ASGI entry point)."""
        reason = self._objection(scope) if scope["type"] in ("http", "websocket") else None
        if reason is None:
            await self._app(scope, receive, send)
            return
        await refuse(_refusal(scope, reason), scope, receive, send)

    def _objection(self, scope: Scope) -> str | None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in (b"host", b"origin")}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        if self._check_names and not is_own_name(host) and _host_name(host) not in self._names:
            return f"Host: {host!r} is not a name of this machine; if it is yours, add it to the setting allowed_hosts"
        if origin is None or self._is_known(origin.lower(), host.lower()):
            return None
        if dialect_of(scope["path"]) is V3 and _OF_THIS_MACHINE.fullmatch(origin.lower()):
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
            return None
        if scope["type"] == "http" and scope["method"] in _READING:
            return None
        return (
            f"Origin: pages of {origin!r} may not use this server; if they are yours, add that to the setting "
            "allowed_origins, or the name of a reverse proxy to allowed_hosts"
        )

    def _is_known(self, origin: str, host: str) -> bool:
        """Whether pages of an origin have full access."""
        try:
            place = urlsplit(origin).netloc
        except ValueError:
            return False
        is_own = place != "" and place == host
        return is_own or origin in self._origins or _without_default_port(place) in self._places


def _refusal(scope: Scope, reason: str) -> Response:
    if scope["type"] == "http":
        return reply_to(Request(scope), 403, reason)
    return error_response(dialect_of(scope["path"]), 403, reason)


class Cors:
    """Allows pages of some origins to read replies (https://fetch.spec.whatwg.org/#http-cors-protocol)."""

    def __init__(self, app: ASGIApp, *, allowed_origins: Iterable[str]) -> None:
        origins = tuple(allowed_origins)
        methods = ["GET", "POST", "PUT", "DELETE"]
        self._others = _Cors(app, V2, 403, allow_origins=origins, allow_methods=methods, max_age=0)
        self._v3 = _Cors(
            app,
            V3,
            400,
            allow_origins=origins,
            allow_origin_regex=_OF_THIS_MACHINE.pattern,
            allow_methods=[*methods, "HEAD", "OPTIONS", "PATCH"],
            max_age=_MAX_AGE_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket (ASGI entry point)."""
        is_v3 = scope["type"] == "http" and dialect_of(scope["path"]) is V3
        await (self._v3 if is_v3 else self._others)(scope, receive, send)


class _Cors(CORSMiddleware):
    """The CORS of a version. ``refusal`` is the status of a preflight request that is refused."""

    def __init__(self, app: ASGIApp, dialect: Dialect, refusal: int, **rules: Any) -> None:
        super().__init__(app, allow_credentials=True, allow_headers=["*"], expose_headers=[_EXPOSED_HEADERS], **rules)
        self._dialect = dialect
        self._refusal = refusal

    def preflight_response(self, request_headers: Headers) -> Response:
        """The answer to a CORS preflight request. A rejection has the usual error body."""
        reply = super().preflight_response(request_headers)
        if reply.status_code < 400:
            return reply
        if not self.is_allowed_origin(request_headers["origin"]):
            reason = f"Origin: pages of {request_headers['origin']!r} are not in the setting allowed_origins"
        else:
            reason = f"Method {request_headers['access-control-request-method']!r} is not one of the API"
        return error_response(self._dialect, self._refusal, reason, {"vary": "Origin"})


def _without_default_port(place: str) -> str:
    return next((place.removesuffix(port) for port in _DEFAULT_PORTS if place.endswith(port)), place)


@lru_cache(maxsize=64)  # clients repeat the same name in every request
def _host_name(host: str) -> str | None:
    """The name in a ``Host`` header, in lower case; None if it is invalid."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return None


@lru_cache(maxsize=64)
def is_own_name(host: str) -> bool:
    """Whether a ``Host`` header (with or without a port) is an address, or a name that others
    cannot make point here.
    """
    name = _host_name(host)
    if name is None:
        return False
    own = name in ("", "localhost", socket.gethostname().lower()) or name.endswith(".localhost")
    return own or parse_address(name) is not None
