"""The account of this host's nodes: what their programs and folders take of it."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from uuid import UUID
from weakref import WeakKeyDictionary

import attrs
import trio

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.compute.local.disk_usage import DiskMeter
from gns3trio.compute.local.processes import Taken, measure
from gns3trio.compute.local.programs import RunningProcess, RunningPrograms
from gns3trio.compute.node_features import NodeUsage
from gns3trio.slices import Slices

# A percentage is that since the last measurement, if it is no older than LATELY_SECONDS. Otherwise it is measured for
# MOMENT_SECONDS. It is not measured anew before LEAST_SECONDS, because the kernel counts in steps of 10 ms.
LATELY_SECONDS, LEAST_SECONDS, MOMENT_SECONDS = 10.0, 1.0, 0.25
# So many processes are measured in one call of a thread, which has Python's lock all the time.
_PER_CALL = 200


@frozen
class _Sample:
    """The processor time of a process at some time, and how much it was in percent of one processor until then."""

    at: float
    cpu_seconds: float
    percent: float | None


class Account:
    """Measures nodes. ``disk.run`` must be running."""

    def __init__(self, running: RunningPrograms) -> None:
        self.disk = DiskMeter()
        self._running = running
        self._samples: WeakKeyDictionary[RunningProcess, _Sample] = WeakKeyDictionary()

    async def of_nodes(self, nodes: Sequence[tuple[UUID, Path | None]], *, lately: bool = True) -> list[NodeUsage]:
        """The usage of nodes, each given by its id and its folder. Without ``lately``, percentages may be unknown, and
        what folders take is what is known already.
        """
        processes = [process for node_id, _ in nodes for process in self._running.of(node_id)]
        measured = await self._measure(processes, lately)
        folders = [folder for _, folder in nodes if folder is not None]
        sizes = await self.disk.measure(folders) if lately else self.disk.known(folders)
        slices, usages = Slices(), list[NodeUsage]()
        for node_id, folder in nodes:
            usage = self._sum(self._running.of(node_id), measured)
            if folder is not None and (size := sizes.get(folder)) is not None:
                usage = attrs.evolve(usage, disk_bytes=size.size, disk_is_whole=size.whole)
            usages.append(usage)
            await slices.pause()
        return usages

    async def of_all_programs(self) -> NodeUsage:
        """What the programs of all nodes of this host take together."""
        processes = self._running.all()
        return self._sum(processes, await self._measure(processes, lately=True))

    async def _measure(self, processes: Sequence[RunningProcess], lately: bool) -> dict[RunningProcess, Taken]:
        measured = await self._read(processes)
        if not lately:
            return measured
        now = trio.current_time()
        late = [each for each in measured if now - self._samples[each].at > LATELY_SECONDS]
        if late:
            for process in late:
                self._samples[process] = _Sample(now, measured[process].cpu_seconds, None)
            await trio.sleep(MOMENT_SECONDS)
            measured |= await self._read(late)
            now = trio.current_time()
        for process, taken in measured.items():
            before = self._samples[process]
            since = now - before.at
            if since >= LEAST_SECONDS or (before.percent is None and since >= MOMENT_SECONDS):
                percent = max(taken.cpu_seconds - before.cpu_seconds, 0.0) / since * 100
                self._samples[process] = _Sample(now, taken.cpu_seconds, percent)
        return measured

    async def _read(self, processes: Sequence[RunningProcess]) -> dict[RunningProcess, Taken]:
        read = dict[RunningProcess, Taken]()
        for begin in range(0, len(processes), _PER_CALL):
            some = processes[begin : begin + _PER_CALL]
            for process, taken in zip(some, await threads.kernel.run(_measure_all, some), strict=True):
                if taken is not None:
                    read[process] = taken
                    self._samples.setdefault(process, _Sample(float("-inf"), 0.0, None))
        return read

    def _sum(self, processes: Iterable[RunningProcess], measured: Mapping[RunningProcess, Taken]) -> NodeUsage:
        taken = [(measured[each], self._samples[each].percent) for each in processes if each in measured]
        if not taken:
            return NodeUsage()
        percents = [percent for _, percent in taken if percent is not None]
        configured = [each.configured_bytes for each in processes if each.configured_bytes is not None]
        return NodeUsage(
            processes=sum(each.processes for each, _ in taken),
            cpu_seconds=sum(each.cpu_seconds for each, _ in taken),
            cpu_percent=sum(percents) if percents else None,
            memory_bytes=sum(each.memory_bytes for each, _ in taken),
            configured_memory_bytes=sum(configured) if configured else None,
        )


def _measure_all(processes: Sequence[RunningProcess]) -> list[Taken | None]:
    return [measure(process) for process in processes]
