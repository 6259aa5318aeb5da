"""What the file of a project tells without being opened: when it was changed, and how many objects it has."""

from pathlib import Path

from gns3trio.classes import frozen
from gns3trio.controller.gns3_format.reader import count_objects
from gns3trio.controller.storage.files import read_plain
from gns3trio.errors import Conflict

# The objects of a larger file are not counted: parsing it would take a tenth of a second. It has 10,000 nodes or more.
MAX_COUNTED_BYTES = 8 * 1024 * 1024


@frozen
class FileSummary:
    """``changed_at`` is in seconds since 1970. What is not known is None."""

    identity: tuple[int, int, int] | None = None
    changed_at: float | None = None
    nodes: int | None = None
    links: int | None = None


def summarize(path: Path, known: FileSummary) -> FileSummary:
    """Read the file, unless it is still the one that ``known`` tells of. Runs in a thread."""
    try:
        status = path.stat()
        identity = (status.st_ino, status.st_mtime_ns, status.st_size)
        if identity == known.identity:
            return known
        counts: tuple[int | None, int | None] = (None, None)
        if status.st_size <= MAX_COUNTED_BYTES:
            counts = count_objects(read_plain(path, MAX_COUNTED_BYTES))
    except OSError:
        return FileSummary()
    except Conflict:  # it is damaged
        counts = (None, None)
    return FileSummary(identity, status.st_mtime, *counts)
