"""Lets requests and websockets in: who sends them, and whether that user has the privileges that their route requires.

This is the only place where that is decided, for all versions alike, before anything else of a request is looked at.
Where each kind of credentials counts:

- Version 3: tokens, as ``Authorization: Bearer`` (RFC 6750) or the parameter ``token``.
- Our page: a token in a cookie, which counts like one in a header (``login_cookie``).
- Versions 1 and 2, and pages: the same, and HTTP Basic (RFC 7617). As long as nobody has set a password for this
  server, they ask for nothing, and everybody is the first administrator.
- The compute API of both versions: HTTP Basic of the first administrator or of a user of the compute API.
"""

import base64
import binascii
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, unquote_plus

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gns3trio.acting import act_as
from gns3trio.api.access import Access, Rule
from gns3trio.api.behind_proxy import relative_root
from gns3trio.api.compute_client import tell_user
from gns3trio.api.credentials import ComputeUser, Credentials, TooManyGuesses
from gns3trio.api.dialects import V3, V3_COMPUTE, Dialect, dialect_of
from gns3trio.api.error_pages import error_page, wants_page
from gns3trio.api.errors import close_websocket, error_response, refuse
from gns3trio.api.identity import Gate, Visit, tell_visit
from gns3trio.api.login_cookie import LOGIN, token_in_cookie
from gns3trio.api.route_index import RouteIndex
from gns3trio.classes import frozen
from gns3trio.compute.clients import NOBODY
from gns3trio.controller.people.logins import Login
from gns3trio.controller.people.privileges import refusal
from gns3trio.errors import Unavailable

_CONSOLES = frozenset({Access.CONSOLE, Access.COMPUTE_CONSOLE})
_OF_COMPUTE = frozenset({Access.COMPUTE, Access.COMPUTE_CONSOLE})
_BASIC = {"WWW-Authenticate": 'Basic realm="GNS3 server", charset="UTF-8"'}
_BEARER = {"WWW-Authenticate": "Bearer"}
_TOKEN = "token"
# A browser sends no header of ours with these.
_MAY_HAVE_TOKEN = frozenset({"GET", "HEAD"})


_Found = TypeVar("_Found")


@frozen
class _Given:
    """What a client shows: a token, or a ``user:password``, or neither."""

    token: str | None = None
    basic: bytes | None = None


class _Refused(Exception):
    """A request is not let in."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})


class Authentication:
    """Passes on the requests that may pass. ``guard_console_websockets`` is the setting ``console_websocket_auth``."""

    def __init__(
        self, app: ASGIApp, *, routes: RouteIndex, gate: Gate, credentials: Credentials, guard_console_websockets: bool
    ) -> None:
        self._app = app
        self._routes = routes
        self._gate = gate
        self._credentials = credentials
        self._open_consoles = frozenset() if guard_console_websockets else _CONSOLES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket (ASGI entry point)."""
        if scope["type"] != "lifespan":
            given = _given(scope)
            try:
                await self._let_in(scope, given)
            except _Refused as refusal:
                await _refuse(refusal, given, scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _let_in(self, scope: Scope, given: _Given) -> None:
        """Record who makes the request. Raises _Refused."""
        dialect = dialect_of(scope["path"])
        rule, parameters = self._rule_of(scope, dialect)
        if rule.access is Access.ANYBODY:
            return
        if rule.access in _OF_COMPUTE:
            await self._let_into_compute(scope, rule, given)
            return
        if rule.access in self._open_consoles and dialect is not V3:  # whose clients can send a token
            return
        login = None
        if dialect is V3 or not self._gate.people.is_open:
            login = await self._login(scope, dialect, given)
        user = self._gate.user_of(login)
        if user is None:  # it was valid a moment ago
            raise _unauthorized(dialect, given)
        if login is not None:
            act_as(user.username)
        places = [] if user.is_superadmin else [(need.privileges, need.place(parameters)) for need in rule.needs]
        if (missing := self._gate.missing(user, places)) is not None:
            raise _Refused(403, refusal(missing[1], *missing[0]))
        if rule.access is Access.UNDECLARED and not user.is_superadmin:
            raise _Refused(403, "Forbidden: only the first administrator may do this")
        tell_visit(scope, Visit(self._gate, user, login, places))

    def _rule_of(self, scope: Scope, dialect: Dialect) -> tuple[Rule, Mapping[str, Any]]:
        """The rule of a request's route, and the parameters in its path. Where no route is, nobody learns so without a
        login, except in version 3, as in GNS3 3.
        """
        found = self._routes.route_of(scope)
        if found is not None:
            return found[0].rule, found[1]
        return Rule(Access.ANYBODY if dialect.redirects_slashes else Access.LOGIN), {}

    async def _login(self, scope: Scope, dialect: Dialect, given: _Given) -> Login:
        """The login that comes with a request. Raises _Refused."""
        found: Login | ComputeUser | None = None
        if given.token is not None:
            found = await _checked(self._credentials.of_token(_client(scope), given.token))
        elif given.basic is not None and dialect is not V3:
            found = await _checked(self._credentials.of_basic(_client(scope), given.basic))
        if isinstance(found, ComputeUser):
            raise _Refused(403, f"Forbidden: user {found.name} may use the compute API only: /v2/compute, /v3/compute")
        if found is None:
            raise _unauthorized(dialect, given)
        return found

    async def _let_into_compute(self, scope: Scope, rule: Rule, given: _Given) -> None:
        """As ``_let_in``, for the compute API, whose clients are other controllers."""
        gate, dialect = self._gate, dialect_of(scope["path"])
        if gate.people.is_open:
            tell_visit(scope, Visit(gate, gate.people.administrator, None, ()))
            return
        if given.basic is None:
            if rule.access in self._open_consoles:
                tell_user(scope, NOBODY)  # whose console it is depends on the user, even where consoles are open
                return
            raise _unauthorized(dialect, given)
        found = await _checked(self._credentials.of_basic(_client(scope), given.basic))
        if isinstance(found, ComputeUser):
            tell_user(scope, found.name)
            return
        user = None if found is None else gate.user_of(found)
        if user is None:
            raise _unauthorized(dialect, given)
        act_as(user.username)
        if not user.is_superadmin:
            raise _Refused(403, "Forbidden: the compute API is for the first administrator, and for its own users")
        tell_visit(scope, Visit(gate, user, found, ()))


async def _checked(check: Awaitable[_Found]) -> _Found:
    """The outcome of a check of credentials. Raises _Refused if there is none now."""
    try:
        return await check
    except TooManyGuesses as error:
        raise _Refused(429, str(error), {"Retry-After": str(error.seconds)}) from None
    except Unavailable as error:
        raise _Refused(503, str(error)) from None


def _unauthorized(dialect: Dialect, given: _Given) -> _Refused:
    """What says which credentials are needed, as the version does. A browser asks its user only if it is told Basic, so
    not when a page has sent a token that is not valid any more.
    """
    if dialect is V3:
        why = "a token is needed" if given.token is None else "the token is not valid, or not any more: log in again"
        return _Refused(401, f"Unauthorized: {why}", _BEARER)
    if dialect is V3_COMPUTE:
        return _Refused(401, "Unauthorized: user and password are needed")
    headers = _BASIC if given.token is None else _BEARER
    return _Refused(401, "Unauthorized: user and password are needed", headers)


async def _refuse(refusal: _Refused, given: _Given, scope: Scope, receive: Receive, send: Send) -> None:
    dialect, status = dialect_of(scope["path"]), refusal.status
    if scope["type"] == "websocket" and dialect in (V3, V3_COMPUTE):
        if dialect is V3_COMPUTE or given.token is not None:
            await close_websocket(str(refusal), receive, send)
            return
        status = 403  # as GNS3 3 refuses a handshake without a token
    if scope["type"] == "http" and wants_page(request := Request(scope)):
        # A browser that was told a password sends it again and again, so the page where one logs in would not help.
        is_new = status == 401 and given.basic is None
        page = _to_login(scope) if is_new else error_page(status, _for_people(refusal), request, refusal.headers)
        await refuse(page, scope, receive, send)
        return
    await refuse(error_response(dialect, status, str(refusal), refusal.headers), scope, receive, send)


def _for_people(refusal: _Refused) -> str:
    return "The user or the password is wrong." if refusal.status == 401 else str(refusal)


def _to_login(scope: Scope) -> Response:
    """The page where a user logs in, who comes back to this page then."""
    root = relative_root(scope)
    headers = {"location": f"{root}{LOGIN.lstrip('/')}?next={quote(scope['path'])}", "cache-control": "no-store"}
    return Response(status_code=303, headers=headers)


def _client(scope: Scope) -> tuple[str, int]:
    return scope["client"] or ("", 0)


def _given(scope: Scope) -> _Given:
    """What comes with a request. A token in the query is taken out of it, so that nobody logs it or takes it for a
    parameter.
    """
    token = None
    if b"token=" in scope["query_string"] and (
        scope.get("method", "GET") in _MAY_HAVE_TOKEN or dialect_of(scope["path"]) is V3
    ):
        token, scope["query_string"] = _without_token(scope["query_string"])
    header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    kind, _, value = header.partition(b" ")
    kind, value = kind.lower(), value.strip()
    if kind == b"bearer":
        return _Given(token=value.decode("latin-1"))
    if kind == b"basic":
        try:
            return _Given(token, base64.b64decode(value, validate=True))
        except binascii.Error:
            pass
    return _Given(token or token_in_cookie(scope))


def _without_token(query: bytes) -> tuple[str | None, bytes]:
    token: str | None = None
    kept = []
    for part in query.split(b"&"):
        name, _, value = part.decode("latin-1").partition("=")
        if unquote_plus(name) == _TOKEN:
            token = unquote_plus(value)
        else:
            kept.append(part)
    return token, b"&".join(kept)
