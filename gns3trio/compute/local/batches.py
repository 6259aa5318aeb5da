"""Connecting and disconnecting many ports of this host at once."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext

import trio

from gns3trio.compute.expressions import require_expression
from gns3trio.compute.interface import ComputeNode, ComputePort, Joint, PairJoint, TunnelJoint
from gns3trio.compute.local.link_ends import Nio
from gns3trio.compute.local.node import LocalNode
from gns3trio.compute.local.trunk_nio import TrunkLinkNio
from gns3trio.compute.local.tunnel_nio import TunnelNio, resolve_host
from gns3trio.compute.nio import TrunkNio
from gns3trio.compute.outcomes import try_each
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.errors import LabError
from gns3trio.slices import for_all

# Ports at a time. One may wait for a start of its node that hangs; the others do not wait for it.
_AT_A_TIME = 64

Connect = Callable[[ComputePort, ComputePort, LinkConditions], Awaitable[None]]


async def join_all(
    joints: Sequence[Joint], own: Callable[[ComputeNode], LocalNode], connect: Connect
) -> list[LabError | None]:
    """As ``Compute.join``. ``own`` returns a node of this host, or raises Conflict; ``connect`` connects two."""
    hosts = await _resolve_all(joints)
    joined: list[Joint] = []
    compiling = trio.Lock()  # the core remembers the last expressions only

    async def join(joint: Joint) -> None:
        expressions = joint.conditions.expressions() if joint.conditions.filters or joint.conditions.impairments else []
        async with compiling if expressions else nullcontext():
            for expression in expressions:
                await require_expression(expression)
            await connect_ports(joint)
        joined.append(joint)

    async def connect_ports(joint: Joint) -> None:
        if isinstance(joint, PairJoint):
            await connect(joint.first, joint.second, joint.conditions)
        else:
            await _join_tunnel(joint, own(joint.port.node), hosts[joint.nio.remote_host])

    try:
        return await try_each(joints, join, _AT_A_TIME)
    except BaseException:
        with trio.CancelScope(shield=True):
            await separate_all([port for joint in joined for port in joint.ports])
        raise


async def _join_tunnel(joint: TunnelJoint, node: LocalNode, host: str | LabError) -> None:
    if isinstance(host, LabError):
        raise host
    tunnel: Nio
    if isinstance(joint.nio, TrunkNio):
        tunnel = TrunkLinkNio(joint.nio, host, joint.conditions, is_first=joint.is_first)
    else:
        tunnel = TunnelNio(joint.nio, (host, joint.nio.rport), joint.conditions, is_first=joint.is_first)
    await node.connect(joint.port.adapter_number, joint.port.port_number, tunnel)


async def _resolve_all(joints: Sequence[Joint]) -> dict[str, str | LabError]:
    """The numeric addresses of the hosts of all tunnels, each looked up once, or the errors."""
    hosts = {joint.nio.remote_host for joint in joints if isinstance(joint, TunnelJoint)}
    found: dict[str, str | LabError] = {}

    async def look_up(host: str) -> None:
        try:
            found[host] = await resolve_host(host)
        except LabError as error:
            found[host] = error

    if len(hosts) == 1:
        await look_up(*hosts)
    else:
        await for_all(sorted(hosts), look_up, _AT_A_TIME)
    return found


async def separate_all(ports: Sequence[ComputePort]) -> list[LabError | None]:
    """As ``Compute.separate``."""

    async def separate(port: ComputePort) -> None:
        await port.node.unbind_nio(port.adapter_number, port.port_number)

    return await try_each(ports, separate, _AT_A_TIME)
