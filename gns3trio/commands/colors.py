"""Colors of the output: which there are, and when they are used.

``--color`` decides; by default, there are colors on a terminal unless the environment has ``NO_COLOR`` (no-color.org).
"""

import os
import sys
from contextvars import ContextVar
from typing import Literal

When = Literal["auto", "always", "never"]

# The choice of ``--color`` for the command that runs.
when_colored: ContextVar[When] = ContextVar("when_colored", default="auto")

BOLD = "1"
GOOD, CHANGING, BAD, IDLE = "32", "33", "31", "2"
_END = "\033[0m"
# The meaning of states, by the first word of a cell.
_STATES = {
    **dict.fromkeys(("started", "running", "opened", "connected", "good", "up", "allow", "yes"), GOOD),
    **dict.fromkeys(("suspended", "opening", "optional", "capturing", "starting", "local"), CHANGING),
    **dict.fromkeys(("broken", "cannot", "away", "missing", "failed", "deny", "error"), BAD),
    **dict.fromkeys(("stopped", "closed"), IDLE),
}
# The columns whose cells are states.
STATE_COLUMNS = frozenset({"status", "state", "verdict", "what happens"})


def has_colors() -> bool:
    """Whether the output may have colors."""
    when = when_colored.get()
    return when == "always" or (when == "auto" and sys.stdout.isatty() and not os.environ.get("NO_COLOR"))


def paint(text: str, style: str) -> str:
    """A text in a color or in bold, if the output has colors. Control characters in it must be escaped already."""
    return f"\033[{style}m{text}{_END}" if style and text and has_colors() else text


def style_of_state(text: str) -> str:
    """The style of a state: that of its first word with a meaning; empty if it has none."""
    return next((_STATES[word] for word in text.split() if word in _STATES), "")
