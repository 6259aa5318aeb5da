"""Exports and imports portable projects, duplicates projects, and loads projects from files.

A new project is created in a temporary folder and becomes visible when it is complete. If something fails, nothing of
it is left.
"""

import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast
from uuid import UUID, uuid4

import attrs
import trio

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.compute.host import LOCAL_COMPUTE_ID
from gns3trio.controller.archives.images import NO_IMAGES, TakenImages, needed_images, take_images
from gns3trio.controller.archives.project_copy import (
    NewIds,
    copy_files,
    list_content,
    portable_files,
    read_unpacked,
    rename_node_folders,
    renew,
    renew_snapshots,
    reset_macs,
    settle,
)
from gns3trio.controller.archives.reader import Budget, unpack
from gns3trio.controller.archives.writer import check_compression, require_archivable, zip_pieces
from gns3trio.controller.changes import ProjectCreated
from gns3trio.controller.controller import Controller
from gns3trio.controller.gns3_format.reader import parse_project
from gns3trio.controller.gns3_format.records import ProjectRecord, ProjectSettings
from gns3trio.controller.project.files import files_at_computes
from gns3trio.controller.project.project import Project
from gns3trio.controller.storage.file_names import PROJECT_SUFFIX, project_file_name
from gns3trio.controller.storage.files import MAX_PROJECT_FILE_BYTES, disk_error, read_plain
from gns3trio.controller.storage.project_swap import put_in_place, staging_folder
from gns3trio.counts import listed
from gns3trio.errors import Conflict, Forbidden, NotFound
from gns3trio.natural_order import natural_key

# The size of pieces in which uploads are written; each piece costs a thread call.
_WRITE_BYTES = 256 * 1024
# Types with disks outside of the project's folder. GNS3 rejects them too.
_NOT_PORTABLE = frozenset({"virtualbox", "vmware"})


@frozen(kw_only=True)
class ExportOptions:
    """Options of an export. ``compression`` and ``compression_level``: see ``writer.COMPRESSIONS``."""

    include_images: bool = False
    include_snapshots: bool = False
    reset_mac_addresses: bool = False
    keep_compute_ids: bool = False
    compression: str = "zip"
    compression_level: int | None = None


@asynccontextmanager
async def undisturbed(project: Project) -> AsyncIterator[None]:
    """While the ``with`` lasts, nobody opens, closes or deletes the project. Raises NotFound if it was deleted."""
    async with project.state_lock:
        if project.deleted:
            raise NotFound(f"Project ID {project.project_id} doesn't exist")
        yield


async def present_record(project: Project) -> ProjectRecord:
    """A copy of the saved data: the current state of an open project, or the file of a closed one. A file of an older
    GNS3 is converted first, with the files beside it, because they are copied too. Raises Conflict, and Unavailable if
    the disk reports an error.
    """
    if project.status == "opened":
        return await threads.disk.run(deepcopy, project.record())
    saved = await project.file.read()
    if saved.old_revision is not None:
        await project.file.replace(saved)
    return attrs.evolve(saved, old_revision=None, conversion=None, problems=[])


def require_stopped(project: Project) -> None:
    """Raises Conflict if nodes of the project are running."""
    running = [
        node.name
        for node in project.nodes.values()
        if node.status != "stopped" and not (node.instance is not None and node.instance.always_runs)
    ]
    if len(running) == 1:
        raise Conflict(f"Node '{running[0]}' runs: stop it first")
    if running:
        raise Conflict(f"{len(running)} nodes run ({listed(sorted(running, key=natural_key))}): stop them first")


def make_portable(saved: ProjectRecord, *, keep_compute_ids: bool) -> ProjectRecord:
    """The project without the data that only this server uses."""
    if keep_compute_ids:
        return saved
    nodes = [attrs.evolve(node, compute_id=LOCAL_COMPUTE_ID) for node in saved.nodes]
    return attrs.evolve(saved, nodes=nodes, computes=[])


def check_portable(saved: ProjectRecord, *, to_elsewhere: bool) -> None:
    """Raises Conflict if a node has disks outside of the project; ``to_elsewhere``: the copy may go
    to another machine.
    """
    for node in saved.nodes:
        is_linked = node.node_type == "virtualbox" and bool(node.properties.get("linked_clone"))
        if is_linked or (to_elsewhere and node.node_type in _NOT_PORTABLE):
            raise Conflict(
                f"Node '{node.name}' is a {node.node_type} machine, which is not part of the project's files"
            )


async def export_project(controller: Controller, project: Project, options: ExportOptions) -> AsyncGenerator[bytes]:
    """Yield a portable project as pieces of a zip archive, each created when it is requested.

    Before the first piece, raises Conflict if a node is running or the project cannot be read, and Invalid for an
    unknown compression; later, Conflict or Unavailable if the files can no longer be read.
    """
    compression = check_compression(options.compression, options.compression_level)
    require_stopped(project)
    original = await present_record(project)
    check_portable(original, to_elsewhere=True)
    saved = make_portable(original, keep_compute_ids=options.keep_compute_ids)
    if options.reset_mac_addresses:
        saved = reset_macs(saved)
    made = portable_files(saved, controller.file_versions)
    content = await threads.disk.run(
        partial(list_content, project.folder, snapshots=options.include_snapshots, images=options.include_images)
    )
    images, image_bytes = NO_IMAGES, 0
    if options.include_images:
        images = await threads.copying.run(needed_images, original, controller.images)
        image_bytes = await threads.disk.run(lambda: images.bytes)
    require_archivable(content.tree, images.files, image_bytes)
    project.warn_of_left_out([*files_at_computes(project), *content.left_out, *images.left_out])
    return _in_threads(zip_pieces(project.folder, content.tree, made, compression, images.files))


async def _in_threads(pieces: Generator[bytes]) -> AsyncGenerator[bytes]:
    """Create each piece in a thread when it is requested, so that a slow client occupies no thread."""
    try:
        while (piece := await threads.compression.run(next, pieces, None)) is not None:
            if piece:
                yield piece
    finally:
        pieces.close()


async def import_project(
    controller: Controller,
    project_id: UUID,
    data: AsyncIterator[bytes],
    *,
    name: str | None = None,
    path: Path | None = None,
) -> Project:
    """Create a closed project with new ids from a portable one. If its name is in use, a number is added.

    Raises Conflict for an archive that is not accepted, Forbidden for a path that this client may not use, Unavailable
    if the disk reports an error, and then leaves nothing behind.
    """
    folder = controller.new_folder(project_id, path)
    if name is not None:
        project_file_name(name)
    controller.check_unused(project_id)  # checked before the upload, not after it
    async with staging_folder(folder) as staging:
        archive, content = staging / "archive", staging / "content"
        budget = await threads.disk.run(Budget.for_disk, staging)
        await _receive(data, archive, budget)

        def unpack_content() -> ProjectRecord:
            content.mkdir()
            unpack(archive, content, budget, trio.from_thread.check_cancelled)
            archive.unlink()
            return read_unpacked(content)

        saved = await threads.compression.run(unpack_content)
        ids = NewIds()
        node_ids = {node.node_id for node in saved.nodes}
        settings = attrs.evolve(saved.settings, auto_close=True, auto_open=False, auto_start=False)
        saved = attrs.evolve(renew(saved, project_id, ids), settings=settings)

        def finish(free_name: str) -> None:
            rename_node_folders(content, node_ids, ids)
            _renew_snapshots(controller, content, saved, free_name, ids, budget)

        taken = TakenImages()
        checkpoint = trio.from_thread.check_cancelled
        try:
            await threads.copying.run(take_images, content, controller.images, taken, checkpoint)
            saved = taken.renamed(saved)
            return await _establish(controller, saved, name or settings.name, content, folder, finish)
        except BaseException:
            with trio.CancelScope(shield=True):
                await threads.disk.run(taken.give_back)
            raise


async def duplicate_project(
    controller: Controller,
    project: Project,
    *,
    name: str | None,
    project_id: UUID | None = None,
    path: Path | None = None,
    reset_mac_addresses: bool = False,
) -> Project:
    """Create a closed copy of a project with new ids; its nodes may be running. If the name is in use, a number is
    added.

    Raises as ``import_project``.
    """
    project_id = project_id or uuid4()
    folder = controller.new_folder(project_id, path)
    if name is not None:
        project_file_name(name)
    async with undisturbed(project), staging_folder(folder) as staging:
        source = await present_record(project)
        check_portable(source, to_elsewhere=False)
        ids = NewIds()
        node_ids = {node.node_id for node in source.nodes}
        settings = attrs.evolve(source.settings, auto_close=False, auto_open=False, auto_start=False)
        saved = await threads.copying.run(renew, source, project_id, ids)
        if reset_mac_addresses:
            saved = await threads.copying.run(reset_macs, saved)
        saved = attrs.evolve(saved, settings=settings)
        content = staging / "content"

        budget = await threads.disk.run(Budget.for_disk, staging)

        def copy() -> list[str]:
            content.mkdir()
            travelling = list_content(project.folder, snapshots=True, images=True)
            budget.require_room(content, travelling.tree.bytes)
            checkpoint = budget.watched(content, trio.from_thread.check_cancelled)
            copy_files(project.folder, content, travelling.tree, checkpoint)
            rename_node_folders(content, node_ids, ids)
            return travelling.left_out

        project.warn_of_left_out([*files_at_computes(project), *await threads.copying.run(copy)])
        finish = partial(_renew_snapshots, controller, content, saved, ids=ids, budget=budget)
        return await _establish(controller, saved, name or settings.name, content, folder, finish)


def _renew_snapshots(
    controller: Controller, content: Path, saved: ProjectRecord, name: str, ids: NewIds, budget: Budget
) -> None:
    renew_snapshots(
        content,
        project_id=saved.project_id,
        name=name,
        ids=ids,
        versions=controller.file_versions,
        budget=budget,
        checkpoint=trio.from_thread.check_cancelled,
    )


async def _establish(
    controller: Controller,
    saved: ProjectRecord,
    name: str,
    content: Path,
    folder: Path,
    finish: Callable[[str], None],
) -> Project:
    """Move the files in ``content`` to their final folder under a free name. ``finish`` gets the name, in a thread."""
    with controller.reserve(saved.project_id, name) as free_name:
        saved.settings.name = free_name
        file = folder / project_file_name(free_name)

        def make() -> None:
            finish(free_name)
            settle(content, file.name, saved, controller.file_versions)
            put_in_place(content, folder)

        async with controller.noted(saved.project_id, file, free_name):
            await threads.copying.run(make)
    project = controller.adopt(saved.project_id, saved.settings, file)
    controller.changes.publish(ProjectCreated(project))
    return project


async def _receive(data: AsyncIterator[bytes], path: Path, budget: Budget) -> None:
    """Write an uploaded archive to a new file. Raises Unavailable if the disk is full or reports an error."""
    try:
        file = cast(BinaryIO, await threads.disk.run(path.open, "xb"))
        try:
            waiting = bytearray()
            async for piece in data:
                waiting += piece
                if len(waiting) >= _WRITE_BYTES:
                    await threads.disk.run(_append, file, waiting, budget, path)
                    waiting = bytearray()
            await threads.disk.run(_append, file, waiting, budget, path)
        finally:
            with trio.CancelScope(shield=True):
                await threads.disk.run(file.close)
    except OSError as error:
        raise disk_error(path, error) from error


def _append(file: BinaryIO, data: bytearray, budget: Budget, path: Path) -> None:
    budget.require_room(path.parent, len(data))
    file.write(data)


async def load_project(controller: Controller, path: Path) -> Project:
    """Open the project of a ``.gns3`` file anywhere on this machine.

    Raises Forbidden unless clients share this file system; Conflict if the file cannot be read or opened, or is a copy
    of another project.
    """
    if not controller.is_local:
        raise Forbidden("path: this server does not open files of its own machine for clients (setting: local)")
    file, saved = await threads.disk.run(_read_project, path)
    known = controller.projects.get(saved.project_id)
    if known is not None:
        if not await threads.disk.run(_is_same_file, known.file.path, file):
            raise Conflict(
                f"path: project {saved.project_id} is another file already, {known.file.path}. A copy of its folder "
                "in the folder for projects is listed, and duplicating that gives a project of its own"
            )
        await controller.open_project(known)
        return known
    return await _open_unknown(controller, saved.project_id, saved.settings, file)


def _read_project(path: Path) -> tuple[Path, ProjectRecord]:
    file = path.absolute()
    if file.suffix != PROJECT_SUFFIX:
        raise Conflict(f"path: {path} is no {PROJECT_SUFFIX} file")
    try:
        return file, parse_project(read_plain(file, MAX_PROJECT_FILE_BYTES))
    except OSError as error:
        raise Conflict(f"path: {path}: {error.strerror}") from None
    except ValueError:
        raise Conflict(f"path: {str(path)!r} cannot be the path of a file") from None


def _is_same_file(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


async def _open_unknown(controller: Controller, project_id: UUID, settings: ProjectSettings, file: Path) -> Project:
    controller.check_unused(project_id)
    controller.check_unused_name(settings.name)
    for known in controller.projects.values():
        if known.folder == file.parent:
            raise Conflict(
                f"path: the folder is that of project {known.project_id}, whose file is {known.file.path.name}: copy "
                f"{file.name} into a folder of its own"
            )
    project = controller.adopt(project_id, settings, file)
    try:
        async with controller.noted(project_id, file, settings.name):
            await project.open()
    except BaseException:
        del controller.projects[project_id]
        raise
    return project
