"""Access rules of routes. The route tables declare them, and ``auth`` enforces them."""

import posixpath
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import Enum, auto
from typing import Any

from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from gns3trio.classes import frozen
from gns3trio.controller.people.permits import canonical_path
from gns3trio.controller.people.privileges import Privilege


class Access(Enum):
    """Who may use a route, if the server is not open to everybody. A route may require privileges as well."""

    ANYBODY = auto()  # also who has not logged in
    LOGIN = auto()  # every user
    CONSOLE = auto()  # every user; everybody if the setting console_websocket_auth is off
    COMPUTE = auto()  # the first administrator, and users of the compute API
    COMPUTE_CONSOLE = auto()  # the same; everybody if the setting console_websocket_auth is off
    UNDECLARED = auto()  # the first administrator: the table does not say it, which a test finds


Privileges = Privilege | tuple[Privilege, ...]


@frozen
class Need:
    """A privilege that a route requires of its user; ``another`` one is enough, too. ``path`` is that of the API
    without its version, with names of parameters, such as ``/projects/{project_id}``.
    """

    privilege: Privilege
    path: str
    another: Privilege | None = None

    @property
    def privileges(self) -> Sequence[Privilege]:
        """Each of which is enough."""
        return (self.privilege,) if self.another is None else (self.privilege, self.another)

    def place(self, parameters: Mapping[str, Any]) -> str:
        """The path for a request, in canonical form."""
        return canonical_path(_PARAMETER.sub(lambda found: _part(str(parameters[found[1]])), self.path))


_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
_VERSION = re.compile("/v[123](?=/)")


def _part(value: str) -> str:
    """A parameter as a part of a path. One that is a path itself leads nowhere else."""
    return posixpath.normpath(f"/{value}").lstrip("/") if "/" in value else value


@frozen
class Rule:
    """Who may use a route, and what privileges that requires."""

    access: Access
    needs: Sequence[Need] = ()


def rule_for(
    path: str,
    access: Access | None,
    privileges: Privileges | None,
    at: str | None,
    also: Sequence[tuple[Privilege, str]],
    another: Privilege | None = None,
) -> Rule:
    """The rule of a route with this path. All ``privileges`` are needed ``at`` a path, by default its own; instead of
    each, ``another`` one is enough.
    """
    named = (privileges,) if isinstance(privileges, str) else privileges or ()
    place = at if at is not None else _VERSION.sub("", path, count=1)
    needs = [*(Need(each, place, another) for each in named), *(Need(each, other) for each, other in also)]
    if access is None:
        access = Access.LOGIN if needs else Access.UNDECLARED
    return Rule(access, needs)


class HttpRoute(Route):
    """A route for requests, with its access rule."""

    def __init__(self, path: str, endpoint: ASGIApp, *, methods: Sequence[str], name: str, rule: Rule) -> None:
        super().__init__(path, endpoint, methods=list(methods), name=name)
        self.rule = rule


class SocketRoute(WebSocketRoute):
    """A route for websockets, with its access rule."""

    def __init__(self, path: str, endpoint: Callable[..., Awaitable[Any]], *, name: str, rule: Rule) -> None:
        super().__init__(path, endpoint, name=name)
        self.rule = rule


AnyRoute = HttpRoute | SocketRoute
