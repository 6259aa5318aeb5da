"""Our core on one of two hosts, as a program of its own.

``python -m benchmarks.trunk.host_child WAY OWN OTHER UDP_PORT [UDP_PORT ...]`` connects the sockets of the traffic tool
at these UDP ports of 127.0.0.1 with the host at the address OTHER, each by a link of its own, from the address OWN. It
writes ``ports PORT [PORT ...]``, to which the tool sends, and ``threads TID [TID ...]``, and runs until its standard
input ends. WAY is a name in ``WAYS``.

``reflect`` has no sockets of the tool: UDP_PORT is then the number of links. What comes in at each leaves at another
one, to UDP port ``BLAST_PORT`` of the other host.
"""

import os
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

import trio
import trio.testing

from benchmarks.forwarding.core_child import STDIN, allow_descriptors, device_port, read_counters
from benchmarks.forwarding.machine import threads_of
from gns3trio.compute.local.devices import open_device
from gns3trio.forwarder.forwarder import Forwarder, Port, open_forwarder
from gns3trio.forwarder.trunk import CoreTrunk

TRUNK_PORT = 3080
# Of the tunnels; one for each link.
TUNNEL_PORT = 20_000
BLAST_PORT = 4000
VXLAN = "vxlan0"

OpenLink = Callable[[int], Port]


def tunnels(stack: ExitStack, forwarder: Forwarder, own: str, other: str) -> OpenLink:
    """A UDP tunnel for each link, as between servers of GNS3."""

    def open_link(number: int) -> Port:
        sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sock.setblocking(False)
        sock.bind((own, TUNNEL_PORT + number))
        return forwarder.open_port(sock, (other, TUNNEL_PORT + number))

    return open_link


def trunk(stack: ExitStack, forwarder: Forwarder, own: str, other: str, *, port: int = TRUNK_PORT) -> OpenLink:
    """One trunk for all links."""
    opened = CoreTrunk(forwarder, (own, TRUNK_PORT))
    stack.callback(opened.close)
    peer = opened.open_peer((other, port))
    return lambda number: peer.open_link(number + 1, number + 1)


def vxlan(stack: ExitStack, forwarder: Forwarder, own: str, other: str) -> OpenLink:
    """The kernel's VXLAN device, as a cloud has it: one link only."""
    device = open_device(forwarder, "ethernet", VXLAN)
    return lambda number: device.port


WAYS: dict[str, Callable[[ExitStack, Forwarder, str, str], OpenLink]] = {
    "tunnel": tunnels,
    "trunk": trunk,
    "vxlan": vxlan,
    "reflect": partial(trunk, port=BLAST_PORT),
}


async def main(way: str, own: str, other: str, numbers: list[int]) -> None:
    """Forward until standard input ends."""
    before = set(threads_of(os.getpid()))
    async with open_forwarder(workers=1) as forwarder:
        await trio.testing.wait_all_tasks_blocked()
        threads = sorted(set(threads_of(os.getpid())) - before)
        with ExitStack() as stack:
            open_link = WAYS[way](stack, forwarder, own, other)
            entrances = []
            if way == "reflect":
                for number in range(numbers[0]):
                    forwarder.connect(open_link(number), open_link(numbers[0] + number))
            else:
                for number, udp_port in enumerate(numbers):
                    device, entrance = device_port(stack, forwarder, udp_port)
                    forwarder.connect(device, open_link(number))
                    entrances.append(entrance)
            print("ports", *entrances, flush=True)
            print("threads", *threads, flush=True)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(read_counters, forwarder)
                await trio.lowlevel.wait_readable(STDIN)
                nursery.cancel_scope.cancel()


if __name__ == "__main__":
    allow_descriptors()
    trio.run(main, sys.argv[1], sys.argv[2], sys.argv[3], [int(argument) for argument in sys.argv[4:]])
