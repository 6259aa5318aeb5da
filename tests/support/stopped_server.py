"""A way to a server on which the server can be made to look stopped, as by SIGSTOP: its kernel accepts connections and
takes what is sent, and nothing comes back.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import trio


@attrs.define
class Way:
    """A TCP port that leads to another one."""

    port: int
    _goes_on: trio.Event

    def stop(self) -> None:
        """Nothing comes through from now on."""
        self._goes_on = trio.Event()

    def go_on(self) -> None:
        """What waits comes through, in order."""
        self._goes_on.set()

    async def _serve(self, stream: trio.SocketStream, target: int) -> None:
        await self._goes_on.wait()
        async with stream, await trio.open_tcp_stream("127.0.0.1", target) as onward, trio.open_nursery() as nursery:
            nursery.start_soon(self._pump, stream, onward)
            await self._pump(onward, stream)
            nursery.cancel_scope.cancel()

    async def _pump(self, source: trio.SocketStream, sink: trio.SocketStream) -> None:
        try:
            async for piece in source:
                await self._goes_on.wait()
                await sink.send_all(piece)
            await self._goes_on.wait()
            await sink.send_eof()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass


@asynccontextmanager
async def way_to(target: int) -> AsyncIterator[Way]:
    """A way to a port of this host, which goes on at first."""
    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        way = Way(listener.socket.getsockname()[1], trio.Event())
        way.go_on()

        async def serve(stream: trio.SocketStream) -> None:
            await way._serve(stream, target)

        nursery.start_soon(trio.serve_listeners, serve, [listener])
        yield way
        nursery.cancel_scope.cancel()
