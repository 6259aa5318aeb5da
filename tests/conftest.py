"""When the tests run in several processes, each has a network of its own: all use the same ports, as users would."""

import ctypes
import fcntl
import gc
import os
import socket
import struct
from collections.abc import Generator, Iterator

import pytest

from tests.long_tests import begin_with_long_tests
from tests.support.docker_engine import DockerEngine, open_docker_engine

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 0x1


def pytest_configure(config: pytest.Config) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        _enter_own_network()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """None of ten thousand tests that are found is garbage, so it is not looked for meanwhile."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        items[:] = begin_with_long_tests(items, int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))


def _enter_own_network() -> None:
    """A network namespace with nothing but a loopback interface; unshare(2), network_namespaces(7)."""
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) < 0 and libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) < 0:
        error = ctypes.get_errno()
        raise pytest.UsageError(f"no network namespace for a parallel run: {os.strerror(error)}; run without -n")
    if user != os.getuid():  # in a namespace of users we are nobody until we say who
        for file, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            with open(f"/proc/self/{file}", "w") as stream:
                stream.write(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", _IFF_UP))


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[DockerEngine]:
    """A Docker engine of this process, with the image ``busybox``. Tests with it are skipped where it cannot run."""
    with open_docker_engine() as engine:
        yield engine
