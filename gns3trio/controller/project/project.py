"""A project: its contents while it is open, and its opening and closing.

Every change is atomic: it happens as a whole or not at all. It is announced to the API and saved to the project's file.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import attrs
import trio

from gns3trio import threads
from gns3trio.compute.interface import Compute
from gns3trio.controller.changes import (
    Change,
    LogLevel,
    LogMessage,
    ProjectChanged,
    ProjectClosed,
    ProjectCreated,
    ProjectDeleted,
    ProjectOpened,
)
from gns3trio.controller.gns3_format.records import ProjectRecord, ProjectSettings
from gns3trio.controller.links.links import Links
from gns3trio.controller.nodes.instances import Instances
from gns3trio.controller.nodes.left_copies import delete_left_copies
from gns3trio.controller.nodes.nodes import Nodes
from gns3trio.controller.project.background import BackgroundWork
from gns3trio.controller.project.contents import Contents
from gns3trio.controller.project.drawings import Drawings
from gns3trio.controller.project.opening import Openings
from gns3trio.controller.project.saving_later import is_saving_later, saving_later
from gns3trio.controller.project.whole_changes import WholeChanges
from gns3trio.controller.services import ProjectServices
from gns3trio.controller.storage.file_names import project_file_name
from gns3trio.controller.storage.kept_versions import list_versions, put_version_back
from gns3trio.controller.storage.project_file import ProjectFile
from gns3trio.controller.storage.project_swap import check_discardable, discard_folder
from gns3trio.counts import counted
from gns3trio.errors import Conflict, Forbidden, LabError

log = logging.getLogger(__name__)

# The most files that a message names.
_TOLD_FILES = 5


_LOG_LEVELS = {"error": logging.ERROR, "warning": logging.WARNING, "info": logging.INFO}


class Project:
    """One project. Create it with its settings, then ``open`` it."""

    def __init__(
        self,
        *,
        project_id: UUID,
        settings: ProjectSettings,
        folder: Path,
        file: Path,
        services: ProjectServices,
        temporary: bool = False,
        copy_of: UUID | None = None,
        refusal: str | None = None,
    ) -> None:
        self.project_id = project_id
        self.settings = settings
        self.folder = folder
        self.file = ProjectFile(
            file,
            copy_of or project_id,
            services.file_versions,
            self.record,
            self._save_failed,
            partial(self.log, "warning"),
        )
        self.temporary = temporary
        self.copy_of = copy_of  # the id in the file, if another project has the same
        self.error = refusal  # why the project cannot be opened
        self.other_files: tuple[str, ...] = ()  # other .gns3 files in its folder
        self._refusal = refusal
        self.status: Literal["opened", "closed"] = "closed"
        self.deleted = False
        self.openings = Openings(lambda: self.status == "opened")
        self.services = services
        self._contents = Contents(self)
        self._kept = ProjectRecord(project_id=project_id, settings=settings)  # computes, unknown keys
        self.state_lock = trio.Lock()  # held by open, close and delete; whoever holds it keeps the project in its state
        self.snapshots_lock = trio.Lock()
        self.whole_changes = WholeChanges()
        self._background = BackgroundWork()

    @property
    def nodes(self) -> Nodes:
        """The nodes; empty while the project is closed."""
        return self._contents.nodes

    @property
    def links(self) -> Links:
        """The links; empty while the project is closed."""
        return self._contents.links

    @property
    def drawings(self) -> Drawings:
        """The drawings; empty while the project is closed."""
        return self._contents.drawings

    # --- open and close ---

    async def create(self) -> None:
        """Open the project for the first time and write its file."""
        with self.openings.one():
            await self._create()
        self.publish(ProjectCreated(self))

    async def _create(self) -> None:
        async with self.state_lock:
            await self.file.start_saving(self.services.nursery)
            self.status = "opened"
            try:
                await self.make_durable()
            except BaseException:
                self.status = "closed"
                with trio.CancelScope(shield=True):
                    await self.file.stop_saving(keep=False)
                raise

    async def open(self) -> None:
        """Open the project from its file. Does nothing if it is open already.

        Raises Conflict if it cannot be opened; it stays closed then.
        """
        with self.openings.one():
            async with self.state_lock:
                if self.status == "opened" or self.deleted:
                    return
                await self._open()
            await self._announce_opened()

    def require_acceptable(self) -> None:
        """Raises Conflict if the project can be neither opened nor changed in its present place."""
        if self._refusal is not None:
            raise Conflict(self._refusal)

    def tell_of_other_files(self) -> None:
        """Report which file belongs to the project if there are several."""
        if self.other_files:
            others = ", ".join(self.other_files[:_TOLD_FILES]) + (", ..." if self.other_files[_TOLD_FILES:] else "")
            self.log(
                "warning",
                f"The project's file is {self.file.path.name}. In its folder are others, which are not used: {others}. "
                "One in a folder of its own is listed as a project",
            )

    def warn_of_left_out(self, left_out: Sequence[str]) -> None:
        """Report which files of the project a copy does not contain."""
        if left_out:
            more = f", and {len(left_out) - _TOLD_FILES} more" if left_out[_TOLD_FILES:] else ""
            self.log("warning", f"Not in the copy: {'; '.join(left_out[:_TOLD_FILES])}{more}")

    async def _open(self) -> None:
        self.require_acceptable()
        try:
            saved = await self.file.read()
        except Conflict as error:
            self.error = await self._with_offer(str(error))
            raise Conflict(self.error) from None
        await self.file.keep_version()
        is_new = await self.file.settle(saved)
        self.settings, self.error = saved.settings, None
        self._kept = attrs.evolve(saved, old_revision=None, conversion=None)
        try:
            self.tell_of_other_files()
            await self._contents.revive(saved)
            if self._contents.mac_ids(self._kept) != saved.mac_ids:
                await self.file.write_own_fields()
            await self.file.start_saving(self.services.nursery)
        except BaseException:
            with trio.CancelScope(shield=True):
                await self._release()
            raise
        self.status = "opened"
        if is_new or saved.is_repaired:
            self.file.mark()

    async def _with_offer(self, error: str) -> str:
        """The reason why the project cannot be opened, with advice."""
        versions = await threads.disk.run(list_versions, self.file.path)
        if not versions:
            return error
        newest = versions[0]
        return (
            f"{error}. A version of {newest.saved_at} with {counted(newest.nodes, 'node')} is kept: "
            f"POST /v2/projects/{self.project_id}/recover puts it in place"
        )

    async def recover(self, version: str | None) -> None:
        """Restore an earlier version of the file, and open the project with it.

        Raises Conflict if the project is open or has no earlier versions, NotFound for an unknown version.
        """
        with self.openings.one():
            aside = await self._recover(version)
        if aside is not None:
            self.log("warning", f"A kept version was put in place; the file that was there is now {aside.name}")
        await self._announce_opened()

    async def _recover(self, version: str | None) -> Path | None:
        async with self.state_lock:
            if self.status == "opened":
                raise Conflict(f"Project '{self.settings.name}' is open: close it first")
            self.require_acceptable()
            aside = await threads.disk.run(put_version_back, self.file.path, version)
            await self._open()
        return aside

    async def _announce_opened(self) -> None:
        await self._contents.announce()
        self.publish(ProjectOpened(self))
        if self.services.moves.left(self.project_id):
            self.services.nursery.start_soon(self.delete_left_copies)
        if self.settings.auto_start:
            self.services.nursery.start_soon(self._start_nodes)

    async def delete_left_copies(self) -> None:
        """Delete what moves of nodes have left at computes, because the server was killed or a compute was away."""
        await delete_left_copies(self, self.nodes, Instances(self, self.nodes, self.links))

    async def _start_nodes(self) -> None:
        """Start all nodes (``auto_start``). Each node reports its own errors."""
        try:
            await self.nodes.for_all("start")
        except LabError as error:
            self.log("error", f"auto_start: {error}")

    async def reopen(self, replaced: Callable[[], contextlib.AbstractAsyncContextManager[None]]) -> None:
        """Close the project, let ``replaced`` replace its folder, and open it again.

        If this raises, ``replaced`` has been rolled back and the project is open as before, except that its nodes are
        stopped.
        """
        with self.openings.one():
            await self._reopen(replaced)
        await self._announce_opened()

    async def _reopen(self, replaced: Callable[[], contextlib.AbstractAsyncContextManager[None]]) -> None:
        async with self.state_lock:
            self.require_open()
            await self.file.flush()
            with trio.CancelScope(shield=True):
                await self._close(for_good=False)
                try:
                    async with replaced():
                        await self._open()
                except BaseException:
                    await self._open()
                    await self._announce_opened()
                    raise

    async def close(self, *, force: bool = False) -> None:
        """Stop all nodes, release their ports and write the file. Does nothing if it is closed already.

        Raises Unavailable if an unsaved change cannot be written; the project stays open then, unless ``force``, which
        is for the end of the project or the server.
        """
        async with self.state_lock:
            if self.status == "closed":
                return
            if not (force or self.temporary or self.deleted):
                await self.file.flush()
            with trio.CancelScope(shield=True):  # never leave a project half closed
                await self._close()
        self.publish(ProjectClosed(self))

    async def _close(self, *, for_good: bool = True) -> None:
        async with self.whole_changes.ended():
            self.status = "closed"
        await self._background.end()
        await self.nodes.end_creations()
        try:
            await self.file.stop_saving(keep=not (for_good and (self.temporary or self.deleted)))
            await self.drawings.discard_unused_pictures()
            if self.temporary and for_good:
                await self._discard_folder()
        except LabError as error:
            self.log("error", str(error))
        await self._release()

    async def _release(self) -> None:
        await self._contents.release()
        self._contents = Contents(self)

    async def delete(self) -> None:
        """Close the project and delete its folder.

        Raises Unavailable if the disk reports an error; if possible, the project is unchanged then.
        """
        await threads.disk.run(check_discardable, self.folder, self.services.projects_path)
        self.deleted = True
        left = self.services.moves.left(self.project_id)
        elsewhere = [
            compute
            for compute in self.services.computes.driven()
            if any(node.record.compute_id == compute.compute_id for node in self.nodes.values())
            or any(compute.compute_id in (each.source, each.target) for each in left)
            or self.project_id in self.services.computes.left_at(compute.compute_id).ids()
        ]
        try:
            await self.close()
            async with self.state_lock:
                await self._discard_folder()
            for compute in elsewhere:
                try:
                    await compute.discard_project(self.project_id)
                    await self.services.computes.left_at(compute.compute_id).remove(self.project_id)
                except LabError as error:
                    self.log("warning", f"compute {compute.compute_id} has not deleted the project's files: {error}")
            await self.services.moves.forget(self.project_id)
        except BaseException:
            self.deleted = False
            raise
        self.publish(ProjectDeleted(self))

    async def _discard_folder(self) -> None:
        await discard_folder(self.folder, self.services.projects_path, nursery=self.services.nursery)

    def work_in_background(self) -> contextlib.AbstractContextManager[None]:
        """Work on the open project that nobody waits for. It is cancelled when the project closes."""
        return self._background.one()

    def require_open(self) -> None:
        """Raises Forbidden unless the project is open."""
        if self.status != "opened":
            raise Forbidden(f"Project '{self.settings.name}' is not opened")

    async def update(self, changes: dict[str, Any]) -> None:
        """Change settings; ``changes`` holds checked values by setting name.

        Raises Conflict for a name that a new project could not have, Unavailable if the disk reports an error.
        """
        self.require_acceptable()
        project_file_name(changes.get("name", self.settings.name))
        async with self.state_lock:
            before, self.settings = self.settings, attrs.evolve(self.settings, **changes)
            if self.settings == before:
                return
            try:
                if self.status == "opened":
                    await self.make_durable()
                else:
                    await self.file.replace(attrs.evolve(await self.file.read(), settings=self.settings))
            except BaseException:
                self.settings = before
                self.file.mark()
                raise
        self.publish(ProjectChanged(self))
        if (before.name, before.variables) != (self.settings.name, self.settings.variables):
            self.services.nursery.start_soon(self._tell_computes)  # one that hangs holds up nobody

    async def save_in(self, revision: int) -> None:
        """Save the open project in another revision from now on. The present file is kept as a version.

        Raises Unavailable if the disk reports an error; the project is unchanged then.
        """
        await self.file.flush()
        await self.file.keep_version()
        before, self._kept = self._kept, attrs.evolve(self._kept, revision=revision)
        try:
            await self.make_durable()
        except BaseException:
            self._kept = before
            self.file.mark()
            raise

    async def _tell_computes(self) -> None:
        """Tell all computes the name and the variables. Those that are away or reject them do not matter here."""

        async def tell(compute: Compute) -> None:
            try:
                await compute.update_project(self.project_id, self.settings.name, self.settings.variables)
            except LabError as error:
                self.log("warning", f"compute {compute.compute_id!r} has not taken the project's change: {error}")

        async with trio.open_nursery() as nursery:
            for compute in self.services.computes.driven():
                nursery.start_soon(tell, compute)

    # --- saving ---

    def mark(self) -> None:
        """Mark the project as changed; it is saved soon."""
        self.file.mark()

    def record(self) -> ProjectRecord:
        """The current state in the form that is saved."""
        return self._contents.record(self._kept)

    def _save_failed(self, message: str) -> None:
        self.log("error", f"The project could not be saved: {message}")

    async def make_durable(self) -> None:
        """Save the changed project; it is on the disk when this returns.

        Raises Forbidden if the project was closed meanwhile, because the change was too late for its last save. Raises
        Unavailable if the disk reports an error.
        """
        self.require_open()
        if not is_saving_later():
            self.mark()
            await self.file.flush()

    @contextlib.contextmanager
    def taking_back(self) -> Iterator[None]:
        """While rolling back, changes need not reach the disk: a disk error may be the reason for the rollback."""
        with saving_later():
            yield
        self.file.mark()

    @property
    def file_problems(self) -> list[str]:
        """The errors in the file when the project was opened."""
        return self._kept.problems

    # --- messages and changes ---

    def publish(self, change: Change) -> None:
        """Publish a change in the project."""
        self.services.changes.publish(change)

    def log(self, level: LogLevel, message: str) -> None:
        """Send a message to the watchers of the project and to the server's log."""
        log.log(_LOG_LEVELS[level], "project %s: %s", self.settings.name, message)
        self.publish(LogMessage(level, message, self.project_id))
