"""Compresses runs of events for the journal: the events of a lab resemble each other, and one takes a tenth then."""

import zlib
from collections.abc import Sequence
from uuid import UUID

from gns3trio.notifications.events import Event

# Limits of a run. Compressing or unpacking one takes less than a millisecond; a longer event stays as it is.
PACK_EVENTS = 128
PACK_BYTES = 64 * 1024
_FAST = 1

_Head = tuple[str, UUID | None, UUID | None, str | None]


class PackedEvents:
    """Events in order, compressed. ``first`` is the number of the first one, ``sizes`` the bytes of their lines."""

    __slots__ = ("_data", "_heads", "first", "sizes")

    def __init__(self, first: int, events: Sequence[Event]) -> None:
        self.first = first
        self.sizes = [len(event.line) for event in events]
        heads: dict[_Head, _Head] = {}
        every = ((event.action, event.project_id, event.about, event.user) for event in events)
        self._heads = [heads.setdefault(head, head) for head in every]
        lines = b"".join(event.line for event in events)
        self._data = zlib.compress(lines, _FAST) if len(lines) <= PACK_BYTES else lines

    @property
    def last(self) -> int:
        """The number of the last one."""
        return self.first + len(self.sizes) - 1

    @property
    def kept_bytes(self) -> int:
        """The bytes that the lines take here."""
        return len(self._data)

    def unpack(self) -> list[Event]:
        """The events."""
        total = sum(self.sizes)
        lines = memoryview(zlib.decompress(self._data, bufsize=total) if total <= PACK_BYTES else self._data)
        events, at = [], 0
        for head, size in zip(self._heads, self.sizes, strict=True):
            events.append(Event.of_line(*head, lines[at : at + size].tobytes()))
            at += size
        return events
