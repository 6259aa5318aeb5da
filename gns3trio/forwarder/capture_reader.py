"""Streams a saved capture from its beginning, and follows it as it grows.

The reader reads the capture's files, so a slow client costs no memory. It loses data only if a ring deletes a file
before the reader has read it.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import trio

from gns3trio import threads

# The most bytes of one read.
READ_BYTES = 64 * 1024


class FollowedFiles(Protocol):
    """The files of a capture, as its writer reports them. The methods may be called in a thread.

    Files have increasing numbers and begin with the same header. ``written`` is the number of the current file and the
    bytes of complete records in it; earlier files are complete. ``oldest`` is the number of the first existing file.
    ``bytes_before`` are the bytes of records in all files before the given one; None if that file is deleted.
    """

    @property
    def written(self) -> tuple[int, int]: ...

    @property
    def oldest(self) -> int: ...

    def path_of(self, number: int) -> Path: ...

    def bytes_before(self, number: int) -> int | None: ...


class FileReader:
    """One client's position in a capture. Must be closed."""

    def __init__(self, files: FollowedFiles, header: bytes) -> None:
        self.dropped_bytes = 0  # bytes of records in files that were deleted before they were read
        self._files = files
        self._header: bytes = header
        self._header_bytes = len(header)
        self._number = files.oldest - 1  # number of the current file
        self._at = 0  # position in it
        self._passed = 0  # bytes of records that were read or dropped
        self._descriptor: int | None = None
        self._ended = False
        self._wakeup = trio.Event()

    def wake(self) -> None:
        """Tell the reader that there is more to read."""
        self._wakeup.set()

    def end(self) -> None:
        """Tell the reader that no more is written."""
        self._ended = True
        self._wakeup.set()

    async def receive(self) -> bytes:
        """Return the header, then the next records; empty at the end."""
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
        """Close the reader: its client has left."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    # --- in a thread ---

    def _read(self) -> bytes:
        """Read the next bytes; empty if there are none yet."""
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
        """Continue with the next existing file. Returns whether there is one."""
        self.close()
        while (following := max(self._number + 1, self._files.oldest)) <= newest:
            before = self._files.bytes_before(following)
            with suppress(OSError):  # the ring is just deleting it, or somebody else has
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
    """Open a file without following links or blocking on a pipe. Raises OSError if it is not a regular file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(2, f"{path} is not a file")
    return descriptor
