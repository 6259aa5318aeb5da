"""What the kernel tells of processes and control groups: processor time and memory. All functions block for moments.

Formats: proc_pid_stat(5); cgroup v2 (``cpu.stat``, ``memory.current``) and v1 (``cpuacct.usage``,
``memory.usage_in_bytes``), for containers.
"""

import os
from contextlib import suppress
from pathlib import Path

from gns3trio.classes import frozen
from gns3trio.compute.local.cgroups import groups_of, read_table, read_text
from gns3trio.compute.local.programs import RunningProcess

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
# More processes of one container are not counted one by one.
_MOST_PROCESSES = 10_000


@frozen
class Taken:
    """What a process, or all of a container, has taken: processor time in seconds since its start, memory in bytes that
    is in the host's memory now, and the number of processes.
    """

    cpu_seconds: float
    memory_bytes: int
    processes: int = 1


def measure(process: RunningProcess, proc: Path = _PROC) -> Taken | None:
    """What it has taken; None if it has ended, or is in no place that this server can see."""
    if process.container_id is not None:
        return _measure_container(process.pid, process.container_id, proc)
    return _measure_process(process.pid, proc)


def _measure_process(pid: int, proc: Path) -> Taken | None:
    # Behind the name of the program, which may contain anything.
    words = read_text(proc / str(pid) / "stat").rpartition(")")[2].split()
    if len(words) < 22 or words[0] in "ZX":
        return None
    return Taken((int(words[11]) + int(words[12])) / _TICKS, int(words[21]) * _PAGE)


def _measure_container(pid: int, container_id: str, proc: Path) -> Taken | None:
    """The groups of the process are those of the container if they are named after it. Another process may have its
    number, if the engine runs elsewhere.
    """
    found = groups_of(proc / str(pid), proc / "self" / "mountinfo")
    groups = {name: folder for name, folder in found.items() if container_id in str(folder)}
    unified, memory, cpu = (groups.get(name) for name in ("", "memory", "cpuacct"))
    listed = cpu or memory or unified
    pids = read_text(listed / "cgroup.procs").split()[:_MOST_PROCESSES] if listed is not None else []
    if not pids:
        return None
    each = [taken for taken in (_measure_process(int(pid), proc) for pid in pids) if taken is not None]
    seconds, size = sum(taken.cpu_seconds for taken in each), sum(taken.memory_bytes for taken in each)
    with suppress(ValueError, KeyError):
        if cpu is not None:
            seconds = int(read_text(cpu / "cpuacct.usage")) / 1e9
        elif unified is not None:
            seconds = read_table(unified / "cpu.stat")["usage_usec"] / 1e6
    with suppress(ValueError):  # what the kernel may drop any time, because it has it on the disk, does not count
        if memory is not None:
            cached = read_table(memory / "memory.stat").get("total_inactive_file", 0)
            size = max(int(read_text(memory / "memory.usage_in_bytes")) - cached, 0)
        elif unified is not None:
            cached = read_table(unified / "memory.stat").get("inactive_file", 0)
            size = max(int(read_text(unified / "memory.current")) - cached, 0)
    return Taken(seconds, size, len(pids))
