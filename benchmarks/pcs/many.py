"""Ten thousand PCs in a core, as a program: what they cost.

``python -m benchmarks.pcs.many PCS IDLE_SECONDS`` writes one line of JSON, and ends: see ``Many``.
"""

import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from ipaddress import IPv4Address

import attrs
import trio
import trio.testing

from benchmarks.forwarding.machine import thread_cpu_ns, threads_of
from benchmarks.links.__main__ import resident_bytes
from gns3trio.forwarder.forwarder import Forwarder, open_forwarder
from gns3trio.forwarder.pc import Pc, Pcs, open_pcs
from gns3trio.forwarder.pc_types import Event, PcIdentity, Ping, Reply

PER_SWITCH = 100
NETWORK = IPv4Address("10.0.0.0")
PREFIX = 8
SETTLE_SECONDS = 1.0
AT_ONCE = 100  # pings


@attrs.frozen
class Many:
    """What so many PCs cost. Bytes are of each, and percents of one CPU."""

    open_seconds: float  # until all are opened, joined to switches, and have an address
    core_bytes: float  # by the core's own count
    resident_bytes: float  # growth of the process, Python's objects included
    idle_percent: float  # CPU of the workers
    idle_process_percent: float  # CPU of all threads
    timers: int  # that are set
    unanswered: int  # of one ping from each to its neighbour at the switch
    pinged_core_bytes: float  # by the core's own count, after these: with a cache of one entry
    close_seconds: float


async def measure(count: int, idle_seconds: float) -> Many:
    """Open the PCs, leave them alone, have each ping, and close them."""
    before = set(threads_of(os.getpid()))
    async with open_forwarder() as forwarder, open_pcs(forwarder) as pcs:
        await trio.testing.wait_all_tasks_blocked()
        workers = set(threads_of(os.getpid())) - before
        resident, began = resident_bytes(), time.perf_counter()
        with ExitStack() as stack:
            opened = open_all(stack, forwarder, pcs, count)
            open_seconds = time.perf_counter() - began
            resident = resident_bytes() - resident
            idle_ns, idle_process_ns = await idle(workers, idle_seconds)
            states = [pc.state() for pc in opened]
            unanswered = await ping_neighbours(opened)
            pinged = sum(pc.state().memory_bytes for pc in opened)
            began = time.perf_counter()
        return Many(
            open_seconds=open_seconds,
            core_bytes=sum(state.memory_bytes for state in states) / count,
            resident_bytes=resident / count,
            idle_percent=idle_ns / idle_seconds / 1e7,
            idle_process_percent=idle_process_ns / idle_seconds / 1e7,
            timers=sum(state.timers for state in states),
            unanswered=unanswered,
            pinged_core_bytes=pinged / count,
            close_seconds=time.perf_counter() - began,
        )


def open_all(stack: ExitStack, forwarder: Forwarder, pcs: Pcs, count: int) -> list[Pc]:
    """The PCs with their addresses, on switches."""
    opened = []
    for number in range(count):
        if number % PER_SWITCH == 0:
            switch = forwarder.open_switch()
            stack.callback(switch.close)
        mac = (0x005079660000 + number).to_bytes(6).hex(":")
        pc = stack.enter_context(pcs.open(PcIdentity(mac=mac, name=f"PC{number + 1}")))
        pc.set_address(NETWORK + number + 1, PREFIX)
        switch.join(pc.port)
        opened.append(pc)
    return opened


async def idle(workers: set[int], seconds: float) -> tuple[int, int]:
    """CPU time in ns that the workers, and all threads, use while nothing happens."""
    own = os.getpid()
    await trio.sleep(SETTLE_SECONDS)
    before = thread_cpu_ns(own, workers), thread_cpu_ns(own, threads_of(own))
    await trio.sleep(seconds)
    after = thread_cpu_ns(own, workers), thread_cpu_ns(own, threads_of(own))
    return after[0] - before[0], after[1] - before[1]


async def ping_neighbours(pcs: Sequence[Pc]) -> int:
    """Each pings the next one at its switch, the last one the first one; returns how many are not answered."""
    limiter = trio.CapacityLimiter(AT_ONCE)
    answered = 0

    async def ping(number: int) -> None:
        nonlocal answered
        first = number - number % PER_SWITCH
        at_switch = min(PER_SWITCH, len(pcs) - first)
        target = NETWORK + first + (number + 1) % PER_SWITCH % at_switch + 1
        async with limiter:
            with pcs[number].start(Ping(target=target, count=1)) as job:
                events: list[Event] = [event async for event in job]
                answered += any(isinstance(event, Reply) for event in events)

    async with trio.open_nursery() as nursery:
        for number in range(len(pcs)):
            nursery.start_soon(ping, number)
    return len(pcs) - answered


if __name__ == "__main__":
    print(json.dumps(attrs.asdict(trio.run(measure, int(sys.argv[1]), float(sys.argv[2])))), flush=True)
