"""The notes of a project: a text for people, which GNS3's clients also show and edit. It is a file in the project's
folder, so it travels with the project.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

from gns3trio import threads
from gns3trio.controller.project.files import write_project_file
from gns3trio.controller.project.project import Project
from gns3trio.controller.storage.single_files import open_file
from gns3trio.errors import Conflict, NotFound

NOTES_FILE = "README.txt"
MAX_NOTES = 256 * 1024  # characters; a file may have more bytes


async def read_notes(project: Project) -> str:
    """The notes of a project, open or closed; "" if there are none. Raises Conflict if the file is too large."""
    return await threads.disk.run(_read, project.folder)


def _read(folder: Path) -> str:
    try:
        file = open_file(folder, NOTES_FILE)
    except NotFound:
        return ""
    with os.fdopen(file.descriptor, "rb") as opened:
        data = opened.read(4 * MAX_NOTES + 1)
    text = data.decode(errors="replace")
    if len(text) > MAX_NOTES:
        raise Conflict(f"{NOTES_FILE} has more than {MAX_NOTES} characters: it is too large to be edited here")
    return text


async def write_notes(project: Project, text: str) -> None:
    """Replace the notes of a project. Raises Unavailable if the disk reports an error."""

    async def pieces() -> AsyncIterator[bytes]:
        yield text.encode(errors="replace")

    await write_project_file(project, NOTES_FILE, pieces())
