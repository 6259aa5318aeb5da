"""What nodes may take of this host: memory, before it would swap, and disk, before it is full.

A machine takes its memory bit by bit, as its guest uses it. So the memory that a node is configured with counts from
its start to its end. What it has taken already is missing in the host's memory anyway, and the rest is promised.
"""

import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.compute.local.cgroups import groups_of, read_table, read_text
from gns3trio.compute.local.processes import measure
from gns3trio.compute.local.programs import RunningPrograms
from gns3trio.config import Config
from gns3trio.errors import Conflict, path_error

MIB = 1024 * 1024
# What is left to the host in any case: for its other programs, and for what a node needs beside its memory.
HOST_RESERVE = 256 * MIB


@frozen
class HostMemory:
    """The memory of this host, or of the container in which the server runs, in bytes: all of it, and what programs can
    still have without swapping.
    """

    total: int
    available: int


def look_at_memory(proc: Path = Path("/proc")) -> HostMemory:
    """Read it (proc_meminfo(5)). Blocks for a moment."""
    words = [line.split() for line in read_text(proc / "meminfo").splitlines()]
    sizes = {each[0]: int(each[1]) * 1024 for each in words if len(each) == 3}
    total, available = sizes["MemTotal:"], sizes["MemAvailable:"]
    groups = groups_of(proc / "self", proc / "self" / "mountinfo")
    for name, most, used, cached in (
        ("", "memory.max", "memory.current", "inactive_file"),
        ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        folder = groups.get(name)
        while folder is not None and (folder / "cgroup.procs").exists():
            limit, taken = read_text(folder / most).strip(), read_text(folder / used).strip()
            if limit.isdecimal() and taken.isdecimal():
                dropped = read_table(folder / "memory.stat").get(cached, 0)  # when there is need
                total = min(total, int(limit))
                available = min(available, max(int(limit) - int(taken) + dropped, 0))
            folder = folder.parent
    return HostMemory(total, available)


@frozen(kw_only=True)
class NodeLimits:
    """The settings ``max_node_memory`` (a number of MiB, or with ``%`` of the host's memory; 0 is no limit),
    ``allow_memory_overcommit``, and ``min_free_disk`` in MiB.
    """

    max_memory: str = "90%"
    allow_overcommit: bool = False
    min_free_disk: int = 0

    @classmethod
    def of(cls, config: Config) -> "NodeLimits":
        """Those of a server."""
        return cls(
            max_memory=config.max_node_memory,
            allow_overcommit=config.allow_memory_overcommit,
            min_free_disk=config.min_free_disk,
        )

    def most_memory(self, total: int) -> int | None:
        """The bytes that nodes may have together; None is no limit."""
        if self.max_memory.endswith("%"):
            most = int(total * float(self.max_memory[:-1]) / 100)
        else:
            most = int(self.max_memory) * MIB
        return most or None


class HostLimits:
    """The memory of this host that nodes have, or are going to take."""

    def __init__(
        self, running: RunningPrograms, limits: NodeLimits, look: Callable[[], HostMemory] = look_at_memory
    ) -> None:
        self._running = running
        self._limits = limits
        self._look = look
        self._taken: dict[UUID, int] = {}  # configured bytes, by node

    @asynccontextmanager
    async def take(self, node_id: UUID, what: str, memory_bytes: int, folder: Path) -> AsyncIterator[None]:
        """The memory belongs to the node, which ``what`` names, as long as the body runs. The node's files are in
        ``folder``.

        Raises Conflict if the host has not enough of memory or disk; of starts at the same time, the later ones.
        """
        # First what nodes have, then what is free: what one takes meanwhile counts twice, and never not at all.
        resident = await threads.kernel.run(self._resident)
        memory = await threads.kernel.run(self._look)
        try:
            disk = await threads.disk.run(_free_disk, folder)
        except OSError as error:
            raise path_error(f"{folder} cannot be used", error) from None
        self._require(what, memory_bytes, memory, resident)
        if disk < self._limits.min_free_disk * MIB:
            raise Conflict(
                f"{what} is not started: {_mib(disk)} are free on the disk of {folder}, less than the "
                f"{self._limits.min_free_disk} MiB of the setting min_free_disk"
            )
        self._taken[node_id] = memory_bytes
        try:
            yield
        finally:
            del self._taken[node_id]

    def _resident(self) -> Mapping[UUID, int]:
        resident = {}
        for node_id in list(self._taken):
            taken = [measure(process) for process in self._running.of(node_id)]
            resident[node_id] = sum(each.memory_bytes for each in taken if each is not None)
        return resident

    def _require(self, what: str, need: int, memory: HostMemory, resident: Mapping[UUID, int]) -> None:
        """Raises Conflict. No other start comes between this and the note of what is taken."""
        configured = sum(self._taken.values())
        most = self._limits.most_memory(memory.total)
        if most is not None and configured + need > most:
            raise Conflict(
                f"{what} is not started: it needs {_mib(need)} of memory, and the nodes that run have "
                f"{_mib(configured)} of the {_mib(most)} that they may have together (the setting max_node_memory is "
                f"{self._limits.max_memory})"
            )
        promised = sum(max(size - resident.get(node_id, 0), 0) for node_id, size in self._taken.items())
        free = max(memory.available - promised - HOST_RESERVE, 0)
        if need > free and not self._limits.allow_overcommit:
            raise Conflict(
                f"{what} is not started: it needs {_mib(need)} of memory, and this host has {_mib(free)} for it. "
                f"{_mib(memory.available)} of {_mib(memory.total)} are available, and the nodes that run may still "
                f"take {_mib(promised)} of that. Stop other nodes, or give it less; with the setting "
                "allow_memory_overcommit it is started all the same, and the host may swap"
            )


def _free_disk(folder: Path) -> int:
    return shutil.disk_usage(next(each for each in (folder, *folder.parents) if each.exists())).free


def _mib(size: int) -> str:
    return f"{size // MIB} MiB"
