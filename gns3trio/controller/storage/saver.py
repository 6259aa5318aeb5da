"""Writes a project's files in the background, so that a burst of changes costs one write.

``mark`` notes a change; ``flush`` waits until all earlier changes are on the disk.
Several callers of ``flush`` share one write.
"""

import logging
import math
from collections.abc import Callable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Generic, TypeVar

import trio

from gns3trio import threads
from gns3trio.controller.storage.files import write_all
from gns3trio.errors import Forbidden, LabError, Unavailable

log = logging.getLogger(__name__)

_T = TypeVar("_T")

# Seconds until a failed write is retried: a full disk may have room again.
RETRY_SECONDS = 5.0


class Saver(Generic[_T]):
    """Keeps files up to date with the ``present`` state, which ``render`` formats. ``flush`` needs a running ``run``.

    ``render`` and ``write`` are called in a thread. ``render`` gets the result of ``present``, which must not change
    any more. ``write`` gets the files that have changed, and always the last one.
    """

    def __init__(
        self,
        present: Callable[[], _T],
        render: Callable[[_T], Mapping[Path, bytes | None]],
        on_failure: Callable[[str], None],
        write: Callable[[Mapping[Path, bytes | None]], None] = write_all,
    ) -> None:
        self._write_in_thread = write
        self._written: dict[Path, bytes | None] = {}  # digests of what is on the disk
        self._present = present
        self._render = render
        self._on_failure = on_failure
        self._changes = 0
        self._saved = 0
        self._attempted = 0
        self._error: LabError | None = None
        self._is_over = False  # changes from now on are not written before ``run`` is called again
        self._wakeup = trio.Event()
        self._attempt_done = trio.Event()

    @property
    def is_failing(self) -> bool:
        """Whether the last write failed."""
        return self._error is not None

    def mark(self) -> None:
        """Note a change; it is written soon."""
        self._changes += 1
        self._wakeup.set()

    async def flush(self) -> None:
        """Wait until all changes made so far are durable.

        Raises Unavailable if the disk reports an error, Forbidden if a change came after the last write.
        """
        wanted = self._changes
        if self._saved < wanted and self._attempted >= wanted and not self._is_over:
            self._wakeup.set()  # the last attempt failed: try again for this caller
            await self._attempt_done.wait()
        while self._attempted < wanted and not self._is_over:
            await self._attempt_done.wait()
        if self._saved < wanted:
            raise self._error or Forbidden("The project was closed before all of the change was saved")

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Write whenever changes are marked, until cancelled. A failed write is reported once, and retried."""
        self._is_over, self._attempt_done = False, trio.Event()
        task_status.started()
        while True:
            with trio.move_on_after(RETRY_SECONDS if self._error is not None else math.inf):
                await self._wakeup.wait()
            self._wakeup = trio.Event()
            await self._write()

    async def _write(self) -> None:
        changes = self._changes
        # A write is short and must not be interrupted half-way.
        with trio.CancelScope(shield=True):
            try:
                await self._write_files()
            except LabError as error:
                self._fail(error)
            except Exception:
                log.exception("a project could not be saved")
                self._fail(Unavailable("an error of this server; its log has the details"))
            else:
                self._error = None
                self._saved = changes
        self._attempted = changes
        done, self._attempt_done = self._attempt_done, trio.Event()
        done.set()

    async def _write_files(self) -> None:
        self._written |= await threads.disk.run(self._render_and_write, self._present())

    def _render_and_write(self, present: _T) -> dict[Path, bytes | None]:
        """Render and write; returns the digests of the companions of the last file, which is always written."""
        files = self._render(present)
        # Unchanged files are not written again, except the last one, which somebody may have replaced.
        *companions, last = files
        digests = {path: _digest(files[path]) for path in companions}
        changed = {path: files[path] for path in companions if self._written.get(path) != digests[path]}
        self._write_in_thread({**changed, last: files[last]})
        return digests

    def _fail(self, error: LabError) -> None:
        told, self._error = self._error, error
        if told is None or str(told) != str(error):
            self._on_failure(str(error))

    def forget_written(self) -> None:
        """Forget which files are on the disk: somebody else may have replaced them."""
        self._written.clear()

    def abandon(self) -> None:
        """Give up the file, and release all waiting callers."""
        self._saved = self._attempted = self._changes
        self._end()

    async def finish(self) -> None:
        """Do the last write, after ``run`` has ended."""
        if self._saved < self._changes:
            await self._write()
        self._end()
        if self._error is not None:
            raise self._error

    def _end(self) -> None:
        """Release waiting callers, who would otherwise wait for ever."""
        self._is_over = True
        self._attempt_done.set()


def _digest(text: bytes | None) -> bytes | None:
    """What stands in memory for a written text, which may be long."""
    return blake2b(text).digest() if text is not None else None
