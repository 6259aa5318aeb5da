"""Checks project folders: which ones clients may choose, and in which ones the server may delete files."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from gns3trio.config import Config
from gns3trio.controller.storage.files import TEMPORARY_PREFIX
from gns3trio.errors import Forbidden, Invalid


def check_place(path: Path, config: Config, projects: Iterable[Path]) -> Path:
    """The folder for a new project that a client chooses by ``path``; ``projects`` are the folders of existing ones.

    Raises Invalid for an invalid path, Forbidden for a folder that the client may not choose or that is in use.
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
    """Whether a folder exists outside of ``projects_path``: it may contain files that do not belong to the project."""
    return os.path.lexists(folder) and not _is_within(folder, projects_path)


def _is_within(folder: Path, projects_path: Path) -> bool:
    """Whether a folder is inside ``projects_path``, after resolving links."""
    return Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(projects_path))


def _exists(folder: Path) -> bool:
    """Whether the path exists. Raises Invalid for an invalid path."""
    try:
        os.lstat(folder)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise Invalid(f"path: {folder}: {error.strerror}") from None
        return False
    return True
