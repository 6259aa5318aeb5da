"""Measures the path between two UDP endpoints of this host: any tunnel or relay."""

from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from typing import Literal

from gns3trio.classes import frozen
from gns3trio.compute.interface import Compute, UdpEndpoint
from gns3trio.compute.nio import UdpNio
from gns3trio.controller.changes import UdpMeasured
from gns3trio.controller.links.benchmark_limits import one_of_few
from gns3trio.errors import Conflict, Invalid, Unavailable
from gns3trio.measure.results import SizeResult, TrialReport
from gns3trio.measure.rfc2544 import BenchmarkSpec, run_benchmark
from gns3trio.notifications.feed import ChangeFeed
from gns3trio.traffic.trials import TrialResult, TrialSpec


@frozen(kw_only=True)
class UdpBenchmark:
    """The report of a benchmark between two endpoints. ``foreign_frames`` are datagrams of others that arrived at the
    receiving port.
    """

    a: UdpNio
    b: UdpNio
    direction: Literal["a_to_b", "b_to_a"]
    trial_seconds: float
    foreign_frames: int
    results: Sequence[SizeResult]


async def benchmark_udp(
    compute: Compute, a: UdpNio, b: UdpNio, request: BenchmarkSpec, changes: ChangeFeed
) -> UdpBenchmark:
    """Run a benchmark and publish every trial; returns the report. Both ports are leased while it runs.

    Raises Invalid; Unavailable if too many benchmarks run; Conflict if a port is in use or a datagram cannot be sent.
    """
    request.check()
    if not compute.capabilities.benchmarks:
        raise Conflict(f"compute {compute.compute_id}: cannot measure")
    if a.lport == b.lport:
        raise Invalid(f"b.lport: {b.lport} is that of a")
    near, far = ("a", "b") if request.direction == "a_to_b" else ("b", "a")
    foreign = 0
    async with AsyncExitStack() as stack:
        stack.enter_context(one_of_few())
        taken: dict[str, UdpEndpoint] = {}
        for name, nio in (("a", a), ("b", b)):
            with _naming(name):
                taken[name] = await stack.enter_async_context(compute.take_udp(nio))

        async def run(spec: TrialSpec) -> TrialResult:
            nonlocal foreign
            try:
                result = await taken[near].run_trial(taken[far], spec)
            except Conflict as error:
                raise Conflict(f"{near}: {error}") from None
            foreign += result.foreign
            return result

        def tell(trial: TrialReport) -> None:
            changes.publish(UdpMeasured(compute.compute_id, a, b, trial))

        results = await run_benchmark(request, run, tell)
    return UdpBenchmark(
        a=a,
        b=b,
        direction=request.direction,
        trial_seconds=request.trial_seconds,
        foreign_frames=foreign,
        results=results,
    )


@contextmanager
def _naming(end: str) -> Iterator[None]:
    """Add the name of the end to the field in an error."""
    try:
        yield
    except (Conflict, Invalid, Unavailable) as error:
        names_field = not str(error).startswith("compute ")  # another host's error names the compute first
        raise type(error)(f"{end}{'.' if names_field else ': '}{error}") from None
