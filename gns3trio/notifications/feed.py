"""The feed of changes, to which the server's parts publish. They do not know the listeners, or how these format the
changes.
"""

from typing import Protocol


class Listener(Protocol):
    """Receives every change when it happens, and ignores those that it does not need."""

    def tell(self, change: object) -> None:
        """Process a ``change``. Never blocks, and reads the state at once, because it may change again."""

    def count(self) -> int:
        """The number of clients that get events from this listener."""


class ChangeFeed:
    """Passes every change on to the listeners."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners

    def publish(self, change: object) -> None:
        """Pass a change to all listeners; never blocks."""
        for listener in self._listeners:
            listener.tell(change)

    def count(self) -> int:
        """The number of clients of all listeners."""
        return sum(listener.count() for listener in self._listeners)
