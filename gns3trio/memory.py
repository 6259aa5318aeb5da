"""Accounts for the memory that all clients together occupy in the server.

Each client has limits of its own, but sixty clients at their limits would still occupy a gigabyte. So each kind of
memory also has a total. The first ``FREE_BYTES`` of each holder do not count, so that heavy clients never block normal
ones.
"""

import attrs

from gns3trio.classes import frozen

MIB = 1024 * 1024

FREE_BYTES = 64 * 1024
"""Bytes that each holder may have in any case: enough for all requests except those with pictures or configurations."""


class Total:
    """The bytes of one kind that all clients occupy together."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0
        self.holders = 0
        self.refused = 0  # how often a request for memory was rejected

    @property
    def share(self) -> int:
        """The fair share of each holder."""
        return max(self.most // max(self.holders, 1), FREE_BYTES)


class Holder:
    """The part of a total that one client occupies. Use it as a context manager, or ``close`` it."""

    def __init__(self, total: Total) -> None:
        self.size = 0
        self._total = total
        self._closed = False
        total.holders += 1

    def take(self, size: int) -> bool:
        """Occupy ``size`` more bytes. Returns False, without occupying them, if the total would be exceeded."""
        if self.size + size > FREE_BYTES and self._total.held + size > self._total.most:
            self._total.refused += 1
            return False
        self.add(size)
        return True

    def take_share(self, size: int) -> bool:
        """As ``take``, but also returns False if this holder already has its fair share."""
        if self.size + size > self._total.share:
            self._total.refused += 1
            return False
        self.add(size)
        return True

    def add(self, size: int) -> None:
        """Occupy ``size`` more bytes (or fewer, if negative), whatever the total. Does nothing once closed."""
        if not self._closed:
            self.size += size
            self._total.held += size

    def close(self) -> None:
        """Release everything; later calls have no effect."""
        if not self._closed:
            self.add(-self.size)
            self._total.holders -= 1
            self._closed = True

    def __enter__(self) -> "Holder":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@frozen
class Memory:
    """Every total of a server.

    ``bodies``: request bodies until the request is answered. Beyond the total, the newest request is rejected.
    ``messages``: websocket messages until a handler reads them. Beyond it, the newest message ends its websocket.
    ``replies``: replies that clients have not read yet. Beyond it, the slowest client is disconnected.
    ``captures``: records for capture streams. Beyond it, streams lose records, and count the losses.
    """

    bodies: Total = attrs.field(factory=lambda: Total(64 * MIB))
    messages: Total = attrs.field(factory=lambda: Total(32 * MIB))
    replies: Total = attrs.field(factory=lambda: Total(64 * MIB))
    captures: Total = attrs.field(factory=lambda: Total(64 * MIB))

    def totals(self) -> dict[str, Total]:
        """All totals, by name."""
        return {field.name: getattr(self, field.name) for field in attrs.fields(type(self))}
