"""Keeps the last valid versions of a project's file, or of another one, in case the file becomes unreadable.

They are in the folder ``.gns3trio-versions`` beside the file, named by the time (UTC) when they were saved, and are
neither exported nor part of snapshots.
"""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from gns3trio.classes import frozen
from gns3trio.controller.gns3_format.reader import Heading, parse_heading, parse_project
from gns3trio.controller.storage.file_names import PROJECT_SUFFIX
from gns3trio.controller.storage.files import MAX_PROJECT_FILE_BYTES, read_plain, write_atomic
from gns3trio.errors import Conflict, LabError, NotFound, Unavailable

VERSIONS_FOLDER = ".gns3trio-versions"
MAX_VERSIONS = 8
_STEM = re.compile(r"\d{8}T\d{6}\.\d{6}Z")
_TIME = "%Y%m%dT%H%M%S.%fZ"


@frozen
class Version:
    """An earlier version. ``saved_at`` is in ISO 8601."""

    version: str
    saved_at: str
    nodes: int
    links: int


def keep_version(file: Path, data: bytes, *, private: bool = False) -> None:
    """Save a valid version, unless it equals the newest one, and delete the oldest ones. Only the user of the server
    can read a ``private`` one.

    A disk error is ignored, so that it does not prevent opening the project.
    """
    folder = file.parent / VERSIONS_FOLDER
    try:
        names = _names(folder, file.suffix)
        if names and _read(folder / names[-1]) == data:
            return
        folder.mkdir(exist_ok=True)
        write_atomic(folder / f"{datetime.now(UTC).strftime(_TIME)}{file.suffix}", data, private=private)
        for name in names[: -(MAX_VERSIONS - 1)]:
            (folder / name).unlink()
    except (OSError, Unavailable):
        return


def kept_names(file: Path) -> list[str]:
    """The names of the kept versions of a file, the oldest first. Raises OSError."""
    return _names(file.parent / VERSIONS_FOLDER, file.suffix)


def _names(folder: Path, suffix: str = PROJECT_SUFFIX) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if path.suffix == suffix and _STEM.fullmatch(path.stem))


def _read(path: Path) -> bytes:
    return read_plain(path, MAX_PROJECT_FILE_BYTES)


def newest_heading(folder: Path) -> Heading | None:
    """The heading of the newest version in a project's folder; None if there is none."""
    place = folder / VERSIONS_FOLDER
    try:
        names = _names(place)
    except OSError:
        return None
    for name in reversed(names):
        try:
            return parse_heading(_read(place / name))
        except (OSError, LabError):
            continue
    return None


def list_versions(file: Path) -> list[Version]:
    """The readable earlier versions of a project's file, the newest first."""
    folder = file.parent / VERSIONS_FOLDER
    versions: list[Version] = []
    try:
        names = _names(folder)
    except OSError:
        return []
    for name in reversed(names):
        try:
            saved = parse_project(_read(folder / name))
        except (OSError, LabError):
            continue
        saved_at = datetime.strptime(name, f"{_TIME}{PROJECT_SUFFIX}").replace(tzinfo=UTC).isoformat()
        versions.append(Version(name, saved_at, len(saved.nodes), len(saved.links)))
    return versions


def put_version_back(file: Path, version: str | None) -> Path | None:
    """Replace a project's file by an earlier version, by default the newest. The replaced file is kept under another
    name, which is returned; None if there was no file.

    Raises NotFound for an unknown version, Conflict if there is none, Unavailable if the disk reports an error.
    """
    kept = [each.version for each in list_versions(file)]
    if not kept:
        raise Conflict("there is no kept version of this project's file")
    if version is not None and version not in kept:
        raise NotFound(f"version: there is no kept version {version!r}")
    try:
        data = _read(file.parent / VERSIONS_FOLDER / (version or kept[0]))
        aside = None
        if os.path.lexists(file):
            aside = file.with_name(f"{file.name}.damaged-{datetime.now(UTC).strftime('%Y%m%dT%H%M%S.%f')}")
            _set_aside(file, aside)
    except OSError as error:
        raise Unavailable(f"{file}: {error.strerror}") from None
    write_atomic(file, data)
    return aside


def _set_aside(file: Path, aside: Path) -> None:
    """Give the file a second name, so that a crash never leaves the folder without a project file."""
    try:
        os.link(file, aside, follow_symlinks=False)
    except OSError:  # a folder, or a file system without hard links
        file.rename(aside)
