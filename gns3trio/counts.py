"""Numbers of things for people: ``1 node``, ``2 nodes``."""


def counted(count: int, what: str) -> str:
    """The number of things whose plural ends in s."""
    return f"{count} {what}{'' if count == 1 else 's'}"
