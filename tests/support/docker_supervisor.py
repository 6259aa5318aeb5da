"""``python -m tests.support.docker_supervisor FOLDER``: runs dockerd at ``FOLDER/sock`` until its input ends.

Mounts are in a namespace of its own, and what dockerd writes is in memory there. All processes, containers too, are
descendants of this one, which is their reaper. So nothing is left of them, in whatever way the tests end.
"""

import ctypes
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from tests.support.reaper import run_until_input_ends

_CLONE_NEWNS = 0x00020000
_MS_REC_PRIVATE = 0x4000 | 0x40000
_MOST_BYTES = b"size=4g"  # of images and containers
_CGROUPS = Path("/sys/fs/cgroup")
# Each container leaves an orphan, which takes a process id until then.
_REAP_SECONDS = 5.0
_libc = ctypes.CDLL(None, use_errno=True)


def main(folder: Path) -> None:
    """Run dockerd until the standard input ends, or dockerd does. Removes the folder."""
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
        run_until_input_ends(command, lambda: _thaw(cgroup))
    finally:
        _remove_cgroups(cgroup)
        shutil.rmtree(folder)


def _must(result: int) -> None:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def _thaw(name: str) -> None:
    """Let paused containers go on, in the hierarchies of old: cgroup-v1/freezer-subsystem.rst."""
    for path in _CGROUPS.glob(f"*/{name}/**/freezer.state"):
        with suppress(OSError):
            path.write_text("THAWED")


def _remove_cgroups(name: str) -> None:
    """In each hierarchy, or in the only one."""
    for found in (*_CGROUPS.glob(name), *_CGROUPS.glob(f"*/{name}")):
        for path, _, _ in os.walk(found, topdown=False):
            with suppress(OSError):
                os.rmdir(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
