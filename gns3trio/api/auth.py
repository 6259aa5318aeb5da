"""HTTP Basic authentication (RFC 7617) in front of every route, websockets included."""

import base64
import binascii
import hashlib
import hmac

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gns3trio.api.errors import error_response, refuse
from gns3trio.api.guesses import Guesses
from gns3trio.api.health import PATH as HEALTH_PATH

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="GNS3 server", charset="UTF-8"'}
CONSOLE_WEBSOCKET_SUFFIX = "/console/ws"
# Clients of GNS3 3 ask for the version before anybody logs in; every reply tells it by its Server header anyway.
_OPEN_PATHS = frozenset({HEALTH_PATH, "/v3/version"})


class BasicAuth:
    """Lets pass only requests with the right user and password; an empty user lets everybody pass.

    Who guesses is answered with 429 from some time on, for a few seconds; see ``guesses``.
    """

    def __init__(
        self, app: ASGIApp, *, user: str, password: str, guard_console_websockets: bool, guesses: Guesses
    ) -> None:
        self._app = app
        self._enabled = bool(user)
        self._expected = _digest(f"{user}:{password}".encode())
        self._guard_console_websockets = guard_console_websockets
        self._guesses = guesses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""
        refusal = None if scope["type"] == "lifespan" or self._is_open(scope) else self._check(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await refuse(refusal, scope, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        if not self._enabled or scope["path"] in _OPEN_PATHS:
            return True
        is_console = scope["type"] == "websocket" and scope["path"].endswith(CONSOLE_WEBSOCKET_SUFFIX)
        return is_console and not self._guard_console_websockets

    def _check(self, scope: Scope) -> Response | None:
        """The reply to who may not pass; None for who may."""
        given = _credentials(scope)
        if given is not None:
            client = scope["client"] or ("", 0)
            wait = self._guesses.wait(client)
            if wait > 0:
                message = f"Too many wrong passwords; none is checked for {wait} s"
                return error_response(429, message, {"Retry-After": str(wait)})
            # Constant time, so that the reply's delay does not tell how much of the password was right.
            if hmac.compare_digest(_digest(given), self._expected):
                self._guesses.right(client)
                return None
            self._guesses.wrong(client)
        return error_response(401, "Unauthorized: user and password are needed", _CHALLENGE)


def _digest(credentials: bytes) -> bytes:
    """Of one length, whatever is given."""
    return hashlib.sha256(credentials).digest()


def _credentials(scope: Scope) -> bytes | None:
    """What the client sends as ``user:password``; None for nothing that could be such."""
    header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    kind, _, credentials = header.partition(b" ")
    if kind.lower() != b"basic":
        return None
    try:
        return base64.b64decode(credentials.strip(), validate=True)
    except binascii.Error:
        return None
