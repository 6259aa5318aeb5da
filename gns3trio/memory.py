"""What clients make the server hold, counted over all of them, and memory that is given back when they are done.

Each client has limits of its own; sixty of them at once would still take a gigabyte. So each kind has a total too. What
a usual client needs is free of it (``FREE_BYTES``), so that those who take much never keep others from working.
"""

import attrs

MIB = 1024 * 1024

FREE_BYTES = 64 * 1024
"""What one holder may have in any case: more than any request but one with a picture or a configuration."""


class Total:
    """The bytes of one kind that all clients hold together."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0
        self.holders = 0
        self.refused = 0  # how often there was no room

    @property
    def share(self) -> int:
        """What each holder may have when all want the same."""
        return max(self.most // max(self.holders, 1), FREE_BYTES)


class Holder:
    """What one client holds of a total. Use it as a context manager, or ``close`` it."""

    def __init__(self, total: Total) -> None:
        self.size = 0
        self._total = total
        self._closed = False
        total.holders += 1

    def take(self, size: int) -> bool:
        """Hold so many bytes more; False, and nothing is held, when all hold too much."""
        if self.size + size > FREE_BYTES and self._total.held + size > self._total.most:
            self._total.refused += 1
            return False
        self.add(size)
        return True

    def take_share(self, size: int) -> bool:
        """As ``take``; False when this one has its share of the total."""
        if self.size + size > self._total.share:
            self._total.refused += 1
            return False
        self.add(size)
        return True

    def add(self, size: int) -> None:
        """Hold so many bytes more (or fewer), whatever the total. Nothing happens when it is closed."""
        if not self._closed:
            self.size += size
            self._total.held += size

    def close(self) -> None:
        """Hold nothing any more."""
        if not self._closed:
            self.add(-self.size)
            self._total.holders -= 1
            self._closed = True

    def __enter__(self) -> "Holder":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@attrs.frozen
class Memory:
    """Every total of a server.

    ``bodies``: of requests that are being received or worked on; over it the newest is refused.
    ``messages``: of websockets, until a handler takes them; over it the newest is refused, with its websocket.
    ``replies``: what clients have not taken yet; over it the slowest is cut off.
    ``captures``: records for streams of captures; over it streams lose records, and count them.
    """

    bodies: Total = attrs.field(factory=lambda: Total(64 * MIB))
    messages: Total = attrs.field(factory=lambda: Total(32 * MIB))
    replies: Total = attrs.field(factory=lambda: Total(64 * MIB))
    captures: Total = attrs.field(factory=lambda: Total(64 * MIB))

    def totals(self) -> dict[str, Total]:
        """By their names."""
        return {field.name: getattr(self, field.name) for field in attrs.fields(type(self))}
