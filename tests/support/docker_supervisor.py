"""``python -m tests.support.docker_supervisor FOLDER ENGINE``: an engine at ``FOLDER/sock`` until its input ends.

Mounts are in a namespace of its own, and what the engine writes is in memory there. All processes, containers too, are
descendants of this one, which is their reaper. So nothing is left of them, in whatever way the tests end.
"""

import ctypes
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.support.reaper import run_until_input_ends

_CLONE_NEWNS = 0x00020000
_MS_REC_PRIVATE = 0x4000 | 0x40000
_MOST_BYTES = b"size=4g"  # of images and containers
_CGROUPS = Path("/sys/fs/cgroup")
# Each container leaves an orphan, which takes a process id until then.
_REAP_SECONDS = 5.0
_PODMAN_DATA = Path("/run/data")
_libc = ctypes.CDLL(None, use_errno=True)


def main(folder: Path, engine: str) -> None:
    """Run an engine until the standard input ends, or the engine does. Removes the folder."""
    _must(_libc.unshare(_CLONE_NEWNS))
    _must(_libc.mount(None, b"/", None, _MS_REC_PRIVATE, None))
    # Here are the sockets of containerd, at paths that cannot be chosen. This also hides other engines.
    _must(_libc.mount(b"tmpfs", b"/run", b"tmpfs", 0, _MOST_BYTES))
    cgroup = f"gns3trio-test-{os.getpid()}"
    try:
        run_until_input_ends(_COMMANDS[engine](folder, cgroup), lambda: _thaw(_groups(cgroup)))
    finally:
        _remove_cgroups(_groups(cgroup))
        shutil.rmtree(folder)


def _dockerd(folder: Path, cgroup: str) -> list[str]:
    settings = Path("/run/daemon.json")
    settings.write_text("{}")
    command = ["dockerd", "--host", f"unix://{folder}/sock", "--config-file", os.fspath(settings)]
    command += ["--data-root", "/run/data", "--exec-root", "/run/exec", "--pidfile", "/run/pid"]
    command += ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"]
    return [*command, "--cgroup-parent", f"/{cgroup}", "--exec-opt", "native.cgroupdriver=cgroupfs"]


def _podman(folder: Path, _cgroup: str) -> list[str]:
    # By itself it sets limits that need CAP_SYS_RESOURCE (containers.conf(5)).
    settings = Path("/run/containers.conf")
    settings.write_text('[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n')
    temporary = Path("/run/tmp")
    temporary.mkdir()
    os.environ |= {"CONTAINERS_CONF": os.fspath(settings), "TMPDIR": os.fspath(temporary)}
    command = ["podman", "--root", os.fspath(_PODMAN_DATA), "--runroot", "/run/exec", "--tmpdir", "/run/podman"]
    command += ["--network-config-dir", "/run/networks", "--storage-driver", "vfs"]
    command += ["--cgroup-manager", "cgroupfs", "--events-backend", "none"]
    return [*command, "system", "service", "--time=0", f"unix://{folder}/sock"]


_COMMANDS = {"dockerd": _dockerd, "podman": _podman}


def _must(result: int) -> None:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def _groups(own: str) -> list[str]:
    """The cgroups with containers. Podman makes one for each, at a path that cannot be chosen."""
    containers = [path.name for path in _PODMAN_DATA.glob("vfs-containers/*") if path.is_dir()]
    return [own, *(f"libpod_parent/libpod-{name}" for name in containers)]


def _thaw(groups: Sequence[str]) -> None:
    """Let paused containers go on, in the hierarchies of old: cgroup-v1/freezer-subsystem.rst."""
    for group in groups:
        for path in _CGROUPS.glob(f"*/{group}/**/freezer.state"):
            with suppress(OSError):
                path.write_text("THAWED")


def _remove_cgroups(groups: Sequence[str]) -> None:
    """In each hierarchy, or in the only one."""
    for group in groups:
        for found in (*_CGROUPS.glob(group), *_CGROUPS.glob(f"*/{group}")):
            for path, _, _ in os.walk(found, topdown=False):
                with suppress(OSError):
                    os.rmdir(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
