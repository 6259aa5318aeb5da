"""Watches trio's loop: measures how long it served nobody, and records what ran meanwhile.

All requests, consoles and timers share one thread. A *gap* is a time in which it served nobody: from one look at the
sockets to the next, or a time in which another thread held the interpreter. Gaps are measured twice each turn of the
loop, which costs about a microsecond. A separate thread records the stacks while a gap is still in progress.
"""

import logging
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import FrameType

import trio

from gns3trio.classes import frozen

LONG_SECONDS = 0.25
"""Gaps longer than this are noticeable and are logged, in seconds."""
WINDOW_SECONDS = 60.0
"""The longest gap is reported for this long, at most twice as long, in seconds; common scrapers come more often."""
# The number of innermost stack frames that are recorded for the loop, and for each other thread.
_FRAMES = 12
_FRAMES_BESIDE = 3

# The CPU time of shorter gaps is not measured.
_SHORT_SECONDS = 0.01
# A thread whose innermost frame is in one of these files waits for work.
_IDLE_FILES = ("trio/_core/_thread_cache.py", "threading.py")
_LOOP_FILE = "trio/_core/_run.py"

log = logging.getLogger(__name__)


@frozen
class Gap:
    """How long the loop served nobody, and how much CPU time it used of that. On an overloaded machine the first is
    long but not the second.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def most(self, other: "Gap") -> "Gap":
        """The maximum of both gaps, separately for each number."""
        return Gap(max(self.seconds, other.seconds), max(self.cpu_seconds, other.cpu_seconds))


class Watchdog(trio.abc.Instrument):
    """A trio instrument that measures the loop. Use ``watch_loop``.

    ``hardest`` is the gap with the most CPU time. Set it to ``Gap()`` to measure from then on.
    """

    def __init__(self) -> None:
        self.busy_seconds = 0.0
        self.long_gaps = 0
        self.hardest = Gap()
        self._loop_thread = threading.get_ident()
        self._since: float | None = None  # start of the current turn of the loop; None while it waits for I/O
        self._cpu_since = 0.0
        self._counted_until = 0.0  # end of the latest long gap
        self._window_ends = 0.0
        self._longest = Gap()  # in the current window
        self._longest_before = Gap()  # in the previous window
        self._ended = threading.Event()

    @property
    def longest(self) -> Gap:
        """The longest gap, and the most CPU time in a gap, of the last one or two minutes."""
        self._turn_window(time.perf_counter())
        return self._longest.most(self._longest_before)

    def after_io_wait(self, timeout: float) -> None:
        """Called by trio when a turn of the loop begins."""
        self._cpu_since = time.thread_time()
        self._since = time.perf_counter()

    def before_io_wait(self, timeout: float) -> None:
        """Called by trio when a turn of the loop has ended."""
        if self._since is None:
            return
        now = time.perf_counter()
        seconds = now - self._since
        self._since = None
        self.busy_seconds += seconds
        if seconds > _SHORT_SECONDS:
            gap = Gap(seconds, time.thread_time() - self._cpu_since)
            self._note(gap, now)
            if seconds > LONG_SECONDS:
                log.warning("the loop served nobody for %.2f s, of which it worked %.2f s", seconds, gap.cpu_seconds)

    def _note(self, gap: Gap, now: float) -> None:
        self._turn_window(now)
        self._longest = self._longest.most(gap)
        if gap.cpu_seconds > self.hardest.cpu_seconds:
            self.hardest = gap
        if gap.seconds > LONG_SECONDS:
            self._counted_until = now
            self.long_gaps += 1

    def _turn_window(self, now: float) -> None:
        if now >= self._window_ends:
            self._longest_before = self._longest if now < self._window_ends + WINDOW_SECONDS else Gap()
            self._longest = Gap()
            self._window_ends = now + WINDOW_SECONDS

    # --- in the separate thread ---

    def run(self) -> None:
        """Record the stacks whenever a gap becomes long, until ``end``."""
        told: float | None = None  # the start of the gap that was recorded last
        while True:
            since, now, cpu = self._since, time.perf_counter(), time.process_time()
            due = (now if since is None or since == told else since) + LONG_SECONDS
            if self._ended.wait(max(due - now, 0.0)):
                return
            now, since = time.perf_counter(), self._since
            late = now - due
            if since is not None and now - since >= LONG_SECONDS:
                if since != told:
                    told = since
                    log.warning("the loop has served nobody for %.2f s. It runs:\n%s", now - since, self._stack())
            elif late > LONG_SECONDS and self._counted_until < due:
                # The loop was idle: another thread held the interpreter, or the machine gave the process no CPU time.
                used = time.process_time() - cpu
                self._note(Gap(late, min(late, used)), now)
                log.warning(
                    "no thread could run for %.2f s, in which the server used %.2f s of CPU. These run:\n%s",
                    late,
                    used,
                    self._stacks(),
                )

    def end(self) -> None:
        """End the thread: make ``run`` return."""
        self._ended.set()

    def _stack(self) -> str:
        """The stack of the task that the loop is running."""
        return "".join(_task_frames(sys._current_frames()[self._loop_thread])).rstrip()

    def _stacks(self) -> str:
        """The same, and the stacks of other threads that are active."""
        parts = [self._stack() + "\n"]
        for ident, frame in sys._current_frames().items():
            if ident not in (self._loop_thread, threading.get_ident()) and not _is_idle(frame):
                parts.append("Beside it:\n" + "".join(traceback.format_stack(frame, _FRAMES_BESIDE)))
        return "".join(parts).rstrip()


def _is_idle(frame: FrameType) -> bool:
    return frame.f_code.co_filename.endswith(_IDLE_FILES)


def _task_frames(frame: FrameType) -> list[str]:
    """The stack lines of the task, without those of the loop below it."""
    stack = traceback.extract_stack(frame)
    loop = max((i for i, each in enumerate(stack) if each.filename.endswith(_LOOP_FILE)), default=-1)
    return traceback.format_list((stack[loop + 1 :] or stack)[-_FRAMES:])


@asynccontextmanager
async def watch_loop() -> AsyncIterator[Watchdog]:
    """Watch the current trio loop for as long as the ``async with`` lasts."""
    watchdog = Watchdog()
    thread = threading.Thread(target=watchdog.run, name="watchdog", daemon=True)
    trio.lowlevel.add_instrument(watchdog)
    thread.start()
    try:
        yield watchdog
    finally:
        trio.lowlevel.remove_instrument(watchdog)
        watchdog.end()
        thread.join()
