"""Programs of nodes: which processes belong to a node, and their control groups."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from gns3trio.compute.local.cgroups import GroupLimits, find_place
from gns3trio.compute.local.programs import RunningProcess, RunningPrograms, open_programs

NODE = uuid4()


@contextmanager
def sleeping() -> Iterator[int]:
    """A process that does nothing."""
    with subprocess.Popen(["sleep", "600"]) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def ended_by(pid: int) -> int:
    result = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert result is not None
    return result.si_status


def group_of(pid: int) -> str:
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    return next(line[3:] for line in lines if line.startswith("0::"))


async def test_a_program_is_in_a_group_of_its_own_until_it_ends(tmp_path: Path) -> None:
    place = find_place()
    if place.folder is None:
        pytest.skip(f"no control groups can be made here: {place.why_not}")
    running = await open_programs(tmp_path, wanted=True)
    assert running.groups is not None
    async with running.group(NODE, GroupLimits(memory_bytes=2**28, tasks=64), configured_bytes=2**27) as group:
        with sleeping() as pid:
            await group.add(pid)
            assert group_of(pid).endswith(f"/{NODE}.{pid}")
            (process,) = running.of(NODE)
            assert (process.pid, process.configured_bytes) == (pid, 2**27)
            assert await group.limit_cpu(50) == ("cpu" in place.controllers())
            assert await group.limit_cpu(None)
    assert not running.of(NODE)
    assert not running.groups.folder.exists()


async def test_what_a_program_leaves_is_killed_with_its_group(tmp_path: Path) -> None:
    running = await open_programs(tmp_path, wanted=True)
    if running.groups is None:
        pytest.skip(f"no control groups can be made here: {running.why_no_groups}")
    with sleeping() as pid:
        async with running.group(NODE, GroupLimits()) as group:
            await group.add(pid)
        assert ended_by(pid) == signal.SIGKILL


async def test_programs_run_without_groups_where_there_are_none(tmp_path: Path) -> None:
    running = await open_programs(tmp_path, wanted=False)
    assert "use_cgroups" in running.why_no_groups
    before = group_of(os.getpid())
    async with running.group(NODE, GroupLimits(tasks=64)) as group:
        with sleeping() as pid:
            await group.add(pid)
            assert group_of(pid) == before
            assert [each.pid for each in running.of(NODE)] == [pid]
            assert not await group.limit_cpu(50), "who asks is told that it is not limited"
            assert await group.limit_cpu(None)
    assert running.all() == []


async def test_a_node_may_have_several_processes() -> None:
    running = RunningPrograms()
    first, second = RunningProcess(pid=1), RunningProcess(pid=1, container_id="abc")
    with running.held(NODE, first):
        with running.held(NODE, second):
            assert list(running.of(NODE)) == [first, second]
        assert list(running.of(NODE)) == [first]
    assert running.all() == []
