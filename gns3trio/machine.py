"""How busy this machine is, as GNS3 tells it."""

import os
from contextlib import suppress
from typing import Any

import psutil
import trio

MAX_AGE_SECONDS = 1.0


class _LoadMeter:
    """CPU and memory use, measured at most once a second: asking the kernel for each of many clients would cost more
    than telling them.
    """

    def __init__(self) -> None:
        self._measured_at = float("-inf")
        self._load = {"cpu_usage_percent": 0.0, "memory_usage_percent": 0.0}

    def load(self) -> dict[str, float]:
        """CPU and memory use in percent; those of before when the process has no descriptor to ask with."""
        now = trio.current_time()
        if now - self._measured_at > MAX_AGE_SECONDS:
            self._measured_at = now
            with suppress(OSError):
                self._load = {
                    "cpu_usage_percent": psutil.cpu_percent(interval=None),
                    "memory_usage_percent": psutil.virtual_memory().percent,
                }
        return self._load


_meter = _LoadMeter()  # of this process: psutil measures from one call to the next


def machine_load() -> dict[str, float]:
    """CPU and memory use in percent, at most a second old."""
    return _meter.load()


def machine_statistics(disk: str) -> dict[str, Any]:
    """Memory and swap in bytes; CPU, memory, swap, load and the disk that holds the folder ``disk`` in percent."""
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    cpus = psutil.cpu_count() or 1
    return {
        "memory_total": memory.total,
        "memory_free": memory.available,
        "memory_used": memory.total - memory.available,
        "swap_total": swap.total,
        "swap_free": swap.free,
        "swap_used": swap.used,
        "cpu_usage_percent": int(psutil.cpu_percent(interval=None)),
        "memory_usage_percent": int(memory.percent),
        "swap_usage_percent": int(swap.percent),
        "disk_usage_percent": int(psutil.disk_usage(disk).percent),
        "load_average_percent": [int(load / cpus * 100) for load in os.getloadavg()],
    }
