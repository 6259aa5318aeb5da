"""The account of nodes, with real processes."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import trio

from gns3trio.compute.local import account as module
from gns3trio.compute.local.account import Account
from gns3trio.compute.local.programs import RunningProcess, RunningPrograms

BUSY = ["sh", "-c", "while :; do :; done"]


@contextmanager
def running(
    programs: RunningPrograms, node_id: UUID, command: list[str], configured: int | None = None
) -> Iterator[int]:
    """A process of a node."""
    with subprocess.Popen(command) as process:
        try:
            with programs.held(node_id, RunningProcess(pid=process.pid, configured_bytes=configured)):
                yield process.pid
        finally:
            process.kill()


@pytest.fixture
async def account(nursery: trio.Nursery) -> Account:
    made = Account(RunningPrograms())
    nursery.start_soon(made.disk.run)
    return made


@pytest.fixture
def programs(account: Account) -> RunningPrograms:
    return account._running


async def test_busy_and_idle_nodes(account: Account, programs: RunningPrograms, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100_000)
    busy, idle, stopped = uuid4(), uuid4(), uuid4()
    with running(programs, busy, BUSY, configured=2**28), running(programs, idle, ["sleep", "600"]):
        with trio.fail_after(60):  # another program may have the processors for a while
            while True:
                first, second, third = await account.of_nodes([(busy, tmp_path), (idle, None), (stopped, tmp_path)])
                if first.cpu_percent and first.cpu_percent > 1:
                    break
                await trio.sleep(module.LEAST_SECONDS)
        assert first.cpu_seconds is not None and first.cpu_seconds > 0
        assert first.memory_bytes is not None and first.memory_bytes > 100_000
        assert (first.processes, first.configured_memory_bytes) == (1, 2**28)
        assert second.cpu_percent is not None and second.cpu_percent < first.cpu_percent
        assert (second.configured_memory_bytes, second.disk_bytes) == (None, None)
        assert third.disk_bytes is not None and third.disk_bytes >= 100_000
        assert (third.processes, third.cpu_seconds, third.memory_bytes) == (0, None, None)
        together = await account.of_all_programs()
        assert together.processes == 2
        assert together.memory_bytes is not None and together.memory_bytes > first.memory_bytes / 2
        assert together.configured_memory_bytes == 2**28


async def test_processes_of_a_node_are_added(account: Account, programs: RunningPrograms) -> None:
    node = uuid4()
    with running(programs, node, ["sleep", "600"], 100), running(programs, node, ["sleep", "600"], 50):
        (usage,) = await account.of_nodes([(node, None)])
        assert (usage.processes, usage.configured_memory_bytes) == (2, 150)


async def test_a_process_that_has_just_ended_counts_no_more(account: Account, programs: RunningPrograms) -> None:
    node = uuid4()
    with running(programs, node, ["true"]) as pid:
        pass
    with programs.held(node, RunningProcess(pid=pid)):
        (usage,) = await account.of_nodes([(node, None)])
    assert usage.processes == 0


async def test_at_once_without_percentages(account: Account, programs: RunningPrograms, tmp_path: Path) -> None:
    node = uuid4()
    with running(programs, node, ["sleep", "600"]):
        (usage,) = await account.of_nodes([(node, tmp_path)], lately=False)
        assert (usage.processes, usage.cpu_percent, usage.disk_bytes) == (1, None, None)
