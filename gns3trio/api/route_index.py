"""Finds the route of a request. The most literal path wins, whatever its methods: ``nodes/start`` is no node's id."""

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

_TAIL = ":path}"  # ends the name of a parameter that takes the rest of a path, slashes and all


class RouteIndex:
    """Tries only paths with as many slashes as the request's; Starlette would try all, one after the other."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        of_path: dict[str, list[BaseRoute]] = {}
        for route in sorted(routes, key=lambda route: _literalness(_path(route))):
            of_path.setdefault(_path(route), []).append(route)
        self._tails = [routes for path, routes in of_path.items() if _TAIL in path]
        self._by_slashes = {
            slashes: [routes for path, routes in of_path.items() if _TAIL in path or path.count("/") == slashes]
            for slashes in {path.count("/") for path in of_path}
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry. Raises HTTPException: 404 for an unknown path, 405 for a method that a path does not have."""
        for routes in self._by_slashes.get(scope["path"].count("/"), self._tails):
            fitting: list[Route] = []
            for route in routes:
                match, found = route.matches(scope)
                if match == Match.FULL:
                    scope.update(found)
                    await route.handle(scope, receive, send)
                    return
                if match == Match.PARTIAL and isinstance(route, Route):
                    fitting.append(route)
            if fitting:
                methods = {method for route in fitting for method in route.methods or ()}
                raise HTTPException(405, headers={"Allow": ", ".join(sorted(methods))})  # RFC 9110 15.5.6
        raise HTTPException(404)


def _path(route: BaseRoute) -> str:
    assert isinstance(route, Route | WebSocketRoute), "the tables hold nothing else"
    return route.path


def _literalness(path: str) -> list[int]:
    """Sorts paths: at each place a literal part before a parameter, and that before one that takes the rest."""
    return [2 if part.endswith(_TAIL) else 1 if part.startswith("{") else 0 for part in path.split("/")]
