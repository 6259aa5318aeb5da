"""Numbers of things for people: ``1 node``, ``2 nodes``."""

from collections.abc import Sequence

# A sentence names so many things, and counts the others.
_NAMED = 6


def counted(count: int, what: str) -> str:
    """The number of things whose plural ends in s."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """Names for a sentence; of many, the first ones, and the number of the others."""
    if len(names) <= _NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMED])} and {counted(len(names) - _NAMED, 'other')}"
