"""Moves the files of a project that was converted from an older GNS3 to their present places.

Runs in a thread. It may be repeated: finished steps are skipped, and nothing is overwritten.
"""

import fnmatch
import os
from pathlib import Path

from gns3trio.controller.gns3_format.converted import Conversion
from gns3trio.controller.storage.files import disk_error, write_atomic
from gns3trio.project_layout import PROJECT_FILES


def settle_files(folder: Path, conversion: Conversion) -> None:
    """Move and write the files below a project's ``folder``. Raises Unavailable if the disk reports an error."""
    try:
        for move in conversion.moves:
            source = _inside(folder, move.folder)
            if source is None or not source.is_dir():
                continue
            for entry in sorted(os.scandir(source), key=lambda entry: entry.name):
                if entry.is_file(follow_symlinks=False) and fnmatch.fnmatchcase(entry.name, move.pattern):
                    _move(folder, Path(entry.path), move.target, move.name or entry.name)
        for file in conversion.files:
            _write(folder, f"{PROJECT_FILES}/{file.node_type}/{file.node_id}/{file.path}", file.text)
    except OSError as error:
        raise disk_error(folder, error) from error


def _move(folder: Path, source: Path, target: str, name: str) -> None:
    place = _inside(folder, target, make=True)
    if place is not None and not os.path.lexists(place / name):
        source.rename(place / name)


def _write(folder: Path, name: str, text: str) -> None:
    parent, _, base = name.rpartition("/")
    place = _inside(folder, parent, make=True)
    if place is not None and not os.path.lexists(place / base):
        write_atomic(place / base, text.encode(errors="replace"))


def _inside(folder: Path, below: str, *, make: bool = False) -> Path | None:
    """A folder of the project; None if a link or a file is in its place."""
    path = folder
    for part in below.split("/"):
        path /= part
        if make and not os.path.lexists(path):
            path.mkdir()
        if path.is_symlink() or (make and not path.is_dir()):
            return None
    return path
