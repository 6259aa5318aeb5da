"""Ends of measurements, an extension, as sessions for controllers of ours.

``.../ports/{port_number}/trials/ws`` is the source or the sink of a probe at an end of a link: the controller begins
with ``{"role": "source"}`` or ``"sink"``. ``/v2/compute/udp_trials/ws`` is a UDP port: it begins with the port and
where it sends. After the answer, ``{}``, each message is something to do, and gets an answer when it is done.
"""

from typing import Any, Literal
from uuid import UUID

from attrs import field
from starlette.websockets import WebSocket

from gns3trio import field_checks as v
from gns3trio.api.access import Access
from gns3trio.api.compute_client import client_of
from gns3trio.api.context import ApiContext
from gns3trio.api.routing import RouteTable
from gns3trio.api.sessions import Session, serve_session
from gns3trio.classes import define
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.split_trials import ProbeEnd, TrialEnd
from gns3trio.controller.links.benchmark_limits import one_end_of_few
from gns3trio.errors import Conflict, Invalid
from gns3trio.traffic.trials import MAX_FRAME_BYTES, MIN_FRAME_BYTES, TrialResult, TrialSpec

routes = RouteTable("/v2/compute", access=Access.COMPUTE)

_PORT = "/projects/{project_id}/{node_type}/nodes/{node_id}/adapters/{adapter_number:number}/ports/{port_number:number}"
_MAX_SECONDS = 60.0
_MAX_OFFSET_NS = 2**62


@define(kw_only=True)
class Role:
    """The first message of a part of a probe."""

    role: Literal["source", "sink"]


@define(kw_only=True)
class UdpPort:
    """The first message of a UDP port."""

    lport: int = field(validator=v.PORT)
    rhost: str
    rport: int = field(validator=v.PORT)


@define(kw_only=True)
class Trial:
    """The parameters of a trial."""

    frame_bytes: int = field(validator=v.and_(v.ge(MIN_FRAME_BYTES), v.le(MAX_FRAME_BYTES)))
    frames_per_second: int | None = field(validator=v.optional(v.and_(v.ge(1), v.le(10_000_000))))
    seconds: float = field(validator=v.and_(v.ge(0.001), v.le(_MAX_SECONDS)))
    frames: int | None = field(validator=v.optional(v.and_(v.ge(1), v.le(2**32))))
    drain_seconds: float = field(validator=v.and_(v.ge(0), v.le(_MAX_SECONDS)))


@define(kw_only=True)
class Order:
    """What to do: tell the clock, count frames, send a trial, receive one, or end receiving it."""

    do: Literal["clock", "count", "send", "receive", "end"]
    trial: Trial | None = None
    trial_id: int = field(default=0, validator=v.and_(v.ge(0), v.lt(2**32)))
    clock_offset_ns: int = field(default=0, validator=v.and_(v.ge(-_MAX_OFFSET_NS), v.le(_MAX_OFFSET_NS)))
    expected: int = field(default=0, validator=v.ge(0))
    seconds: float = field(default=0.0, validator=v.and_(v.ge(0), v.le(_MAX_SECONDS)))

    def spec(self) -> TrialSpec:
        """The trial. Raises Invalid if there is none."""
        if self.trial is None:
            raise Invalid("trial: is missing")
        trial = self.trial
        return TrialSpec(
            frame_bytes=trial.frame_bytes,
            frames_per_second=trial.frames_per_second,
            seconds=trial.seconds,
            frames=trial.frames,
            drain_seconds=trial.drain_seconds,
        )


@routes.websocket(_PORT + "/trials/ws")
async def measure_at_port(
    context: ApiContext,
    websocket: WebSocket,
    project_id: UUID,
    node_type: str,
    node_id: UUID,
    adapter_number: int,
    port_number: int,
) -> None:
    """One end of measurements of a link, as long as the websocket is open; an extension."""
    client, hosted = client_of(websocket.scope), context.controller.hosted

    async def serve(session: Session) -> None:
        end = hosted.node(client, project_id, node_type, node_id).link_end(adapter_number, port_number)
        role = (await session.receive(Role)).role
        with one_end_of_few():
            async with hosted.compute.probe_end(end, role) as probe:
                await _obey(session, probe, probe)

    await serve_session(websocket, context.closing, serve)


@routes.websocket("/udp_trials/ws")
async def measure_at_udp_port(context: ApiContext, websocket: WebSocket) -> None:
    """A UDP port as one end of measurements, as long as the websocket is open; an extension."""

    async def serve(session: Session) -> None:
        wanted = await session.receive(UdpPort)
        nio = UdpNio(wanted.lport, wanted.rhost, wanted.rport)
        with one_end_of_few():
            async with context.controller.hosted.compute.take_udp(nio) as endpoint:
                await _obey(session, endpoint, None)

    await serve_session(websocket, context.closing, serve)


async def _obey(session: Session, end: TrialEnd, probe: ProbeEnd | None) -> None:
    await session.send({})
    while True:
        order = await session.receive(Order)
        match order.do:
            case "clock":
                reading = await end.read_clock()
                await session.send({"clock": reading.clock, "nanoseconds": reading.nanoseconds})
            case "count":
                if probe is None:
                    raise Conflict("do: a UDP port counts nothing")
                foreign, held = await probe.foreign_frames(), await probe.held_frames()
                await session.send({"foreign": foreign, "held": held})
            case "send":
                sent = await end.send(order.spec(), order.trial_id)
                await session.send({"seconds": sent.seconds, "sent": sent.sent})
            case "receive":
                async with end.receive(order.spec(), order.trial_id, order.clock_offset_ns) as receiving:
                    await session.send({})
                    order = await session.receive(Order)
                    if order.do != "end":
                        raise Invalid("do: a trial is being received")
                    await session.send(_result_view(await receiving.end(order.expected, order.seconds)))
            case "end":
                raise Invalid("do: no trial is being received")


def _result_view(result: TrialResult) -> dict[str, Any]:
    return {
        "duplicated": result.duplicated,
        "foreign": result.foreign,
        "histogram": [[bucket, frames] for bucket, frames in enumerate(result.histogram) if frames],
        "latency_max": result.latency_max,
        "latency_mean": result.latency_mean,
        "latency_min": result.latency_min,
        "receive_seconds": result.receive_seconds,
        "received": result.received,
        "reordered": result.reordered,
    }
