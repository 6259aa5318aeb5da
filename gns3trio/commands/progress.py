"""A line that tells how far long work is: on a terminal only, and on stderr, so that output stays output."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

_WIDTH = 30
_CLEAR = "\r\033[K"


def bar(fraction: float) -> str:
    """A bar for a part of the work, from 0 to 1."""
    filled = round(max(0.0, min(fraction, 1.0)) * _WIDTH)
    return f"[{'#' * filled}{'.' * (_WIDTH - filled)}]"


@attrs.define
class ProgressLine:
    """The line; where stderr is no terminal there is none. Use ``progress_line``."""

    is_shown: bool
    _last: str = ""

    def show(self, text: str) -> None:
        """Replace the line."""
        if self.is_shown and text != self._last:
            self._last = text
            print(_CLEAR + text, end="", file=sys.stderr, flush=True)

    def show_bytes(self, done: int, size: int | None) -> None:
        """How much of a file was moved; ``size`` None: nobody knows how long it will be."""
        amount = f"{done / 1e6:.1f} MB"
        self.show(f"{bar(done / size)} {amount} of {size / 1e6:.1f}" if size else amount)


@contextmanager
def progress_line() -> Iterator[ProgressLine]:
    """A line as long as the ``with``; then it is gone."""
    line = ProgressLine(sys.stderr.isatty())
    try:
        yield line
    finally:
        if line.is_shown:
            print(_CLEAR, end="", file=sys.stderr, flush=True)
