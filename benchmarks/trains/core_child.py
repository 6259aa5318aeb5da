"""Our core as a program of its own: two TAP devices and a plain link between them, as the server wires two containers.

``python -m benchmarks.trains.core_child NEAR FAR`` makes the devices of these names, writes ``threads TID [TID ...]``
(the workers), and runs until its standard input ends. ``NAME:PID:ID`` is a device in the network of the container with
this id, whose first process has this number.
"""

import os
import sys
from contextlib import ExitStack

import trio
import trio.testing

from benchmarks.forwarding.core_child import STDIN, read_counters
from benchmarks.forwarding.machine import threads_of
from gns3trio.compute.local.devices import open_tap
from gns3trio.compute.nodes.docker.namespace_taps import ContainerAdapter, open_container_taps
from gns3trio.forwarder.forwarder import Forwarder, Port, open_forwarder


def open_device(stack: ExitStack, forwarder: Forwarder, device: str, number: int) -> Port:
    """The port of a device."""
    name, *container = device.split(":")
    if not container:
        descriptor, _ = open_tap(stack, name)
        return forwarder.open_interface(descriptor, "tap")
    pid, container_id = container
    adapter = ContainerAdapter(name, f"02:42:0a:00:00:{number:02x}")
    (tap,) = open_container_taps(forwarder, int(pid), container_id, [adapter])
    stack.callback(tap.close)
    tap.set_carrier(True)
    return tap.port


async def main(near: str, far: str) -> None:
    """Forward until standard input ends."""
    before = set(threads_of(os.getpid()))
    async with open_forwarder() as forwarder:
        await trio.testing.wait_all_tasks_blocked()
        threads = sorted(set(threads_of(os.getpid())) - before)
        with ExitStack() as stack:
            for number, end in enumerate(forwarder.open_link([], 1, suspended=False)):
                forwarder.connect(open_device(stack, forwarder, (near, far)[number], number), end)
            print("threads", *threads, flush=True)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(read_counters, forwarder)
                await trio.lowlevel.wait_readable(STDIN)
                nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main, sys.argv[1], sys.argv[2])
