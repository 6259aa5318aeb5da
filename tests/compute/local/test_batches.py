"""Many ports of this host at once."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import trio

from gns3trio.compute.interface import ComputeNode, ComputePort, PairJoint, TunnelJoint
from gns3trio.compute.local_compute import LocalCompute, open_local_compute
from gns3trio.compute.nio import UdpLease, UdpNio
from gns3trio.compute.node import NodeSpec
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.config import Config
from gns3trio.errors import Conflict, Invalid
from tests.compute.conftest import UDP_RANGE

PROJECT = UUID(int=7)
FEW = 8


@pytest.fixture
async def compute(tmp_path: Path) -> AsyncIterator[LocalCompute]:
    first = UDP_RANGE[0]
    config = Config(projects_path=tmp_path, udp_start_port_range=first, udp_end_port_range=first + FEW - 1)
    async with open_local_compute(config) as opened:
        yield opened


async def switch(compute: LocalCompute, folder: Path) -> ComputeNode:
    spec = NodeSpec(
        node_type="ethernet_switch",
        node_id=uuid4(),
        project_id=PROJECT,
        name="SW",
        folder=folder,
        console=None,
        console_type=None,
        properties={},
        startup_script=None,
        emit=lambda event: None,
    )
    return await compute.create_node(spec)


async def test_the_ports_that_there_are_are_leased(compute: LocalCompute) -> None:
    leases = await compute.lease_ends(PROJECT, ["udp"] * (FEW + 2))
    assert leases[:FEW] == [UdpLease(UDP_RANGE[0] + number) for number in range(FEW)]
    assert all(isinstance(lease, Conflict) and "udp" in str(lease) for lease in leases[FEW:])


async def test_a_name_is_looked_up_once_for_all_tunnels(
    compute: LocalCompute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *arguments: Any) -> Any:
        if not host[0].isdigit() and not arguments[-1] & socket.AI_NUMERICHOST:
            asked.append(host)
            return real("127.0.0.1", *arguments)
        return real(host, *arguments)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    node = await switch(compute, tmp_path)
    first = UDP_RANGE[0]
    joints = [
        TunnelJoint(ComputePort(node, 0, n), UdpNio(first + n, f"host{n % 2}.example", first + n + 1)) for n in range(4)
    ]
    assert await compute.join(joints) == [None] * 4
    assert sorted(asked) == ["host0.example", "host1.example"]


async def test_a_node_that_is_busy_holds_up_its_own_port_only(compute: LocalCompute, tmp_path: Path) -> None:
    """A start that hangs holds the lock of its node."""
    nodes = [await switch(compute, tmp_path / str(number)) for number in range(4)]
    busy: Any = nodes[0]
    joints = [PairJoint(ComputePort(nodes[n], 0, 0), ComputePort(nodes[n + 1], 0, 0)) for n in (0, 2)]
    async with trio.open_nursery() as nursery:
        await busy._changing.acquire()
        nursery.start_soon(compute.join, joints)
        with trio.fail_after(30):
            while nodes[3].link_end(0, 0) is None:
                await trio.sleep(0.01)
        assert nodes[1].link_end(0, 0) is None
        busy._changing.release()
    assert nodes[1].link_end(0, 0) is not None


async def test_a_wrong_expression_is_the_error_of_its_link(compute: LocalCompute, tmp_path: Path) -> None:
    first, second = await switch(compute, tmp_path / "1"), await switch(compute, tmp_path / "2")

    def pair(number: int, expression: str) -> PairJoint:
        conditions = LinkConditions(filters={"bpf": [expression]})
        return PairJoint(ComputePort(first, 0, number), ComputePort(second, 0, number), conditions)

    errors = await compute.join([pair(0, "icmp"), pair(1, "no ("), pair(2, "tcp"), pair(3, "icmp")])
    assert [type(error) for error in errors] == [type(None), Invalid, type(None), type(None)]
    assert first.link_end(0, 1) is None and first.link_end(0, 2) is not None
