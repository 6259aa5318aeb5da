"""Our core as a program of its own: two TAP devices and a plain link between them, as the server wires two containers.

``python -m benchmarks.trains.core_child NEAR FAR`` makes the devices of these names, writes ``threads TID [TID ...]``
(the workers), and runs until its standard input ends.
"""

import os
import sys
from contextlib import ExitStack

import trio
import trio.testing

from benchmarks.forwarding.core_child import STDIN, read_counters
from benchmarks.forwarding.machine import threads_of
from gns3trio.compute.local.devices import open_tap
from gns3trio.forwarder.forwarder import open_forwarder


async def main(near: str, far: str) -> None:
    """Forward until standard input ends."""
    before = set(threads_of(os.getpid()))
    async with open_forwarder() as forwarder:
        await trio.testing.wait_all_tasks_blocked()
        threads = sorted(set(threads_of(os.getpid())) - before)
        with ExitStack() as stack:
            for name, end in zip((near, far), forwarder.open_link([], 1, suspended=False), strict=True):
                descriptor, _ = open_tap(stack, name)
                forwarder.connect(forwarder.open_interface(descriptor, "tap"), end)
            print("threads", *threads, flush=True)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(read_counters, forwarder)
                await trio.lowlevel.wait_readable(STDIN)
                nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main, *sys.argv[1:])
