"""Access rules of routes. The route tables declare them, and ``auth`` enforces them."""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum, auto
from typing import Any

from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from gns3trio.controller.people.privileges import Privilege


class Access(Enum):
    """The credentials that a route requires if the server has a password."""

    PASSWORD = auto()
    ANYBODY = auto()  # nothing
    CONSOLE = auto()  # the password, unless the setting console_websocket_auth is off
    COMPUTE = auto()  # the password, or that of a user of the compute API
    COMPUTE_CONSOLE = auto()  # the same, unless the setting console_websocket_auth is off


class HttpRoute(Route):
    """A route for requests, with its access rule and the privilege that it requires of a user, if any."""

    def __init__(
        self,
        path: str,
        endpoint: ASGIApp,
        *,
        methods: Sequence[str],
        name: str,
        access: Access,
        privilege: Privilege | None,
    ) -> None:
        super().__init__(path, endpoint, methods=list(methods), name=name)
        self.access = access
        self.privilege = privilege


class SocketRoute(WebSocketRoute):
    """A route for websockets, with its access rule and the privilege that it requires of a user, if any."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Awaitable[Any]],
        *,
        name: str,
        access: Access,
        privilege: Privilege | None,
    ) -> None:
        super().__init__(path, endpoint, name=name)
        self.access = access
        self.privilege = privilege


AnyRoute = HttpRoute | SocketRoute
