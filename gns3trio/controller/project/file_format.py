"""Which GNS3 reads a project's file, and making it into that of another one."""

import attrs

from gns3trio.classes import frozen
from gns3trio.controller.gns3_format.own_fields import kept_beside
from gns3trio.controller.gns3_format.records import ProjectRecord
from gns3trio.controller.gns3_format.revisions import GNS3_3, NAMES, why_not_gns3_3
from gns3trio.controller.project.project import Project
from gns3trio.errors import Conflict

# The most reasons in an error.
_TOLD = 5


@frozen
class FileFormat:
    """The format of a project's file. ``gns3``: the version that saves in this revision; ``beside``: what is kept
    beside the file because only the other one has it.
    """

    revision: int
    gns3: str
    beside: list[str]


async def file_format(project: Project) -> FileFormat:
    """The format of a project's file. Raises Conflict if it cannot be read."""
    async with project.state_lock:
        return _format_of(await _present(project))


async def convert_project(project: Project, revision: int) -> FileFormat:
    """Save a project in another revision from now on, whether it is open or not. The present file is kept as a version.

    Raises Conflict if the GNS3 of that revision would refuse the project, or the file cannot be read; Unavailable if
    the disk reports an error. The project is unchanged then.
    """
    project.require_acceptable()
    async with project.state_lock:
        saved = await _present(project)
        if (saved.revision, saved.old_revision) == (revision, None):
            return _format_of(saved)
        _require_convertible(saved, revision)
        converted = attrs.evolve(saved, revision=revision)
        if project.status == "opened":
            await project.save_in(revision)
        else:
            await project.file.keep_version()
            await project.file.replace(converted)
    project.log("info", f"The project's file is that of GNS3 {NAMES[revision]} from now on")
    return _format_of(converted)


async def _present(project: Project) -> ProjectRecord:
    return project.record() if project.status == "opened" else await project.file.read()


def _format_of(saved: ProjectRecord) -> FileFormat:
    return FileFormat(saved.revision, NAMES[saved.revision], kept_beside(saved))


def _require_convertible(saved: ProjectRecord, revision: int) -> None:
    if revision != GNS3_3:
        return
    reasons = why_not_gns3_3({node.name: node.node_type for node in saved.nodes}, saved.settings.supplier)
    if reasons:
        more = f"; and {len(reasons) - _TOLD} more" if reasons[_TOLD:] else ""
        raise Conflict(f"GNS3 3.0 could not open the project: {'; '.join(reasons[:_TOLD])}{more}")
