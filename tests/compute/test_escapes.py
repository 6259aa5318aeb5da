"""A program that tries to get out of the sandbox of a VPCS, started as the server starts one."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import attrs
import pytest

from tests.confinement import require_confinement

SOURCE = Path(__file__).with_name("escapes.c")
ROOT = SOURCE.parents[2]
PATIENCE = 120
SECRET = "the password is swordfish"
# With these the kernel says that the sandbox does not allow it; ENOSYS where the filter plays an older kernel.
REFUSALS = {"EPERM", "EACCES", "ENOSYS", "EXDEV"}
LIMITS = {"ENOMEM", "EMFILE", "EFBIG", "EAGAIN"}
# Not every machine has these.
DEVICES = re.compile("open (the memory of the machine|the log of the kernel|a TAP device)")
# Without a sandbox these work everywhere; so what the others tell is not for want of trying.
REAL = {
    "read a file",
    "read a file through a link in its folder",
    "write a file",
    "empty a library",
    "make a file",
    "delete a file",
    "make a symbolic link in its folder",
    "change the mode of a file",
    "list the processes",
    "read its own environment",
    "open a terminal of others",
    "connect by TCP",
    "connect to a socket of the host",
    "connect to an abstract socket of the host",
    "make a netlink socket",
    "fork",
    "clone",
    "execute a shell",
    "execute a file of its folder",
    "execute memory",
    "signal the server",
    "signal everybody",
    "queue a signal for the server",
    "have signals sent to the server",
    "open 1000 descriptors",
}
# As root the server can also play an unprivileged one.
NOBODY = 65534
USERS = [None, NOBODY] if os.geteuid() == 0 else [None]


@pytest.fixture(autouse=True)
def kernel() -> None:
    require_confinement()


@pytest.fixture(scope="module")
def program() -> Iterator[Path]:
    """The program, where every user can reach it."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        built = Path(folder) / "escapes"
        compiler = os.environ.get("CC", "cc")
        options = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread"]
        subprocess.run([compiler, *options, "-o", str(built), str(SOURCE)], check=True)
        yield built


@attrs.frozen
class Host:
    """What the program may not reach, and the folder that it runs in."""

    program: Path
    folder: Path
    port: int
    terminal: str
    user: int | None

    @property
    def outside(self) -> Path:
        return self.folder / "outside"

    def run(self, *, sandboxed: bool) -> list[str]:
        """The lines that the program prints."""
        words = [self.program, self.outside, self.folder / "library", self.port, self.terminal]
        command = [sys.executable, "-m", "tests.compute.escape_runner", *map(str, words)]
        result = subprocess.run(
            [*command, str(self.user)] if self.user is not None else command,
            cwd=self.folder / "project" / "project-files" / "vpcs" / "node",
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "GNS3TRIO_PASSWORD": SECRET,
                "SANDBOX": str(int(sandboxed)),
            },
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE,
        )
        return result.stdout.splitlines()

    def state(self) -> dict[str, tuple[object, ...]]:
        """Everything outside of the node's folder that it could have changed."""
        own = self.folder / "project"
        found = {}
        for path in [self.folder, *self.folder.rglob("*")]:
            if own not in path.parents:
                status = path.lstat()
                content = path.read_bytes() if path.is_file() else b""
                found[str(path)] = (status.st_mode, status.st_uid, status.st_mtime_ns, status.st_nlink, content)
        return found


@pytest.fixture(params=USERS, ids=lambda user: "own" if user is None else "unprivileged")
def host(program: Path, request: pytest.FixtureRequest) -> Iterator[Host]:
    user: int | None = request.param
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        node, outside = folder / "project" / "project-files" / "vpcs" / "node", folder / "outside"
        node.mkdir(parents=True)
        (outside / "empty").mkdir(parents=True)
        (outside / "secret").write_text(SECRET)
        (outside / "victim").write_text("mine")
        (outside / "chmod").touch(0o600)
        (folder / "library").write_text("code")
        (node / "link").symlink_to(outside / "secret")
        (node / "victim-link").symlink_to(outside / "victim")
        listeners = [stack.enter_context(socket.socket(family)) for family in (socket.AF_INET, *[socket.AF_UNIX] * 2)]
        path = str(outside / "socket")
        for listener, address in zip(listeners, (("127.0.0.1", 0), path, f"\0{path}"), strict=True):
            listener.bind(address)
            listener.listen()
        master, slave = os.openpty()
        stack.callback(os.close, master)
        stack.callback(os.close, slave)
        terminal = os.ttyname(slave)
        if user is not None:
            for each in [folder, *folder.rglob("*"), Path(terminal)]:
                shutil.chown(each, user, user) if not each.is_symlink() else None
        yield Host(program, folder, listeners[0].getsockname()[1], terminal, user)


def results_of(lines: list[str]) -> dict[str, str]:
    """What each try led to: WORKED, or the name of the error."""
    assert lines[-2:] == ["that was all", "exit status 0"]
    tries = [line.rpartition(": ") for line in lines[:-2] if not line.startswith("environment: ")]
    return {name: how.removeprefix("refused (").removesuffix(")") for name, _, how in tries}


def test_nothing_gets_out(host: Host) -> None:
    before = host.state()
    lines = host.run(sandboxed=True)
    results = results_of(lines)
    assert len(results) > 100
    unexpected = {
        name: how
        for name, how in results.items()
        if how not in REFUSALS | LIMITS and not (how == "ENOENT" and DEVICES.match(name))
    }
    assert unexpected == {"use a descriptor of the server": "EBADF"}
    assert {name for name, how in results.items() if how in LIMITS} == {
        "make a file of 64 GiB",
        "reserve a file of 64 GiB",
        "take 2 GiB of memory",
        "take 2 GiB of shared memory",
        "open 1000 descriptors",
        *(["start threads without end"] if "start threads without end" in results else []),
    }
    assert host.state() == before
    assert SECRET not in "\n".join(lines)
    variables = {
        line.removeprefix("environment: ").partition("=")[0] for line in lines if line.startswith("environment: ")
    }
    assert variables == {"PATH", "TERM", "LANG", "HOME", "GLIBC_TUNABLES"}


def test_the_tries_are_real(host: Host) -> None:
    results = results_of(host.run(sandboxed=False))
    assert {name for name in REAL if results[name] != "WORKED"} == set()
