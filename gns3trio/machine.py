"""The load of this machine, in GNS3's terms."""

import os
from contextlib import suppress

import attrs
import psutil
import trio

from gns3trio.classes import frozen

MAX_AGE_SECONDS = 1.0


@frozen(kw_only=True)
class MachineLoad:
    """Use of CPU, memory and disk of the machine, in percent. ``measured_at`` is the time on trio's clock at which it
    became known here.
    """

    cpu_usage_percent: float = 0.0
    memory_usage_percent: float = 0.0
    disk_usage_percent: float = 0.0
    measured_at: float = attrs.field(default=float("-inf"), eq=False)


@frozen(kw_only=True)
class MachineSize:
    """What a machine has: CPUs, memory and disk in bytes."""

    cpus: int = 0
    memory: int = 0
    disk_size: int = 0


@frozen(kw_only=True)
class MachineStatistics:
    """Statistics of the machine: memory and swap in bytes, the rest in percent; load averages of 1,
    5 and 15 minutes.
    """

    memory_total: int
    memory_free: int
    memory_used: int
    swap_total: int
    swap_free: int
    swap_used: int
    cpu_usage_percent: int
    memory_usage_percent: int
    swap_usage_percent: int
    disk_usage_percent: int
    load_average_percent: list[int]


def has_capability(number: int) -> bool:
    """Whether this process has the capability, by its number in linux/capability.h, in effect (proc_pid_status(5))."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("CapEff:"):
                return bool(int(line.split()[1], 16) >> number & 1)
    return False


class _LoadMeter:
    """Measures CPU and memory use at most once a second, because asking the kernel for every client
    would be expensive.
    """

    def __init__(self) -> None:
        self._measured_at = float("-inf")
        self._load = MachineLoad()
        self._disk_percent, self._disk_size = 0.0, 0

    def measure_disk(self, folder: str) -> None:
        """Measure the disk of a folder. Blocks."""
        with suppress(OSError):
            usage = psutil.disk_usage(folder)
            self._disk_percent, self._disk_size = usage.percent, usage.total

    def size(self) -> MachineSize:
        """What the machine has, and the disk that was measured last."""
        memory = 0
        with suppress(OSError):
            memory = psutil.virtual_memory().total
        return MachineSize(cpus=os.cpu_count() or 1, memory=memory, disk_size=self._disk_size)

    def load(self) -> MachineLoad:
        """CPU and memory use; the earlier values if the process has no free descriptor to measure with."""
        now = trio.current_time()
        if now - self._measured_at > MAX_AGE_SECONDS:
            self._measured_at = now
            with suppress(OSError):
                self._load = MachineLoad(
                    cpu_usage_percent=psutil.cpu_percent(interval=None),
                    memory_usage_percent=psutil.virtual_memory().percent,
                    disk_usage_percent=self._disk_percent,
                    measured_at=now,
                )
        return self._load


_meter = _LoadMeter()  # of this process: psutil measures from one call to the next


def machine_load() -> MachineLoad:
    """Use of CPU and memory, at most a second old, and of the disk that was measured last."""
    return _meter.load()


def machine_size() -> MachineSize:
    """What the machine has."""
    return _meter.size()


def measure_disk(folder: str) -> None:
    """Measure the disk of a folder for ``machine_load`` and ``machine_size``. Blocks."""
    _meter.measure_disk(folder)


def machine_statistics(disk: str) -> MachineStatistics:
    """The statistics of the machine, with the disk of the folder ``disk``."""
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    cpus = psutil.cpu_count() or 1
    return MachineStatistics(
        memory_total=memory.total,
        memory_free=memory.available,
        memory_used=memory.total - memory.available,
        swap_total=swap.total,
        swap_free=swap.free,
        swap_used=swap.used,
        cpu_usage_percent=int(psutil.cpu_percent(interval=None)),
        memory_usage_percent=int(memory.percent),
        swap_usage_percent=int(swap.percent),
        disk_usage_percent=int(psutil.disk_usage(disk).percent),
        load_average_percent=[int(load / cpus * 100) for load in os.getloadavg()],
    )
