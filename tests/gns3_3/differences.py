"""What this server answers otherwise than gns3-server 3.0.6 on purpose.

``differences.json`` maps a row of the table in docs/reference/gns3-3.md, where the reason stands, to what differs:
lists of lines, as ``compare.differences`` tells them, each with the steps of the story that have all these lines.
"""

import json
from pathlib import Path

FILE = Path(__file__).with_name("differences.json")


def rows() -> set[str]:
    """The rows of the table that the story shows."""
    return set(json.loads(FILE.read_text()))


def intended() -> dict[str, frozenset[str]]:
    """The lines of each step that differs."""
    lines: dict[str, frozenset[str]] = {}
    for groups in json.loads(FILE.read_text()).values():
        for group in groups:
            for name in group["steps"]:
                lines[name] = lines.get(name, frozenset()) | {*group["lines"]}
    return lines
