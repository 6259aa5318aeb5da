"""Clouds and NAT on real TAP devices, bridges and packet sockets.

Run by test_cloud.py in a network namespace of its own, where every privilege over networks is given and nothing is
harmed.
"""

import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trio

from gns3trio.compute.interface import ComputeNode
from gns3trio.compute.local import devices
from gns3trio.compute.local.interfaces import exists
from gns3trio.compute.local.leases import bind_udp
from gns3trio.compute.local_compute import LocalCompute, open_compute
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.config import Config
from gns3trio.errors import Conflict
from gns3trio.forwarder.captures import open_captures
from gns3trio.forwarder.forwarder import Forwarder, open_forwarder
from tests import rtnetlink

PATIENCE = 60
LOOPBACK = "127.0.0.1"
BROADCAST = b"\xff" * 6 + b"\x02\x00\x00\x00\x00\x01"
FRAME = BROADCAST + b"\x88\xb6" + bytes(range(46))
NO_OFFLOADS = bytes(10)  # the virtio_net_hdr of a frame of which nothing is left to the device


@pytest.fixture(scope="module", autouse=True)
def loopback() -> None:
    rtnetlink.set_up("lo")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


class Wire:
    """A network of the host: a TAP device whose other end is the test."""

    def __init__(self, stack: ExitStack, name: str) -> None:
        self.descriptor, _ = devices.open_tap(stack, name)
        rtnetlink.set_up(name)

    def put(self, frame: bytes) -> None:
        """A frame comes from the network to the host."""
        os.write(self.descriptor, NO_OFFLOADS + frame)

    async def get(self, wanted: bytes) -> None:
        """Wait for a frame that the host sends to the network; its own (IPv6 and the like) are not ours."""
        with trio.fail_after(PATIENCE):
            while True:
                await trio.lowlevel.wait_readable(self.descriptor)
                if os.read(self.descriptor, 65536) == NO_OFFLOADS + wanted:
                    return


class Lab:
    """A cloud or NAT whose port 0 is linked to a socket of the test."""

    def __init__(self, stack: ExitStack, compute: LocalCompute, forwarder: Forwarder) -> None:
        self.stack, self.compute, self.forwarder = stack, compute, forwarder
        self.socket = trio.socket.from_stdlib_socket(stack.enter_context(bind_udp(LOOPBACK, 0)))
        self._told, self._events = trio.open_memory_channel[NodeEvent](100)

    async def node(self, node_type: str, ports: list[dict[str, Any]] | None) -> ComputeNode:
        properties = {} if ports is None else {"ports_mapping": ports}
        await self.compute.check_properties(node_type, properties)
        return await self.compute.create_node(
            NodeSpec(
                node_type=node_type,
                node_id=uuid4(),
                project_id=uuid4(),
                name="C1",
                folder=Path("/nowhere"),
                console=None,
                console_type=None,
                properties=properties,
                startup_script=None,
                emit=self._told.send_nowait,
            )
        )

    async def link(self, node: ComputeNode, port_number: int = 0) -> None:
        self.lport = await self.compute.lease_udp(node.project_id)
        nio = UdpNio(lport=self.lport, rhost=LOOPBACK, rport=self.socket.getsockname()[1])
        await node.bind_nio(0, port_number, nio)

    async def expect_event(self, kind: str, message: str) -> None:
        """The next that the node tells."""
        with trio.fail_after(PATIENCE):
            event = await self._events.receive()
        assert event.kind == kind and message in event.message, event

    def expect_silence(self) -> None:
        with pytest.raises(trio.WouldBlock):
            self._events.receive_nowait()

    async def send(self, frame: bytes) -> None:
        await self.socket.sendto(frame, (LOOPBACK, self.lport))

    async def send_until(self, arrival: Awaitable[None]) -> None:
        """Send again and again: a new member of a bridge listens first."""
        async with trio.open_nursery() as nursery:

            async def send_on() -> None:
                while True:
                    await self.send(FRAME)
                    await trio.sleep(0.05)

            nursery.start_soon(send_on)
            await arrival
            nursery.cancel_scope.cancel()

    async def expect(self, wanted: bytes) -> None:
        """Wait for a frame that leaves the cloud towards the lab."""
        with trio.fail_after(PATIENCE):
            while await self.socket.recv(65536) != wanted:
                pass


@pytest.fixture
async def lab(stack: ExitStack, tmp_path: Path) -> AsyncIterator[Lab]:
    config = Config(projects_path=tmp_path, default_nat_interface="natbr")
    async with (
        open_forwarder() as forwarder,
        open_captures(forwarder) as captures,
        open_compute(config, forwarder, captures) as compute,
    ):
        yield Lab(stack, compute, forwarder)


def port(kind: str, interface: str) -> dict[str, Any]:
    return {"name": interface, "port_number": 0, "type": kind, "interface": interface}


async def test_an_ethernet_interface(lab: Lab) -> None:
    wire = Wire(lab.stack, "eth7")
    cloud = await lab.node("cloud", None)
    assert cloud.properties()["ports_mapping"] == []  # a TAP device is no Ethernet interface
    await cloud.set_properties({"ports_mapping": [port("ethernet", "eth7")]})
    await lab.link(cloud)
    await lab.send(FRAME)
    await wire.get(FRAME)
    wire.put(FRAME)
    await lab.expect(FRAME)
    for tag in (b"\x81\x00\x20\x05", b"\x88\xa8\x00\x07\x81\x00\x00\x09"):
        tagged = BROADCAST + tag + FRAME[12:]
        wire.put(tagged)  # the kernel takes the tag out, and the core puts it back
        await lab.expect(tagged)
        await lab.send(tagged)
        await wire.get(tagged)
    with pytest.raises(Conflict, match="while cloud 'C1' has links"):
        await cloud.set_properties({"ports_mapping": []})
    link_end = cloud.link_end(0, 0)
    assert link_end is not None
    assert lab.forwarder.snapshot()[link_end.port.id].rx_frames == 3
    await cloud.unbind_nio(0, 0)
    wire.put(FRAME)
    await lab.link(cloud)
    await lab.send(FRAME)
    await wire.get(FRAME)


async def test_a_tap_device_is_made_and_goes(lab: Lab) -> None:
    cloud = await lab.node("cloud", [port("tap", "labtap")])
    assert not exists("labtap")
    await lab.link(cloud)
    assert exists("labtap")
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as host:
        host.bind(("labtap", 3))
        host.setblocking(False)
        await lab.send(FRAME)
        with trio.fail_after(PATIENCE):
            while True:
                await trio.lowlevel.wait_readable(host)
                if host.recv(65536) == FRAME:
                    break
        host.send(FRAME)
        await lab.expect(FRAME)
    await cloud.unbind_nio(0, 0)
    assert not exists("labtap")


async def test_a_bridge_is_joined_through_a_tap_device(lab: Lab) -> None:
    wire = Wire(lab.stack, "uplink")
    rtnetlink.add_bridge("natbr", "uplink")
    lab.stack.callback(rtnetlink.delete, "natbr")
    nat = await lab.node("nat", None)
    assert nat.properties()["ports_mapping"] == [{**port("ethernet", "natbr"), "name": "nat0"}]
    assert nat.properties()["gateway"] == "bridge"
    before = {name for _, name in socket.if_nameindex()}
    await lab.link(nat)
    (tap,) = {name for _, name in socket.if_nameindex()} - before
    assert tap.startswith("gns3tap")
    await lab.send_until(wire.get(FRAME))
    wire.put(FRAME[:6] + b"\x02\x00\x00\x00\x00\x09" + FRAME[12:])
    await lab.expect(FRAME[:6] + b"\x02\x00\x00\x00\x00\x09" + FRAME[12:])
    await nat.close()
    assert {name for _, name in socket.if_nameindex()} == before


async def test_a_udp_port(lab: Lab) -> None:
    far = trio.socket.from_stdlib_socket(lab.stack.enter_context(bind_udp(LOOPBACK, 0)))
    ports = [{"name": "far", "port_number": 5, "type": "udp", "lport": 19999, "rhost": LOOPBACK}]
    ports[0]["rport"] = far.getsockname()[1]
    cloud = await lab.node("cloud", ports)
    assert cloud.ports()[0].port_number == 0  # renumbered, as in GNS3
    await lab.link(cloud)
    await lab.send(FRAME)
    with trio.fail_after(PATIENCE):
        assert await far.recv(65536) == FRAME
    await far.sendto(FRAME, (LOOPBACK, 19999))
    await lab.expect(FRAME)
    await cloud.unbind_nio(0, 0)
    bind_udp(LOOPBACK, 19999).close()  # it is free again


@pytest.mark.parametrize("kind", ["ethernet", "tap"])
async def test_a_device_that_goes_away_harms_nobody(lab: Lab, kind: str) -> None:
    with ExitStack() as wire_stack:
        if kind == "ethernet":
            Wire(wire_stack, "away0")
        cloud = await lab.node("cloud", [port(kind, "away0")])
        await lab.link(cloud)
        if kind == "tap":
            rtnetlink.delete("away0")
    assert not exists("away0")
    for _ in range(5):
        await lab.send(FRAME)
    before = time.process_time()
    await trio.sleep(0.3)
    assert time.process_time() - before < 0.1  # nobody asks a dead descriptor again and again
    await lab.expect_event("error", "'away0' is gone")
    await cloud.unbind_nio(0, 0)


async def test_an_interface_that_fails_is_told_and_used_when_it_is_back(lab: Lab) -> None:
    with ExitStack() as wire_stack:
        Wire(wire_stack, "flap0")
        cloud = await lab.node("cloud", [port("ethernet", "flap0")])
        await lab.link(cloud)
        rtnetlink.set_up("flap0", False)
        await lab.expect_event("error", "cloud 'C1', port 'flap0': interface 'flap0' is down")
        rtnetlink.set_up("flap0")
        await lab.expect_event("info", "interface 'flap0' works again")
    await lab.expect_event("error", "interface 'flap0' is gone")
    wire = Wire(lab.stack, "flap0")
    await lab.expect_event("info", "interface 'flap0' works again")
    await lab.send(FRAME)
    await wire.get(FRAME)
    wire.put(FRAME)
    await lab.expect(FRAME)
    await cloud.unbind_nio(0, 0)
    rtnetlink.set_up("flap0", False)
    await lab.link(cloud)  # it is down when it is linked
    await lab.expect_event("error", "is down")
    lab.expect_silence()


async def test_a_bridge_that_was_made_anew_is_joined_again(lab: Lab) -> None:
    rtnetlink.add_bridge("natbr")
    nat = await lab.node("nat", None)
    await lab.link(nat)
    rtnetlink.delete("natbr")
    await lab.expect_event("error", "NAT 'C1', port 'nat0': interface 'natbr' is gone")
    wire = Wire(lab.stack, "uplink")
    rtnetlink.add_bridge("natbr", "uplink")
    lab.stack.callback(rtnetlink.delete, "natbr")
    await lab.expect_event("info", "works again")
    await lab.send_until(wire.get(FRAME))
    await nat.close()
    assert not any(name.startswith("gns3tap") for _, name in socket.if_nameindex())


@pytest.mark.parametrize(
    ("ports", "complaint"),
    [
        ([port("ethernet", "absent")], "'absent' doesn't exist"),
        ([port("tap", "much-too-long-name")], "cannot be the name"),
        ([port("ethernet", "a/b")], "cannot be the name"),
    ],
)
async def test_what_cannot_be_opened_is_told_and_leaves_nothing(
    lab: Lab, ports: list[dict[str, Any]], complaint: str
) -> None:
    cloud = await lab.node("cloud", ports)
    with pytest.raises(Conflict, match=complaint):
        await lab.link(cloud)
    assert not cloud.has_nio
    assert not lab.forwarder.snapshot()
