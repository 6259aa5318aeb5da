"""Captures at ports of hosted nodes that a controller of ours takes as streams: they last as long as it listens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from gns3trio.classes import frozen
from gns3trio.compute.captures import Capture, CaptureSpec
from gns3trio.compute.hosted_project import HostedNode
from gns3trio.errors import Conflict


@frozen
class StreamedToController:
    """A capture without a file."""

    capture: Capture

    async def end(self) -> None:
        """No more is captured; what was can still be read."""
        await self.capture.stop()


@asynccontextmanager
async def open_streamed_capture(
    node: HostedNode, port: tuple[int, int], spec: CaptureSpec
) -> AsyncIterator[StreamedToController]:
    """Capture at a port for as long as the ``async with`` lasts.

    Raises Conflict if no link is there, or it has too many captures, and Invalid.
    """
    end = node.link_end(*port)
    if node.streamed[port] >= end.most_captures:
        raise Conflict(f"port {port[0]}/{port[1]}: has {end.most_captures} captures already")
    node.streamed[port] += 1
    try:
        with trio.CancelScope(shield=True):  # it has no owner until it is started
            capture = await end.capture(spec, lambda message: None)
        try:
            yield StreamedToController(capture)
        finally:
            with trio.CancelScope(shield=True):
                await capture.stop()
    finally:
        node.streamed[port] -= 1
