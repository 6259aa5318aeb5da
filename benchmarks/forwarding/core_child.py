"""Our core as a program of its own, so that it is measured apart from the traffic tool.

``python -m benchmarks.forwarding.core_child patch|spliced SENDER RECEIVER [SENDER RECEIVER ...]`` forwards between
these UDP ports of 127.0.0.1, writes ``ports NEAR FAR [NEAR FAR ...]`` and ``threads TID [TID ...]`` (the workers), and
runs until its standard input ends. With the arguments ``idle PORTS`` it opens so many ports that nobody sends to.
"""

import os
import resource
import socket
import sys
from contextlib import ExitStack

import trio
import trio.testing

from benchmarks.forwarding.machine import threads_of
from benchmarks.forwarding.programs import pairs
from gns3trio.forwarder.forwarder import Forwarder, Port, open_forwarder

LOOPBACK = "127.0.0.1"
STDIN = 0


def bound_socket(stack: ExitStack) -> socket.socket:
    """A UDP socket on a free port of 127.0.0.1."""
    sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sock.setblocking(False)
    sock.bind((LOOPBACK, 0))
    return sock


def device_port(stack: ExitStack, forwarder: Forwarder, remote_udp_port: int) -> tuple[Port, int]:
    """A port to a device's UDP port, and its own UDP port."""
    sock = bound_socket(stack)
    return forwarder.open_port(sock, (LOOPBACK, remote_udp_port)), sock.getsockname()[1]


def add_patch(stack: ExitStack, forwarder: Forwarder, sender: int, receiver: int) -> tuple[int, int]:
    """One bridge between two devices; gives its two UDP ports."""
    near, near_udp_port = device_port(stack, forwarder, sender)
    far, far_udp_port = device_port(stack, forwarder, receiver)
    forwarder.connect(near, far)
    return near_udp_port, far_udp_port


def add_spliced(stack: ExitStack, forwarder: Forwarder, sender: int, receiver: int) -> tuple[int, int]:
    """A link as the server wires it: at each end a device's port patched to a tunnel port, and the tunnel spliced."""
    near, near_udp_port = device_port(stack, forwarder, sender)
    far, far_udp_port = device_port(stack, forwarder, receiver)
    ends = [bound_socket(stack), bound_socket(stack)]
    near_tunnel = forwarder.open_port(ends[0], ends[1].getsockname())
    far_tunnel = forwarder.open_port(ends[1], ends[0].getsockname())
    forwarder.connect(near, near_tunnel)
    forwarder.connect(far, far_tunnel)
    forwarder.splice(near_tunnel, far_tunnel)
    return near_udp_port, far_udp_port


def add_idle(stack: ExitStack, forwarder: Forwarder, ports: int) -> None:
    """Patched ports whose remote exists and keeps silent."""
    remote = bound_socket(stack).getsockname()[1]
    for _ in range(ports // 2):
        add_patch(stack, forwarder, remote, remote)


async def end_of_input() -> None:
    """Return when standard input has ended."""
    await trio.lowlevel.wait_readable(STDIN)
    while os.read(STDIN, 4096):
        await trio.lowlevel.wait_readable(STDIN)


async def read_counters(forwarder: Forwarder) -> None:
    """What the server does all the time for its ``link.stats``."""
    while True:
        await forwarder.wait_changed()
        forwarder.snapshot()


async def main(wiring: str, numbers: list[int]) -> None:
    """Forward until standard input ends."""
    add = {"patch": add_patch, "spliced": add_spliced}
    before = set(threads_of(os.getpid()))
    with ExitStack() as stack:
        async with open_forwarder() as forwarder, trio.open_nursery() as nursery:
            if wiring == "idle":
                add_idle(stack, forwarder, numbers[0])
                print("ports", flush=True)
            else:
                links = [add[wiring](stack, forwarder, sender, receiver) for sender, receiver in pairs(numbers)]
                print("ports", *(port for link in links for port in link), flush=True)
            # By then the tasks that lend their threads to the core have started them.
            await trio.testing.wait_all_tasks_blocked()
            print("threads", *sorted(set(threads_of(os.getpid())) - before), flush=True)
            nursery.start_soon(read_counters, forwarder)
            await end_of_input()
            nursery.cancel_scope.cancel()


def allow_descriptors() -> None:
    """As many open files as the system lets us have: a thousand ports are more than the usual limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    allow_descriptors()
    trio.run(main, sys.argv[1], [int(argument) for argument in sys.argv[2:]])
