"""``/v2/compute/.../ports/{port_number}/captures/ws``, an extension: any number of captures at a port, as sessions.

The controller begins with what it wants. Then the compute sends ``{"started": true}``, the capture as a stream in its
format, as bytes, and now and then ``{"counters": {...}}``. Nothing is stored on the compute: what the controller does
not take in time is lost there, and counted. After the controller's ``{"stop": true}``, the rest comes, and the last
counters with ``"ended": true``.
"""

from typing import Any
from uuid import UUID

import trio
from attrs import field
from starlette.websockets import WebSocket

from gns3trio import field_checks as v
from gns3trio.api.access import Access
from gns3trio.api.compute_client import client_of
from gns3trio.api.context import ApiContext
from gns3trio.api.routing import RouteTable
from gns3trio.api.sessions import Session, serve_session
from gns3trio.classes import define
from gns3trio.compute.captures import Capture, CaptureSpec
from gns3trio.compute.expressions import require_expression
from gns3trio.compute.hosted_captures import StreamedToController, open_streamed_capture
from gns3trio.compute.hosted_project import HostedNode
from gns3trio.conditions.core_filter import Direction
from gns3trio.conditions.expressions import MAX_EXPRESSION_LENGTH
from gns3trio.errors import Invalid
from gns3trio.limits import MAX_SNAPLEN
from gns3trio.traffic.captures import link_type

routes = RouteTable("/v2/compute/projects/{project_id}", access=Access.COMPUTE)

_PORT = "/{node_type}/nodes/{node_id}/adapters/{adapter_number:number}/ports/{port_number:number}"
_COUNTERS_SECONDS = 0.5


@define(kw_only=True)
class WantedCapture:
    """What a controller wants. ``direction``: ``out`` frames come from the node."""

    pcapng: bool
    snaplen: int = field(validator=v.and_(v.ge(1), v.le(MAX_SNAPLEN)))
    data_link_type: str
    direction: Direction
    expression: str = field(validator=v.max_len(MAX_EXPRESSION_LENGTH))


@define(kw_only=True)
class StopCapture:
    """End the capture, and send the rest."""

    stop: bool


@routes.websocket(_PORT + "/captures/ws")
async def capture_port(
    context: ApiContext,
    websocket: WebSocket,
    project_id: UUID,
    node_type: str,
    node_id: UUID,
    adapter_number: int,
    port_number: int,
) -> None:
    """A capture at a port, as long as the websocket is open; an extension."""
    client = client_of(websocket.scope)

    async def serve(session: Session) -> None:
        node = context.controller.hosted.node(client, project_id, node_type, node_id)
        await _capture(node, (adapter_number, port_number), session)

    await serve_session(websocket, context.closing, serve)


async def _capture(node: HostedNode, port: tuple[int, int], session: Session) -> None:
    wanted = await session.receive(WantedCapture)
    link_type(wanted.data_link_type)  # raises Invalid for an unknown one
    if wanted.expression:
        try:
            await require_expression(wanted.expression)
        except Invalid as error:
            raise Invalid(f"expression: {error}") from None
    spec = CaptureSpec(
        path=None,
        pcapng=wanted.pcapng,
        snaplen=wanted.snaplen,
        data_link_type=wanted.data_link_type,
        direction=wanted.direction,
        expression=wanted.expression,
    )
    async with open_streamed_capture(node, port, spec) as streamed:
        await _send(streamed, session)


async def _send(streamed: StreamedToController, session: Session) -> None:
    capture = streamed.capture

    async def end_when_told() -> None:
        await session.receive(StopCapture)
        await streamed.end()

    with capture.stream() as reader:
        await session.send({"started": True})
        async with trio.open_nursery() as nursery:
            nursery.start_soon(end_when_told)
            told, next_telling = _counters_view(capture), trio.current_time() + _COUNTERS_SECONDS
            while True:
                records = None
                with trio.move_on_at(next_telling):
                    records = await reader.receive()
                if records:
                    await session.send_records(records)
                elif records is not None:
                    break
                if trio.current_time() >= next_telling:
                    next_telling = trio.current_time() + _COUNTERS_SECONDS
                    if (now := _counters_view(capture)) != told:
                        told = now
                        await session.send({"counters": told})
            nursery.cancel_scope.cancel()
    await session.send({"counters": _counters_view(capture), "ended": True})


def _counters_view(capture: Capture) -> dict[str, Any]:
    counters = capture.counters()
    return {
        "bytes": counters.bytes,
        "dropped": counters.dropped,
        "frames": counters.frames,
        "out_dropped": counters.out_dropped,
        "out_frames": counters.out_frames,
        "stream_dropped_bytes": capture.stream_dropped_bytes,
    }
