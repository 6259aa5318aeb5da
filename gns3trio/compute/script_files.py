"""Reads and writes the start-up script in a node's folder, whose files come from users. Blocks.

A script may have any encoding: bytes that are not UTF-8 are preserved with ``surrogateescape``.
"""

import os
from contextlib import suppress
from pathlib import Path

from gns3trio.classes import frozen


@frozen
class StartupScript:
    """A script. If the file is too long, ``text`` is its beginning and ``is_whole`` is false."""

    text: str
    is_whole: bool = True


def read_script(folder: Path, file_name: str, max_bytes: int) -> StartupScript | None:
    """Read the script in a node's folder; None if there is none."""
    try:
        with open(folder / file_name, "rb", opener=_open_plain) as file:
            data = file.read(max_bytes + 1)
    except OSError:
        return None
    text = data[:max_bytes].decode(errors="surrogateescape")
    return StartupScript(text, is_whole=len(data) <= max_bytes)


def write_script(folder: Path, file_name: str, text: str) -> None:
    """Write a script into a node's folder, completely or not at all. Raises OSError."""
    new = folder / f".{file_name.removeprefix('.')}.new"
    new.unlink(missing_ok=True)
    try:
        # "x": create a new file, and do not follow a link.
        with open(new, "x", newline="", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        new.replace(folder / file_name)  # on a full disk the old script stays
    except OSError:
        with suppress(OSError):
            new.unlink()
        raise


def _open_plain(path: str, flags: int) -> int:
    """Open a file in a user's folder, without following a link or blocking on a pipe."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
