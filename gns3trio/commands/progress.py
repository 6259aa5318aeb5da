"""A progress line for long operations. It appears on stderr, and only on a terminal."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gns3trio.classes import define
from gns3trio.printable import escape

_WIDTH = 30
_CLEAR = "\r\033[K"
# An estimate of the rest would be of no use before so many seconds and so much of the work.
_EARLIEST, _FEWEST = 2.0, 0.05


def bar(fraction: float) -> str:
    """A bar for the completed part, from 0 to 1."""
    filled = round(max(0.0, min(fraction, 1.0)) * _WIDTH)
    return f"[{'#' * filled}{'.' * (_WIDTH - filled)}]"


def duration(seconds: float) -> str:
    """A duration in minutes and seconds, such as ``1:05``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


@define
class ProgressLine:
    """The progress line; invisible if stderr is not a terminal. Use ``progress_line``."""

    is_shown: bool
    started: float
    clock: Callable[[], float] = time.monotonic
    _last: str = ""
    _most: float = 0.0

    def show(self, text: str) -> None:
        """Replace the text of the line. It is cut at the edge of the terminal, where it could not be removed."""
        text = escape(text)[: shutil.get_terminal_size().columns - 1]
        if self.is_shown and text != self._last:
            self._last = text
            print(_CLEAR + text, end="", file=sys.stderr, flush=True)

    def show_part(self, fraction: float, text: str) -> None:
        """Show a bar for the completed part, the percentage, and when the rest will be done. The bar never goes back,
        even if the work turns out to be more.
        """
        self._most = max(self._most, min(fraction, 1.0))
        passed = self.clock() - self.started
        rest = ""
        if passed >= _EARLIEST and _FEWEST <= self._most < 1:
            rest = f", {duration(passed / self._most * (1 - self._most))} left"
        self.show(f"{bar(self._most)} {self._most * 100:.0f} %{rest}  {text}")

    def show_bytes(self, done: int, size: int | None) -> None:
        """Show how much of a file was transferred. ``size`` is None if the total is unknown."""
        passed = self.clock() - self.started
        rate = f", {done / passed / 1e6:.1f} MB/s" if passed >= _EARLIEST else ""
        amount = f"{done / 1e6:.1f} MB"
        if size:
            self.show_part(done / size, f"{amount} of {size / 1e6:.1f}{rate}")
        else:
            self.show(amount + rate)


@contextmanager
def progress_line() -> Iterator[ProgressLine]:
    """A progress line that disappears at the end of the ``with``."""
    line = ProgressLine(sys.stderr.isatty(), time.monotonic())
    try:
        yield line
    finally:
        if line.is_shown:
            print(_CLEAR, end="", file=sys.stderr, flush=True)
