"""Where the server's parts say what happened. They say it once, and do not know who is told, nor in which words."""

from typing import Protocol


class Listener(Protocol):
    """Is told of every change, when it happens; for what it is not interested in it does nothing."""

    def tell(self, change: object) -> None:
        """``change`` has happened. Never blocks, and looks at what changed now: it may change again at once."""

    def count(self) -> int:
        """How many clients wait for what this listener makes of changes."""


class ChangeFeed:
    """Passes every change on to the listeners."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners

    def publish(self, change: object) -> None:
        """Tell all listeners; never blocks."""
        for listener in self._listeners:
            listener.tell(change)

    def count(self) -> int:
        """How many clients all listeners have."""
        return sum(listener.count() for listener in self._listeners)
