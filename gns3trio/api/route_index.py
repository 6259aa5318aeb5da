"""Finds the route of a request. The most literal path wins, whatever its methods: in ``nodes/start``, ``start`` is not
an id.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any
from urllib.parse import quote

import attrs
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from gns3trio.api.access import AnyRoute, HttpRoute, SocketRoute
from gns3trio.api.dialects import dialect_of
from gns3trio.classes import define

_TAIL = ":path}"  # ends the name of a parameter that matches the rest of a path, including slashes


@define
class _Place:
    """A node in the tree of path parts: the possible next parts."""

    literal: dict[str, "_Place"] = attrs.field(factory=dict)
    parameter: "_Place | None" = None
    ends: dict[str, list[AnyRoute]] = attrs.field(factory=dict)  # routes that end here, by path
    # Including those with a parameter that matches slashes.
    tails: dict[str, list[AnyRoute]] = attrs.field(factory=dict)

    def next(self, part: str) -> "_Place":
        """The child for a part of a route's path; created if it does not exist."""
        place = self.parameter if (is_parameter := part.startswith("{")) else self.literal.get(part)
        if place is None:
            place = _Place()
            if is_parameter:
                self.parameter = place
            else:
                self.literal[part] = place
        return place

    def candidates(self, parts: Sequence[str], index: int) -> Iterator[list[AnyRoute]]:
        """The routes whose literal parts match a request's path from ``index`` on, the most literal first."""
        if index == len(parts):
            yield from self.ends.values()
        else:
            for place in (self.literal.get(parts[index]), self.parameter):
                if place is not None:
                    yield from place.candidates(parts, index + 1)
        yield from self.tails.values()


_Found = tuple[AnyRoute, Scope]  # a route, and what it adds to the scope of a request
_FOUND = "gns3trio.found"


def route_of(scope: Scope) -> tuple[AnyRoute, Mapping[str, Any]] | None:
    """The route of a request and the parameters in its path, once they are known; None if there is no such route."""
    if _FOUND not in scope:
        return None
    route, found = scope[_FOUND]
    return route, found["path_params"]


class RouteIndex:
    """Finds a route by the parts of a request's path. Starlette tries all routes one after the other."""

    def __init__(self, routes: Sequence[AnyRoute]) -> None:
        self._root = _Place()
        for route in routes:
            path, place = route.path, self._root
            parts = path.split("/")
            ends = list(takewhile(lambda part: not part.endswith(_TAIL), parts))
            for part in ends:
                place = place.next(part)
            (place.ends if ends == parts else place.tails).setdefault(path, []).append(route)

    def route_of(self, scope: Scope) -> tuple[AnyRoute, Mapping[str, Any]] | None:
        """The route of a request, and the parameters in its path; None if there is no such path, or it does not have
        the method. Calling this object with the same scope calls it.
        """
        if (known := route_of(scope)) is not None:
            return known
        try:
            found = self._find(scope)
        except HTTPException:
            return None
        scope[_FOUND] = found
        return found[0], found[1]["path_params"]

    def has(self, path: str) -> bool:
        """Whether there is a route for the path, whatever its methods."""
        routes = (route for candidates in self._root.candidates(path.split("/"), 0) for route in candidates)
        return any(route.path_regex.match(path) for route in routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the route of a request (ASGI entry point). Raises HTTPException: 404 for an unknown path, 405 for a
        method that the path does not have, and 426 for a plain request to a websocket. In version 3, 307 for a path
        that has a slash too many.
        """
        if _FOUND not in scope:
            scope[_FOUND] = self._find(scope)
        route, found = scope[_FOUND]
        scope.update(found)
        scope["route_path"] = route.path
        await route.handle(scope, receive, send)

    def _find(self, scope: Scope) -> _Found:
        try:
            return self._find_exactly(scope)
        except HTTPException as error:
            path: str = scope["path"]
            if path.endswith("/") and scope["type"] == "http" and dialect_of(path).redirects_slashes:
                self._find_exactly({**scope, "path": path.removesuffix("/")})
                raise _redirect(scope) from error
            raise

    def _find_exactly(self, scope: Scope) -> _Found:
        for routes in self._root.candidates(scope["path"].split("/"), 0):
            fitting: list[HttpRoute] = []
            for route in routes:
                match, found = route.matches(scope)
                if match == Match.FULL:
                    return route, found
                if _is_websocket_at(route, scope):
                    raise _no_upgrade(scope["method"])
                if match == Match.PARTIAL and isinstance(route, HttpRoute):
                    fitting.append(route)
            if fitting:
                methods = {method for route in fitting for method in route.methods or ()}
                raise HTTPException(405, headers={"Allow": ", ".join(sorted(methods))})  # RFC 9110 15.5.6
        raise HTTPException(404)


def _is_websocket_at(route: AnyRoute, scope: Scope) -> bool:
    """Whether the path of a plain request belongs to a websocket."""
    if scope["type"] != "http" or not isinstance(route, SocketRoute):
        return False
    return route.path_regex.match(scope["path"]) is not None


def _no_upgrade(method: str) -> HTTPException:
    if method in ("GET", "HEAD"):
        return HTTPException(426, headers={"Upgrade": "websocket", "Connection": "Upgrade"})  # RFC 9110 15.5.22
    return HTTPException(405, headers={"Allow": "GET"})


def _redirect(scope: Scope) -> HTTPException:
    """To the path without its last slash. It is told relative to the request, because a proxy may add to the path."""
    name = quote(scope["path"].removesuffix("/").rpartition("/")[2])
    query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
    return HTTPException(307, headers={"Location": f"../{name}{query}"})
