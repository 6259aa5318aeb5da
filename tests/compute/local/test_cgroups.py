"""Control groups: those of the kernel, where this machine lets the test make some, and folders that look like them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gns3trio.compute.local.cgroups import (
    PREFIX,
    SERVER_GROUP,
    Group,
    GroupLimits,
    Groups,
    Place,
    find_place,
    take_delegation,
)

# A program that starts another one in a session of its own, tells of both, and waits.
FAMILY = """
import subprocess, sys, time
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def groups() -> Iterator[Groups]:
    """Real groups, of which none is left afterwards."""
    place = find_place()
    if place.folder is None:
        pytest.skip(f"no control groups can be made here: {place.why_not}")
    made = Groups(place.folder, f"test-{os.getpid()}")
    yield made
    made.remove_left()
    assert not made.folder.exists()


def start_family() -> tuple["subprocess.Popen[str]", int]:
    """A process that waits to be in a group, and what it starts then: the process, and the id of its child."""
    process = subprocess.Popen([sys.executable, "-c", FAMILY], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_all_processes_of_a_group_end_with_it_also_those_that_left_their_session(groups: Groups) -> None:
    process, child = start_family()
    group = groups.make("node", GroupLimits(), process.pid)
    assert groups.make("node", GroupLimits(), child).folder == group.folder
    assert (group.folder / "cgroup.procs").read_text().split() == [str(process.pid), str(child)]
    assert groups.end(group)
    assert process.wait() == -signal.SIGKILL
    assert not is_running(child)
    assert not groups.folder.exists(), "the last group takes the folder with it"


def test_the_folder_stays_until_its_last_group_ends(groups: Groups) -> None:
    process, child = start_family()
    first, second = groups.make("first", GroupLimits(), process.pid), groups.make("second", GroupLimits(), child)
    assert groups.end(first)
    assert process.wait() == -signal.SIGKILL
    assert groups.folder.exists()
    assert is_running(child)
    assert groups.end(second)
    assert not groups.folder.exists()
    assert groups.end(second), "it is gone already"


def test_what_a_killed_server_left_ends_when_the_next_one_starts(groups: Groups) -> None:
    process, child = start_family()
    groups.make("left", GroupLimits(), child)
    try:
        Groups(groups.folder.parent, "of-another-server").remove_left()
        assert is_running(child), "another server does not touch groups with processes"
        Groups(groups.folder.parent, groups.folder.name.removeprefix(PREFIX)).remove_left()
        assert not is_running(child)
        assert not groups.folder.exists()
    finally:
        process.kill()
        process.wait()


def test_empty_groups_of_other_servers_are_removed_too(groups: Groups) -> None:
    other = Groups(groups.folder.parent, f"killed-{os.getpid()}")
    (other.folder / "node").mkdir(parents=True)
    foreign = groups.folder.parent / f"gns3trio-other-{os.getpid()}"  # such as that of an engine's containers
    foreign.mkdir()
    try:
        groups.remove_left()
        assert not other.folder.exists()
        assert foreign.exists()
    finally:
        foreign.rmdir()


def test_a_process_that_has_ended_cannot_be_added(groups: Groups) -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    with pytest.raises(ProcessLookupError):
        groups.make("node", GroupLimits(), process.pid)


# --- files that look like those of the kernel ---


def make_group(folder: Path, *files: str) -> Path:
    """A folder with the files of a group."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("cgroup.procs", "cgroup.subtree_control", "cgroup.controllers", *files):
        (folder / name).write_text("")
    return folder


def place_of(tmp_path: Path, cgroup: str, mounts: str) -> Place:
    proc = tmp_path / "proc"
    proc.mkdir()
    (proc / "cgroup").write_text(cgroup)
    (proc / "mountinfo").write_text(mounts)
    return find_place(proc)


def mount(root: str, at: Path, kind: str = "cgroup2") -> str:
    return f"30 24 0:26 {root} {at} rw,nosuid shared:9 - {kind} cgroup rw\n"


def test_a_container_has_its_own_top(tmp_path: Path) -> None:
    top = make_group(tmp_path / "cgroup", "cgroup.type")
    place = place_of(tmp_path, "0::/\n", mount("/", tmp_path / "none", "tmpfs") + mount("/", top))
    assert place.folder == top


def test_a_host_with_both_versions_is_asked_about_the_second(tmp_path: Path) -> None:
    top = make_group(tmp_path / "unified")
    place = place_of(
        tmp_path, "9:name=systemd:/\n4:memory:/x\n0::/\n", mount("/", tmp_path, "cgroup") + mount("/", top)
    )
    assert place.folder == top


@pytest.mark.parametrize(
    ("cgroup", "mounted", "reason"),
    [
        ("4:memory:/x\n", "cgroup2", "no control groups of version 2"),
        ("0::/\n", "cgroup", "not mounted"),
        ("0::/user.slice/session-2.scope\n", "cgroup2", "not delegated"),
        ("", "cgroup2", "no control groups of version 2"),
    ],
)
def test_why_there_are_none(tmp_path: Path, cgroup: str, mounted: str, reason: str) -> None:
    for folder in ("cgroup", "cgroup/user.slice", "cgroup/user.slice/session-2.scope"):
        make_group(tmp_path / folder)
    place = place_of(tmp_path, cgroup, mount("/", tmp_path / "cgroup", mounted))
    assert place.folder is None
    assert reason in place.why_not
    assert place.controllers() == frozenset()


def delegated(folder: Path) -> Path:
    make_group(folder, "cgroup.type")
    try:
        os.setxattr(folder, "user.delegate", b"1")
    except OSError as error:
        pytest.skip(f"this file system has no attributes: {error.strerror}")
    return folder


def test_the_group_of_a_service_is_used_if_it_is_delegated(tmp_path: Path) -> None:
    make_group(tmp_path / "cgroup" / "system.slice")
    folder = delegated(tmp_path / "cgroup" / "system.slice" / "gns3trio.service")
    place = place_of(tmp_path, "0::/system.slice/gns3trio.service\n", mount("/", tmp_path / "cgroup"))
    assert place.folder == folder


def test_a_server_that_has_moved_uses_the_group_above(tmp_path: Path) -> None:
    folder = delegated(tmp_path / "cgroup" / "gns3trio.service")
    make_group(folder / SERVER_GROUP)
    place = place_of(tmp_path, f"0::/gns3trio.service/{SERVER_GROUP}\n", mount("/", tmp_path / "cgroup"))
    assert place.folder == folder


def test_the_server_makes_room_for_limits(tmp_path: Path) -> None:
    folder = make_group(tmp_path / "cgroup", "cgroup.type")
    (folder / "cgroup.controllers").write_text("cpuset cpu io memory hugetlb pids\n")
    (folder / "cgroup.procs").write_text("41\n")
    make_group(folder / SERVER_GROUP).joinpath("cgroup.procs").write_text("")
    take_delegation(Place(folder=folder))
    assert (folder / SERVER_GROUP / "cgroup.procs").read_text() == "41"
    assert (folder / "cgroup.subtree_control").read_text().startswith("+")  # each of three, written by itself


def test_limits_are_those_of_the_kernel() -> None:
    assert GroupLimits().files() == {"memory.max": "max", "pids.max": "max", "cpu.max": "max 100000"}
    limits = GroupLimits(memory_bytes=2**30, tasks=64, cpu_percent=250)
    assert limits.files() == {"memory.max": "1073741824", "pids.max": "64", "cpu.max": "250000 100000"}


def test_only_what_the_kernel_has_is_limited(tmp_path: Path) -> None:
    folder = make_group(tmp_path / "cgroup", "cgroup.type")
    group = Group(folder)
    (folder / "cpu.max").write_text("max 100000")
    (folder / "pids.max").write_text("max")
    assert group.limit(GroupLimits(memory_bytes=1, tasks=2, cpu_percent=50)) == {"cpu", "pids"}
    assert (group.folder / "cpu.max").read_text() == "50000 100000"
    assert (group.folder / "pids.max").read_text().startswith("2")
    assert not (group.folder / "memory.max").exists()
