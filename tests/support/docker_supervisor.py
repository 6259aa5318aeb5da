"""``python -m tests.support.docker_supervisor FOLDER``: runs dockerd at ``FOLDER/sock`` until its input ends.

Mounts are in a namespace of its own, and what dockerd writes is in memory there. All processes, containers too, are
descendants of this one, which is their reaper. So nothing is left of them, in whatever way the tests end.
"""

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_CLONE_NEWNS = 0x00020000
_MS_REC_PRIVATE = 0x4000 | 0x40000
_MOST_BYTES = b"size=4g"  # of images and containers
_CGROUPS = Path("/sys/fs/cgroup")
_libc = ctypes.CDLL(None, use_errno=True)


def main(folder: Path) -> None:
    """Run dockerd until the standard input ends, or dockerd does. Removes the folder."""
    _must(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
    _must(_libc.unshare(_CLONE_NEWNS))
    _must(_libc.mount(None, b"/", None, _MS_REC_PRIVATE, None))
    # Here are the sockets of containerd, at paths that cannot be chosen. This also hides other engines.
    _must(_libc.mount(b"tmpfs", b"/run", b"tmpfs", 0, _MOST_BYTES))
    settings = Path("/run/daemon.json")
    settings.write_text("{}")
    cgroup = f"gns3trio-test-{os.getpid()}"
    command = ["dockerd", "--host", f"unix://{folder}/sock", "--config-file", os.fspath(settings)]
    command += ["--data-root", "/run/data", "--exec-root", "/run/exec", "--pidfile", "/run/pid"]
    command += ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"]
    command += ["--cgroup-parent", f"/{cgroup}", "--exec-opt", "native.cgroupdriver=cgroupfs"]
    try:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_die_with_parent) as engine:
            ended = os.pidfd_open(engine.pid)
            ready: list[int] = []
            while ended not in ready and not (0 in ready and not os.read(0, 4096)):
                ready, _, _ = select.select([0, ended], [], [])
            _kill_descendants()
    finally:
        _remove_cgroups(cgroup)
        shutil.rmtree(folder)


def _must(result: int) -> None:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _remove_cgroups(name: str) -> None:
    """In each hierarchy, or in the only one."""
    for found in (*_CGROUPS.glob(name), *_CGROUPS.glob(f"*/{name}")):
        for path, _, _ in os.walk(found, topdown=False):
            with suppress(OSError):
                os.rmdir(path)


def _kill_descendants() -> None:
    """Orphans become our children, so there is an end only when there are no children."""
    with suppress(ChildProcessError):
        while True:
            for pid in _children_of(os.getpid()):
                _kill_tree(pid)
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


if __name__ == "__main__":
    main(Path(sys.argv[1]))
