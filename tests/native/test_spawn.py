"""Child processes: how they end, and that they end."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from gns3trio.compute.nodes.parts.spawn import ChildProcess, spawn


@pytest.fixture
def null() -> Iterator[int]:
    descriptor = os.open(os.devnull, os.O_RDWR)
    yield descriptor
    os.close(descriptor)


def run(script: str, null: int) -> ChildProcess:
    return spawn(["/bin/sh", "-c", script], cwd=Path("/"), sandbox=None, stdin=null, stdout=null, stderr=null)


async def test_exit_statuses(null: int) -> None:
    for script, status in [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", -signal.SIGKILL)]:
        child = run(script, null)
        with trio.fail_after(30):
            assert await child.wait() == status
            assert await child.stop(grace=1) == status
        assert child.pidfd == -1


async def test_stop_is_gentle_first(null: int) -> None:
    child = run("sleep 1000", null)
    assert await child.stop(grace=10) == -signal.SIGTERM


async def test_stop_insists(null: int) -> None:
    reader, writer = os.pipe()
    script = "trap '' TERM; echo ready; while :; do sleep 0.01; done"
    child = spawn(["/bin/sh", "-c", script], cwd=Path("/"), sandbox=None, stdin=null, stdout=writer, stderr=null)
    os.close(writer)
    await trio.to_thread.run_sync(os.read, reader, 5)
    os.close(reader)
    assert await child.stop(grace=0.1) == -signal.SIGKILL


async def test_stop_is_not_cancelled(null: int) -> None:
    child = run("sleep 1000", null)
    with trio.CancelScope() as scope:
        scope.cancel()
        await child.stop(grace=10)
    assert child.pidfd == -1


async def test_timers_may_be_late(null: int) -> None:
    reader, writer = os.pipe()
    script = "exec cat /proc/self/timerslack_ns"
    child = spawn(
        ["/bin/sh", "-c", script], cwd=Path("/"), sandbox=None, stdin=null, stdout=writer, stderr=null, timer_slack=0.01
    )
    os.close(writer)
    assert await trio.to_thread.run_sync(os.read, reader, 20) == b"10000000\n"
    os.close(reader)
    assert await child.wait() == 0


def test_what_cannot_be_started_is_an_oserror(null: int) -> None:
    with pytest.raises(FileNotFoundError, match="/nowhere"):
        spawn(["/nowhere"], cwd=Path("/"), sandbox=None, stdin=null, stdout=null, stderr=null)
    with pytest.raises(PermissionError):
        spawn(["/etc/passwd"], cwd=Path("/"), sandbox=None, stdin=null, stdout=null, stderr=null)
