"""Measures a link: a source and a sink beside its nodes, which notice nothing of it."""

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import trio

from gns3trio.compute.local.leases import bind_udp
from gns3trio.compute.local.tunnels import Tunnel
from gns3trio.compute.nio import LOOPBACK
from gns3trio.conditions.chain import core_filters, longest_hold
from gns3trio.controller.links.benchmark_limits import next_trial_id, one_of_few, widen
from gns3trio.controller.links.link import Link
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Forwarder, Port
from gns3trio.forwarder.trial import TrialResult, TrialSpec, run_trial
from gns3trio.measure.rfc2544 import BenchmarkRequest, Progress, run_benchmark

# How long frames that a filter holds are waited for at the end: two filters of GNS3's longest delay.
MOST_HOLD_SECONDS = 70.0
HOLD_LOOK_SECONDS = 0.02
# The same when nobody waits for the report any more, or the server ends.
LEAVING_HOLD_SECONDS = 1.0


async def benchmark_link(
    forwarder: Forwarder, link: Link, tunnels: Sequence[Tunnel | None], request: BenchmarkRequest, progress: Progress
) -> dict[str, Any]:
    """The report of a benchmark. Frames take the link's whole way, with its filters, as if its first node (or the
    second) had sent them, and are taken out before they reach the other.

    ``foreign_frames`` are those that the nodes sent meanwhile: they share the link and make the figures worse. Raises
    Invalid, Unavailable when too many others run, or Conflict when the link cannot be measured, is being measured, or
    goes meanwhile.
    """
    request.check()
    first, second = (*tunnels, None, None)[:2]
    if first is None or second is None:
        raise Conflict(f"link {link.link_id}: both ends must be on this host to measure it")
    if link.record.suspend:
        raise Conflict(f"link {link.link_id}: is suspended")
    if link.is_measured:
        raise Conflict(f"link {link.link_id}: is being measured already")
    near, far = (first, second) if request.direction == "a_to_b" else (second, first)
    with ExitStack() as stack:
        stack.enter_context(one_of_few())
        stack.callback(setattr, link, "is_measured", False)
        link.is_measured = True
        tx, source = _probe_end(stack, forwarder)
        rx, sink = _probe_end(stack, forwarder)
        stack.enter_context(forwarder.probe(source, sink, near.port, far.port))
        before = now = _foreign_frames(forwarder, near, far, source)

        async def run(spec: TrialSpec) -> TrialResult:
            nonlocal now
            result = await run_trial(tx, rx, spec, next_trial_id())
            if link.record.suspend or not (near.port.is_open and far.port.is_open):
                raise Conflict(f"link {link.link_id}: was suspended or deleted while it was measured")
            now = _foreign_frames(forwarder, near, far, source)
            return result

        try:
            results = await run_benchmark(request, run, progress)
        except BaseException:
            with trio.move_on_after(LEAVING_HOLD_SECONDS, shield=True):
                await _wait_until_passed(forwarder, link, near, far)
            raise
        await _wait_until_passed(forwarder, link, near, far)
        foreign = now - before
    return {
        "link_id": str(link.link_id),
        "direction": request.direction,
        "trial_seconds": request.trial_seconds,
        "foreign_frames": max(foreign, 0),
        "nodes_were_sending": foreign > 0,
        "results": results,
    }


def _probe_end(stack: ExitStack, forwarder: Forwarder) -> tuple[socket.socket, Port]:
    """A socket of the generator, and the forwarder's port that it is joined to."""
    mine = stack.enter_context(bind_udp(LOOPBACK, 0))
    theirs = stack.enter_context(bind_udp(LOOPBACK, 0))
    widen(mine)
    mine.connect(theirs.getsockname())
    port = forwarder.open_port(theirs, mine.getsockname())
    stack.callback(port.close)
    return mine, port


def _foreign_frames(forwarder: Forwarder, near: Tunnel, far: Tunnel, source: Port) -> int:
    """Frames that others than ``source`` gave to the link at both ends, whatever became of them."""
    counters = forwarder.snapshot()
    total = -counters[source.id].rx_frames
    for tunnel in (near, far):
        c = counters[tunnel.port.id]
        total += c.tx_frames - c.tx_duplicated + sum(c.tx_drops.values()) + c.tx_held
    return total


async def _wait_until_passed(forwarder: Forwarder, link: Link, near: Tunnel, far: Tunnel) -> None:
    """Return when no filter can hold a frame of a trial any more: without the sink it would reach the node."""
    hold = longest_hold(core_filters(link.record.filters, link.impairments.filters, at_first_end=True))
    with trio.move_on_after(min(hold, MOST_HOLD_SECONDS)):
        while near.port.is_open and far.port.is_open:
            counters = forwarder.snapshot()
            if counters[near.port.id].tx_held + counters[far.port.id].rx_held == 0:
                break
            await trio.sleep(HOLD_LOOK_SECONDS)
