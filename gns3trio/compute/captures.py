"""The part of the compute interface for captures (see ``compute/interface.py``): protocols and values."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from gns3trio.classes import frozen
from gns3trio.conditions.core_filter import Direction
from gns3trio.limits import MAX_SNAPLEN
from gns3trio.traffic.captures import FileRing
from gns3trio.traffic.counters import CaptureCounters

# The limit of captures at an end of a link. Each has a file, and a ring in the core that occupies up to a megabyte:
# 1024 busy captures need a gigabyte, and every frame is copied 1024 times.
MAX_CAPTURES = 1024


@frozen(kw_only=True)
class CaptureSpec:
    """Parameters of a capture.

    ``path``: the file on the controller's disk; None for streams only. Files of a ring are numbered:
    ``name_00001.pcap``. ``snaplen`` bytes of each frame are kept. ``direction``: ``out`` frames come from the node,
    ``in`` frames go to it. ``interfaces`` are the names of the two ends in a pcapng file, this end first.
    ``data_link_type`` is one of GNS3's names. Only frames that match the ``expression`` (pcap-filter(7)) are captured.
    """

    path: Path | None
    ring: FileRing | None = None
    pcapng: bool = False
    snaplen: int = MAX_SNAPLEN
    data_link_type: str = "DLT_EN10MB"
    direction: Direction = "both"
    interfaces: tuple[str, str] = ("a", "b")
    expression: str = ""
    comment: str = ""


class CaptureReader(Protocol):
    """One client of a capture that is streamed."""

    async def receive(self) -> bytes:
        """The records since the last call, a piece at a time; empty at the end."""


class Capture(Protocol):
    """A started capture. It ends with its end of the link, by ``stop``, or by itself with an ``error``."""

    @property
    def spec(self) -> CaptureSpec:
        """The parameters of the capture."""

    @property
    def path(self) -> Path | None:
        """The path of the current file."""

    @property
    def running(self) -> bool:
        """Whether the capture is running."""

    @property
    def error(self) -> str | None:
        """The reason why it stopped by itself; None otherwise."""

    @property
    def stream_dropped_bytes(self) -> int:
        """Bytes of records that streams dropped because their clients were too slow."""

    @property
    def is_streamed(self) -> bool:
        """Whether a client is reading a stream of it."""

    def counters(self) -> CaptureCounters:
        """The captured records, and those lost for lack of buffer, as last known."""

    def stream(self) -> AbstractContextManager[CaptureReader]:
        """A reader that begins at the start of the capture if it is saved, otherwise now, and follows it."""

    async def stop(self) -> None:
        """Write the remaining records and complete the file. Does nothing if it has stopped already."""
