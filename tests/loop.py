"""Tests that a server's loop went on serving others. All tests of ``tests/api`` do so with the ``running`` server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from gns3trio.watchdog import LONG_SECONDS, Gap, Watchdog

# No input may make the loop work for longer without a look at its other clients.
MOST_WORK_SECONDS = 0.5


@asynccontextmanager
async def loop_goes_on(watchdog: Watchdog, most_seconds: float = LONG_SECONDS) -> AsyncIterator[None]:
    """What happens meanwhile never makes the loop work for longer than that, in CPU time, at one go.

    CPU time, because a gap on the clock may be the fault of a machine that does other things. The loop is that of the
    test too: what a test computes itself, such as a large body, is to be ready before, or done in a thread.
    """
    await trio.lowlevel.checkpoint()  # what the test has done until now belongs to a turn of its own
    before, watchdog.hardest = watchdog.hardest, Gap()
    yield
    await trio.lowlevel.checkpoint()  # the last turn is measured too
    now = watchdog.hardest
    assert now.cpu_seconds <= most_seconds, f"the loop worked {now.cpu_seconds:.2f} s at one go"
    watchdog.hardest = max(before, now, key=lambda gap: gap.cpu_seconds)
