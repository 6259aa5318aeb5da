"""Returns memory to the system that the allocator would keep.

After a burst of large requests glibc keeps hundreds of megabytes in lists of free pieces: it returns only what lies at
the end of its heap. ``malloc_trim(3)`` returns all free pages. That takes some 10 ms for each 100 MB, in a thread.

Python looks for circles of garbage among all objects whenever a quarter of them is new. That stops every thread for
0.1 s where labs have 5,000 nodes, several times while one is opened, and there is none among them. So it is done here
instead, when memory has grown. Young objects are looked through as usual.

A large lab that was closed is looked for soon, too (``garbage``).

Memory has grown when the process is larger, or when Python has more objects. The size alone would not do: after a
collection, few of the objects' arenas are empty, and new garbage first fills the others. So each collection would come
later than the one before it, and find more garbage, and leave more arenas.
"""

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ClassVar

import trio

from gns3trio import garbage, threads
from gns3trio.errors import NoThread

_LOOK_SECONDS = 5.0
_WORTH_BYTES = 8 * 1024 * 1024
_WORTH_BLOCKS = 1 / 8  # of Python's blocks of memory, each of which is an object or a part of one
_NEVER = 2**31 - 1  # collections of younger objects before one of all
# mallopt(3). By default glibc raises the size from which a piece is mapped by itself when such a piece is freed, up to
# 32 MB, and gives each thread a heap. A large piece in a heap keeps the memory around it from being returned.
_M_MMAP_THRESHOLD, _LARGE_BYTES = -3, 256 * 1024
_M_ARENA_MAX, _MOST_ARENAS = -8, 2
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_MALLINFO = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"


class _Mallinfo(ctypes.Structure):
    """The C ``struct mallinfo2``, see mallinfo(3)."""

    _fields_: ClassVar[list[tuple[str, type]]] = [(name, ctypes.c_size_t) for name in _MALLINFO.split()]


class FreedMemory:
    """Checks regularly how much memory is free, and returns it if it is much."""

    def __init__(self) -> None:
        libc = ctypes.CDLL(None)
        # In glibc 2.33 and later; other allocators have neither.
        self._can = hasattr(libc, "mallinfo2") and hasattr(libc, "malloc_trim")
        self._libc = libc
        if self._can:
            libc.mallinfo2.restype = _Mallinfo
            libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
            libc.mallopt(_M_ARENA_MAX, _MOST_ARENAS)
        self._least_free = 0
        self._least_resident = 0
        # The minima since Python's last garbage collection.
        self._after_collection = _resident_bytes()
        self._blocks_after_collection = sys.getallocatedblocks()

    async def run(self) -> None:
        """Check and return memory until cancelled."""
        if not self._can:
            return
        with _no_full_collections():
            while True:
                with suppress(NoThread):
                    await threads.memory.run(self.give_back)
                await trio.sleep(_LOOK_SECONDS)

    def give_back(self) -> None:
        """Return free memory to the system if much has become free since the last time."""
        self._collect_garbage()
        resident = _resident_bytes()
        free = self._free_bytes()
        self._least_free = min(self._least_free, free)
        self._least_resident = min(self._least_resident, resident)
        grown = max(free - self._least_free, resident - self._least_resident)
        if min(free, grown) > _WORTH_BYTES:
            self._libc.malloc_trim(0)
            self._least_free, self._least_resident = free, _resident_bytes()

    def _collect_garbage(self) -> None:
        resident, blocks = _resident_bytes(), sys.getallocatedblocks()
        self._after_collection = min(self._after_collection, resident)
        self._blocks_after_collection = min(self._blocks_after_collection, blocks)
        new_blocks = blocks - self._blocks_after_collection
        if (
            garbage.is_due()
            or resident - self._after_collection > _WORTH_BYTES
            or new_blocks > _WORTH_BLOCKS * self._blocks_after_collection
        ):
            # A closed connection is a reference cycle, and holds the last bytes of its client until it is collected.
            garbage.collect()
            self._after_collection, self._blocks_after_collection = _resident_bytes(), sys.getallocatedblocks()

    def _free_bytes(self) -> int:
        return int(self._libc.mallinfo2().fordblks)


@contextmanager
def _no_full_collections() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(*before[:2], _NEVER)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES
