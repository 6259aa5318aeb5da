"""Many nodes or ports of a hosted project at once. Each succeeds or fails by itself."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import trio

from gns3trio.compute.clients import ComputeClient
from gns3trio.compute.hosted import HostedProjects
from gns3trio.compute.hosted_project import HostedNode, HostedProject
from gns3trio.compute.interface import ComputePort, Joint, PairJoint, PortPlace, TunnelJoint
from gns3trio.compute.nio import LinkNio, TrunkNio, UdpNio
from gns3trio.compute.node import NodeSpec
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.errors import Conflict, LabError
from gns3trio.slices import Slices


async def create_nodes(
    hosted: HostedProjects, project: HostedProject, specs: Sequence[NodeSpec], reserved_mac_ids: Sequence[int]
) -> list[HostedNode | LabError]:
    """Create nodes one after the other, so that their ports and numbers are in their order; returns the node or the
    error for each. Nodes elsewhere have the reserved numbers.
    """
    wanted = [spec.mac_id for spec in specs if spec.mac_id is not None]
    await hosted.compute.reserve_mac_ids(project.inner_id, [*reserved_mac_ids, *wanted])
    made: list[HostedNode | LabError] = []
    slices = Slices()
    for spec in specs:
        try:
            made.append(await hosted.create_node(project, spec))
        except LabError as error:
            made.append(error)
        await slices.pause()
    return made


async def join(
    hosted: HostedProjects,
    client: ComputeClient,
    ports: Sequence[PortPlace],
    nio: LinkNio | None,
    conditions: LinkConditions,
    *,
    is_first: bool = True,
) -> None:
    """Connect a port to the tunnel ``nio``, or two ports to each other; their earlier captures end. The conditions are
    checked already. Raises NotFound, Conflict or Invalid.
    """
    async with _locked(hosted, client, ports) as nodes:
        places = [
            ComputePort(node.instance, port.adapter_number, port.port_number)
            for node, port in zip(nodes, ports, strict=True)
        ]
        joint: Joint
        match places, nio:
            case [first, second], None:
                joint = PairJoint(first, second, conditions)
            case [port], UdpNio() | TrunkNio():
                joint = TunnelJoint(port, nio, conditions, is_first)
            case _:
                raise Conflict("ports: one is connected to a tunnel, or two to each other")
        before = [_end_at(place) for place in places]
        try:
            (error,) = await hosted.compute.join([joint])
        finally:
            with trio.CancelScope(shield=True):
                for node, place, end in zip(nodes, places, before, strict=True):
                    if _end_at(place) is not end:  # the capture was at the earlier end
                        await hosted.stop_capture(node, place.adapter_number, place.port_number)
        if error is not None:
            raise error


async def separate(hosted: HostedProjects, client: ComputeClient, port: PortPlace) -> None:
    """Disconnect a port; a capture there ends. Raises NotFound, or Conflict if it is not connected."""
    async with _locked(hosted, client, [port]) as nodes:
        await hosted.unbind_nio(nodes[0], port.adapter_number, port.port_number)


def _end_at(port: ComputePort) -> object:
    return port.node.link_end(port.adapter_number, port.port_number)


@asynccontextmanager
async def _locked(
    hosted: HostedProjects, client: ComputeClient, ports: Sequence[PortPlace]
) -> AsyncIterator[list[HostedNode]]:
    """The nodes of ports, locked. Raises NotFound, and Conflict for two ports of a node."""
    if len({port.node_id for port in ports}) < len(ports):
        raise Conflict("ports: a node cannot be connected to itself")
    nodes: dict[UUID, HostedNode] = {}
    async with AsyncExitStack() as locks:
        for port in sorted(ports, key=lambda port: port.node_id):  # always in the same order, to avoid deadlocks
            nodes[port.node_id] = await locks.enter_async_context(
                hosted.locked_node(client, port.project_id, None, port.node_id)
            )
        yield [nodes[port.node_id] for port in ports]
