"""How much more may be written among the images: the disk is not filled, and the setting ``images_limit`` is kept."""

import os
import shutil
import stat
import threading
from pathlib import Path

from gns3trio.errors import Conflict, LabError, Unavailable, path_error
from gns3trio.sizes import size_text

GIB = 1024**3
# Disk space that images leave free, so that projects can still be saved; a tenth of the free space of a nearly full
# disk.
_RESERVE_BYTES = 256 << 20
# All images are counted again after so many bytes.
_COUNTED_AGAIN_BYTES = 64 << 20


class ImageRoom:
    """The room for images below ``folder``, which may be missing. ``limit`` is in bytes; 0 is none but the disk.

    All calls block. Threads may share it.
    """

    def __init__(self, folder: Path, limit: int = 0) -> None:
        self._folder = folder
        self._limit = limit
        self._used = 0
        self._taken = _COUNTED_AGAIN_BYTES  # since they were counted
        self._lock = threading.Lock()

    def require(self, size: int) -> None:
        """Raises Conflict if there is no room for so many bytes."""
        self._check(size, Conflict)

    def _check(self, size: int, kind: type[LabError]) -> None:
        free = _free(self._folder)
        reserve = min(_RESERVE_BYTES, free // 10)
        if size > free - reserve:
            kept = f"{size_text(free)} are free, of which {size_text(reserve)} stay so"
            raise kind(f"the disk has no room for it: {size_text(size)} more; {kept}")
        if not self._limit:
            return
        with self._lock:
            if self._taken >= _COUNTED_AGAIN_BYTES or self._used + self._taken + size > self._limit:
                self._used, self._taken = _used(self._folder), 0
            left = self._limit - self._used - self._taken
        if size > left:
            raise Conflict(
                f"images may take {self._limit / GIB:g} GiB together (setting images_limit): {size_text(max(0, left))} "
                f"are left, and this needs {size_text(size)}"
            )

    def take(self, size: int) -> None:
        """For bytes that are written now. Raises Unavailable if the disk is full, Conflict if images may take no
        more.
        """
        self._check(size, Unavailable)
        with self._lock:
            self._taken += size


def _free(folder: Path) -> int:
    while True:
        try:
            return shutil.disk_usage(folder).free
        except FileNotFoundError:
            folder = folder.parent
        except OSError as error:
            raise path_error(str(folder), error) from None


def _used(folder: Path) -> int:
    """The bytes on the disk of all files, with unfinished uploads."""
    used = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(os.path.join(root, name))
            except OSError:
                continue  # it has vanished
            used += status.st_blocks * 512 if stat.S_ISREG(status.st_mode) else 0
    return used
