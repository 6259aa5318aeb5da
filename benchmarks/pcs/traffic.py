"""Generated traffic between PCs in a core, as a program: what it costs, and how fast it is.

``python -m benchmarks.pcs.traffic PCS SECONDS`` writes one line of JSON, and ends: see ``Traffic``.
"""

import json
import os
import sys
import time
from contextlib import ExitStack

import attrs
import trio
import trio.testing

from benchmarks.forwarding.machine import thread_cpu_ns, threads_of
from benchmarks.pcs.many import NETWORK, open_all
from gns3trio.forwarder.forwarder import Forwarder, open_forwarder
from gns3trio.forwarder.pc import Pc, open_pcs
from gns3trio.forwarder.pc_traffic import PcFlow, open_flows
from gns3trio.traffic.flows import FlowResult, FlowSpec

LATE_SECONDS = 0.3
# As fast as a flow can be, and at a rate at which every packet goes alone.
FULL = FlowSpec(packets_per_second=1_000_000, data_bytes=64, seconds=1)
SINGLE = FlowSpec(packets_per_second=1000, data_bytes=64, seconds=1, echo=True)
# Of all pairs.
MESH = FlowSpec(packets_per_second=10, data_bytes=64, seconds=1)


@attrs.frozen
class Traffic:
    """What traffic costs. ``flows``: between all pairs of the PCs. Times are in seconds, latencies in us."""

    flows: int
    start_seconds: float
    read_seconds: float
    flow_bytes: float  # of each, at both ends together, by the core's own count
    mesh_lost: int
    packets_per_second: float  # of one flow, as fast as it can
    packet_us: float  # CPU of the worker for one of its packets, at both ends together
    lost: int
    one_way_us: float  # medians, at a rate at which every packet goes alone
    round_trip_us: float


async def measure(count: int, seconds: float) -> Traffic:
    """All pairs at once, then one flow."""
    before = set(threads_of(os.getpid()))
    async with open_forwarder(workers=1) as forwarder, open_pcs(forwarder) as pcs:
        await trio.testing.wait_all_tasks_blocked()
        workers = set(threads_of(os.getpid())) - before
        with ExitStack() as stack:
            opened = open_all(stack, forwarder, pcs, count)
            flows = [flow_between(opened, a, b, MESH, seconds) for a in range(count) for b in range(count) if a != b]
            idle_bytes = sum(pc.state().memory_bytes for pc in opened)
            began = time.perf_counter()
            async with open_flows(forwarder, flows) as mesh:
                start_seconds = time.perf_counter() - began
                await trio.sleep(seconds + LATE_SECONDS)
                began = time.perf_counter()
                results = await mesh.read()
                read_seconds = time.perf_counter() - began
                used_bytes = sum(pc.state().memory_bytes for pc in opened) - idle_bytes
            cpu_ns = thread_cpu_ns(os.getpid(), workers)
            full = await run(forwarder, flow_between(opened, 0, 1, FULL, seconds))
            cpu_ns = thread_cpu_ns(os.getpid(), workers) - cpu_ns
            single = await run(forwarder, flow_between(opened, 0, 1, SINGLE, seconds))
            assert single.arrived is not None and single.arrived.latency is not None
            assert single.returned.latency is not None
            return Traffic(
                flows=len(flows),
                start_seconds=start_seconds,
                read_seconds=read_seconds,
                flow_bytes=used_bytes / len(flows),
                mesh_lost=sum(result.lost or 0 for result in results),
                packets_per_second=full.sent / seconds,
                packet_us=cpu_ns / full.sent / 1000,
                lost=full.lost or 0,
                one_way_us=single.arrived.latency.p50 * 1e6,
                round_trip_us=single.returned.latency.p50 * 1e6,
            )


def flow_between(pcs: list[Pc], sender: int, receiver: int, spec: FlowSpec, seconds: float) -> PcFlow:
    """A flow that begins at a time of its own within its interval."""
    spread = (sender * len(pcs) + receiver) % 97 / 97 / spec.packets_per_second
    spec = attrs.evolve(spec, seconds=seconds, delay=min(spread, LATE_SECONDS / 3))
    return PcFlow(pcs[sender], pcs[receiver], NETWORK + receiver + 1, spec)


async def run(forwarder: Forwarder, flow: PcFlow) -> FlowResult:
    """What became of a flow."""
    async with open_flows(forwarder, [flow]) as flows:
        await trio.sleep(flow.spec.seconds + LATE_SECONDS)
        (result,) = await flows.read()
    return result


if __name__ == "__main__":
    print(json.dumps(attrs.asdict(trio.run(measure, int(sys.argv[1]), float(sys.argv[2])))), flush=True)
