"""The interface between a controller and a compute, wherever the compute runs. It contains protocols only.

A ``Compute`` creates nodes (``ComputeNode``). A connected port of a node has a ``LinkEnd``, at which the conditions of
the link apply and frames are captured and counted. ``compute/local`` implements the interface on this host;
``compute/hosted.py`` offers a compute to other controllers. The protocols of captures are in ``captures.py``, those of
features that only some nodes have in ``node_features.py``.

Calls that may need another host are asynchronous. Properties, and the other methods, answer at once with what is known
last. If a compute cannot be reached, every call that needs it raises ComputeAway; the state of its nodes stays as last
known.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from pathlib import Path
from typing import Any, Literal, Protocol
from uuid import UUID

from gns3trio.classes import frozen
from gns3trio.compute.captures import Capture, CaptureSpec
from gns3trio.compute.host import HostInterface, PortUsage
from gns3trio.compute.nio import LeaseKind, LinkNio, TunnelLease, UdpNio
from gns3trio.compute.node import NodeSpec, NodeStatus
from gns3trio.compute.node_features import (
    ConsoleAccess,
    MacTable,
    NodeDisks,
    NodeFiles,
    NodeUsage,
    TrafficEndpoint,
    TrafficFlow,
    TrafficRun,
)
from gns3trio.compute.node_traits import NodePort, NodeTraits
from gns3trio.compute.split_trials import ProbeEnd, TrialEnd
from gns3trio.compute.trunks import Trunk
from gns3trio.conditions.link_conditions import NO_CONDITIONS, LinkConditions
from gns3trio.errors import LabError
from gns3trio.machine import MachineLoad, MachineStatistics
from gns3trio.traffic.counters import PortCounters
from gns3trio.traffic.trials import TrialResult, TrialSpec

# The reason that clients of a console get if the node is stopped.
NODE_STOPPED = "the node is stopped"


@frozen(kw_only=True)
class Capabilities:
    """The abilities of a compute.

    ``node_types`` are the names of the types that it runs. ``impairments``: whether it supports impairments beside
    GNS3's filters. ``benchmarks``: whether it can measure links and UDP paths. ``trunk``: whether links to others with
    a trunk can share one UDP port. ``platform`` and ``version`` are what a compute on another host says of itself.
    """

    node_types: Mapping[str, NodeTraits]
    impairments: bool
    benchmarks: bool
    trunk: bool = False
    platform: str | None = None
    version: str | None = None


# --- links ---


class LinkEnd(Protocol):
    """The end of a link at a port of a node. It closes when the port is disconnected or connected to something else."""

    @property
    def is_open(self) -> bool:
        """Whether the end is still open."""

    @property
    def knows_impairments(self) -> bool:
        """Whether conditions may have impairments here, beside GNS3's filters."""

    @property
    def knows_filters(self) -> bool:
        """Whether conditions may have GNS3's filters here: switches of a GNS3 compute have none."""

    @property
    def most_captures(self) -> int:
        """The number of captures that it may have at a time. An end with one knows GNS3's captures only."""

    @property
    def counter_ids(self) -> tuple[int, int | None] | None:
        """The ids of its counters in ``Compute.counters``: the link's end, and the port behind it (of the node's
        process or of an interface of the host), if there is one. None if its compute does not count.
        """

    async def apply(self, conditions: LinkConditions, *, is_first: bool) -> None:
        """Apply conditions in one step, so that no frame meets both old and new ones. They act in both directions; the
        other parameter says whether this is the link's first end or its second.

        Raises Invalid for invalid conditions; nothing is changed then.
        """

    async def suspend(self, suspended: bool) -> None:
        """Suspend the link end, or let frames pass the filters again."""

    async def capture(self, spec: CaptureSpec, failed: Callable[[str], None]) -> Capture:
        """Start a capture; ``failed`` is called with the reason if it ends by itself.

        Raises Conflict if the file cannot exist or another capture writes it, and Unavailable if the disk reports an
        error.
        """


@frozen
class PortPlace:
    """Where a port is: of which node, and of whose project."""

    project_id: UUID
    node_id: UUID
    adapter_number: int
    port_number: int


@frozen
class ComputePort:
    """A port of a node, as one end of a new link."""

    node: "ComputeNode"
    adapter_number: int
    port_number: int


@frozen
class TunnelJoint:
    """A port that is to be connected to a tunnel, in place of its earlier connection. The conditions act there, in both
    directions, from the first frame. ``is_first``: whether it is the link's first end.
    """

    port: ComputePort
    nio: LinkNio
    conditions: LinkConditions = NO_CONDITIONS
    is_first: bool = True

    @property
    def ports(self) -> tuple[ComputePort, ...]:
        """The port."""
        return (self.port,)


@frozen
class PairJoint:
    """Two ports of a compute that are to be connected to each other, as by ``Compute.connect``."""

    first: ComputePort
    second: ComputePort
    conditions: LinkConditions = NO_CONDITIONS

    @property
    def ports(self) -> tuple[ComputePort, ...]:
        """The ports."""
        return self.first, self.second


Joint = TunnelJoint | PairJoint


class LinkProbe(Protocol):
    """A source and a sink for a benchmark, beside the nodes of a link, which are not affected."""

    @property
    def is_open(self) -> bool:
        """Whether both ends of the link are still open."""

    async def run(self, spec: TrialSpec) -> TrialResult:
        """Run one trial from the near end to the far end."""

    async def foreign_frames(self) -> int:
        """The number of frames that the nodes sent into the link since the probe exists."""

    async def held_frames(self) -> int:
        """The number of frames that filters currently hold on the way to the sink."""


class UdpEndpoint(TrialEnd, Protocol):
    """A UDP port of the compute's host for a benchmark, with the address to which it sends."""

    async def run_trial(self, to: "UdpEndpoint", spec: TrialSpec) -> TrialResult:
        """Run one trial: send from this port, and count the frames that arrive at ``to``. Raises Conflict if sending
        fails.
        """


# --- nodes ---


class ComputeNode(Protocol):
    """A node that a compute runs.

    Calls to one node are serialised (the caller holds its lock); different nodes run in parallel. A call that raises
    leaves the node unchanged.
    """

    @property
    def node_id(self) -> UUID:
        """The id of the node in its project."""

    @property
    def project_id(self) -> UUID:
        """The id of the project that the node belongs to."""

    @property
    def node_type(self) -> str:
        """The name of its type in the API, such as ``vpcs``."""

    @property
    def name(self) -> str:
        """The current name of the node."""

    @property
    def status(self) -> NodeStatus:
        """The status of the node: started, stopped or suspended."""

    @property
    def exit_reason(self) -> str | None:
        """Why it stopped last; None if it was stopped on request or never ran."""

    @property
    def command_line(self) -> str | None:
        """The command line of its last start, empty before the first start; None for a type without a process."""

    @property
    def directory(self) -> Path | None:
        """The node's own folder on the compute's host; None for a type without files."""

    @property
    def files(self) -> NodeFiles | None:
        """Its files; None if they are on the controller's own disk, in the folder of its ``NodeSpec``."""

    @property
    def disks(self) -> NodeDisks | None:
        """The disks in its folder; None for a type without disks, or on a compute that cannot be asked for them."""

    @property
    def console(self) -> int | None:
        """The TCP port of the console; None if it has none."""

    @property
    def console_type(self) -> str | None:
        """The type of its console: ``telnet`` or ``none``."""

    @property
    def console_access(self) -> ConsoleAccess | None:
        """Access to the console for other clients than those of the TCP port; None for a type without a console."""

    @property
    def mac_id(self) -> int | None:
        """The number from which its MAC address is derived; None for a type whose addresses the
        server does not assign.
        """

    @property
    def engine(self) -> str | None:
        """What runs it, of the engines in the traits of its type; None for a type without a choice."""

    @property
    def has_default_engine(self) -> bool:
        """Whether no engine was chosen for it, so that its compute's default runs it."""

    @property
    def mac_table(self) -> MacTable | None:
        """Its address table; None for a type without one."""

    def traffic_endpoint(self) -> TrafficEndpoint:
        """Its part in generated traffic. Raises Conflict with the reason if it can have none, or not now."""

    @property
    def has_nio(self) -> bool:
        """Whether any port is connected."""

    async def startup_script(self) -> str | None:
        """The text of its start-up script; None if there is none."""

    @property
    def always_runs(self) -> bool:
        """Whether it runs as long as it exists, so that starting and stopping it have no effect."""

    def ports(self) -> Sequence[NodePort]:
        """The ports of the node, with their names; empty if only its type and its record tell them. Long ones are a
        PortList.
        """

    def properties(self) -> dict[str, Any]:
        """Its properties in the API, in the form that is saved."""

    async def set_properties(self, properties: dict[str, Any]) -> None:
        """Change its properties. Raises Invalid (with the name of the field) or Conflict (not possible now); nothing is
        changed then.
        """

    def as_read(self, properties: dict[str, Any]) -> dict[str, Any]:
        """The form in which the node returns these properties after they are set: it may number and name its ports
        itself. If only another host could tell, they are returned as they are; setting them may change nothing then.

        Raises Invalid (with the name of the field).
        """

    def link_end(self, adapter_number: int, port_number: int) -> LinkEnd | None:
        """The end of the link at a port; None if the port is not connected."""

    def port_trouble(self, adapter_number: int, port_number: int) -> str | None:
        """The reason why no frame passes a linked port; None if no problem is known."""

    def stopping(self) -> AbstractContextManager[None]:
        """While the ``with`` lasts, starts that are already running are abandoned after a few seconds.

        For callers that wait for the lock in order to stop, reload or delete the node: a start may hang for a minute.
        """

    async def start(self) -> None:
        """Start it, and return when it works. Does nothing if it is started. Raises Conflict, also if it is to be
        stopped meanwhile.
        """

    async def stop(self) -> None:
        """Stop it. Does nothing if it is stopped."""

    async def suspend(self) -> None:
        """Suspend it; only for types that can be suspended. Raises Conflict."""

    async def reload(self) -> None:
        """Stop and start it. Raises Conflict if it does not start again."""

    async def bind_nio(self, adapter_number: int, port_number: int, nio: UdpNio) -> None:
        """Connect a port to a tunnel, replacing its earlier connection.

        Raises Conflict (no such port, or ``lport`` is in use) or Invalid (``rhost`` is not a host).
        """

    async def unbind_nio(self, adapter_number: int, port_number: int) -> None:
        """Disconnect a port from its tunnel or link. Raises Conflict if it is not connected."""

    async def rename(self, name: str) -> None:
        """Change the name of the node."""

    async def set_console(self, console: int | None, console_type: str | None) -> None:
        """Move or remove the console. If ``console`` is None, the port is kept, or the lowest free one is taken.

        Raises Conflict if the port is taken, Invalid for an unsupported type of console.
        """

    async def set_custom_adapters(self, adapters: list[dict[str, Any]]) -> None:
        """Pass on what users want of single adapters, as in GNS3. Only nodes of emulators use it."""

    async def reset_console(self) -> None:
        """Disconnect all clients of the console."""

    async def set_engine(self, engine: str | None, mac_id: int | None = None) -> None:
        """Let another engine run it; None is the compute's default. All else stays, as far as the engine allows it.
        ``mac_id`` is the number of the MAC address that it should get, to take a change back.

        Raises Invalid (unknown) or Conflict (it is started, or the engine cannot run it here); nothing is changed then.
        """

    async def set_startup_script(self, text: str) -> None:
        """Write the start-up script, which is used at the next start."""

    async def resize_disk(self, drive_name: str, extend: int) -> None:
        """Make a disk larger by so many MiB: that of ``hda`` to ``hdd``. Raises Conflict if it has none, or runs."""


# --- the compute ---

# What became of a new node: its place among the wanted ones, and the node or the error.
TellNode = Callable[[int, ComputeNode | LabError], None]


class Compute(Protocol):
    """A compute, which runs nodes."""

    @property
    def compute_id(self) -> str:
        """The id of this compute in its controller."""

    @property
    def capabilities(self) -> Capabilities:
        """The abilities of this compute."""

    @property
    def tunnel_host(self) -> str:
        """The address for tunnels from other computes: a name or an IPv4 address."""

    @property
    def trouble(self) -> str | None:
        """The reason why it cannot be reached now; None if it can."""

    @property
    def console_host(self) -> str | None:
        """The host on which the consoles of its nodes are; None for that of the controller."""

    @property
    def console_range(self) -> tuple[int, int]:
        """The first and the last TCP port of consoles."""

    def runs(self, node_type: str) -> bool:
        """Whether this compute runs nodes of the type."""

    # --- nodes ---

    async def check_properties(self, node_type: str, properties: dict[str, Any], engine: str | None = None) -> None:
        """Check the properties of a new node, and its engine if one is chosen. Nodes of saved projects are not checked,
        because another server may have created them.

        Raises Conflict if a node of the type cannot work there, and Invalid (with the name of the field) for invalid
        properties.
        """

    async def create_node(self, spec: NodeSpec) -> ComputeNode:
        """A stopped node that holds what it needs. One that the compute has still for the same project, because it was
        away when it should have let it go, ends.

        Raises Conflict (also for the id of another project's node) or Invalid; nothing is left then.
        """

    async def close_node(self, node: ComputeNode) -> None:
        """Stop a node and release its resources; its files stay."""

    async def delete_node(self, node: ComputeNode) -> None:
        """Stop a node, release its resources and delete its files."""

    async def reserve_mac_ids(self, project_id: UUID, numbers: Iterable[int]) -> None:
        """Reserve these MAC address numbers for nodes of the project that are about to be created."""

    async def release_project(self, project_id: UUID) -> None:
        """Release everything that was leased to a project and that no node or NIO has claimed. None of its nodes is
        left.
        """

    async def update_project(self, project_id: UUID, name: str, variables: list[dict[str, Any]] | None) -> None:
        """A project has another name, or other variables. Does nothing if the compute does not need them."""

    async def discard_project(self, project_id: UUID) -> None:
        """Delete the files that it has of a released project, other than in the controller's folder."""

    # --- links ---

    async def connect(self, first: ComputePort, second: ComputePort, conditions: LinkConditions) -> None:
        """Connect two ports of its nodes, without UDP between them. The conditions apply from the first frame.

        Raises Conflict; nothing is connected then.
        """

    async def lease_udp(self, project_id: UUID) -> int:
        """Lease the lowest free UDP port. It is held until a NIO that uses it is removed or the project is released.

        Raises Conflict if there is none.
        """

    def knows_filters(self, node_type: str) -> bool:
        """Whether GNS3's filters can act at the ports of its nodes of a type."""

    # --- many at once: each succeeds or fails by itself, and none waits for another ---

    async def create_nodes(self, specs: Sequence[NodeSpec], told: TellNode) -> None:
        """As ``create_node`` for each. ``told`` is called once for each, as soon as it is known what became of it. If
        this is cancelled, nothing is left of those that were not told.
        """

    async def lease_ends(self, project_id: UUID, kinds: Sequence[LeaseKind]) -> list[TunnelLease | LabError]:
        """Lease ends of tunnels, as ``lease_udp``; returns the lease or the error for each."""

    async def join(self, joints: Sequence[Joint]) -> list[LabError | None]:
        """Connect ports; returns the error for each, None if it is connected. A port with an error may have lost its
        earlier connection. If this is cancelled, none of the ports is connected.
        """

    async def separate(self, ports: Sequence[ComputePort]) -> list[LabError | None]:
        """Disconnect ports, as ``ComputeNode.unbind_nio``; returns the error for each, None if it is disconnected."""

    def is_capturing_to(self, path: Path) -> bool:
        """Whether a capture is writing that file. It is on the controller's disk, wherever the compute is."""

    # --- counters ---

    async def wait_counted(self) -> None:
        """Return when counters have changed since the last time; while the compute cannot be reached, they do not."""

    def counted(self) -> Mapping[int, PortCounters]:
        """The counters that changed since they were asked for here last, some of them at a time: empty when no more are
        left. Those of what is no longer there are all 0. There is one who asks.
        """

    def counted_at(self, counter_id: int) -> PortPlace | None:
        """The port at whose link's end the counters are; None when they are at none."""

    def counters(self, ids: Iterable[int] | None = None) -> Mapping[int, PortCounters]:
        """The counters as last known, which are current on this host, by the ids in ``LinkEnd.counter_ids``. All
        counters if ``ids`` is omitted.
        """

    # --- benchmarks ---

    def probe(self, near: LinkEnd, far: LinkEnd) -> AbstractAsyncContextManager[LinkProbe]:
        """Attach a probe to a link, from one end to the other. Raises Conflict unless both ends are on this compute."""

    def probe_end(self, end: LinkEnd, role: Literal["source", "sink"]) -> AbstractAsyncContextManager[ProbeEnd]:
        """Attach one part of a probe to an end of a link, whose other end may be on another compute. Raises Conflict if
        the end is not on this compute, or has a probe.
        """

    def take_udp(self, nio: UdpNio) -> AbstractAsyncContextManager[UdpEndpoint]:
        """Lease the UDP port of a NIO for a benchmark, for as long as the ``async with`` lasts.

        Raises Conflict (the port is in use), Invalid (``rhost`` is not a host) or Unavailable (its name cannot be
        resolved); the message names the field.
        """

    # --- generated traffic ---

    def run_traffic(self, flows: Sequence[TrafficFlow]) -> AbstractAsyncContextManager[TrafficRun]:
        """Start flows between nodes of this compute, all of them or none. They run as long as the ``async with``, at
        most.

        Raises Invalid (the message names the field), Conflict (a node has stopped, is another compute's, or has too
        many flows) or Unavailable (there are too many flows).
        """

    # --- the host ---

    async def usage(self, nodes: Sequence[ComputeNode]) -> list[NodeUsage | None]:
        """What nodes of one project take of the host; None if this compute does not tell. What is not known yet may
        take a second. Raises Unavailable.
        """

    async def known_usage(self, nodes: Sequence[ComputeNode]) -> list[NodeUsage | None]:
        """As ``usage``, at once, for many readers: without percentages, with sizes on the disk that were measured
        before.
        """

    async def programs_usage(self) -> NodeUsage | None:
        """What the programs of all nodes take of the host together, also those of other controllers; None if this
        compute does not tell. Raises Unavailable.
        """

    async def port_usage(self) -> PortUsage:
        """The port ranges, and the leased ports."""

    async def interfaces(self) -> list[HostInterface]:
        """The network interfaces of its host."""

    async def trunk(self) -> Trunk:
        """The state of its trunk, over which links to other hosts run, and of these hosts."""

    def load(self) -> MachineLoad:
        """CPU and memory use of its host, as they were known last."""

    async def statistics(self) -> MachineStatistics:
        """Memory, CPU, load and disk of its host."""
