"""What the core costs when nothing happens: CPU time and wake-ups of the whole process with many silent ports."""

import re
import resource
import time
from pathlib import Path

import attrs

from benchmarks.forwarding.forwarders import CORE_CHILD, read_threads
from benchmarks.forwarding.machine import thread_cpu_ns, threads_of
from benchmarks.forwarding.programs import BenchmarkError, Program

# Opening the ports must be over and forgotten.
SETTLE_SECONDS = 1.0
FILES_PER_PORT = 2  # the tool's socket, and the core's copy of its descriptor
OTHER_FILES = 100


@attrs.frozen
class IdleSample:
    """CPU time and number of wake-ups over a time of silence."""

    ports: int
    seconds: float
    worker_cpu_ns: int
    process_cpu_ns: int  # all threads, Python's included
    worker_wakeups: int


def measure_idle(ports: int, seconds: float) -> IdleSample:
    """The core with so many ports that nobody sends to. Raises BenchmarkError."""
    _, allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed != resource.RLIM_INFINITY and allowed < ports * FILES_PER_PORT + OTHER_FILES:
        raise BenchmarkError(
            f"{ports} ports need {ports * FILES_PER_PORT} open files, and this system allows {allowed}"
        )
    with Program.python(CORE_CHILD, "idle", ports) as program:
        program.read_ports()
        workers = read_threads(program)
        time.sleep(SETTLE_SECONDS)
        before = _reading(program.pid, workers)
        time.sleep(seconds)
        after = _reading(program.pid, workers)
    worker_cpu_ns, process_cpu_ns, wakeups = (new - old for old, new in zip(before, after, strict=True))
    return IdleSample(ports, seconds, worker_cpu_ns, process_cpu_ns, wakeups)


def _reading(pid: int, workers: list[int]) -> tuple[int, int, int]:
    return (
        thread_cpu_ns(pid, workers),
        thread_cpu_ns(pid, threads_of(pid)),
        sum(_wakeups(pid, worker) for worker in workers),
    )


def _wakeups(pid: int, thread: int) -> int:
    status = Path(f"/proc/{pid}/task/{thread}/status").read_text()
    return sum(int(number) for number in re.findall(r"ctxt_switches:\s+(\d+)", status))
