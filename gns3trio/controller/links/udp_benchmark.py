"""Measures whatever is between two UDP endpoints of this host: a tunnel or a relay that need not be ours."""

from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import attrs

from gns3trio import field_checks as v
from gns3trio.compute import interface
from gns3trio.compute.interface import Compute, TrialResult, TrialSpec
from gns3trio.compute.nio import UdpNio
from gns3trio.controller.links.benchmark_limits import one_of_few
from gns3trio.errors import Conflict, Invalid, Unavailable
from gns3trio.measure.rfc2544 import BenchmarkRequest, Progress, run_benchmark

_port = v.and_(v.ge(1), v.le(65535))


@attrs.frozen(kw_only=True)
class UdpEndpoint:
    """Frames leave for ``rhost``:``rport`` from ``lport`` of this host, where those of the other end arrive."""

    lport: int = attrs.field(validator=_port)
    rhost: str = attrs.field(validator=v.min_len(1))
    rport: int = attrs.field(validator=_port)


@attrs.frozen(kw_only=True)
class UdpBenchmarkRequest(BenchmarkRequest):
    """What is measured, and between which endpoints."""

    a: UdpEndpoint
    b: UdpEndpoint


async def benchmark_udp(compute: Compute, request: UdpBenchmarkRequest, progress: Progress) -> dict[str, Any]:
    """The report of a benchmark. Both ports are taken as long as it runs.

    ``foreign_frames`` are the datagrams of others that came to the receiving port meanwhile. Raises Invalid,
    Unavailable when too many others run, or Conflict when a port is in use or a datagram cannot be sent.
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

        results = await run_benchmark(request, run, progress)
    return {
        **{name: attrs.asdict(end) for name, end in ends.items()},
        "direction": request.direction,
        "trial_seconds": request.trial_seconds,
        "foreign_frames": foreign,
        "results": results,
    }


@contextmanager
def _naming(end: str) -> Iterator[None]:
    """Say which end it is whose field is named in an error."""
    try:
        yield
    except (Conflict, Invalid, Unavailable) as error:
        raise type(error)(f"{end}.{error}") from None
