"""Measures a link with a source and a sink beside its nodes, which are not affected."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Literal
from uuid import UUID

import trio

from gns3trio.classes import frozen
from gns3trio.compute.interface import LinkProbe
from gns3trio.compute.split_probe import open_split_probe
from gns3trio.controller.changes import LinkMeasured
from gns3trio.controller.links.benchmark_limits import one_of_few
from gns3trio.controller.links.filters import conditions_of
from gns3trio.controller.links.link import Link
from gns3trio.controller.links.links import Links
from gns3trio.errors import Conflict
from gns3trio.measure.results import SizeResult
from gns3trio.measure.rfc2544 import BenchmarkSpec, run_benchmark
from gns3trio.notifications.feed import ChangeFeed
from gns3trio.traffic.trials import TrialResult, TrialSpec

# Seconds to wait at the end for frames that filters hold: two GNS3 filters with the longest delay.
MOST_HOLD_SECONDS = 70.0
HOLD_LOOK_SECONDS = 0.02
# The same, if nobody waits for the report any more, or the server ends.
LEAVING_HOLD_SECONDS = 1.0
MICROSECONDS = 1e6


@frozen(kw_only=True)
class LinkBenchmark:
    """The report of a benchmark of a link. ``foreign_frames`` are frames that the nodes sent meanwhile; they share the
    link and worsen the results. ``latency_error_us``: how far latencies between two hosts may be off, because their
    clocks differ.
    """

    link_id: UUID
    direction: Literal["a_to_b", "b_to_a"]
    trial_seconds: float
    foreign_frames: int
    nodes_were_sending: bool
    latency_error_us: float
    results: Sequence[SizeResult]


async def benchmark_link(links: Links, link: Link, request: BenchmarkSpec, changes: ChangeFeed) -> LinkBenchmark:
    """Run a benchmark and publish every trial; returns the report. Test frames pass the whole link with its filters, as
    if its first node (or the second) had sent them, and are removed before they reach the other node.

    Raises Invalid; Unavailable if too many benchmarks run; Conflict if the link cannot be measured, is being measured,
    or is deleted meanwhile.
    """
    request.check()
    first, second = (*links.ends(link), None, None)[:2]
    computes = [node.require_compute() for node, _ in links.running_nodes(link)]
    if first is None or second is None or len(computes) != 2:
        raise Conflict(f"link {link.link_id}: both ends must be wired to measure it")
    for compute in computes:
        if not compute.capabilities.benchmarks:
            raise Conflict(f"link {link.link_id}: compute {compute.compute_id!r} cannot measure it")
    if link.record.suspend:
        raise Conflict(f"link {link.link_id}: is suspended")
    if link.is_measured:
        raise Conflict(f"link {link.link_id}: is being measured already")
    ends = [(computes[0], first), (computes[1], second)]
    near, far = ends if request.direction == "a_to_b" else reversed(ends)
    foreign, latency_error = 0, 0.0
    async with AsyncExitStack() as stack:
        stack.enter_context(one_of_few())
        stack.callback(setattr, link, "is_measured", False)
        link.is_measured = True
        opened = near[0].probe(near[1], far[1]) if near[0] is far[0] else open_split_probe(near, far)
        probe: LinkProbe = await stack.enter_async_context(opened)

        async def run(spec: TrialSpec) -> TrialResult:
            nonlocal foreign, latency_error
            result = await probe.run(spec)
            latency_error = max(latency_error, result.latency_error)
            if link.record.suspend or not probe.is_open:
                raise Conflict(f"link {link.link_id}: was suspended or deleted while it was measured")
            foreign = await probe.foreign_frames()
            return result

        try:
            results = await run_benchmark(request, run, lambda trial: changes.publish(LinkMeasured(link, trial)))
        except BaseException:
            with trio.move_on_after(LEAVING_HOLD_SECONDS, shield=True):
                await _wait_until_passed(link, probe)
            raise
        await _wait_until_passed(link, probe)
    return LinkBenchmark(
        link_id=link.link_id,
        direction=request.direction,
        trial_seconds=request.trial_seconds,
        foreign_frames=max(foreign, 0),
        nodes_were_sending=foreign > 0,
        latency_error_us=round(latency_error * MICROSECONDS, 1),
        results=results,
    )


async def _wait_until_passed(link: Link, probe: LinkProbe) -> None:
    """Wait until no filter can hold a test frame any more, because without the sink it would reach the node."""
    hold = conditions_of(link.record, link.impairments).longest_hold()
    with trio.move_on_after(min(hold, MOST_HOLD_SECONDS)):
        while probe.is_open:
            if await probe.held_frames() == 0:
                break
            await trio.sleep(HOLD_LOOK_SECONDS)
