"""The watchdog: what keeps the loop is measured, counted and written down."""

import ctypes
import time
from collections.abc import Callable

import pytest
import trio

from gns3trio import watchdog
from gns3trio.watchdog import LONG_SECONDS, Gap, watch_loop
from tests.loop import loop_goes_on

LONG = LONG_SECONDS * 2


def work_hard() -> None:
    until = time.thread_time() + LONG
    while time.thread_time() < until:
        pass


def wait_idly() -> None:
    time.sleep(LONG)


def hold_the_interpreter(is_told: Callable[[], bool]) -> None:
    """As a long call of a library in C does that does not let others run; then stay for a while, until that is told.

    Do so again until it is: the first time, the loop may still be in the turn that began this thread. Then its own gap
    is told, not that of the thread.
    """
    for _ in range(10):
        ctypes.PyDLL(None).usleep(int(4 * LONG_SECONDS * 1e6))
        for _ in range(1000):
            if is_told():
                return
            time.sleep(0.001)


async def turn() -> None:
    """Let the loop look at its sockets."""
    for _ in range(3):
        await trio.lowlevel.checkpoint()


async def test_work_is_measured_and_written_down(caplog: pytest.LogCaptureFixture) -> None:
    async with watch_loop() as seen:
        await turn()
        work_hard()
        await turn()
        assert seen.hardest.cpu_seconds >= LONG
        assert seen.longest.seconds >= LONG
        assert seen.busy_seconds >= LONG
        assert seen.long_gaps >= 1
    assert "in work_hard" in caplog.text and "until = " not in caplog.text
    assert "trio/_core/_run.py" not in caplog.text


async def test_waiting_in_the_loop_is_a_gap_without_work(caplog: pytest.LogCaptureFixture) -> None:
    async with watch_loop() as seen:
        await turn()
        wait_idly()
        await turn()
        assert seen.longest.seconds >= LONG
        assert seen.hardest.cpu_seconds < LONG_SECONDS
        assert seen.long_gaps >= 1
    assert "in wait_idly" in caplog.text


async def test_a_thread_that_holds_the_interpreter_is_a_gap(caplog: pytest.LogCaptureFixture) -> None:
    async with watch_loop() as seen:
        await trio.lowlevel.checkpoint()
        await trio.to_thread.run_sync(hold_the_interpreter, lambda: "no thread could run" in caplog.text)
        assert seen.long_gaps >= 1
    assert "in hold_the_interpreter" in caplog.text


def test_the_longest_is_forgotten_after_two_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = watchdog.Watchdog()
    clock = time.perf_counter()
    with monkeypatch.context() as patched:
        patched.setattr(watchdog.time, "perf_counter", lambda: clock)
        seen._note(Gap(3.0, 1.0), clock)
        assert seen.longest == Gap(3.0, 1.0)
        clock += watchdog.WINDOW_SECONDS
        assert seen.longest == Gap(3.0, 1.0)
        clock += watchdog.WINDOW_SECONDS
        assert seen.longest == Gap()


async def test_the_guard_of_tests_fails_after_hard_work() -> None:
    async with watch_loop() as seen:
        with pytest.raises(AssertionError, match="at one go"):
            async with loop_goes_on(seen):
                await turn()
                work_hard()
                await turn()
        with pytest.raises(AssertionError, match="at one go"):
            async with loop_goes_on(seen):
                work_hard()
        async with loop_goes_on(seen):
            await turn()


async def test_the_guard_of_tests_leaves_out_what_was_before_it() -> None:
    async with watch_loop() as seen:
        await turn()
        work_hard()
        async with loop_goes_on(seen):
            await turn()
