"""A progress line for long operations. It appears on stderr, and only on a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from gns3trio.classes import define

_WIDTH = 30
_CLEAR = "\r\033[K"


def bar(fraction: float) -> str:
    """A bar for the completed part, from 0 to 1."""
    filled = round(max(0.0, min(fraction, 1.0)) * _WIDTH)
    return f"[{'#' * filled}{'.' * (_WIDTH - filled)}]"


@define
class ProgressLine:
    """The progress line; invisible if stderr is not a terminal. Use ``progress_line``."""

    is_shown: bool
    _last: str = ""

    def show(self, text: str) -> None:
        """Replace the text of the line."""
        if self.is_shown and text != self._last:
            self._last = text
            print(_CLEAR + text, end="", file=sys.stderr, flush=True)

    def show_bytes(self, done: int, size: int | None) -> None:
        """Show how much of a file was transferred. ``size`` is None if the total is unknown."""
        amount = f"{done / 1e6:.1f} MB"
        self.show(f"{bar(done / size)} {amount} of {size / 1e6:.1f}" if size else amount)


@contextmanager
def progress_line() -> Iterator[ProgressLine]:
    """A progress line that disappears at the end of the ``with``."""
    line = ProgressLine(sys.stderr.isatty())
    try:
        yield line
    finally:
        if line.is_shown:
            print(_CLEAR, end="", file=sys.stderr, flush=True)
