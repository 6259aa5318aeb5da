"""A stream of a capture that is saved: from its beginning, and on as it grows.

The reader follows the capture's files, so a slow client costs no memory and loses nothing, but files of a ring that are
deleted before it has read them.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import trio

from gns3trio import threads

# What one read takes at most.
READ_BYTES = 64 * 1024


class FollowedFiles(Protocol):
    """The files of a capture, as its writer tells of them. They may be asked in a thread.

    Files have numbers that count up; all begin with the same header. ``written`` is the number of the present file and
    how many bytes of it are whole records; what comes before it is complete. ``oldest`` is the number of the first file
    that is still there. ``bytes_before`` are those of the records in all files before one; None when that is deleted.
    """

    @property
    def written(self) -> tuple[int, int]: ...

    @property
    def oldest(self) -> int: ...

    def path_of(self, number: int) -> Path: ...

    def bytes_before(self, number: int) -> int | None: ...


class FileReader:
    """One client's place in a capture. ``close`` it."""

    def __init__(self, files: FollowedFiles, header: bytes) -> None:
        self.dropped_bytes = 0  # of records in files that were deleted before
        self._files = files
        self._header: bytes = header
        self._header_bytes = len(header)
        self._number = files.oldest - 1  # of the file that is read
        self._at = 0  # in it
        self._passed = 0  # bytes of records that were read or dropped
        self._descriptor: int | None = None
        self._ended = False
        self._wakeup = trio.Event()

    def wake(self) -> None:
        """There is more to read."""
        self._wakeup.set()

    def end(self) -> None:
        """No more is written."""
        self._ended = True
        self._wakeup.set()

    async def receive(self) -> bytes:
        """The header, then the next records; empty at the end."""
        if self._header:
            header, self._header = self._header, b""
            return header
        while True:
            self._wakeup = trio.Event()
            was_ended = self._ended
            if data := await threads.disk.run(self._read):
                return data
            if was_ended:
                return b""
            await self._wakeup.wait()

    def close(self) -> None:
        """Nobody reads any more."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    # --- in a thread ---

    def _read(self) -> bytes:
        """The next bytes; empty when there are none now."""
        while True:
            number, size = self._files.written
            if self._descriptor is not None:
                left = size - self._at if self._number == number else READ_BYTES
                data = os.pread(self._descriptor, min(left, READ_BYTES), self._at) if left > 0 else b""
                self._at += len(data)
                self._passed += len(data)
                if data or self._number == number:
                    return data
            if not self._go_on(number):
                return b""

    def _go_on(self, newest: int) -> bool:
        """To the next file that is there. Returns whether there is one."""
        self.close()
        while (following := max(self._number + 1, self._files.oldest)) <= newest:
            before = self._files.bytes_before(following)
            with suppress(OSError):  # it is deleted just now by the ring, or was by somebody else
                self._descriptor = _open(self._files.path_of(following))
            self._number = following
            if self._descriptor is not None and before is not None:
                self.dropped_bytes += before - self._passed
                self._passed = before
                self._at = self._header_bytes
                return True
            self.close()
        self._number = min(self._number, newest - 1)
        return False


def _open(path: Path) -> int:
    """A link must not lead elsewhere, a pipe must not block. Raises OSError for what is no regular file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(2, f"{path} is not a file")
    return descriptor
