"""What a process uses of the CPU."""

import time
from collections.abc import Callable
from typing import Any

import psutil

# What a server does after its reply (saving, telling) belongs to the request.
SETTLE_SECONDS = 1.2


class Meter:
    """Reads the CPU time of a process: user and system, threads that have ended included."""

    def __init__(self, process: psutil.Process) -> None:
        self._clock = (~process.pid << 3) | 2  # clock_getcpuclockid(3): the CPU-time clock of another process
        self._idle_rate = 0.0
        self._idle_rate = self._rate()

    def read(self) -> float:
        """Seconds of CPU since the process began."""
        return time.clock_gettime(self._clock)

    def _rate(self) -> float:
        began, used = time.perf_counter(), self.read()
        time.sleep(3 * SETTLE_SECONDS)
        return (self.read() - used) / (time.perf_counter() - began)

    def cost(self, times: int, function: Callable[[], Any]) -> float:
        """Seconds of CPU that one call of ``function`` costs the process, beyond what it uses when idle."""
        began, used = time.perf_counter(), self.read()
        for _ in range(times):
            function()
        time.sleep(SETTLE_SECONDS)
        elapsed = time.perf_counter() - began
        return (self.read() - used - self._idle_rate * elapsed) / times
