"""Defines the permissions of programs that the server starts. The core has the kernel enforce them
(``native/sandbox.c``).

The program of a node executes the commands of users and imported files. So each program declares its needs, and gets
nothing else.
"""

import resource
from collections.abc import Mapping
from enum import IntFlag
from types import MappingProxyType

from gns3trio._udpfwd import ffi, lib
from gns3trio.classes import frozen
from gns3trio.errors import Conflict

MIB = 1024 * 1024


class Access(IntFlag):
    """The permitted access to a path; for a folder, to everything below it."""

    READ = lib.SANDBOX_READ
    WRITE = lib.SANDBOX_WRITE  # regular files only: no creation of folders, links, pipes, sockets or devices
    EXECUTE = lib.SANDBOX_EXECUTE
    DEVICE = lib.SANDBOX_DEVICE  # read, write and control a device


class Calls(IntFlag):
    """Groups of system calls beyond those that every program may use."""

    NONE = 0
    THREADS = lib.SANDBOX_THREADS
    PROCESSES = lib.SANDBOX_PROCESSES
    CONTROL = lib.SANDBOX_CONTROL  # all ioctl calls, not only those of terminals
    ICMP = lib.SANDBOX_ICMP  # sockets for ICMP echo, and options for its errors
    GIVEN_SOCKETS = lib.SANDBOX_GIVEN_SOCKETS  # to use sockets that it is given; it opens, binds and connects none


# Default limits, sizes in bytes. They suffice for a small program; others declare more.
DEFAULT_LIMITS: Mapping[int, int] = MappingProxyType(
    {
        resource.RLIMIT_AS: 256 * MIB,
        resource.RLIMIT_FSIZE: 1024 * MIB,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
)
# For programs that map much memory and write files as large as disks.
LARGE_LIMITS: Mapping[int, int] = MappingProxyType(
    {
        **DEFAULT_LIMITS,
        resource.RLIMIT_AS: 8192 * MIB,
        resource.RLIMIT_FSIZE: resource.RLIM_INFINITY,
        resource.RLIMIT_NOFILE: 512,
    }
)
# Nothing from the server's environment, which may contain its password. HOME, the program's folder, is added.
_ENVIRONMENT = MappingProxyType({"PATH": "/usr/local/bin:/usr/bin:/bin", "TERM": "xterm", "LANG": "C.UTF-8"})


@frozen(kw_only=True)
class Sandbox:
    """The needs of a program. Without any, it can compute, and use the descriptors that it is given.

    ``paths`` that do not exist are ignored. ``sockets`` are pairs of an address family and a type (``socket.AF_INET``,
    ``socket.SOCK_DGRAM``); a stream of an Internet family is TCP. ``limits`` are those of ``setrlimit``, by their
    ``RLIMIT_`` number. ``tasks`` is the number of threads and processes that the server's user may have in addition to
    all those on the host when the program starts; the kernel does not apply this limit to root. ``capabilities``, by
    number, are kept if the server has them.
    """

    paths: Mapping[str, Access] = MappingProxyType({})
    sockets: frozenset[tuple[int, int]] = frozenset()
    calls: Calls = Calls.NONE
    limits: Mapping[int, int] = DEFAULT_LIMITS
    tasks: int = 4096
    capabilities: frozenset[int] = frozenset()
    environment: Mapping[str, str] = MappingProxyType({})


def environment_of(sandbox: Sandbox | None, home: str) -> dict[str, str]:
    """The environment for a program that runs in folder ``home``."""
    return {**_ENVIRONMENT, "HOME": home, **(sandbox.environment if sandbox is not None else {})}


def needs_of(sandbox: Sandbox) -> tuple[object, object]:
    """A ``sandbox_needs *`` for the core, and the objects that it points to, which must be kept as
    long as it is used.
    """
    names = [ffi.new("char[]", path.encode(errors="surrogateescape")) for path in sandbox.paths]
    paths = ffi.new("sandbox_path[]", list(zip(names, map(int, sandbox.paths.values()), strict=True)))
    sockets = ffi.new("sandbox_socket[]", [(int(domain), int(kind)) for domain, kind in sandbox.sockets])
    most = {number: value % 2**64 for number, value in sandbox.limits.items()}  # RLIM_INFINITY is -1 here
    limits = ffi.new("sandbox_limit[]", list(most.items()))
    needs = ffi.new("sandbox_needs *")
    needs.paths, needs.paths_len = paths, len(names)
    needs.sockets, needs.sockets_len = sockets, len(sandbox.sockets)
    needs.limits, needs.limits_len = limits, len(sandbox.limits)
    needs.calls = int(sandbox.calls)
    needs.tasks = sandbox.tasks
    needs.capabilities = sum(1 << number for number in sandbox.capabilities)
    return needs, (names, paths, sockets, limits)


@frozen
class Means:
    """The means of the kernel to confine programs.

    ``landlock`` is the version of its Landlock interface, 0 without it. ``seccomp``: whether it can filter system
    calls.
    """

    landlock: int
    seccomp: bool

    @property
    def lacks(self) -> str:
        """The missing means, as part of a sentence; empty if nothing is missing."""
        missing = []
        if not self.landlock:
            missing.append("Landlock, which keeps programs from files that are not theirs (Linux 5.13)")
        if not self.seccomp:
            missing.append("seccomp, which keeps them from system calls that they do not need")
        return " and ".join(missing)


def look_for_means() -> Means:
    """Detect the means of this kernel."""
    means = lib.sandbox_look()
    return Means(means.landlock, bool(means.seccomp))


def require_means(what: str) -> None:
    """Raise Conflict if ``what`` could not be confined here."""
    lacks = look_for_means().lacks
    if lacks:
        raise Conflict(f"{what} is not started: this kernel lacks {lacks}, and the setting require_sandbox is on")
