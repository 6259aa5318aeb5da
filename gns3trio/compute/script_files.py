"""The file of a start-up script in a node's folder, which users fill. Blocks.

A script is in whatever encoding its author used: bytes that are not UTF-8 are kept as ``surrogateescape`` has them.
"""

import os
from contextlib import suppress
from pathlib import Path

import attrs


@attrs.frozen
class StartupScript:
    """A script as it was read; not ``is_whole`` when the file is longer, and ``text`` its beginning."""

    text: str
    is_whole: bool = True


def read_script(folder: Path, file_name: str, max_bytes: int) -> StartupScript | None:
    """The script in a node's folder; None when there is none."""
    try:
        with open(folder / file_name, "rb", opener=_open_plain) as file:
            data = file.read(max_bytes + 1)
    except OSError:
        return None
    text = data[:max_bytes].decode(errors="surrogateescape")
    return StartupScript(text, is_whole=len(data) <= max_bytes)


def write_script(folder: Path, file_name: str, text: str) -> None:
    """Put a script into a node's folder, whole or not at all. Raises OSError."""
    new = folder / f".{file_name.removeprefix('.')}.new"
    new.unlink(missing_ok=True)
    try:
        # "x": a file of its own, not one that a link leads to.
        with open(new, "x", newline="", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        new.replace(folder / file_name)  # a full disk leaves the old script
    except OSError:
        with suppress(OSError):
            new.unlink()
        raise


def _open_plain(path: str, flags: int) -> int:
    """Open a file of a folder that users fill: a link must not lead out of it, a pipe must not block the server."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
