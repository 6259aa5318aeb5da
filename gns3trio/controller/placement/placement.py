"""Chooses the compute of nodes that name none.

The load of a compute is what it says of its CPU and memory, which is at most some seconds old, and what its nodes will
need that do not run yet: so many nodes that are created at once do not all go to one host. What belongs to the host
itself, such as a cloud, stays on this server.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import attrs
import trio

from gns3trio import threads
from gns3trio.classes import define, frozen
from gns3trio.compute.interface import Compute
from gns3trio.compute.node_types import node_types
from gns3trio.controller.computes import Computes
from gns3trio.controller.placement.partition import Host, Wanted, partition
from gns3trio.errors import Conflict, LabError
from gns3trio.machine import MachineStatistics
from gns3trio.slices import Slices, in_slices

# Older figures of a compute are not used: it is asked, and not chosen if it does not answer soon.
MAX_AGE_SECONDS = 5.0
ASK_SECONDS = 2.0
# So long, one that has not answered is not asked again.
PAUSE_SECONDS = 10.0
# How often the nodes of all projects are counted. Those that were placed since are added.
_COUNT_SECONDS = 2.0
# A node that was placed, but not created until then, is not expected any more.
_LONGEST_CREATION = 1200.0
_MIB = 1024 * 1024
# More nodes are divided in a thread.
_AT_ONCE = 200


@frozen(kw_only=True)
class NewNode:
    """A node that needs a compute. ``beside`` are the computes of nodes to which it is linked and that have one."""

    node_id: UUID
    node_type: str
    properties: Mapping[str, Any] = attrs.field(factory=dict)
    engine: str | None = None
    beside: Sequence[str] = ()

    @property
    def mib(self) -> float:
        """The memory that it is expected to need."""
        return expected_mib(self.node_type, self.properties)


@frozen
class PlacedNode:
    """A node of an open project: the memory in MiB that it will need in addition when it runs."""

    node_id: UUID
    compute_id: str
    waiting_mib: float
    is_waiting: bool  # it does not run


@define
class _Count:
    """The nodes of one compute."""

    nodes: int = 0
    waiting: int = 0
    mib: float = 0.0

    def add(self, mib: float, *, is_waiting: bool) -> None:
        self.nodes += 1
        self.waiting += is_waiting
        self.mib += mib


@frozen
class _Told:
    """What a compute told when it was asked; None if it did not answer."""

    at: float
    statistics: MachineStatistics | None


class Placement:
    """``policy`` is the setting ``placement``. ``count_nodes`` yields the nodes of all open projects."""

    def __init__(self, computes: Computes, policy: str) -> None:
        self.count_nodes: Callable[[], Iterable[PlacedNode]] = lambda: ()
        self._computes = computes
        self._policy = policy
        self._told: dict[str, _Told] = {}
        self._memory: dict[str, float] = {}  # of each host, in MiB, which does not change
        self._counts: dict[str, _Count] = {}
        self._counted_at = float("-inf")
        self._expected: dict[UUID, tuple[float, str, float]] = {}  # placed since: when, where, and their memory
        self._lock = trio.Lock()

    async def choose(self, nodes: Sequence[NewNode], links: Iterable[tuple[int, int]] = ()) -> list[str]:
        """The compute of each node. ``links`` are pairs of indices of nodes that will be linked, and stay together if
        possible.

        Raises Conflict if a type runs only on computes that cannot be reached now.
        """
        own, others = self._computes.own, [each for each in self._computes.driven() if each is not self._computes.own]
        if not nodes or not others:
            return [own.compute_id] * len(nodes)
        able = await in_slices(self._able(node, own, others) for node in nodes)
        if all(computes == [own] for computes in able):
            return [own.compute_id] * len(nodes)
        async with self._lock:
            asked = {compute.compute_id: compute for computes in able for compute in computes}
            await self._ask([compute for compute in asked.values() if not self._is_known(compute)])
            await self._count()
            hosts = {
                compute.compute_id: self._host(compute)
                for compute in (own, *others)
                if compute.compute_id in asked and self._is_known(compute)
            }
            return await self._divide(nodes, able, links, hosts)

    def _able(self, node: NewNode, own: Compute, others: Sequence[Compute]) -> list[Compute]:
        """The computes that can run a node now."""
        here = own.runs(node.node_type)
        if here and (self._policy == "local" or node_types[node.node_type].reaches_host or node.engine is not None):
            return [own]  # the engine may be missing elsewhere
        offering = [each for each in others if each.runs(node.node_type)]
        there = [each for each in offering if each.trouble is None]
        if not here and not there and offering:
            raise Conflict(f"node_type: a {node.node_type} can run on no compute now: {offering[0].trouble}")
        return [*([own] if here else []), *there] or [own]

    async def _divide(
        self,
        nodes: Sequence[NewNode],
        able: Sequence[Sequence[Compute]],
        links: Iterable[tuple[int, int]],
        hosts: dict[str, Host],
    ) -> list[str]:
        wanted, slices = list[Wanted](), Slices()
        for node, computes in zip(nodes, able, strict=True):
            offering = [hosts[each.compute_id] for each in computes if each.compute_id in hosts]
            if not offering:  # all that offer the type are silent: one of them, all the same
                offering = [hosts.setdefault(computes[0].compute_id, Host(computes[0].compute_id))]
            beside = [hosts[each] for each in node.beside if each in hosts]
            wanted.append(Wanted(node.mib, offering, beside))
            await slices.pause()
        places = list(hosts.values())
        if len(nodes) > _AT_ONCE:
            chosen = await threads.parsers.run(partition, wanted, links, places)
        else:
            chosen = partition(wanted, links, places)
        for node, host in zip(nodes, chosen, strict=True):
            self._expected[node.node_id] = trio.current_time(), host.compute_id, node.mib
            self._counts.setdefault(host.compute_id, _Count()).add(node.mib, is_waiting=True)
            await slices.pause()
        return [host.compute_id for host in chosen]

    # --- the load ---

    def _is_known(self, compute: Compute) -> bool:
        """Whether there are figures of a compute that are new enough."""
        has_load = trio.current_time() - compute.load().measured_at <= MAX_AGE_SECONDS
        return self._fresh(compute) is not None or (has_load and compute.compute_id in self._memory)

    def _fresh(self, compute: Compute) -> MachineStatistics | None:
        told = self._told.get(compute.compute_id)
        is_new = told is not None and trio.current_time() - told.at <= MAX_AGE_SECONDS
        return told.statistics if told is not None and is_new else None

    async def _ask(self, computes: Iterable[Compute]) -> None:
        """Ask computes for their figures, all at once and not for long."""

        async def ask(compute: Compute) -> None:
            statistics = None
            with trio.move_on_after(ASK_SECONDS), suppress(LabError):
                statistics = await compute.statistics()
            self._told[compute.compute_id] = _Told(trio.current_time(), statistics)
            if statistics is not None:
                self._memory[compute.compute_id] = statistics.memory_total / _MIB

        async with trio.open_nursery() as nursery:
            for compute in computes:
                told = self._told.get(compute.compute_id)
                is_silent = told is not None and told.statistics is None
                if told is None or not is_silent or trio.current_time() - told.at > PAUSE_SECONDS:
                    nursery.start_soon(ask, compute)

    def _host(self, compute: Compute) -> Host:
        memory = self._memory.get(compute.compute_id, 0.0)
        load, told = compute.load(), self._fresh(compute)
        cpu, percent = load.cpu_usage_percent, load.memory_usage_percent
        if told is not None and trio.current_time() - load.measured_at > MAX_AGE_SECONDS:
            cpu, percent = told.cpu_usage_percent, told.memory_usage_percent
        count = self._counts.get(compute.compute_id, _Count())
        return Host(
            compute.compute_id,
            cpu=cpu,
            memory=memory,
            used=memory * percent / 100 + count.mib,
            nodes=count.nodes,
            waiting=count.waiting,
        )

    async def _count(self) -> None:
        """Count the nodes of each compute, and those that are still being created."""
        now = trio.current_time()
        if now - self._counted_at <= _COUNT_SECONDS:
            return
        counts, slices = dict[str, _Count](), Slices()
        for node in self.count_nodes():
            self._expected.pop(node.node_id, None)
            counts.setdefault(node.compute_id, _Count()).add(node.waiting_mib, is_waiting=node.is_waiting)
            await slices.pause()
        self._expected = {key: each for key, each in self._expected.items() if now - each[0] < _LONGEST_CREATION}
        for _, compute_id, mib in self._expected.values():
            counts.setdefault(compute_id, _Count()).add(mib, is_waiting=True)
        self._counts, self._counted_at = counts, now


def expected_mib(node_type: str, properties: Mapping[str, Any]) -> float:
    """The memory that a node is expected to need, in MiB: that of its machine, or what is usual for its type."""
    ram, traits = properties.get("ram"), node_types.get(node_type)
    if isinstance(ram, int) and ram > 0 and traits is not None and traits.emulator is not None:
        return float(min(ram, _MIB))
    return traits.memory_mib if traits is not None else 1.0
