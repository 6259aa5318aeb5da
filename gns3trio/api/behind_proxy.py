"""Reverses the changes that a reverse proxy makes to requests.

- The client's address is that of the proxy. A trusted proxy (setting ``trusted_proxies``) sends the real address in
  ``X-Forwarded-For``. The header of other clients is ignored, because they can write anything into it.
- A proxy may serve the server below a path, and forward that path. All addresses in our pages and redirections are
  relative, so nothing else depends on that path, or on the public name and protocol.
"""

import logging
from collections.abc import Sequence

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gns3trio.addresses import Network, parse_address, parse_network

log = logging.getLogger(__name__)

_FORWARDED_FOR = b"x-forwarded-for"


class BehindProxy:
    """Passes on the scope that the request would have without a proxy; ``trusted`` are addresses and networks of
    proxies.
    """

    def __init__(self, app: ASGIApp, *, trusted: Sequence[str], path_prefix: str) -> None:
        self._app = app
        self._trusted: list[Network] = [network for text in trusted if (network := parse_network(text)) is not None]
        self._prefix = path_prefix
        self._told = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket (ASGI entry point)."""
        if any(name == _FORWARDED_FOR for name, _ in scope["headers"]) and scope["client"]:
            self._put_client(scope)
        if self._prefix and scope["path"].startswith(self._prefix):
            rest = scope["path"][len(self._prefix) :]
            if not rest and scope["type"] == "http":  # relative addresses need the slash at the end
                location = self._prefix.rpartition("/")[2] + "/"
                await Response(status_code=308, headers={"location": location})(scope, receive, send)
                return
            if rest.startswith("/"):
                scope["path"], scope["raw_path"] = rest, scope["raw_path"][len(self._prefix) :]
        await self._app(scope, receive, send)

    def _put_client(self, scope: Scope) -> None:
        proxy = scope["client"][0]
        if self._is_trusted(proxy):
            scope["client"] = (self._real_client(scope), 0)
        elif not self._told:
            self._told = True
            log.warning("%s sends X-Forwarded-For: if it is your proxy, add it to the setting trusted_proxies", proxy)

    def _is_trusted(self, address: str) -> bool:
        parsed = parse_address(address)
        return parsed is not None and any(parsed in network for network in self._trusted)

    def _real_client(self, scope: Scope) -> str:
        """The last address in the header that is not a trusted proxy. Each proxy appends the
        address of its own client.
        """
        chain = b",".join(value for name, value in scope["headers"] if name == _FORWARDED_FOR).decode("latin-1")
        client: str = scope["client"][0]
        for told in reversed(chain.split(",")):
            address = parse_address(_without_port(told.strip()))
            if address is None:
                break
            client = str(address)
            if not self._is_trusted(client):
                break
        return client


def _without_port(told: str) -> str:
    """Remove the port that some proxies append: ``192.0.2.1:1234`` or ``[2001:db8::1]:1234``."""
    if told.startswith("[") or told.count(":") == 1:
        return told.rpartition(":")[0] if not told.endswith("]") else told
    return told


def relative_root(scope: Scope) -> str:
    """The relative URL from the page at this path to the root of the server."""
    raw: bytes = scope["raw_path"]
    return "../" * (raw.count(b"/") - 1) or "./"
