"""Threads by purpose: what hangs or is slow keeps waiting only what is of its kind.

Trio's own limit of threads would be shared by all: 40 names that no server answers, or 40 files on a disk that hangs,
and nothing else can be saved, read or compressed.
"""

import os
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import trio

from gns3trio.errors import NoThread

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


class Pool:
    """At most so many threads for one purpose; who comes later waits."""

    def __init__(self, most: int) -> None:
        self.most = most
        # Of this run of trio: what another run left behind does not count.
        self._limiters: trio.lowlevel.RunVar[trio.CapacityLimiter] = trio.lowlevel.RunVar("limiter")

    @property
    def limiter(self) -> trio.CapacityLimiter:
        """What counts its threads."""
        try:
            return self._limiters.get()
        except LookupError:
            limiter = trio.CapacityLimiter(self.most)
            self._limiters.set(limiter)
            return limiter

    async def run(self, function: Callable[[*_Ts], _T], *args: *_Ts, abandon_on_cancel: bool = False) -> _T:
        """What ``function`` returns, called in a thread. Raises NoThread when the system has none.

        With ``abandon_on_cancel`` a cancelled caller does not wait for its end; its thread counts until then.
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


# Files: short calls that wait for a disk.
disk = Pool(40)
# Names of hosts: a name that no server answers takes its thread for half a minute.
names = Pool(8)
# Archives that are made and unpacked: long work that uses the CPU.
compression = Pool(max(4, os.cpu_count() or 1))
# Files that are copied or summed up, however many and large.
copying = Pool(4)
# libpcap compiles one expression at a time, and needs up to half a second for it.
compilers = Pool(1)
# Documents and pictures of clients that are read; Python reads one at a time anyhow.
parsers = Pool(2)
# Interfaces and devices of this host.
devices = Pool(8)
# Trials of links: each lasts for minutes. Others bound their number.
trials = Pool(64)
# Memory that is given back to the system.
memory = Pool(1)
# Standard input and output, and files that are sent, of the command line.
terminal = Pool(40)
