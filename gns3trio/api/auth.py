"""HTTP Basic authentication (RFC 7617) for all routes and websockets, except those that are
declared open (``Access``). Users of the compute API have passwords that open only its routes.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gns3trio.api.access import Access
from gns3trio.api.compute_client import tell_user
from gns3trio.api.dialects import dialect_of
from gns3trio.api.errors import error_response, refuse
from gns3trio.api.password_guesses import Guesses
from gns3trio.compute.clients import NOBODY

_CONSOLES = frozenset({Access.CONSOLE, Access.COMPUTE_CONSOLE})
_OF_COMPUTE = frozenset({Access.COMPUTE, Access.COMPUTE_CONSOLE})
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="GNS3 server", charset="UTF-8"'}

_ONLY_COMPUTE = "Forbidden: user {user} may use the compute API only: /v2/compute"


class BasicAuth:
    """Passes on only requests with the right user and password; an empty user disables the check. ``compute_users`` are
    the passwords of users who may use the compute API only. ``access`` returns the access rule of a request's route.

    After too many wrong passwords, a client gets 429 for a few seconds; see ``password_guesses``.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        access: Callable[[Scope], Access],
        user: str,
        password: str,
        compute_users: Mapping[str, str],
        guard_console_websockets: bool,
        guesses: Guesses,
    ) -> None:
        self._app = app
        self._enabled = bool(user)
        self._expected = _digest(f"{user}:{password}".encode())
        self._compute_users = {_digest(f"{name}:{secret}".encode()): name for name, secret in compute_users.items()}
        self._access = access
        self._open = {Access.ANYBODY} if guard_console_websockets else {Access.ANYBODY, *_CONSOLES}
        self._guesses = guesses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket (ASGI entry point)."""
        refusal = None if scope["type"] == "lifespan" or not self._enabled else self._check(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await refuse(refusal, scope, receive, send)

    def _check(self, scope: Scope) -> Response | None:
        """The reply that rejects the request; None if the request may pass."""
        access, given = self._access(scope), _credentials(scope)
        dialect = dialect_of(scope["path"])
        # Whose console it is depends on the user, even where consoles are open.
        if access in self._open and (given is None or access not in _OF_COMPUTE):
            tell_user(scope, NOBODY)
            return None
        if given is not None:
            client = scope["client"] or ("", 0)
            wait = self._guesses.wait(client)
            if wait > 0:
                message = f"Too many wrong passwords; none is checked for {wait} s"
                return error_response(dialect, 429, message, {"Retry-After": str(wait)})
            # Takes constant time, so that the delay does not reveal how much of the password was right.
            digest = _digest(given)
            if hmac.compare_digest(digest, self._expected):
                self._guesses.right(client)
                return None
            if (user := self._compute_users.get(digest)) is not None:
                self._guesses.right(client)
                tell_user(scope, user)
                if access in _OF_COMPUTE:
                    return None
                return error_response(dialect, 403, _ONLY_COMPUTE.format(user=user))
            self._guesses.wrong(client)
        return error_response(dialect, 401, "Unauthorized: user and password are needed", _CHALLENGE)


def _digest(credentials: bytes) -> bytes:
    """A digest, whose length does not depend on the text."""
    return hashlib.sha256(credentials).digest()


def _credentials(scope: Scope) -> bytes | None:
    """The ``user:password`` that the client sends; None if there is none or it is malformed."""
    header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    kind, _, credentials = header.partition(b" ")
    if kind.lower() != b"basic":
        return None
    try:
        return base64.b64decode(credentials.strip(), validate=True)
    except binascii.Error:
        return None
