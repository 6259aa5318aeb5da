"""Rules for the names of project files. Does no I/O."""

import os

from gns3trio.controller.names import check_name
from gns3trio.errors import Conflict
from gns3trio.printable import MAX_FILE_NAME_BYTES, is_plain_name, without_hidden

PROJECT_SUFFIX = ".gns3"
MAX_NAME_BYTES = 1024
MAX_FOLDERS = 64
# NAME_MAX of Linux file systems.
MAX_COMPONENT_BYTES = 255


def near_file_name(name: str, ending: str = "") -> str:
    """The name with an ending, or a similar valid file name if that is not one."""
    if name.strip() and is_plain_name(name + ending):
        return name + ending
    plain = without_hidden(name).replace("/", "_").strip().lstrip(".") or "project"
    room = MAX_FILE_NAME_BYTES - len(ending.encode())
    return plain.encode(errors="replace")[:room].decode(errors="ignore").rstrip() + ending


def project_file_name(project_name: str) -> str:
    """The file name for a new project. Raises Invalid for an invalid name, Conflict if it cannot be a file name."""
    check_name(project_name)
    if not is_plain_name(project_name):
        raise Conflict(f"name: {project_name!r} cannot be the name of a file")
    return project_name + PROJECT_SUFFIX


def is_project_file(name: str) -> bool:
    """Whether a file in a project's folder is its project file, a kept older one, or one that is being written."""
    return "/" not in name and (name.endswith(PROJECT_SUFFIX) or f"{PROJECT_SUFFIX}." in name)


def name_problem(name: str) -> str | None:
    """The reason why this is not a valid file name in an archive; None if it is."""
    parts = name.split("/")
    if "\0" in name or not name:
        return "is no name of a file"
    if any(part in ("", ".", "..") for part in parts):
        return "leads out of the project or is not in its plain form"
    try:
        sizes = [len(os.fsencode(part)) for part in parts]
    except UnicodeEncodeError:
        return "is no name of a file"
    if max(sizes) > MAX_COMPONENT_BYTES or sum(sizes) > MAX_NAME_BYTES or len(parts) > MAX_FOLDERS:
        return "is too long a name, or too deep"
    return None
