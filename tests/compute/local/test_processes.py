"""Processor time and memory of real processes, and of containers whose control groups are files of the test."""

import os
import subprocess
import time
from pathlib import Path

from gns3trio.compute.local.processes import measure
from gns3trio.compute.local.programs import RunningProcess

CONTAINER = "0123456789abcdef" * 4


def test_a_process_that_works() -> None:
    first = measure(RunningProcess(pid=os.getpid()))
    assert first is not None and first.processes == 1
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    kept = bytearray(b"x" * 30_000_000)
    second = measure(RunningProcess(pid=os.getpid()))
    assert second is not None
    assert second.cpu_seconds - first.cpu_seconds >= 0.05
    assert second.memory_bytes - first.memory_bytes > len(kept) / 2


def test_a_process_that_has_ended() -> None:
    with subprocess.Popen(["true"]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert measure(RunningProcess(pid=process.pid)) is None, "it is not waited for yet"
    assert measure(RunningProcess(pid=process.pid)) is None


def write_process(proc: Path, pid: int, cgroup: str, *, ticks: int = 0, pages: int = 0) -> None:
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    (folder / "cgroup").write_text(cgroup)
    words = ["S", *(["0"] * 10), str(ticks), str(ticks), *(["0"] * 8), str(pages), "0"]
    (folder / "stat").write_text(f"{pid} (a) (name) {' '.join(words)}\n")


def write_mounts(proc: Path, *mounts: tuple[str, Path, str]) -> None:
    (proc / "self").mkdir(parents=True)
    lines = [f"30 24 0:26 / {at} rw - {kind} cgroup rw,{options}\n" for kind, at, options in mounts]
    (proc / "self" / "mountinfo").write_text("".join(lines))


def test_all_of_a_container_counts(tmp_path: Path) -> None:
    proc, group = tmp_path / "proc", tmp_path / "cgroup" / "system.slice" / f"docker-{CONTAINER}.scope"
    group.mkdir(parents=True)
    write_mounts(proc, ("cgroup2", tmp_path / "cgroup", ""))
    for pid in (7, 8):
        write_process(proc, pid, f"0::/system.slice/docker-{CONTAINER}.scope\n")
    (group / "cgroup.procs").write_text("7\n8\n")
    (group / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\n")
    (group / "memory.current").write_text("5000000\n")
    (group / "memory.stat").write_text("anon 1\ninactive_file 1000000\n")
    taken = measure(RunningProcess(pid=7, container_id=CONTAINER), proc)
    assert taken is not None
    assert (taken.cpu_seconds, taken.memory_bytes, taken.processes) == (2.5, 4000000, 2)


def test_control_groups_of_version_1(tmp_path: Path) -> None:
    proc, top = tmp_path / "proc", tmp_path / "cgroup"
    write_mounts(proc, ("cgroup", top / "cpu", "cpu,cpuacct"), ("cgroup", top / "memory", "memory"))
    write_process(proc, 7, f"4:memory:/docker/{CONTAINER}\n1:cpu,cpuacct:/docker/{CONTAINER}\n")
    cpu, memory = (top / name / "docker" / CONTAINER for name in ("cpu", "memory"))
    for folder in (cpu, memory):
        folder.mkdir(parents=True)
        (folder / "cgroup.procs").write_text("7\n")
    (cpu / "cpuacct.usage").write_text("1500000000\n")
    (memory / "memory.usage_in_bytes").write_text("3000\n")
    taken = measure(RunningProcess(pid=7, container_id=CONTAINER), proc)
    assert taken is not None and (taken.cpu_seconds, taken.memory_bytes) == (1.5, 3000)


def test_without_controllers_the_processes_are_added(tmp_path: Path) -> None:
    proc, group = tmp_path / "proc", tmp_path / "cgroup" / CONTAINER
    group.mkdir(parents=True)
    write_mounts(proc, ("cgroup2", tmp_path / "cgroup", ""))
    for pid in (7, 8):
        write_process(proc, pid, f"0::/{CONTAINER}\n", ticks=os.sysconf("SC_CLK_TCK"), pages=2)
    (group / "cgroup.procs").write_text("7\n8\n9\n")  # one has just ended
    taken = measure(RunningProcess(pid=7, container_id=CONTAINER), proc)
    assert taken is not None
    assert (taken.cpu_seconds, taken.memory_bytes) == (4.0, 4 * os.sysconf("SC_PAGE_SIZE"))


def test_the_process_of_a_container_elsewhere_is_another_one_here() -> None:
    assert measure(RunningProcess(pid=os.getpid(), container_id=CONTAINER)) is None
