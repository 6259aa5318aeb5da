"""A project's file: read when the project is opened, and kept equal to it while it is open."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import orjson
import trio

from gns3trio.controller.extras import EXTRAS_FILE, format_extras, parse_extras
from gns3trio.controller.saver import Saver
from gns3trio.controller.storage import MAX_TOPOLOGY_BYTES, read_plain, write_all, write_atomic
from gns3trio.controller.topology import EncodedRecords, Topology, format_topology, parse_topology
from gns3trio.controller.topology_conversion import REVISION
from gns3trio.controller.versions import keep_version
from gns3trio.errors import Conflict


def _identity(path: Path) -> tuple[int, int, int] | None:
    """What differs when a file is not the same any more; None when there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


class ProjectFile:
    """The ``.gns3`` file at ``path``, and beside it what that has no place for.

    ``present`` gives the state of the opened project, ``on_failure`` is told why a write failed, ``warn`` what else the
    user should know.
    """

    def __init__(
        self,
        path: Path,
        project_id: UUID,
        gns3_version: str,
        present: Callable[[], Topology],
        on_failure: Callable[[str], None],
        warn: Callable[[str], None],
    ) -> None:
        self.path = path
        self._project_id = project_id
        self._gns3_version = gns3_version
        self._present = present
        self._encoded = EncodedRecords()
        self._extras_path = path.parent / EXTRAS_FILE
        self._saver = Saver(lambda: self._format(present()), on_failure, self._write)
        self._warn = warn
        self._ours: tuple[int, int, int] | None = None  # the file as we know it while the project is open
        self._scope = trio.CancelScope()
        self._ended = trio.Event()

    def _format(self, topology: Topology) -> dict[Path, bytes | None]:
        return {
            self._extras_path: format_extras(topology.impairments),
            self.path: format_topology(topology, self._gns3_version, self._encoded),
        }

    def _write(self, files: Mapping[Path, bytes | None]) -> None:
        """In a thread. What somebody else has put in the file's place meanwhile is kept as a version."""
        if self._ours is not None and _identity(self.path) not in (None, self._ours):
            with suppress(OSError):
                keep_version(self.path, read_plain(self.path, MAX_TOPOLOGY_BYTES))
                trio.from_thread.run_sync(
                    self._warn, f"{self.path.name} was changed by another program; its content is kept as a version"
                )
        write_all(files)
        self._ours = _identity(self.path)

    async def read(self) -> Topology:
        """What the file holds. Raises Conflict when it cannot be read or belongs to another project."""
        data = await self._read(self.path)
        try:
            topology = parse_topology(data)
            if await trio.to_thread.run_sync(self._extras_path.exists):
                topology.impairments = parse_extras(await self._read(self._extras_path))
        except Conflict as error:
            raise Conflict(f"{self.path}: {error}") from None
        if topology.project_id != self._project_id:
            raise Conflict(f"{self.path}: belongs to project {topology.project_id}")
        return topology

    async def _read(self, path: Path) -> bytes:
        try:
            return await trio.to_thread.run_sync(read_plain, path, MAX_TOPOLOGY_BYTES)
        except OSError as error:
            raise Conflict(f"{path} cannot be read: {error.strerror}") from None

    async def keep_version(self) -> bool:
        """Put the file aside as a good version; it was read just now. One of an older GNS3 also as GNS3 does.

        Returns whether it is of an older GNS3.
        """
        data = await self._read(self.path)
        await trio.to_thread.run_sync(keep_version, self.path, data)
        return await self._keep_revision(data)

    async def _keep_revision(self, data: bytes) -> bool:
        revision = orjson.loads(data).get("revision", 0)
        if revision == REVISION:
            return False
        await trio.to_thread.run_sync(write_atomic, Path(f"{self.path}.backup{revision}"), data)
        return True

    async def replace(self, topology: Topology) -> None:
        """Write the file of a closed project. One of an older GNS3 is kept as GNS3 does.

        Raises Unavailable when the disk refuses, Conflict when the file that is there cannot be read.
        """
        await self._keep_revision(await self._read(self.path))
        await trio.to_thread.run_sync(write_all, self._format(topology))

    async def start_saving(self, nursery: trio.Nursery) -> None:
        """The project is open: write what is marked, in a task of ``nursery``, until ``stop_saving``."""
        self._saver.forget_written()
        self._ours = await trio.to_thread.run_sync(_identity, self.path)
        self._scope, self._ended = trio.CancelScope(), trio.Event()
        await nursery.start(self._save)

    async def _save(self, task_status: trio.TaskStatus[None]) -> None:
        try:
            with self._scope:
                await self._saver.run(task_status)
        finally:
            self._ended.set()

    def mark(self) -> None:
        """The open project has changed; it is written soon."""
        self._saver.mark()

    @property
    def is_failing(self) -> bool:
        """Whether the last write failed; it is tried again."""
        return self._saver.is_failing

    async def flush(self) -> None:
        """Wait until all changes marked so far are durable. Raises Unavailable when the disk refuses."""
        await self._saver.flush()

    async def stop_saving(self, *, keep: bool) -> None:
        """The project is closed: write what was not yet, or, without ``keep``, forget it.

        Raises Unavailable when the disk refuses.
        """
        self._scope.cancel()
        await self._ended.wait()
        if keep:
            await self._saver.finish()
        else:
            self._saver.abandon()
