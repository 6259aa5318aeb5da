"""Hubs and switches as nodes, their ports joined to the test's own sockets."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trio

from gns3trio.compute.interface import ComputeNode
from gns3trio.compute.local.leases import bind_udp
from gns3trio.compute.local_compute import LocalCompute, open_local_compute
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node import NodeSpec
from gns3trio.compute.nodes.ethernet_switch.node import EthernetSwitch
from gns3trio.config import Config
from gns3trio.errors import Conflict, Invalid
from tests.compute.conftest import CONSOLE_RANGE, LOOPBACK, UDP_RANGE, open_console

PATIENCE = 60
BROADCAST = bytes.fromhex("ffffffffffff")
MARK = b"\x88\xb6mark"  # the payload of the frame that comes last


def frame(
    source: int, destination: bytes | int = BROADCAST, tag: int | None = None, payload: bytes = bytes(46)
) -> bytes:
    """An Ethernet frame between hosts that are numbers, with an 802.1Q tag if wanted."""
    to = destination if isinstance(destination, bytes) else bytes([2, 0, 0, 0, 0, destination])
    vlan = b"" if tag is None else b"\x81\x00" + tag.to_bytes(2)
    return to + bytes([2, 0, 0, 0, 0, source]) + vlan + b"\x08\x00" + payload


@pytest.fixture
async def compute(tmp_path: Path) -> AsyncIterator[LocalCompute]:
    config = Config(
        projects_path=tmp_path,
        console_start_port_range=CONSOLE_RANGE[0],
        console_end_port_range=CONSOLE_RANGE[1],
        udp_start_port_range=UDP_RANGE[0],
        udp_end_port_range=UDP_RANGE[1],
    )
    async with open_local_compute(config) as opened:
        yield opened


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


async def make(
    compute: LocalCompute, node_type: str, ports: list[dict[str, Any]] | None = None, console_type: str | None = None
) -> Any:
    spec = NodeSpec(
        node_type=node_type,
        node_id=uuid4(),
        project_id=uuid4(),
        name="SW1",
        folder=Path("/nowhere"),
        console=None,
        console_type=console_type,
        properties={} if ports is None else {"ports_mapping": ports},
        startup_script=None,
        emit=lambda event: None,
    )
    return await compute.create_node(spec)


def switch_ports(*ports: tuple[str, int]) -> list[dict[str, Any]]:
    return [
        {"name": f"Ethernet{n}", "port_number": n, "type": kind, "vlan": vlan} for n, (kind, vlan) in enumerate(ports)
    ]


class Host:
    """A socket that is the other end of a node's port."""

    def __init__(self, stack: ExitStack) -> None:
        self.sock = trio.socket.from_stdlib_socket(stack.enter_context(bind_udp(LOOPBACK, 0)))
        self.entrance = ("", 0)

    async def join(self, compute: LocalCompute, node: ComputeNode, port_number: int) -> None:
        lport = await compute.lease_udp(node.project_id)
        await node.bind_nio(0, port_number, UdpNio(lport, LOOPBACK, self.sock.getsockname()[1]))
        self.entrance = (LOOPBACK, lport)

    async def send(self, data: bytes) -> None:
        await self.sock.sendto(data, self.entrance)

    async def receive(self) -> bytes:
        with trio.fail_after(PATIENCE):
            return await self.sock.recv(65536)


async def hosts_of(compute: LocalCompute, node: ComputeNode, stack: ExitStack, count: int) -> list[Host]:
    hosts = [Host(stack) for _ in range(count)]
    for number, host in enumerate(hosts):
        await host.join(compute, node, number)
    return hosts


async def test_a_hub_sends_to_all_others(compute: LocalCompute, stack: ExitStack) -> None:
    hub = await make(compute, "ethernet_hub")
    assert [port.name for port in hub.ports()] == [f"Ethernet{n}" for n in range(8)]
    a, b, c = await hosts_of(compute, hub, stack, 3)
    await a.send(frame(1, 2))
    assert await b.receive() == await c.receive() == frame(1, 2)
    await hub.unbind_nio(0, 1)
    await c.send(frame(3))
    assert await a.receive() == frame(3)
    with pytest.raises(Conflict, match="not connected"):
        await hub.unbind_nio(0, 1)
    with pytest.raises(Conflict, match="doesn't exist"):
        await hub.bind_nio(0, 8, UdpNio(UDP_RANGE[1], LOOPBACK, 9))
    await compute.close_node(hub)


async def test_a_switch_learns_and_keeps_vlans_apart(compute: LocalCompute, stack: ExitStack) -> None:
    ports = switch_ports(("access", 10), ("access", 20), ("dot1q", 1), ("access", 10))
    switch: EthernetSwitch = await make(compute, "ethernet_switch", ports)
    a, other, trunk, b = await hosts_of(compute, switch, stack, 4)
    await a.send(frame(1))
    assert await trunk.receive() == frame(1, tag=10)
    assert await b.receive() == frame(1)
    await trunk.send(frame(3, 1, tag=10))
    assert await a.receive() == frame(3, 1)
    await trunk.send(frame(4, tag=20))
    assert await other.receive() == frame(4)  # and the first that it gets: nothing of VLAN 10 came here
    assert [(e.vlan, e.mac, e.port_name) for e in switch.macs()] == [
        (10, "02:00:00:00:00:01", "Ethernet0"),
        (10, "02:00:00:00:00:03", "Ethernet2"),
        (20, "02:00:00:00:00:04", "Ethernet2"),
    ]
    switch.clear_macs()
    assert switch.macs() == []
    assert [state.counters.rx_frames for state in switch.port_states() if state.counters] == [1, 0, 2, 0]


async def join_nodes(compute: LocalCompute, a: ComputeNode, b: ComputeNode, a_port: int, b_port: int) -> None:
    near, far = await compute.lease_udp(a.project_id), await compute.lease_udp(b.project_id)
    await a.bind_nio(0, a_port, UdpNio(near, LOOPBACK, far))
    await b.bind_nio(0, b_port, UdpNio(far, LOOPBACK, near))


async def expect_loops(switch: Any, expected: list[int]) -> None:
    """Wait until the ports have dropped so many frames that ran in a circle, and see that there come no more."""

    def loops() -> list[int]:
        return [state.counters.rx_drops["loop"] for state in switch.port_states() if state.counters]

    with trio.fail_after(PATIENCE):
        while loops() != expected:
            await trio.sleep(0.001)
    await trio.sleep(0.05)
    assert loops() == expected


async def test_a_broadcast_ends_where_ports_lead_to_themselves(compute: LocalCompute, stack: ExitStack) -> None:
    switch = await make(compute, "ethernet_switch", switch_ports(("access", 1), ("access", 1), ("access", 1)))
    [host] = await hosts_of(compute, switch, stack, 1)
    for port_number in (1, 2):
        lport = await compute.lease_udp(switch.project_id)
        await switch.bind_nio(0, port_number, UdpNio(lport, LOOPBACK, lport))
    await host.send(frame(1))
    await expect_loops(switch, [0, 1, 1])


async def test_a_broadcast_ends_in_a_circle_through_two_clouds(compute: LocalCompute, stack: ExitStack) -> None:
    switch = await make(compute, "ethernet_switch", switch_ports(("access", 1), ("access", 1), ("access", 1)))
    [host] = await hosts_of(compute, switch, stack, 1)
    ports = UDP_RANGE[1] - 1, UDP_RANGE[1]
    for number, (lport, rport) in enumerate((ports, ports[::-1]), 1):
        udp = {"name": "u", "port_number": 0, "type": "udp", "lport": lport, "rhost": "localhost", "rport": rport}
        await join_nodes(compute, switch, await make(compute, "cloud", [udp]), number, 0)
    await host.send(frame(1))
    await expect_loops(switch, [0, 1, 1])


async def test_ports_change_while_frames_flow(compute: LocalCompute, stack: ExitStack) -> None:
    switch = await make(compute, "ethernet_switch", switch_ports(("access", 1), ("access", 2)))
    a, b = await hosts_of(compute, switch, stack, 2)
    await a.send(frame(1))
    with trio.fail_after(PATIENCE):
        while not switch.macs():
            await trio.sleep(0.001)
    changed = switch_ports(("access", 2), ("access", 2))
    await switch.set_properties({"ports_mapping": changed})
    await a.send(frame(1, payload=MARK))
    assert await b.receive() == frame(1, payload=MARK)
    with pytest.raises(Conflict, match="cannot come or go"):
        await switch.set_properties({"ports_mapping": changed[:1]})
    assert switch.properties() == {"ports_mapping": changed}
    await switch.unbind_nio(0, 1)
    with pytest.raises(Conflict):
        await switch.set_properties({"ports_mapping": changed[:1]})
    await switch.unbind_nio(0, 0)
    await switch.set_properties({"ports_mapping": [{**changed[0], "name": "uplink", "port_number": 5}]})
    assert [(p.name, p.port_number, p.short_name) for p in switch.ports()] == [("Ethernet5", 5, "e5")]


@pytest.mark.parametrize(
    ("ports", "complaint"),
    [
        ([{"port_number": 0, "type": "access"}], r"ports_mapping\[0\].name"),
        ([{"name": "E0", "port_number": -1, "type": "access"}], "port_number"),
        ([{"name": "E0", "port_number": 0, "type": "trunk"}], "type"),
        ([{"name": "E0", "port_number": 0, "type": "access", "vlan": 4095}], "vlan"),
        ([{"name": "E0", "port_number": 0, "type": "qinq", "ethertype": "0x1234"}], "ethertype"),
        ([{"name": "E0", "port_number": 0, "type": "access"}] * 2, r"ports_mapping\[1\].port_number: 0"),
        ([{"name": "E0", "port_number": n, "type": "access"} for n in range(1025)], "more than 1024"),
    ],
)
async def test_wrong_ports_are_refused(compute: LocalCompute, ports: list[dict[str, Any]], complaint: str) -> None:
    with pytest.raises(Invalid, match=complaint):
        await make(compute, "ethernet_switch", ports)
    switch = await make(compute, "ethernet_switch")
    before = switch.properties()
    with pytest.raises(Invalid, match=complaint):
        await switch.set_properties({"ports_mapping": ports})
    assert switch.properties() == before


async def test_the_console_of_a_switch(compute: LocalCompute, stack: ExitStack) -> None:
    switch = await make(compute, "ethernet_switch", switch_ports(("access", 10), ("qinq", 20)), console_type="telnet")
    (a,) = await hosts_of(compute, switch, stack, 1)
    await a.send(frame(7))
    with trio.fail_after(PATIENCE):
        while not switch.macs():
            await trio.sleep(0.001)
    assert switch.console == CONSOLE_RANGE[0]
    async with open_console(switch) as client, open_console(switch) as other:
        assert "10    02:00:00:00:00:07  0 s    Ethernet0" in await client.run("show mac")
        await client.type("sh x\x7f")
        shown = await client.run("ports")
        assert "Ethernet0       access  10    -          yes   " in shown
        assert "Ethernet1       qinq    20    0x8100     no    -" in shown
        await client.run("clear mac")
        assert switch.macs() == []
        assert "Unknown command: nonsense" in await client.run("nonsense")
        await client.type("exit\r")
        assert b"Good-bye" in await client.read_to_end()
        await other.read_until(b"exit")
        assert "shows the address table" in await other.run("help")
    await switch.set_console(None, "none")
    with pytest.raises(OSError):
        await trio.open_tcp_stream(LOOPBACK, switch.console)
    await compute.close_node(switch)
    assert (await make(compute, "ethernet_switch")).console == CONSOLE_RANGE[0]
