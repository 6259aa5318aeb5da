"""Runs work that is cancelled when nobody waits for its result any more."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import trio

from gns3trio.api.routing import ApiRequest
from gns3trio.errors import Unavailable

_T = TypeVar("_T")


async def cancelled_on_disconnect(api: ApiRequest, work: Callable[[], Awaitable[_T]]) -> _T:
    """Run ``work`` and return its result. Cancels it when the client leaves; raises Unavailable
    when the server stops.
    """
    async with trio.open_nursery() as nursery:

        async def until_the_client_leaves() -> None:
            while (await api.http.receive())["type"] != "http.disconnect":
                pass
            nursery.cancel_scope.cancel()

        async def until_the_server_stops() -> None:
            await api.context.closing.wait()
            nursery.cancel_scope.cancel()

        nursery.start_soon(until_the_client_leaves)
        nursery.start_soon(until_the_server_stops)
        result = await work()
        nursery.cancel_scope.cancel()
        return result
    raise Unavailable("the server stops" if api.context.closing.is_set() else "the client left before it was done")
