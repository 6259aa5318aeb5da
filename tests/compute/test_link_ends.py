"""Ends of links on one host: which of them are spliced."""

import ctypes
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import pytest
import trio

from gns3trio.compute.local.leases import PortLease, UdpPorts, bind_udp
from gns3trio.compute.local.link_ends import LinkEnds, LocalLinkEnd
from gns3trio.compute.local.pair_nio import PairNio
from gns3trio.compute.local.registry import NodeRegistry, NodeType
from gns3trio.compute.local.tunnel_nio import TunnelNio
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.nodes.vpcs.node import VpcsSettings
from gns3trio.conditions.core_filter import CoreFilter
from gns3trio.errors import Conflict
from gns3trio.forwarder.captures import CaptureService, open_captures
from gns3trio.forwarder.forwarder import Forwarder, open_forwarder
from tests.compute.conftest import LOOPBACK, UDP_RANGE
from tests.support.device import Device

PROJECT = UUID(int=1)
SECONDS = 60.0
SO_ATTACH_FILTER = 26  # asm-generic/socket.h; Python has no name for it


@pytest.fixture
async def forwarder() -> AsyncIterator[Forwarder]:
    async with open_forwarder() as forwarder:
        yield forwarder


@pytest.fixture
async def captures(forwarder: Forwarder) -> AsyncIterator[CaptureService]:
    async with open_captures(forwarder) as captures:
        yield captures


@pytest.fixture
def leases() -> Iterator[list[PortLease]]:
    ports = UdpPorts(*UDP_RANGE)
    held = [ports.claim(PROJECT, ports.reserve(PROJECT)) for _ in range(3)]
    yield held
    for lease in held:
        lease.release()


async def open_end(table: LinkEnds, lease: PortLease, rport: int, rhost: str = "") -> LocalLinkEnd:
    """An end whose port has been leased before."""
    before = LocalLinkEnd(table, PairNio(), table.forwarder.open_local(), None)
    before.lease = lease
    nio = TunnelNio(UdpNio(lport=lease.port, rhost=rhost, rport=rport))
    await nio.resolve()
    nio.lease(table, PROJECT, before)
    before.close()
    return nio.open(table)


def make_deaf(held: socket.socket) -> None:
    """Let the kernel drop whatever comes to the socket: a BPF program of one instruction, "return 0"."""
    instruction = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
    program = struct.pack("HP", 1, ctypes.addressof(instruction))
    held.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


async def test_the_two_ends_of_a_tunnel_are_spliced(
    forwarder: Forwarder, captures: CaptureService, leases: list[PortLease]
):
    """Frames do not pass through the tunnel's sockets, as these drop everything."""
    for lease in leases:
        make_deaf(lease.socket)
    table = LinkEnds(forwarder, UdpPorts(*UDP_RANGE), captures)
    near = await open_end(table, leases[0], leases[1].port)
    far = await open_end(table, leases[1], leases[0].port, "localhost")
    a, b = Device(forwarder, near), Device(forwarder, far)
    for sender, receiver in ((a, b), (b, a)):
        await sender.send(b"frame")
        assert await receiver.receive() == b"frame"
    for end in (a, b, near, far):
        end.close()


async def test_a_tunnel_to_another_program(forwarder: Forwarder, captures: CaptureService, leases: list[PortLease]):
    """As to another host: through the sockets, and back."""
    table = LinkEnds(forwarder, UdpPorts(*UDP_RANGE), captures)
    with bind_udp(LOOPBACK, 0) as raw:
        other = trio.socket.from_stdlib_socket(raw)
        link_end = await open_end(table, leases[0], raw.getsockname()[1])
        device = Device(forwarder, link_end)
        await device.send(b"out")
        with trio.fail_after(SECONDS):
            assert await other.recv(100) == b"out"
        await other.sendto(b"in", (LOOPBACK, leases[0].port))
        assert await device.receive() == b"in"
        device.close()
        link_end.close()


async def test_an_end_that_leads_elsewhere_is_not_spliced(
    forwarder: Forwarder, captures: CaptureService, leases: list[PortLease]
):
    """A names B's port, but B leads to C: what A sends is foreign to B."""
    table = LinkEnds(forwarder, UdpPorts(*UDP_RANGE), captures)
    a = await open_end(table, leases[0], leases[1].port)
    b = await open_end(table, leases[1], leases[2].port)
    c = await open_end(table, leases[2], leases[1].port)
    devices = [Device(forwarder, link_end) for link_end in (a, b, c)]
    await devices[0].send(b"foreign")
    await devices[2].send(b"expected")
    assert await devices[1].receive() == b"expected"
    for end in (*devices, a, b, c):
        end.close()


async def test_a_closed_end_is_forgotten(forwarder: Forwarder, captures: CaptureService, leases: list[PortLease]):
    table = LinkEnds(forwarder, UdpPorts(*UDP_RANGE), captures)
    first = await open_end(table, leases[0], leases[1].port)
    again = TunnelNio(UdpNio(lport=leases[0].port, rhost=LOOPBACK, rport=leases[1].port))
    await again.resolve()
    again.lease(table, PROJECT, first)
    first.close()
    lease = leases[0]
    assert lease.socket.getsockname()[1] == lease.port  # bound still, for whoever holds the lease
    assert lease.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    second = again.open(table)
    assert second.lease is lease
    far = await open_end(table, leases[1], leases[0].port)
    a, b = Device(forwarder, second), Device(forwarder, far)
    await a.send(b"frame")
    assert await b.receive() == b"frame"
    for end in (a, b, second, far):
        end.close()


async def test_a_link_inside_this_host_needs_no_udp(forwarder: Forwarder, captures: CaptureService):
    """Whatever order its ends are closed and opened in; a third end is refused."""
    ports = UdpPorts(*UDP_RANGE)
    table = LinkEnds(forwarder, ports, captures)
    nio = PairNio()
    sockets = len(list(Path("/proc/self/fd").iterdir()))
    await nio.resolve()
    nio.lease(table, PROJECT, None)
    near, far = nio.open(table), nio.open(table)
    assert ports.leased == frozenset() and len(list(Path("/proc/self/fd").iterdir())) == sockets
    with pytest.raises(Conflict, match="both its ends"):
        nio.open(table)
    a, b = Device(forwarder, near), Device(forwarder, far)
    await a.send(b"there")
    assert await b.receive() == b"there"
    a.close()
    near.close()
    await b.send(b"to nobody")
    while forwarder.counters(far.port).tx_drops["unlinked"] == 0:
        await trio.sleep(0.001)
    near = nio.open(table)
    a = Device(forwarder, near)
    await b.send(b"back")
    assert await a.receive() == b"back"
    for end in (a, b, near, far):
        end.close()
    other = nio.open(table)
    other.close()
    assert not forwarder.snapshot()


async def test_a_link_inside_this_host_is_made_with_its_conditions(forwarder: Forwarder, captures: CaptureService):
    """They are there before the second end is."""
    table = LinkEnds(forwarder, UdpPorts(*UDP_RANGE), captures)
    all_that_leave = CoreFilter("frequency", "out", (-1,))
    for nio, reason in (
        (PairNio((all_that_leave,), seed=1), "filter"),
        (PairNio(suspend=True), "suspended"),
    ):
        near = nio.open(table)
        a = Device(forwarder, near)
        await a.send(b"dropped")
        while forwarder.counters(near.port).tx_drops[reason] == 0:
            await trio.sleep(0.001)
        far = nio.open(table)
        for end in (a, near, far):
            end.close()


def test_node_types_are_registered_by_name():
    async def create(spec: object) -> None:
        raise AssertionError

    registry = NodeRegistry()
    vpcs = NodeType(VpcsSettings, create)
    registry.add("vpcs", vpcs)
    assert registry.get("vpcs") is vpcs
    assert "vpcs" in registry and list(registry.names()) == ["vpcs"]
    with pytest.raises(ValueError, match="vpcs"):
        registry.add("vpcs", vpcs)
    with pytest.raises(Conflict, match="qemu"):
        registry.get("qemu")
