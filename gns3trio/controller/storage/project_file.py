"""The file of a project: reads it when the project is opened, and saves changes while it is open."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import trio

from gns3trio import threads
from gns3trio.controller.gns3_format.own_fields import add_own_fields, format_own_fields
from gns3trio.controller.gns3_format.reader import parse_heading, parse_project
from gns3trio.controller.gns3_format.records import EncodedRecords, ProjectRecord, format_project
from gns3trio.controller.gns3_format.revisions import FileVersions
from gns3trio.controller.storage.converted_files import settle_files
from gns3trio.controller.storage.file_summary import FileSummary, summarize
from gns3trio.controller.storage.files import MAX_PROJECT_FILE_BYTES, NO_PLAIN_FILE, read_plain, write_all, write_atomic
from gns3trio.controller.storage.kept_versions import keep_version
from gns3trio.controller.storage.saver import Saver
from gns3trio.errors import Conflict, Invalid, LabError
from gns3trio.json_text import check_values
from gns3trio.limits import MAX_FILE_VALUES
from gns3trio.project_layout import OWN_FIELDS_FILE
from gns3trio.sizes import size_text


def _identity(path: Path) -> tuple[int, int, int] | None:
    """Values that change when the file is replaced or modified; None if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _require_readable(path: Path, text: bytes) -> None:
    """Raises Conflict if the saved file would be too large to be read again."""
    if len(text) > MAX_PROJECT_FILE_BYTES:
        raise Conflict(
            f"the project is too large: {path.name} would have more than {size_text(MAX_PROJECT_FILE_BYTES)}"
        )
    try:
        check_values(text, MAX_FILE_VALUES)
    except Invalid as error:
        raise Conflict(f"the project is too large: {path.name} {error}") from None


class ProjectFile:
    """The ``.gns3`` file at ``path``, and the file of our own fields beside it.

    ``present`` returns the state of the opened project. ``on_failure`` is called with the reason if a write fails,
    ``warn`` with other messages for the user.
    """

    def __init__(
        self,
        path: Path,
        project_id: UUID,
        versions: FileVersions,
        present: Callable[[], ProjectRecord],
        on_failure: Callable[[str], None],
        warn: Callable[[str], None],
    ) -> None:
        self.path = path
        self._project_id = project_id
        self._versions = versions
        self._present = present
        self._encoded = EncodedRecords()
        self._own_fields_path = path.parent / OWN_FIELDS_FILE
        self._saver = Saver(present, self._format, on_failure, self._write)
        self._warn = warn
        self._ours: tuple[int, int, int] | None = (
            None  # identity of the file as last read or written, while the project is open
        )
        self._summary = FileSummary()
        self._scope = trio.CancelScope()
        self._ended = trio.Event()

    def _format(self, saved: ProjectRecord) -> dict[Path, bytes | None]:
        """Format both files. Raises Conflict if one would be too large to be read again."""
        files = {
            self._own_fields_path: format_own_fields(saved),
            self.path: format_project(saved, self._versions.of(saved.revision), self._encoded),
        }
        for path, text in files.items():
            if text is not None:
                _require_readable(path, text)
        return files

    def _write(self, files: Mapping[Path, bytes | None]) -> None:
        """Write the files; runs in a thread. If another program has replaced the file, its content is kept as a
        version.
        """
        if self._ours is not None and _identity(self.path) not in (None, self._ours):
            with suppress(OSError):
                keep_version(self.path, read_plain(self.path, MAX_PROJECT_FILE_BYTES))
                trio.from_thread.run_sync(
                    self._warn, f"{self.path.name} was changed by another program; its content is kept as a version"
                )
        self._write_all(files)
        self._ours = _identity(self.path)

    def _write_all(self, files: Mapping[Path, bytes | None]) -> None:
        """Write all files, creating the folder if it is missing."""
        with suppress(OSError):  # the write then reports the reason
            self._own_fields_path.parent.mkdir(exist_ok=True)
        write_all(files)

    async def read(self) -> ProjectRecord:
        """Read the file. Raises Conflict if it cannot be read or belongs to another project."""
        data = await self._read(self.path)
        try:
            saved = await threads.parsers.run(parse_project, data, self._project_id)
        except Conflict as error:
            raise Conflict(f"{self.path}: {error}") from None
        if saved.project_id != self._project_id:
            raise Conflict(f"{self.path}: belongs to project {saved.project_id}")
        await threads.disk.run(self._add_own_fields, saved)
        return saved

    def _add_own_fields(self, saved: ProjectRecord) -> None:
        """Add our own fields. An unreadable file is renamed: it must not prevent opening, and the next save would
        replace it.
        """
        path = self._own_fields_path
        if not path.exists():
            return
        try:
            try:
                add_own_fields(saved, self._read_own_fields())
            except Conflict as error:
                aside = path.with_name(f"{path.name}.damaged")
                path.rename(aside)
                saved.problems.append(f"{error}; it is put aside as {aside.name}")
        except OSError as error:
            saved.problems.append(f"{path} cannot be read: {error.strerror}")

    def _read_own_fields(self) -> bytes:
        try:
            return read_plain(self._own_fields_path, MAX_PROJECT_FILE_BYTES)
        except OSError as error:
            if error.errno in NO_PLAIN_FILE:
                raise Conflict(f"{OWN_FIELDS_FILE}: {error.strerror}") from None
            raise

    def check_replacement(self, data: bytes) -> None:
        """Keep the file of a closed project as a version before a client replaces it by ``data``.

        Runs in a thread. Raises Conflict if ``data`` is the file of another project, which would hide this one.
        """
        heading = parse_heading(data)
        if heading.project_id not in (self._project_id, None):
            raise Conflict(f"{self.path.name}: is the file of project {heading.project_id}, another one")
        with suppress(OSError):
            keep_version(self.path, read_plain(self.path, MAX_PROJECT_FILE_BYTES))

    async def _read(self, path: Path) -> bytes:
        try:
            return await threads.disk.run(read_plain, path, MAX_PROJECT_FILE_BYTES)
        except OSError as error:
            raise Conflict(f"{path} cannot be read: {error.strerror}") from None

    async def summary(self) -> FileSummary:
        """What the file tells without being opened. It is read once after each change."""
        self._summary = await threads.disk.run(summarize, self.path, self._summary)
        return self._summary

    async def keep_version(self) -> None:
        """Keep the file, which was just read, as a valid version."""
        data = await self._read(self.path)
        await threads.disk.run(keep_version, self.path, data)

    async def settle(self, saved: ProjectRecord) -> bool:
        """If ``saved``, which was just read, was converted from an older GNS3, move the project's files to their
        present places, and keep the old project file as GNS3 does. Returns whether it was converted.

        Raises Unavailable if the disk reports an error, Conflict if the file cannot be read.
        """
        if saved.conversion is None:
            return False
        if saved.old_revision is not None:
            backup = Path(f"{self.path}.backup{saved.old_revision}")
            await threads.disk.run(write_atomic, backup, await self._read(self.path))
        await threads.disk.run(settle_files, self.path.parent, saved.conversion)
        return saved.old_revision is not None

    async def replace(self, saved: ProjectRecord) -> None:
        """Write the file of a closed project; ``saved`` is its changed content.

        Raises Unavailable if the disk reports an error, Conflict if the existing file cannot be read.
        """
        await self.settle(saved)
        await threads.disk.run(lambda: self._write_all(self._format(saved)))

    async def start_saving(self, nursery: trio.Nursery) -> None:
        """Write marked changes of the open project, in a task of ``nursery``, until ``stop_saving``."""
        self._saver.forget_written()
        self._ours = await threads.disk.run(_identity, self.path)
        self._scope, self._ended = trio.CancelScope(), trio.Event()
        await nursery.start(self._save)

    async def _save(self, task_status: trio.TaskStatus[None]) -> None:
        try:
            with self._scope:
                await self._saver.run(task_status)
        finally:
            self._ended.set()

    async def write_own_fields(self) -> None:
        """Write only our own fields beside the file, not the file itself, which another program may have written.

        A disk error does not prevent opening; the write is repeated with the next change.
        """
        own_fields = format_own_fields(self._present())
        with suppress(LabError, OSError):
            await threads.disk.run(self._write_all, {self._own_fields_path: own_fields})

    def mark(self) -> None:
        """Mark the open project as changed; it is written soon."""
        self._saver.mark()

    @property
    def is_failing(self) -> bool:
        """Whether the last write failed; it is retried."""
        return self._saver.is_failing

    async def flush(self) -> None:
        """Wait until all changes marked so far are durable. Raises Unavailable if the disk reports an error."""
        await self._saver.flush()

    async def stop_saving(self, *, keep: bool) -> None:
        """The project is closed: write the remaining changes or, without ``keep``, discard them.

        Raises Unavailable if the disk reports an error.
        """
        self._scope.cancel()
        await self._ended.wait()
        if keep:
            await self._saver.finish()
        else:
            self._saver.abandon()
