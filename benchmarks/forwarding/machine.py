"""What a measurement depends on of this machine: which CPUs, which kernel, and what else was running. Linux only."""

import os
import platform
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path

import attrs

from benchmarks.forwarding.programs import BenchmarkError

NS_PER_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
# Columns of /proc/stat that are work: user, nice, system, irq, softirq. Idle, iowait and stolen time are not.
BUSY_COLUMNS = (0, 1, 2, 5, 6)


class Placement(StrEnum):
    """Where the forwarding threads and the traffic tool's thread run."""

    SAME = "same"  # both on the forwarder's CPU
    SEPARATE = "separate"  # each on its own
    FREE = "free"  # where the scheduler likes


@attrs.frozen
class Cpus:
    """The CPU of the forwarder and the CPU of the traffic tool."""

    forwarder: int
    traffic: int

    @classmethod
    def default(cls) -> "Cpus":
        """The first two that we may use; one of them twice where there is only one."""
        usable = sorted(os.sched_getaffinity(0))
        return cls(forwarder=usable[0], traffic=usable[min(1, len(usable) - 1)])

    @classmethod
    def parse(cls, text: str) -> "Cpus":
        """From ``forwarder=0,traffic=1``. Raises ValueError."""
        try:
            given = dict(item.split("=") for item in text.split(","))
            cpus = cls(forwarder=int(given.pop("forwarder")), traffic=int(given.pop("traffic")))
        except (KeyError, ValueError):
            raise ValueError(f"not of the form forwarder=0,traffic=1: {text!r}") from None
        if given or {cpus.forwarder, cpus.traffic} - os.sched_getaffinity(0):
            raise ValueError(f"not usable here: {text!r}")
        return cpus

    def describe(self, placement: Placement) -> str:
        """A placement in words."""
        if placement is Placement.FREE:
            return "forwarder and tool on any CPU, as the scheduler likes"
        if placement is Placement.SAME:
            return f"forwarder and tool share CPU {self.forwarder}"
        return f"forwarder on CPU {self.forwarder}, tool on CPU {self.traffic}"


def place(cpus: Cpus, placement: Placement, *, forwarder: Sequence[int], traffic: Sequence[int]) -> None:
    """Pin threads, given by thread id. Raises BenchmarkError if there is only one CPU for two."""
    if placement is Placement.SEPARATE and cpus.forwarder == cpus.traffic:
        raise BenchmarkError("separate CPUs need two of them; use --placement same")
    anywhere = os.sched_getaffinity(0)
    for threads, own in ((forwarder, cpus.forwarder), (traffic, cpus.traffic)):
        cpu = cpus.forwarder if placement is Placement.SAME else own
        for thread in threads:
            os.sched_setaffinity(thread, anywhere if placement is Placement.FREE else {cpu})


def threads_of(pid: int) -> list[int]:
    """The ids of a process's threads."""
    return sorted(int(entry.name) for entry in Path(f"/proc/{pid}/task").iterdir())


def thread_cpu_ns(pid: int, threads: Iterable[int]) -> int:
    """The CPU time that these threads have used, as the scheduler accounts for it."""
    return sum(int(Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[0]) for thread in threads)


def busy_ns() -> int:
    """The CPU time that everybody on this machine has used since it started; in steps of the kernel's tick."""
    columns = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    return sum(int(columns[column]) for column in BUSY_COLUMNS) * NS_PER_TICK


def describe() -> str:
    """Kernel, processor and number of CPUs."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return f"Linux {platform.release()}, {len(os.sched_getaffinity(0))} CPUs, {model}"
