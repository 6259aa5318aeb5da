"""The audit trail: who changed what, in a file of JSON lines (https://jsonlines.org) beside the server's state.

The file is renamed when it is full, and replaces the former one: the trail has the newest ``2 * MAX_FILE_BYTES``.
"""

import logging
import os
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import trio

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.errors import NoThread, Unavailable

log = logging.getLogger(__name__)

AUDIT_FILE = "audit.jsonl"
OLDER_AUDIT_FILE = "audit-older.jsonl"
MAX_FILE_BYTES = 32 * 1024 * 1024
# Entries that wait for the disk.
MAX_WAITING = 20_000
# How long they wait when the system could not start a thread.
NO_THREAD_SECONDS = 1.0
_BLOCK_BYTES = 256 * 1024

Entry = dict[str, Any]


@frozen(kw_only=True)
class Wanted:
    """Which entries to read: of a user, a project, an action, about what has a name (``target``), before a time (as in
    entries), and how many at most.
    """

    limit: int
    user: str | None = None
    project_id: UUID | None = None
    before: str | None = None
    action: str | None = None
    target: str | None = None

    def has(self, entry: Entry) -> bool:
        """Whether an entry is one of them."""
        return (
            "time" in entry
            and (self.user is None or entry.get("user") == self.user)
            and (self.project_id is None or entry.get("project_id") == str(self.project_id))
            and (self.action is None or entry.get("action") == self.action)
            and (self.target is None or _name_of_target(entry) == self.target)
            and (self.before is None or str(entry.get("time")) < self.before)
        )

    @property
    def hints(self) -> list[bytes]:
        """What the line of such an entry contains, so that most other lines need not be parsed."""
        texts = [self.user, None if self.project_id is None else str(self.project_id), self.action, self.target]
        return [orjson.dumps(text) for text in texts if text is not None]


def _name_of_target(entry: Entry) -> object:
    target = entry.get("target")
    return target.get("name") if isinstance(target, dict) else None


class AuditTrail:
    """The trail in a folder. Use ``open_audit_trail``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: deque[bytes] = deque()
        self._written = trio.Condition()
        self._wakeup = trio.Event()
        self._lost = 0

    def add(self, entry: Entry) -> None:
        """Add an entry with the present time; never blocks. It is in the file within moments.

        If the disk is too slow for the entries that wait, it is lost, and the log says so.
        """
        if len(self._waiting) >= MAX_WAITING:
            self._lost += 1
            return
        self._waiting.append(orjson.dumps({"time": _now(), **entry}) + b"\n")
        self._wakeup.set()

    async def read(self, wanted: Wanted) -> list[Entry]:
        """The newest entries that are wanted, the newest first. Raises Unavailable if the disk reports an error."""
        async with self._written:
            while self._waiting:
                await self._written.wait()
        return await threads.disk.run(_read, self._folder, wanted)

    async def write(self) -> None:
        """Write the entries that come until cancelled; then those that still wait."""
        try:
            while True:
                await self._wakeup.wait()
                self._wakeup = trio.Event()
                try:
                    await self._write_waiting()
                except NoThread:
                    self._wakeup.set()
                    await trio.sleep(NO_THREAD_SECONDS)
        finally:
            with trio.CancelScope(shield=True):
                await self._write_waiting(at_the_end=True)

    async def _write_waiting(self, *, at_the_end: bool = False) -> None:
        """What the disk does not take is lost: the server goes on, and the log has told it.

        Raises NoThread if the system could not start a thread; nothing is lost then. At the end it does without one.
        """
        lines, lost = list(self._waiting), self._lost
        unwritten = 0
        try:
            if lines:
                try:
                    await threads.disk.run(_append, self._folder, lines)
                except NoThread:
                    if not at_the_end:
                        raise
                    _append(self._folder, lines)
        except OSError as error:
            unwritten = len(lines)
            log.error("%s cannot be written: %s", self._folder / AUDIT_FILE, error.strerror)
        self._lost -= lost
        if lost + unwritten:
            log.error("%d changes are missing in the audit trail", lost + unwritten)
        for _ in lines:  # before anything that may be cancelled, or they would be written again
            self._waiting.popleft()
        async with self._written:
            self._written.notify_all()


@asynccontextmanager
async def open_audit_trail(folder: Path) -> AsyncIterator[AuditTrail]:
    """Write the trail in ``folder`` for as long as the ``async with`` lasts."""
    trail = AuditTrail(folder)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trail.write)
        yield trail
        nursery.cancel_scope.cancel()


def _now() -> str:
    """The time per RFC 3339, in UTC; such texts sort by time."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _append(folder: Path, lines: list[bytes]) -> None:
    """Append lines that survive a crash of the machine once this returns. A line that a crash has cut stays alone."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / AUDIT_FILE
    with open(path, "r+b", opener=_create_private) as file:
        end = file.seek(0, os.SEEK_END)
        if end >= MAX_FILE_BYTES:
            path.rename(folder / OLDER_AUDIT_FILE)
            return _append(folder, lines)
        if end and os.pread(file.fileno(), 1, end - 1) != b"\n":
            file.write(b"\n")
        file.write(b"".join(lines))
        file.flush()
        os.fdatasync(file.fileno())
    return None


def _create_private(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _read(folder: Path, wanted: Wanted) -> list[Entry]:
    found: list[Entry] = []
    hints = wanted.hints
    for name in (AUDIT_FILE, OLDER_AUDIT_FILE):
        try:
            with open(folder / name, "rb") as file:
                for line in _backwards(file.fileno()):
                    if len(found) >= wanted.limit:
                        return found
                    if all(hint in line for hint in hints) and wanted.has(entry := _parsed(line)):
                        found.append(entry)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise Unavailable(f"{folder / name} cannot be read: {error.strerror}") from None
    return found


def _backwards(descriptor: int) -> Iterator[bytes]:
    """The lines of a file, the last one first."""
    start = os.fstat(descriptor).st_size
    rest = b""
    while start > 0:
        size = min(start, _BLOCK_BYTES)
        start -= size
        lines = (os.pread(descriptor, size, start) + rest).split(b"\n")
        rest = lines.pop(0)
        yield from (line for line in reversed(lines) if line)
    if rest:
        yield rest


def _parsed(line: bytes) -> Entry:
    """The entry in a line; an empty one for a line that a crash has cut, which no filter wants."""
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return entry if isinstance(entry, dict) else {}
