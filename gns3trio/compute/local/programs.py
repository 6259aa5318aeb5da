"""The programs of nodes that run on this host: which process belongs to which node, and a control group for each."""

import hashlib
import logging
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from uuid import UUID

import attrs
import trio

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.compute.local.cgroups import Group, GroupLimits, Groups, find_place
from gns3trio.errors import NoThread

log = logging.getLogger(__name__)


@frozen(kw_only=True, eq=False)
class RunningProcess:
    """A process of a node. ``container_id``: it is the first process of this container, all of whose processes count.
    ``configured_bytes`` is the memory that the node is to have; None if nothing tells it.
    """

    pid: int
    container_id: str | None = None
    configured_bytes: int | None = None


class RunningPrograms:
    """The processes of all nodes of this host, by node. ``groups`` is None where the server may make none, and
    ``why_no_groups`` says why.
    """

    def __init__(self, groups: Groups | None = None, why_no_groups: str = "") -> None:
        self.groups = groups
        self.why_no_groups = why_no_groups
        self._processes: dict[UUID, list[RunningProcess]] = {}

    def of(self, node_id: UUID) -> Sequence[RunningProcess]:
        """The processes of a node; empty if it does not run, or not as a process."""
        return self._processes.get(node_id, ())

    def all(self) -> list[RunningProcess]:
        """The processes of all nodes."""
        return [process for processes in self._processes.values() for process in processes]

    @contextmanager
    def held(self, node_id: UUID, process: RunningProcess) -> Iterator[None]:
        """The process belongs to the node as long as the ``with`` lasts. It must not have been waited for."""
        processes = self._processes.setdefault(node_id, [])
        processes.append(process)
        try:
            yield
        finally:
            processes.remove(process)
            if not processes:
                del self._processes[node_id]

    @asynccontextmanager
    async def group(
        self, node_id: UUID, limits: GroupLimits, *, configured_bytes: int | None = None
    ) -> "AsyncIterator[ProgramGroup]":
        """For a program of the node, which is started and stopped inside the ``async with``: it counts as the node's,
        and gets a control group. At the end all that is left in the group is killed.
        """
        group = ProgramGroup(self, node_id, limits, configured_bytes)
        try:
            yield group
        finally:
            with trio.CancelScope(shield=True):
                await group.end()


class ProgramGroup:
    """The control group of a program, or none where there can be none. Use ``RunningPrograms.group``."""

    def __init__(
        self, running: RunningPrograms, node_id: UUID, limits: GroupLimits, configured_bytes: int | None
    ) -> None:
        self._running = running
        self._node_id = node_id
        self._limits = limits
        self._configured_bytes = configured_bytes
        self._group: Group | None = None
        self._held = ExitStack()

    async def add(self, pid: int) -> None:
        """The program has been started as this process. It stays where it is if the kernel permits nothing else."""
        process = RunningProcess(pid=pid, configured_bytes=self._configured_bytes)
        self._held.enter_context(self._running.held(self._node_id, process))
        groups = self._running.groups
        if groups is None:
            return
        try:
            # The name has the process, because the group of an earlier one may still be there.
            self._group = await threads.kernel.run(groups.make, f"{self._node_id}.{pid}", self._limits, pid)
        except (OSError, NoThread) as error:
            log.warning("node %s has no control group of its own: %s", self._node_id, error)

    async def limit_cpu(self, percent: int | None) -> bool:
        """Let the program use so much of the processors, in percent of one; None is no limit.

        Returns False if this host cannot limit it. Raises NoThread.
        """
        self._limits = attrs.evolve(self._limits, cpu_percent=percent)
        taken = frozenset[str]()
        if self._group is not None:
            taken = await threads.kernel.run(self._group.limit, self._limits)
        return percent is None or "cpu" in taken

    async def end(self) -> None:
        """Kill all that is left in the group, and remove it."""
        self._held.close()
        groups = self._running.groups
        if groups is None or self._group is None:
            return
        try:
            ended = await threads.kernel.run(groups.end, self._group)
        except NoThread:
            ended = False  # the next start of the server removes it
        if not ended:
            log.warning("the control group %s could not be removed", self._group.folder)


async def open_programs(projects_path: Path, wanted: bool) -> RunningPrograms:
    """Where programs will run. What an earlier server of this projects folder has left is removed, with its processes.

    The caller holds the lock of the folder. ``wanted``: the setting ``use_cgroups``.
    """
    if not wanted:
        return RunningPrograms(why_no_groups="the setting use_cgroups is off")

    def find() -> RunningPrograms:
        place = find_place()
        if place.folder is None:
            return RunningPrograms(why_no_groups=place.why_not)
        identity = hashlib.blake2b(os.fsencode(projects_path.resolve()), digest_size=8).hexdigest()
        groups = Groups(place.folder, identity)
        groups.remove_left()
        return RunningPrograms(groups)

    return await threads.kernel.run(find)
