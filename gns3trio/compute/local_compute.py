"""The local compute: creates nodes, leases UDP ports to projects, and releases everything at the end.

The controller calls it directly, without HTTP. A failure of one node does not affect others.
"""

import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
)
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import trio

from gns3trio import threads
from gns3trio.addresses import why_not_here
from gns3trio.compute.emulator_host import QemuHost
from gns3trio.compute.host import LOCAL_COMPUTE_ID, HostInterface, PortUsage
from gns3trio.compute.images import FOLDERS
from gns3trio.compute.interface import (
    Capabilities,
    ComputeNode,
    ComputePort,
    Joint,
    LinkEnd,
    LinkProbe,
    PortPlace,
    TellNode,
    UdpEndpoint,
)
from gns3trio.compute.local.account import Account
from gns3trio.compute.local.admission import Admission
from gns3trio.compute.local.batches import join_all, separate_all
from gns3trio.compute.local.boots import Boots
from gns3trio.compute.local.host_limits import HostLimits, NodeLimits
from gns3trio.compute.local.interface_watch import InterfaceWatch
from gns3trio.compute.local.interfaces import list_interfaces
from gns3trio.compute.local.leases import ConsolePorts, UdpPorts
from gns3trio.compute.local.link_ends import LinkEnds
from gns3trio.compute.local.node import LocalNode
from gns3trio.compute.local.pair_nio import PairNio
from gns3trio.compute.local.programs import open_programs
from gns3trio.compute.local.registry import NodeRegistry, structure_properties
from gns3trio.compute.local.trials import open_probe, open_probe_end, take_udp_endpoint
from gns3trio.compute.local.trunk_watch import TrunkWatch
from gns3trio.compute.local.trunks import LocalTrunk, open_trunk
from gns3trio.compute.nio import LeaseKind, TunnelLease, UdpLease, UdpNio
from gns3trio.compute.node import NodeSpec
from gns3trio.compute.node_features import NodeUsage, TrafficFlow, TrafficRun
from gns3trio.compute.node_types import node_types
from gns3trio.compute.nodes.parts.builtin_node import BuiltinServices
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.compute.nodes.parts.sandbox import look_for_means
from gns3trio.compute.split_trials import ProbeEnd
from gns3trio.compute.trunks import Trunk
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.config import Config
from gns3trio.console.acceptor import open_console_acceptor
from gns3trio.errors import Conflict, Invalid, LabError
from gns3trio.forwarder.captures import CaptureService, open_captures
from gns3trio.forwarder.forwarder import Forwarder, open_forwarder
from gns3trio.machine import MachineLoad, MachineStatistics, machine_load, machine_statistics
from gns3trio.memory import Total
from gns3trio.removal import discard_tree
from gns3trio.slices import Slices, for_all
from gns3trio.traffic.counters import PortCounters

if TYPE_CHECKING:  # loaded with the first use of Docker
    from gns3trio.compute.nodes.docker.containers import Containers

log = logging.getLogger(__name__)


class LocalCompute:
    """The nodes of this host. Use ``open_compute``."""

    def __init__(
        self,
        forwarder: Forwarder,
        captures: CaptureService,
        registry: NodeRegistry,
        console_ports: ConsolePorts,
        link_ends: LinkEnds,
        trunk: LocalTrunk,
        account: Account,
        config: Config,
    ) -> None:
        self.compute_id = LOCAL_COMPUTE_ID
        self.tunnel_host = config.own_address
        self._forwarder = forwarder
        self._captures = captures
        self._registry = registry
        self._console_ports = console_ports
        self._link_ends = link_ends
        self._udp_ports = link_ends.udp_ports
        self._trunk = trunk
        self._account = account
        self._projects_path = config.projects_path
        self._image_folder = config.images_folder / FOLDERS["qemu"]
        self._qemu_host: QemuHost | None = None
        self._docker_socket = config.docker_socket
        self._nodes: dict[UUID, LocalNode] = {}
        self._creating: set[UUID] = set()  # ids of nodes that are being created
        self._stopping = ExitStack()

    @property
    def capabilities(self) -> Capabilities:
        """A local compute has all abilities."""
        return Capabilities(
            node_types={name: node_types[name] for name in self._registry.names()},
            impairments=True,
            benchmarks=True,
            trunk=self._trunk.is_wanted,
        )

    async def usage(self, nodes: Sequence[ComputeNode]) -> list[NodeUsage | None]:
        """What nodes take of this host."""
        return list(await self._account.of_nodes([(node.node_id, node.directory) for node in nodes]))

    async def known_usage(self, nodes: Sequence[ComputeNode]) -> list[NodeUsage | None]:
        """As ``Compute.known_usage``."""
        return list(await self._account.of_nodes([(node.node_id, node.directory) for node in nodes], lately=False))

    async def programs_usage(self) -> NodeUsage:
        """What the programs of all nodes of this host take together."""
        return await self._account.of_all_programs()

    async def port_usage(self) -> PortUsage:
        """The port ranges, and the leased ports."""
        return PortUsage(
            console_port_range=self._console_ports.range,
            console_ports=sorted(self._console_ports.leased),
            udp_port_range=self._udp_ports.range,
            udp_ports=sorted(self._udp_ports.leased),
        )

    async def trunk(self) -> Trunk:
        """The state of the trunk to other hosts."""
        return self._trunk.state()

    def load(self) -> MachineLoad:
        """CPU and memory use of this host."""
        return machine_load()

    async def statistics(self) -> MachineStatistics:
        """Memory, CPU, load and the disk of the projects."""
        return await threads.disk.run(machine_statistics, str(self._projects_path))

    async def interfaces(self) -> list[HostInterface]:
        """The network interfaces of this host."""
        return await threads.devices.run(list_interfaces)

    @property
    def trouble(self) -> None:
        """It is always there."""

    @property
    def console_host(self) -> None:
        """That of the controller."""

    @property
    def console_range(self) -> tuple[int, int]:
        """The first and the last TCP port of consoles."""
        return self._console_ports.range

    def runs(self, node_type: str) -> bool:
        """Whether this compute can run nodes of the type."""
        return node_type in self._registry

    async def check_properties(self, node_type: str, properties: dict[str, Any], engine: str | None = None) -> None:
        """Check the properties of a new node, and its engine if one is chosen. Nodes of saved projects are not checked,
        because another server may have created them.

        Raises Conflict if a node of the type cannot work here, and Invalid (with the name of the field) for invalid
        properties.
        """
        kind = self._registry.get(node_type)
        if kind.require is not None:  # nothing waits otherwise: nodes of a batch get their ports in its order
            await kind.require()
        kind.require_engine(engine)
        if kind.check is not None:
            await kind.check(properties)
        else:
            structure_properties(properties, kind.settings_class)

    async def create_node(self, spec: NodeSpec) -> LocalNode:
        """Create a stopped node with its ports leased. Raises Conflict or Invalid, and then leaves nothing behind."""
        if spec.node_id in self._nodes or spec.node_id in self._creating:
            raise Conflict(f"node_id: node {spec.node_id} exists already in another project")
        self._creating.add(spec.node_id)
        try:
            node = self._nodes[spec.node_id] = await self._registry.get(spec.node_type).create(spec)
        finally:
            self._creating.discard(spec.node_id)
        return node

    def find_node(self, node_id: UUID) -> LocalNode | None:
        """A node by its id."""
        return self._nodes.get(node_id)

    async def close_node(self, node: ComputeNode) -> None:
        """Stop a node and release its ports; its files stay. Does nothing if it is closed already."""
        own = self._nodes.get(node.node_id)
        if own is not None:
            await own.close()
        self._nodes.pop(node.node_id, None)
        if node.directory is not None:
            self._account.disk.forget(node.directory)

    def end_starts(self) -> None:
        """Prepare for closing all nodes: no new start begins, and running starts are abandoned after a few seconds."""
        for node in self._nodes.values():
            self._stopping.enter_context(node.stopping())

    async def close_all(self) -> None:
        """Close all nodes that are left."""
        nodes = list(self._nodes.values())
        await for_all(nodes, self.close_node, len(nodes))

    async def delete_node(self, node: ComputeNode) -> None:
        """Stop a node, release its ports and delete its folder."""
        await self.close_node(node)
        if node.directory is not None:
            # Files that cannot be deleted do no harm: no other node uses this folder.
            await threads.disk.run(discard_tree, node.directory)

    async def reserve_mac_ids(self, project_id: UUID, numbers: Iterable[int]) -> None:
        """Reserve these MAC address numbers for nodes of the project that are about to be created."""
        wanted = list(numbers)
        for mac_ids in self._registry.mac_ids:
            mac_ids.reserve(project_id, wanted)

    async def release_project(self, project_id: UUID) -> None:
        """Release everything that was leased to a project and that no node or NIO has claimed."""
        self._udp_ports.release_project(project_id)
        self._trunk.release_project(project_id)
        for mac_ids in self._registry.mac_ids:
            mac_ids.release_project(project_id)

    async def update_project(self, project_id: UUID, name: str, variables: list[dict[str, Any]] | None) -> None:
        """Nothing here needs them."""

    async def discard_project(self, project_id: UUID) -> None:
        """All files are in the controller's folder."""

    async def qemu_host(self) -> QemuHost:
        """What this host has for QEMU beside nodes; loaded with its first use."""
        if self._qemu_host is None:
            host = await threads.disk.run(_load_qemu_host, self._image_folder)
            self._qemu_host = self._qemu_host or host
        return self._qemu_host

    async def docker_images(self) -> list[str]:
        """The names of the images of the Docker engine. Raises Conflict if there is none."""
        return await (await threads.disk.run(_load_containers, self._docker_socket)).image_names()

    # --- links ---

    async def lease_udp(self, project_id: UUID) -> int:
        """Lease the lowest free UDP port. It is bound and held until a NIO that uses it is removed or the project is
        released.

        Raises Conflict if the range is exhausted.
        """
        return self._udp_ports.reserve(project_id)

    async def connect(self, first: ComputePort, second: ComputePort, conditions: LinkConditions) -> None:
        """Connect two ports without a socket between them. The conditions apply from the first frame.

        Raises Conflict; nothing is connected then.
        """
        nio = PairNio.with_conditions(conditions)
        async with AsyncExitStack() as undo:
            await self._bind(undo, first, nio)
            await self._bind(undo, second, nio)
            undo.pop_all()

    async def _bind(self, undo: AsyncExitStack, port: ComputePort, nio: PairNio) -> None:
        node, numbers = self._own(port.node), (port.adapter_number, port.port_number)

        async def unbind() -> None:
            with trio.CancelScope(shield=True):
                if node.link_end(*numbers) is not None:
                    await node.unbind_nio(*numbers)

        await node.connect(*numbers, nio)
        undo.push_async_callback(unbind)

    def knows_filters(self, node_type: str) -> bool:
        """All conditions act at all ports."""
        return True

    # --- many at once ---

    async def create_nodes(self, specs: Sequence[NodeSpec], told: TellNode) -> None:
        """As ``Compute.create_nodes``, in their order."""
        slices = Slices()
        for place, spec in enumerate(specs):
            try:
                node = await self.create_node(spec)
            except LabError as error:
                told(place, error)
            else:
                told(place, node)
            await slices.pause()

    async def lease_ends(self, project_id: UUID, kinds: Sequence[LeaseKind]) -> list[TunnelLease | LabError]:
        """As ``Compute.lease_ends``."""
        slices = Slices()
        leases: list[TunnelLease | LabError] = []
        for kind in kinds:
            try:
                if kind == "trunk":
                    leases.append(self._trunk.reserve(project_id))
                else:
                    leases.append(UdpLease(await self.lease_udp(project_id)))
            except LabError as error:
                leases.append(error)
            await slices.pause()
        return leases

    async def join(self, joints: Sequence[Joint]) -> list[LabError | None]:
        """As ``Compute.join``."""
        return await join_all(joints, self._own, self.connect)

    async def separate(self, ports: Sequence[ComputePort]) -> list[LabError | None]:
        """As ``Compute.separate``."""
        return await separate_all(ports)

    def _own(self, node: ComputeNode) -> LocalNode:
        own = self._nodes.get(node.node_id)
        if own is not node:
            raise Conflict(f"node {node.node_id} does not belong to this compute")
        return own

    def is_capturing_to(self, path: Path) -> bool:
        """Whether a capture is writing that file."""
        return self._captures.is_writing(path)

    # --- counters and benchmarks ---

    async def wait_counted(self) -> None:
        """Wait until counters have changed since the last call; returns at most once per statistics interval."""
        await self._forwarder.wait_changed()

    def counted(self) -> Mapping[int, PortCounters]:
        """As ``Compute.counted``."""
        return self._forwarder.changed()

    def counted_at(self, counter_id: int) -> PortPlace | None:
        """As ``Compute.counted_at``."""
        return self._link_ends.counted_at(counter_id)

    def counters(self, ids: Iterable[int] | None = None) -> Mapping[int, PortCounters]:
        """All counters, by the ids of the forwarder's ports."""
        return self._forwarder.snapshot() if ids is None else self._forwarder.counters_of(ids)

    def probe(self, near: LinkEnd, far: LinkEnd) -> AbstractAsyncContextManager[LinkProbe]:
        """Attach a probe to a link, from one end to the other. Raises Conflict unless both ends are on this host."""
        return open_probe(self._forwarder, near, far)

    def probe_end(self, end: LinkEnd, role: Literal["source", "sink"]) -> AbstractAsyncContextManager[ProbeEnd]:
        """Attach one part of a probe. Raises as ``open_probe_end``."""
        return open_probe_end(self._forwarder, end, role)

    def take_udp(self, nio: UdpNio) -> AbstractAsyncContextManager[UdpEndpoint]:
        """Lease the UDP port of a NIO for a benchmark. Raises as ``take_udp_endpoint``."""
        return take_udp_endpoint(self._udp_ports, nio)

    def run_traffic(self, flows: Sequence[TrafficFlow]) -> AbstractAsyncContextManager[TrafficRun]:
        """Start flows of generated traffic. Raises as ``Compute.run_traffic``."""
        from gns3trio.compute.local.traffic import run_traffic  # loaded with the first built-in PC

        return run_traffic(self._forwarder, flows)


def _load_qemu_host(image_folder: Path) -> QemuHost:
    from gns3trio.compute.nodes.qemu.host import LocalQemuHost

    return LocalQemuHost(image_folder)


def _load_containers(socket: Path) -> "Containers":
    from gns3trio.compute.nodes.docker.containers import Containers
    from gns3trio.compute.nodes.docker.engine import Engine

    return Containers(Engine(str(socket)))


@asynccontextmanager
async def open_local_compute(config: Config, memory: Total | None = None) -> AsyncIterator[LocalCompute]:
    """Run the compute of this host with a forwarder of its own, which ends last because the nodes use its ports.
    ``memory`` limits the records that wait for capture streams.

    Raises Unavailable or Invalid if the kernel or the console addresses cannot be used as the settings require.
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
    """Run a compute; its nodes run in its nursery and end with it."""
    if lacks := look_for_means().lacks:
        consequence = "nodes are not started" if config.require_sandbox else "nodes run with fewer limits"
        log.warning("This kernel lacks %s: %s", lacks, consequence)
    udp_ports = UdpPorts(config.udp_start_port_range, config.udp_end_port_range)
    registry = NodeRegistry(config.forbidden_node_types)
    for name in config.forbidden_node_types:
        if name not in node_types.packages:
            raise Invalid(f"forbidden_node_types: {name!r} is none of {', '.join(node_types.packages)}")
    running = await open_programs(config.projects_path, config.use_cgroups)
    async with trio.open_nursery() as nursery, open_console_acceptor() as acceptor:
        with open_trunk(forwarder, config.trunk_port) as trunk:
            link_ends = LinkEnds(forwarder, udp_ports, captures, trunk)
            _check_console_addresses(config)
            console_ports = ConsolePorts(
                config.console_addresses, config.console_start_port_range, config.console_end_port_range
            )
            interfaces = InterfaceWatch()
            await nursery.start(interfaces.run)
            account = Account(running)
            admission = Admission(HostLimits(running, NodeLimits.of(config)), Boots(config.max_booting_nodes))
            builtin = BuiltinServices(
                nursery, forwarder, link_ends, console_ports, acceptor, interfaces, running, admission
            )
            services = LocalServices(config, builtin)
            for name, package in node_types.packages.items():
                if name in config.forbidden_node_types:
                    continue
                module = import_module(f"{package.__name__}.node")
                node_type = module.make_type(services)
                if node_type is not None:  # this host lacks what it needs
                    registry.add(name, node_type)
            compute = LocalCompute(forwarder, captures, registry, console_ports, link_ends, trunk, account, config)
            nursery.start_soon(account.disk.run)
            nursery.start_soon(TrunkWatch(trunk, link_ends, compute.find_node).run)
            try:
                yield compute
            finally:
                with trio.CancelScope(shield=True):
                    await compute.close_all()
                udp_ports.release_all()  # hosted projects may have reserved some
                trunk.release_all()
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
