"""Measures a link: a source and a sink beside its nodes, which notice nothing of it."""

import itertools
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from gns3trio.compute.leases import bind_udp
from gns3trio.compute.tunnels import Tunnel
from gns3trio.controller.link import Link
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Forwarder
from gns3trio.forwarder.trial import TrialResult, TrialSpec, run_trial
from gns3trio.measure.rfc2544 import BenchmarkRequest, Progress, run_benchmark

LOOPBACK = "127.0.0.1"
SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
_trial_ids = itertools.count(1)


async def benchmark_link(
    forwarder: Forwarder, link: Link, tunnels: Sequence[Tunnel | None], request: BenchmarkRequest, progress: Progress
) -> dict[str, Any]:
    """The report of a benchmark. Frames take the link's whole way, with its filters, as if its first node (or the
    second) had sent them, and are taken out before they reach the other.

    ``foreign_frames`` are those that the nodes sent meanwhile: they share the link and make the figures worse. Raises
    Invalid, or Conflict when the link cannot be measured, is being measured, or goes meanwhile.
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
    link.is_measured = True
    try:
        with ExitStack() as stack:
            tx, source = _probe_end(stack, forwarder)
            rx, sink = _probe_end(stack, forwarder)
            stack.enter_context(forwarder.probe(source, sink, near.port, far.port))
            sent = 0
            before = offered = _offered(forwarder, near, far)

            async def run(spec: TrialSpec) -> TrialResult:
                nonlocal sent, offered
                result = await run_trial(tx, rx, spec, next(_trial_ids) & 0xFFFFFFFF)
                if link.record.suspend or not (near.port.is_open and far.port.is_open):
                    raise Conflict(f"link {link.link_id}: was suspended or deleted while it was measured")
                sent += result.sent
                offered = _offered(forwarder, near, far)
                return result

            results = await run_benchmark(request, run, progress)
            foreign = offered - before - sent
    finally:
        link.is_measured = False
    return {
        "link_id": str(link.link_id),
        "direction": request.direction,
        "trial_seconds": request.trial_seconds,
        "foreign_frames": max(foreign, 0),
        "nodes_were_sending": foreign > 0,
        "results": results,
    }


def _probe_end(stack: ExitStack, forwarder: Forwarder) -> tuple[socket.socket, Any]:
    """A socket of the generator, and the forwarder's port that it is joined to."""
    mine = stack.enter_context(bind_udp(LOOPBACK, 0))
    theirs = stack.enter_context(bind_udp(LOOPBACK, 0))
    mine.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
    mine.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
    mine.connect(theirs.getsockname())
    return mine, stack.enter_context(forwarder.open_port(theirs, mine.getsockname()))


def _offered(forwarder: Forwarder, near: Tunnel, far: Tunnel) -> int:
    """Frames that were given to the link at both ends, whatever became of them."""
    counters = forwarder.snapshot()
    total = 0
    for tunnel in (near, far):
        c = counters[tunnel.port.id]
        total += c.tx_frames - c.tx_duplicated + sum(c.tx_drops.values()) + c.tx_held
    return total
