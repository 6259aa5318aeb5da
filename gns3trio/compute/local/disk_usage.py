"""How much of the disk the folders of nodes take.

A folder may have any number of files, on a disk that is slow. So one folder after the other is walked, in slices in a
thread, with pauses in which the disk is free for others. Who asks gets what is known after a moment.
"""

import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from time import perf_counter

import trio

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.errors import NoThread

# What is known is not looked up again before.
FRESH_SECONDS = 10.0
# Who asks waits for so long at most.
PATIENCE_SECONDS = 1.0
# Of one folder. The rest is not counted.
MOST_ENTRIES = 200_000
# A slice of the work, and the pause after it in units of its time.
_SLICE_ENTRIES = 500
_PAUSE_FACTOR = 3.0
_BLOCK = 512  # the unit of st_blocks: stat(3type)
# Before the next attempt, if the system has no thread.
_NO_THREAD_SECONDS = 5.0


@frozen
class DiskUsage:
    """The bytes that a folder occupies on the disk, of sparse files only what they occupy. If it is not ``whole``, the
    folder has more entries than are counted.
    """

    size: int
    whole: bool


class DiskMeter:
    """Measures folders. ``run`` must be running; folders that nobody uses any more are to be forgotten."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[float, DiskUsage]] = {}
        self._wanted: OrderedDict[Path, trio.Event] = OrderedDict()
        self._awake = trio.Event()

    async def measure(self, folders: Iterable[Path]) -> Mapping[Path, DiskUsage]:
        """What is known of these folders, after a moment for those of which nothing fresh is known."""
        folders, now = list(folders), trio.current_time()
        events = [
            self._wanted.setdefault(folder, trio.Event())
            for folder in folders
            if folder not in self._known or now - self._known[folder][0] > FRESH_SECONDS
        ]
        self._awake.set()
        with trio.move_on_after(PATIENCE_SECONDS):
            for event in events:
                await event.wait()
        return self.known(folders)

    def known(self, folders: Iterable[Path]) -> Mapping[Path, DiskUsage]:
        """What is known of these folders, however old."""
        return {folder: self._known[folder][1] for folder in folders if folder in self._known}

    def forget(self, folder: Path) -> None:
        """The folder is used no longer."""
        self._known.pop(folder, None)
        if (event := self._wanted.pop(folder, None)) is not None:
            event.set()

    async def run(self) -> None:
        """Measure what is wanted, until cancelled."""
        while True:
            while self._wanted:
                folder = next(iter(self._wanted))
                try:
                    usage = await _measure(folder)
                except NoThread:
                    await trio.sleep(_NO_THREAD_SECONDS)
                    continue
                if (event := self._wanted.pop(folder, None)) is not None:  # it was not forgotten meanwhile
                    self._known[folder] = trio.current_time(), usage
                    event.set()
            self._awake = trio.Event()
            await self._awake.wait()


async def _measure(folder: Path) -> DiskUsage:
    walk = _Walk(folder)
    while True:
        began = perf_counter()
        if await threads.disk.run(walk.go_on):
            return DiskUsage(walk.size, walk.entries <= MOST_ENTRIES)
        await trio.sleep((perf_counter() - began) * _PAUSE_FACTOR)


class _Walk:
    """A walk over all that is in a folder, without following links. What cannot be read is left out."""

    def __init__(self, folder: Path) -> None:
        self.size = 0
        self.entries = 0
        self._steps = self._walk(os.fspath(folder))

    def go_on(self) -> bool:
        """Walk over some entries. Returns whether that was all."""
        return sum(1 for _ in islice(self._steps, _SLICE_ENTRIES)) < _SLICE_ENTRIES

    def _walk(self, top: str) -> Iterator[None]:
        folders = [top]
        while folders:
            with suppress(OSError), os.scandir(folders.pop()) as entries:
                for entry in entries:
                    self.entries += 1
                    if self.entries > MOST_ENTRIES:
                        return
                    with suppress(OSError):
                        self.size += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(entry.path)
                    yield
