"""Where projects may be: the places that clients choose, and those whose files the server may delete."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from gns3trio.config import Config
from gns3trio.controller.storage.files import TEMPORARY_PREFIX
from gns3trio.errors import Forbidden, Invalid


def check_place(path: Path, config: Config, projects: Iterable[Path]) -> Path:
    """The folder for a new project that a client names by ``path``; ``projects`` are the folders of the others.

    Raises Invalid for what is no path, Forbidden for a place that the client may not choose or somebody else needs.
    """
    if "\0" in str(path):
        raise Invalid("path: holds a null character")
    folder = path.absolute()
    if not config.local and not _is_within(folder, config.projects_path):
        raise Forbidden(f"path: {path} is outside of the folder for projects")
    if _exists(folder):
        raise Forbidden(f"path: {path} exists already")
    is_ours = folder.is_relative_to(config.projects_path)
    below = folder.relative_to(config.projects_path).parts if is_ours else folder.parts[-1:]
    if any(part.startswith(TEMPORARY_PREFIX) for part in below):
        raise Forbidden(f"path: {path} has a name that is kept for files that are not complete yet")
    if {config.state_folder, *projects}.intersection(folder.parents):
        raise Forbidden(f"path: {path} is in a folder of the server or of another project")
    return folder


def is_foreign(folder: Path, projects_path: Path) -> bool:
    """Whether a folder is there, and outside of that for projects: it may hold files that are not the project's."""
    return os.path.lexists(folder) and not _is_within(folder, projects_path)


def _is_within(folder: Path, projects_path: Path) -> bool:
    """Whether a folder is in that for projects, links followed."""
    return Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(projects_path))


def _exists(folder: Path) -> bool:
    """Raises Invalid for what cannot be a folder."""
    try:
        os.lstat(folder)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise Invalid(f"path: {folder}: {error.strerror}") from None
        return False
    return True
