"""Keeps web pages of other sites away from a server on this machine or network.

A browser sends its user's requests wherever a page tells it to: without this, any page open in a browser on this
machine could start programs here. Two ways are closed: pages of another origin (the ``Origin`` header, RFC 6454), and
names of foreign domains that are made to point here (DNS rebinding; the ``Host`` header). Programs send no Origin.
"""

import ipaddress
import socket
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from gns3trio.api.errors import error_response, refuse

# Reading is harmless: without our CORS headers the browser keeps the reply from the page.
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class OriginGuard:
    """Answers 403 to what a page of a foreign site asks for.

    ``allowed`` are origins that may do what they like. With ``loopback`` the server is one that only this machine
    reaches, and names that are not this machine's are refused.
    """

    def __init__(self, app: ASGIApp, *, allowed: Iterable[str], loopback: bool) -> None:
        self._app = app
        self._allowed = frozenset(allowed)
        self._loopback = loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""
        reason = self._objection(scope) if scope["type"] in ("http", "websocket") else None
        if reason is None:
            await self._app(scope, receive, send)
            return
        await refuse(error_response(403, reason), scope, receive, send)

    def _objection(self, scope: Scope) -> str | None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in (b"host", b"origin")}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        if self._loopback and not is_own_name(host):
            return f"Host: {host!r} is not a name of this machine, which alone this server serves"
        writing = scope["type"] == "websocket" or scope["method"] not in _READING
        if origin is None or not writing or origin in self._allowed or urlsplit(origin).netloc == host:
            return None
        return f"Origin: pages of {origin!r} may not use this server"


@lru_cache(maxsize=64)  # clients say the same name again and again
def is_own_name(host: str) -> bool:
    """Whether a ``Host`` header (with or without a port) is an address, or a name that nobody else can point here."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if not name or name == "localhost" or name.endswith(".localhost") or name == socket.gethostname().lower():
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
