"""``python -m tests.support.reaper COMMAND``: runs a command until it ends, or the standard input does.

All processes that it starts are descendants of this one, which is their reaper, and are killed then: those too that
left their session or became daemons. So nothing is left of them, in whatever way the tests end. The exit code is that
of the command.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None, use_errno=True)


def run_until_input_ends(command: Sequence[str], thaw: Callable[[], None] = lambda: None) -> int:
    """Run a command, then kill all descendants of this process. Returns its exit code, a negative one for a signal.

    ``thaw`` is called when they have been killed: a frozen process does not end before it goes on.
    """
    if _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "no reaper")
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_die_with_parent)
        ended = os.pidfd_open(process.pid)
        ready: list[int] = []
        while ended not in ready and not (0 in ready and not os.read(0, 4096)):
            ready, _, _ = select.select([0, ended], [], [])
        return process.wait() if ended in ready else -signal.SIGKILL
    finally:
        _kill_descendants(thaw)


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _kill_descendants(thaw: Callable[[], None]) -> None:
    """Orphans become our children, so there is an end only when there are no children."""
    with suppress(ChildProcessError):
        while True:
            for pid in _children_of(os.getpid()):
                _kill_tree(pid)
            thaw()
            os.waitpid(-1, 0)


def _kill_tree(pid: int) -> None:
    for child in _children_of(pid):
        _kill_tree(child)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _children_of(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(each) for path in Path(f"/proc/{pid}/task").glob("*/children") for each in path.read_text().split()]
    return []


def _end(number: int, frame: object) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    sys.exit(run_until_input_ends(sys.argv[1:]) & 0xFF)
