"""Thread pools by purpose, so that a slow or hanging call delays only calls of the same kind.

All calls would share trio's own limit of threads: 40 host names that no server answers, or 40 files on a hanging disk,
and nothing else could be saved, read or compressed.
"""

import os
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import trio

from gns3trio.errors import NoThread

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


class Pool:
    """A limited number of threads for one purpose; further calls wait."""

    def __init__(self, most: int) -> None:
        self.most = most
        # Belongs to this run of trio; threads that another run left behind do not count.
        self._limiters: trio.lowlevel.RunVar[trio.CapacityLimiter] = trio.lowlevel.RunVar("limiter")

    @property
    def limiter(self) -> trio.CapacityLimiter:
        """The limiter that counts the pool's threads."""
        try:
            return self._limiters.get()
        except LookupError:
            limiter = trio.CapacityLimiter(self.most)
            self._limiters.set(limiter)
            return limiter

    async def run(self, function: Callable[[*_Ts], _T], *args: *_Ts, abandon_on_cancel: bool = False) -> _T:
        """Call ``function`` in a thread and return its result. Raises NoThread if the system cannot start one.

        With ``abandon_on_cancel``, a cancelled caller does not wait for the call; its thread counts until the call
        ends.
        """
        started = False

        def call() -> _T:
            nonlocal started
            started = True
            return function(*args)

        try:
            return await trio.to_thread.run_sync(call, abandon_on_cancel=abandon_on_cancel, limiter=self.limiter)
        except RuntimeError as error:
            if started:
                raise
            raise NoThread(f"no thread could be started: {error}") from error


# Short file operations, which wait for a disk.
disk = Pool(40)
# Host name lookups: a name that no server answers occupies its thread for half a minute.
names = Pool(8)
# Packing and unpacking archives: long work that uses the CPU.
compression = Pool(max(4, os.cpu_count() or 1))
# Copying and hashing files of any number and size.
copying = Pool(4)
# libpcap compiles one expression at a time, and needs up to half a second for it.
compilers = Pool(1)
# Parsing documents and pictures of clients; Python parses one at a time anyway.
parsers = Pool(2)
# Arranging labs, which takes Python seconds for a large one.
layouts = Pool(1)
# Hashes of passwords: each takes 32 MiB and a tenth of a second of a CPU, on purpose.
passwords = Pool(2)
# Interfaces and devices of this host.
devices = Pool(8)
# What the kernel tells of processes, and their control groups.
kernel = Pool(8)
# Benchmark trials, which last for minutes. Their number is limited elsewhere.
trials = Pool(64)
# Returning memory to the system.
memory = Pool(1)
# Standard input and output of the command line, and files that it uploads.
terminal = Pool(40)
