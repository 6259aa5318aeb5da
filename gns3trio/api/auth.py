"""HTTP Basic authentication (RFC 7617) in front of every route, websockets included."""

import base64
import binascii
import hmac

from starlette.types import ASGIApp, Receive, Scope, Send

from gns3trio.api.errors import error_response, refuse
from gns3trio.api.health import PATH as HEALTH_PATH

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="GNS3 server", charset="UTF-8"'}
CONSOLE_WEBSOCKET_SUFFIX = "/console/ws"
# Clients of GNS3 3 ask for the version before anybody logs in; every reply tells it by its Server header anyway.
_OPEN_PATHS = frozenset({HEALTH_PATH, "/v3/version"})


class BasicAuth:
    """Lets pass only requests with the right user and password; an empty user lets everybody pass."""

    def __init__(self, app: ASGIApp, *, user: str, password: str, guard_console_websockets: bool) -> None:
        self._app = app
        self._enabled = bool(user)
        self._expected = f"{user}:{password}".encode()
        self._guard_console_websockets = guard_console_websockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""
        if scope["type"] == "lifespan" or self._allows(scope):
            await self._app(scope, receive, send)
            return
        response = error_response(401, "Unauthorized: user and password are needed", _CHALLENGE)
        await refuse(response, scope, receive, send)

    def _allows(self, scope: Scope) -> bool:
        if not self._enabled or scope["path"] in _OPEN_PATHS:
            return True
        if (
            scope["type"] == "websocket"
            and not self._guard_console_websockets
            and scope["path"].endswith(CONSOLE_WEBSOCKET_SUFFIX)
        ):
            return True
        header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        kind, _, credentials = header.partition(b" ")
        try:
            given = base64.b64decode(credentials.strip(), validate=True)
        except binascii.Error:
            return False
        # Constant time, so that the reply's delay does not tell how much of the password was right.
        return hmac.compare_digest(given, self._expected) and kind.lower() == b"basic"
