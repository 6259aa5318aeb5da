"""The local compute: makes nodes, leases UDP ports to projects, and takes everything back.

The controller calls it directly, without HTTP. A node that fails ends alone.
"""

import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
)
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import trio

from gns3trio import threads
from gns3trio.addresses import why_not_here
from gns3trio.compute.host import HostInterface, PortUsage
from gns3trio.compute.interface import (
    LOCAL_COMPUTE_ID,
    Capabilities,
    ComputeNode,
    ComputePort,
    LinkEnd,
    LinkProbe,
    PortCounters,
    PortPlace,
    UdpEndpoint,
)
from gns3trio.compute.local.interface_watch import InterfaceWatch
from gns3trio.compute.local.interfaces import list_interfaces
from gns3trio.compute.local.leases import ConsolePorts, UdpPorts
from gns3trio.compute.local.node import LocalNode
from gns3trio.compute.local.trials import open_probe, take_udp_endpoint
from gns3trio.compute.local.tunnels import TunnelTable, local_nio
from gns3trio.compute.nio import LOOPBACK, LocalNio, UdpNio
from gns3trio.compute.node import NodeSpec
from gns3trio.compute.node_types import node_types
from gns3trio.compute.nodes.parts.builtin_node import BuiltinServices
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.compute.nodes.parts.sandbox import look_for_means
from gns3trio.compute.nodes.vpcs.command import MAC_IDS
from gns3trio.compute.nodes.vpcs.mac_ids import MacIds
from gns3trio.compute.registry import NodeRegistry, structure_properties
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.config import Config
from gns3trio.errors import Conflict, Invalid
from gns3trio.forwarder.captures import CaptureService, open_captures
from gns3trio.forwarder.forwarder import Forwarder, open_forwarder
from gns3trio.machine import MachineLoad, MachineStatistics, machine_load, machine_statistics
from gns3trio.memory import Total
from gns3trio.removal import discard_tree

log = logging.getLogger(__name__)

# Each has a file and a ring in the core, whose megabyte is taken when frames come: 1024 that are busy take a gigabyte,
# and every frame is copied so many times.
MAX_CAPTURES_PER_LINK = 1024


class LocalCompute:
    """The nodes of this host. Use ``open_compute``."""

    def __init__(
        self,
        forwarder: Forwarder,
        captures: CaptureService,
        registry: NodeRegistry,
        console_ports: ConsolePorts,
        tunnels: TunnelTable,
        mac_ids: MacIds,
        projects_path: Path,
    ) -> None:
        self.compute_id = LOCAL_COMPUTE_ID
        self.tunnel_host = LOOPBACK
        self._forwarder = forwarder
        self._captures = captures
        self._registry = registry
        self._console_ports = console_ports
        self._tunnels = tunnels
        self._udp_ports = tunnels.udp_ports
        self._mac_ids = mac_ids
        self._projects_path = projects_path
        self._nodes: dict[UUID, LocalNode] = {}
        self._creating: set[UUID] = set()  # ids of nodes that are being made
        self._stopping = ExitStack()

    @property
    def capabilities(self) -> Capabilities:
        """All that there is."""
        return Capabilities(
            node_types={name: node_types[name] for name in self._registry.names()},
            captures_per_link=MAX_CAPTURES_PER_LINK,
            impairments=True,
            benchmarks=True,
        )

    async def port_usage(self) -> PortUsage:
        """Ranges and leased ports."""
        return PortUsage(
            console_port_range=self._console_ports.range,
            console_ports=sorted(self._console_ports.leased),
            udp_port_range=self._udp_ports.range,
            udp_ports=sorted(self._udp_ports.leased),
        )

    def load(self) -> MachineLoad:
        """CPU and memory use."""
        return machine_load()

    async def statistics(self) -> MachineStatistics:
        """Memory, CPU, load and the disk of the projects."""
        return await threads.disk.run(machine_statistics, str(self._projects_path))

    async def interfaces(self) -> list[HostInterface]:
        """The network interfaces of this host."""
        return await threads.devices.run(list_interfaces)

    @property
    def console_range(self) -> tuple[int, int]:
        """The first and the last TCP port of consoles."""
        return self._console_ports.range

    def runs(self, node_type: str) -> bool:
        """Whether this compute can run nodes of the type."""
        return node_type in self._registry

    def check_properties(self, node_type: str, properties: dict[str, Any]) -> None:
        """For a new node, but not for one of a saved project, which is kept as another server made it.

        Raises Conflict when a node of the type cannot work here, Invalid (names the field) for properties that it does
        not have.
        """
        kind = self._registry.get(node_type)
        kind.require()
        structure_properties(properties, kind.settings_class)

    async def create_node(self, spec: NodeSpec) -> LocalNode:
        """A stopped node with its ports leased. Raises Conflict or Invalid; nothing is left then."""
        if spec.node_id in self._nodes or spec.node_id in self._creating:
            raise Conflict(f"node_id: node {spec.node_id} exists already in another project")
        self._creating.add(spec.node_id)
        try:
            node = self._nodes[spec.node_id] = await self._registry.get(spec.node_type).create(spec)
        finally:
            self._creating.discard(spec.node_id)
        return node

    async def close_node(self, node: ComputeNode) -> None:
        """Stop a node and free its ports; its files stay. Closed already is fine."""
        own = self._nodes.get(node.node_id)
        if own is not None:
            await own.close()
        self._nodes.pop(node.node_id, None)

    def end_starts(self) -> None:
        """Starts that are under way have a few seconds, and no other begins then: all nodes are to be closed."""
        for node in self._nodes.values():
            self._stopping.enter_context(node.stopping())

    async def close_all(self) -> None:
        """Close every node that is left."""
        async with trio.open_nursery() as nursery:
            for node in list(self._nodes.values()):
                nursery.start_soon(self.close_node, node)

    async def delete_node(self, node: ComputeNode) -> None:
        """Stop a node, free its ports and delete its folder."""
        await self.close_node(node)
        if node.directory is not None:
            # What cannot be deleted is in nobody's way: no other node gets this folder.
            await threads.disk.run(discard_tree, node.directory)

    def reserve_mac_ids(self, project_id: UUID, numbers: Iterable[int]) -> None:
        """Keep what MAC addresses are made of for nodes of the project that are made soon, with these numbers."""
        self._mac_ids.reserve(project_id, numbers)

    async def release_project(self, project_id: UUID) -> None:
        """Free what was leased to a project and that no node or NIO took."""
        self._udp_ports.release_project(project_id)
        self._mac_ids.release_project(project_id)

    # --- links ---

    async def lease_udp(self, project_id: UUID) -> int:
        """The lowest free UDP port, bound and held until a NIO that uses it is removed or the project is released.

        Raises Conflict when the range is exhausted.
        """
        return self._udp_ports.reserve(project_id)

    async def connect(self, first: ComputePort, second: ComputePort, conditions: LinkConditions) -> None:
        """Join two ports by a pair of local NIOs. The conditions are in force at the first one before it has a frame.

        Raises Conflict; nothing is joined then.
        """
        nio = local_nio(conditions)
        async with AsyncExitStack() as undo:
            await self._bind(undo, first, nio)
            await self._bind(undo, second, nio)
            undo.pop_all()

    async def _bind(self, undo: AsyncExitStack, port: ComputePort, nio: LocalNio) -> None:
        node, numbers = self._own(port.node), (port.adapter_number, port.port_number)

        async def unbind() -> None:
            with trio.CancelScope(shield=True):
                if node.link_end(*numbers) is not None:
                    await node.unbind_nio(*numbers)

        await node.bind_nio(*numbers, nio)
        undo.push_async_callback(unbind)

    def _own(self, node: ComputeNode) -> LocalNode:
        own = self._nodes.get(node.node_id)
        if own is not node:
            raise Conflict(f"node {node.node_id} is none of this compute")
        return own

    def is_capturing_to(self, path: Path) -> bool:
        """Whether a capture writes that file."""
        return self._captures.is_writing(path)

    # --- counters and benchmarks ---

    async def wait_counted(self) -> None:
        """Return when counters have changed since the last time, at most once in the interval of statistics."""
        await self._forwarder.wait_changed()

    def counted(self) -> Mapping[int, PortCounters]:
        """As ``Compute.counted``."""
        return self._forwarder.changed()

    def counted_at(self, counter_id: int) -> PortPlace | None:
        """As ``Compute.counted_at``."""
        return self._tunnels.counted_at(counter_id)

    def counters(self, ids: Iterable[int] | None = None) -> Mapping[int, PortCounters]:
        """What has passed, by the ids of the forwarder's ports."""
        return self._forwarder.snapshot() if ids is None else self._forwarder.counters_of(ids)

    def probe(self, near: LinkEnd, far: LinkEnd) -> AbstractContextManager[LinkProbe]:
        """A probe of the link from one end to the other. Raises Conflict unless both are here."""
        return open_probe(self._forwarder, near, far)

    def take_udp(self, nio: UdpNio) -> AbstractAsyncContextManager[UdpEndpoint]:
        """Take the port of a NIO for a benchmark. Raises as ``take_udp_endpoint``."""
        return take_udp_endpoint(self._udp_ports, nio)


@asynccontextmanager
async def open_local_compute(config: Config, memory: Total | None = None) -> AsyncIterator[LocalCompute]:
    """This host's compute with a forwarder of its own, which ends last: everything uses its sockets. ``memory`` bounds
    what waits for streams of captures.

    Raises Unavailable or Invalid when the kernel or the console's addresses cannot be used as the settings say.
    """
    async with (
        open_forwarder(
            workers=config.forwarder_workers,
            stats_interval=config.stats_interval,
            kernel_offload=config.kernel_offload,
        ) as forwarder,
        open_captures(forwarder, memory) as captures,
        open_compute(config, forwarder, captures) as compute,
    ):
        yield compute


@asynccontextmanager
async def open_compute(config: Config, forwarder: Forwarder, captures: CaptureService) -> AsyncIterator[LocalCompute]:
    """A compute whose nodes run below its nursery and end with it."""
    if lacks := look_for_means().lacks:
        consequence = "nodes are not started" if config.require_sandbox else "nodes run with fewer limits"
        log.warning("This kernel lacks %s: %s", lacks, consequence)
    udp_ports = UdpPorts(config.udp_start_port_range, config.udp_end_port_range)
    registry = NodeRegistry()
    async with trio.open_nursery() as nursery:
        tunnels = TunnelTable(forwarder, udp_ports, captures)
        _check_console_addresses(config)
        console_ports = ConsolePorts(
            config.console_addresses, config.console_start_port_range, config.console_end_port_range
        )
        interfaces = InterfaceWatch()
        await nursery.start(interfaces.run)
        mac_ids = MacIds(MAC_IDS)
        builtin = BuiltinServices(nursery, forwarder, tunnels, console_ports, interfaces)
        services = LocalServices(config, builtin, mac_ids)
        for name, package in node_types.packages.items():
            module = import_module(f"{package.__name__}.node")
            registry.add(name, module.make_type(services))
        compute = LocalCompute(forwarder, captures, registry, console_ports, tunnels, mac_ids, config.projects_path)
        try:
            yield compute
        finally:
            with trio.CancelScope(shield=True):
                await compute.close_all()
            udp_ports.release_all()  # a project that a controller elsewhere drives may have reserved some
            nursery.cancel_scope.cancel()


def _check_console_addresses(config: Config) -> None:
    setting = "console_host" if config.console_host else "host"
    if not config.console_host and config.console_addresses != config.addresses:
        log.info(
            "telnet consoles, which ask for no password, listen on %s only; the setting console_host opens them",
            ", ".join(config.console_addresses),
        )
    for address in config.console_addresses:
        if reason := why_not_here(address):
            raise Invalid(f"{setting}: {address} {reason}")
