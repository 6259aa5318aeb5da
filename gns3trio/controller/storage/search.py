"""Finds the projects on the disk: their folders and project files. Synchronous; runs in a thread.

A project's folder may have any name: servers use the project's id, GNS3's desktop its name. So every folder in
``projects_path`` with a ``.gns3`` file is a project, with the id in that file. Projects elsewhere are found by the
server's records (``remembered_places``).

A folder is one project. Of several ``.gns3`` files in it, one is used and the others are reported. Of several folders
with the same id (copied folders), one is the project and the others are listed as its copies.
"""

import logging
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5

import attrs

from gns3trio.classes import frozen
from gns3trio.controller.gns3_format.reader import Heading, parse_heading
from gns3trio.controller.gns3_format.records import ProjectSettings
from gns3trio.controller.names import clean_name
from gns3trio.controller.storage.file_names import PROJECT_SUFFIX
from gns3trio.controller.storage.files import MAX_PROJECT_FILE_BYTES, printable, read_plain
from gns3trio.controller.storage.kept_versions import newest_heading
from gns3trio.convert import as_uuid
from gns3trio.errors import Conflict
from gns3trio.printable import is_plain_name

log = logging.getLogger(__name__)

# The most .gns3 files of one folder that are read, because reading them delays the start of the server.
MAX_CANDIDATES = 20


@frozen(kw_only=True)
class RememberedProject:
    """The record of a project: its file, and its name in case the file is missing."""

    project_id: UUID
    file: Path
    name: str


@frozen(kw_only=True)
class FoundProject:
    """A project on the disk. ``error`` is the reason why it cannot be opened. ``others`` are unused files in its
    folder. ``copy_of`` is the id in the file if another folder has the project of that id; ``project_id`` is generated
    then. ``is_guess``: of several files, this one was chosen by names only. ``is_refused``: it cannot be opened in its
    present place, whatever its file contains.
    """

    project_id: UUID
    file: Path
    settings: ProjectSettings
    error: str | None = None
    others: tuple[str, ...] = ()
    copy_of: UUID | None = None
    is_guess: bool = False
    is_refused: bool = False


def is_searched(folder: Path, projects_path: Path) -> bool:
    """Whether ``find_projects`` finds a project in this folder without a record."""
    return folder.parent == projects_path and not folder.name.startswith(".")


def find_projects(projects_path: Path, records: Mapping[UUID, RememberedProject]) -> list[FoundProject]:
    """All projects of this server, sorted by folder name. Unreadable ones are listed with their errors."""
    recorded = {record.file: record for record in records.values()}
    found = []
    for folder in project_folders(projects_path):
        project = _look_into(folder, recorded)
        if project is not None:
            found.append(project)
    found += [_recorded(record) for record in records.values() if not is_searched(record.file.parent, projects_path)]
    return list(_told_apart(found, recorded))


def project_folders(projects_path: Path) -> list[Path]:
    """The folders in ``projects_path`` that may contain a project, sorted by name, including links to folders."""
    try:
        with os.scandir(projects_path) as entries:
            return sorted(Path(entry.path) for entry in entries if not entry.name.startswith(".") and _is_folder(entry))
    except FileNotFoundError:
        return []
    except OSError as error:
        log.error("%s cannot be searched for projects: %s", projects_path, error.strerror)
        return []


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that points to itself
        return False


# --- one folder ---


@frozen
class _Candidate:
    file: Path
    heading: Heading | None
    error: str | None


def _look_into(folder: Path, recorded: Collection[Path]) -> FoundProject | None:
    try:
        files = _project_files(folder, recorded)
    except OSError as error:
        log.warning("%s cannot be searched for a project: %s", folder, error.strerror)
        return None
    if not files:
        return _without_file(folder)
    candidates = [_read(file) for file in files[:MAX_CANDIDATES]]
    home = _home(folder, candidates)
    best = min(candidates, key=lambda candidate: _rank(candidate, home, recorded))
    settings = best.heading.settings if best.heading else ProjectSettings(name=clean_name(best.file.stem, "unnamed"))
    project_id = best.heading.project_id if best.heading else None
    project = FoundProject(
        project_id=project_id or home.project_id or made_up_id(folder),
        file=best.file,
        settings=settings,
        error=best.error,
        others=tuple(printable(file.name) for file in files if file != best.file),
        is_guess=len(files) > 1 and best.file not in recorded,
    )
    if printable(best.file) != str(best.file):
        problem = f"{printable(best.file)}: this name is not UTF-8 text and cannot be sent to clients: rename it"
        project = attrs.evolve(project, error=problem, is_refused=True)
    return project


def _project_files(folder: Path, recorded: Collection[Path]) -> list[Path]:
    """The project files, the most likely first: the recorded one, the one named like the folder, then short names
    first.
    """
    with os.scandir(folder) as entries:
        names = [each.name for each in entries if each.name.endswith(PROJECT_SUFFIX) and not each.name.startswith(".")]

    def rank(name: str) -> tuple[bool, bool, int, str]:
        return folder / name not in recorded, name != f"{folder.name}{PROJECT_SUFFIX}", len(name), name

    return [folder / name for name in sorted(names, key=rank)]


def _read(file: Path) -> _Candidate:
    try:
        return _Candidate(file, parse_heading(read_plain(file, MAX_PROJECT_FILE_BYTES)), None)
    except OSError as error:
        return _Candidate(file, None, f"{printable(file)} cannot be read: {error.strerror}")
    except Conflict as error:
        return _Candidate(file, None, f"{printable(file)}: {error}")


@frozen
class _Home:
    """Hints about a project: its folder's name, and the earlier versions in it."""

    project_id: UUID | None = None
    name: str | None = None


def _home(folder: Path, candidates: Collection[_Candidate]) -> _Home:
    if len(candidates) == 1 and all(candidate.heading is not None for candidate in candidates):
        return _Home()  # not needed
    heading = newest_heading(folder)
    name = heading.settings.name if heading else None
    return _Home(as_uuid(folder.name) or (heading.project_id if heading else None), name)


def _rank(
    candidate: _Candidate, home: _Home, recorded: Collection[Path]
) -> tuple[bool, bool, bool, bool, bool, int, str]:
    """The sort key of a file: the lowest is the project's. A damaged file comes before one of another project, because
    there may be earlier versions of it.
    """
    heading, stem = candidate.heading, candidate.file.stem
    name = heading.settings.name if heading else None
    return (
        candidate.file not in recorded,
        heading is not None and home.project_id is not None and heading.project_id not in (home.project_id, None),
        heading is None,
        name is not None and name != (home.name or name),
        name is not None and name != stem,
        len(stem),
        stem,
    )


def _without_file(folder: Path) -> FoundProject | None:
    """A project whose file is missing, but with earlier versions."""
    heading = newest_heading(folder)
    if heading is None or heading.project_id is None:
        return None
    name = heading.settings.name
    file = folder / f"{name if is_plain_name(name) else 'project'}{PROJECT_SUFFIX}"
    return FoundProject(
        project_id=heading.project_id, file=file, settings=heading.settings, error=f"{printable(file)} is gone"
    )


def made_up_id(folder: Path, of: UUID = NAMESPACE_URL) -> UUID:
    """A generated id, which is the same at every start."""
    return uuid5(of, f"gns3trio:{printable(folder.name)}")


def _recorded(record: RememberedProject) -> FoundProject:
    """A recorded project in a folder that is not searched."""
    candidate = _read(record.file)
    project_id = candidate.heading.project_id if candidate.heading else None
    if candidate.heading is None:
        error = candidate.error
        if not os.path.lexists(record.file):
            error = f"{record.file} is gone, or its disk is not there"
        settings = ProjectSettings(name=record.name)
    else:
        error, settings = None, candidate.heading.settings
    return FoundProject(project_id=project_id or record.project_id, file=record.file, settings=settings, error=error)


# --- several folders ---


def _told_apart(found: Iterable[FoundProject], recorded: Mapping[Path, RememberedProject]) -> Iterator[FoundProject]:
    """Resolve equal ids: all but one project are copies."""
    by_id: dict[UUID, list[FoundProject]] = {}
    for project in found:
        by_id.setdefault(project.project_id, []).append(project)
    for same in by_id.values():
        first, *others = sorted(same, key=lambda project: _folder_rank(project, recorded))
        yield attrs.evolve(first, is_guess=first.is_guess or (bool(others) and first.file not in recorded))
        for other in others:
            yield copy_of(first.project_id, first.file.parent, other)


def _folder_rank(
    project: FoundProject, recorded: Mapping[Path, RememberedProject]
) -> tuple[bool, bool, bool, bool, int, str]:
    """The sort key of a folder: the lowest is the project. A copied folder usually has the longer name."""
    folder = project.file.parent.name
    return (
        project.file not in recorded,
        folder != str(project.project_id),
        project.error is not None,
        folder != project.settings.name,
        len(folder),
        folder,
    )


def copy_of(project_id: UUID, place: Path, project: FoundProject) -> FoundProject:
    """The entry for a folder with the id of the project in another folder, ``place``."""
    folder = project.file.parent
    name = clean_name(f"{project.settings.name} ({folder.name})", "unnamed")
    return attrs.evolve(
        project,
        project_id=made_up_id(folder, project_id),
        settings=attrs.evolve(project.settings, name=name, auto_open=False, auto_start=False),
        error=f"{printable(folder)} is a copy of the project in {printable(place)}, with its id: duplicate it to get a "
        "project of its own",
        copy_of=project_id,
        is_guess=False,
        is_refused=True,
    )
