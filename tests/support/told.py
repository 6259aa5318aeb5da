"""A listener of the feed of changes."""

from typing import TypeVar

T = TypeVar("T")


class Told:
    """What the controller published, in order."""

    def __init__(self) -> None:
        self.changes: list[object] = []

    def tell(self, change: object) -> None:
        self.changes.append(change)

    def count(self) -> int:
        """None, so that nobody is told of the load once a second."""
        return 0

    def of(self, kind: type[T]) -> list[T]:
        """The changes of exactly that kind."""
        return [change for change in self.changes if type(change) is kind]

    def names(self) -> list[str]:
        """The kinds of all changes."""
        return [type(change).__name__ for change in self.changes]
