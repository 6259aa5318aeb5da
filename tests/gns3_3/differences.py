"""What this server answers otherwise than gns3-server 3.0.6 on purpose, by the rows of docs/reference/gns3-3.md.

Each row has the steps of the story that show it, and what differs there, as ``compare.differences`` tells it.
"""

from collections.abc import Mapping

Lines = str | tuple[str, ...]

INTENDED: Mapping[str, Mapping[str, Lines]] = {}


def intended() -> dict[str, frozenset[str]]:
    """All lines of each step."""
    lines: dict[str, frozenset[str]] = {}
    for steps in INTENDED.values():
        for name, told in steps.items():
            lines[name] = lines.get(name, frozenset()) | {*((told,) if isinstance(told, str) else told)}
    return lines
