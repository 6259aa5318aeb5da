"""Measures the path between two UDP endpoints of this host: any tunnel or relay."""

from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import attrs

from gns3trio import field_checks as v
from gns3trio.compute import interface
from gns3trio.compute.interface import Compute
from gns3trio.compute.nio import UdpNio
from gns3trio.controller.changes import UdpMeasured
from gns3trio.controller.links.benchmark_limits import one_of_few
from gns3trio.errors import Conflict, Invalid, Unavailable
from gns3trio.measure.rfc2544 import BenchmarkRequest, run_benchmark
from gns3trio.notifications.feed import ChangeFeed
from gns3trio.traffic.trials import TrialResult, TrialSpec

_port = v.and_(v.ge(1), v.le(65535))


@attrs.frozen(kw_only=True)
class UdpEndpoint:
    """An endpoint: frames are sent from ``lport`` of this host to ``rhost``:``rport``; frames of the other end arrive
    at ``lport``.
    """

    lport: int = attrs.field(validator=_port)
    rhost: str = attrs.field(validator=v.min_len(1))
    rport: int = attrs.field(validator=_port)


@attrs.frozen(kw_only=True)
class UdpBenchmarkRequest(BenchmarkRequest):
    """Parameters of a benchmark between two endpoints."""

    a: UdpEndpoint
    b: UdpEndpoint


async def benchmark_udp(compute: Compute, request: UdpBenchmarkRequest, changes: ChangeFeed) -> dict[str, Any]:
    """Run a benchmark and publish every trial; returns the report. Both ports are leased while it runs.

    ``foreign_frames`` are datagrams of others that arrived at the receiving port. Raises Invalid; Unavailable if too
    many benchmarks run; Conflict if a port is in use or a datagram cannot be sent.
    """
    request.check()
    if not compute.capabilities.benchmarks:
        raise Conflict(f"compute {compute.compute_id}: cannot measure")
    if request.a.lport == request.b.lport:
        raise Invalid(f"b.lport: {request.b.lport} is that of a")
    ends = {"a": request.a, "b": request.b}
    near, far = ("a", "b") if request.direction == "a_to_b" else ("b", "a")
    foreign = 0
    async with AsyncExitStack() as stack:
        stack.enter_context(one_of_few())
        taken: dict[str, interface.UdpEndpoint] = {}
        for name, end in ends.items():
            with _naming(name):
                nio = UdpNio(end.lport, end.rhost, end.rport)
                taken[name] = await stack.enter_async_context(compute.take_udp(nio))

        async def run(spec: TrialSpec) -> TrialResult:
            nonlocal foreign
            try:
                result = await taken[near].run_trial(taken[far], spec)
            except Conflict as error:
                raise Conflict(f"{near}: {error}") from None
            foreign += result.foreign
            return result

        def tell(trial: dict[str, Any]) -> None:
            changes.publish(UdpMeasured(compute.compute_id, request.a, request.b, trial))

        results = await run_benchmark(request, run, tell)
    return {
        **{name: attrs.asdict(end) for name, end in ends.items()},
        "direction": request.direction,
        "trial_seconds": request.trial_seconds,
        "foreign_frames": foreign,
        "results": results,
    }


@contextmanager
def _naming(end: str) -> Iterator[None]:
    """Add the name of the end to the field in an error."""
    try:
        yield
    except (Conflict, Invalid, Unavailable) as error:
        raise type(error)(f"{end}.{error}") from None
