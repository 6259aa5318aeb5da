"""Staggers the starts of nodes that load their host while they boot, such as machines.

A start gets a turn if few other nodes are booting. A node boots until it works and the host has processor time and
memory to spare again, but no longer than its type says. So a host that is idle starts many at once, and one that
is busy starts the next when it has done with the ones before. Turns are given in the order of arrival.
"""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from gns3trio.compute.local.cgroups import read_text

# The share of time in which a program had to wait for a processor or for memory, from which on a host is busy.
BUSY_SHARE = 0.2
# A waiting start looks again after so many seconds.
LOOK_SECONDS = 0.25
_PRESSURE = Path("/proc/pressure")


class Load:
    """Whether this host is busy. Format: https://docs.kernel.org/accounting/psi.html."""

    def __init__(self, folder: Path = _PRESSURE) -> None:
        self._folder = folder
        self._read_at = float("-inf")
        self._totals: dict[str, float] = {}
        self._busy = False

    def is_busy(self) -> bool:
        """Whether programs had to wait lately: since the last call, if that was not just now."""
        now = trio.current_time()
        if now - self._read_at < LOOK_SECONDS * 0.8:
            return self._busy
        since, self._read_at = now - self._read_at, now
        shares = []
        for name in ("cpu", "memory"):
            words = dict(word.partition("=")[::2] for word in read_text(self._folder / name).split("\n")[0].split())
            try:
                total, average = float(words["total"]) / 1e6, float(words["avg10"]) / 100
            except (KeyError, ValueError):
                continue
            before = self._totals.get(name)
            # What was long ago says nothing: then it is the kernel's average of ten seconds.
            shares.append((total - before) / since if before is not None and since < 10 else average)
            self._totals[name] = total
        if shares:
            self._busy = max(shares) > BUSY_SHARE
        else:  # the kernel was built without, or hides it
            self._busy = os.getloadavg()[0] > (os.cpu_count() or 1)
        return self._busy


class Turn:
    """The turn of a node to boot."""

    def __init__(self, boots: "Boots", boot_seconds: float) -> None:
        self.boots_until: float | None = None  # None before it works
        self._boots = boots
        self._boot_seconds = boot_seconds

    def works(self) -> None:
        """The node works, and goes on booting perhaps."""
        self.boots_until = trio.current_time() + self._boot_seconds
        self._boots.changed()


class Boots:
    """All nodes of this host that boot, ``most`` at a time. ``is_busy`` tells whether the host is."""

    def __init__(self, most: int = 0, is_busy: Callable[[], bool] | None = None) -> None:
        self.most = most or max(8, 2 * (os.cpu_count() or 1))
        self._is_busy = is_busy if is_busy is not None else Load().is_busy
        self._booting: list[Turn] = []
        self._queue = trio.Lock()
        self._change = trio.Event()

    @asynccontextmanager
    async def turn(self, boot_seconds: float) -> AsyncIterator[Turn]:
        """Wait for a turn. The body is the whole run of the node: it calls ``works`` when the node does."""
        async with self._queue:
            while len(self._booting) >= self.most and not self._one_has_booted():
                self._change = trio.Event()
                with trio.move_on_after(LOOK_SECONDS):
                    await self._change.wait()
            turn = Turn(self, boot_seconds)
            self._booting.append(turn)
        try:
            yield turn
        finally:
            if turn in self._booting:
                self._booting.remove(turn)
                self.changed()

    def changed(self) -> None:
        """There is perhaps a turn for another node."""
        self._change.set()

    def _one_has_booted(self) -> bool:
        """Whether there is a node that needs its turn no longer. It has none afterwards."""
        now = trio.current_time()
        working = [turn for turn in self._booting if turn.boots_until is not None]
        if not working:
            return False
        first = min(working, key=lambda turn: turn.boots_until or 0)
        if now < (first.boots_until or 0) and self._is_busy():
            return False
        self._booting.remove(first)
        return True
