"""A compute in memory, with which a controller is tested: no process, no socket, no frame.

It does what ``compute/interface.py`` promises, and keeps what it was asked for where a test can look. A test sets how
it behaves: which creations and links fail, how long starts last, and whether it can be reached at all. What lasts does
so on trio's clock, so with ``autojump_clock`` a test waits for nothing.
"""

import itertools
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_interface
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import attrs
import trio

from gns3trio.compute.captures import CaptureReader, CaptureSpec
from gns3trio.compute.host import LOCAL_COMPUTE_ID, HostInterface, PortUsage
from gns3trio.compute.interface import (
    Capabilities,
    Compute,
    ComputeNode,
    ComputePort,
    Joint,
    LinkEnd,
    LinkProbe,
    PairJoint,
    PortPlace,
    TellNode,
    UdpEndpoint,
)
from gns3trio.compute.nio import LeaseKind, TunnelLease, UdpLease, UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec, NodeStatus
from gns3trio.compute.node_features import FileFacts, FileList, NodeUsage, TrafficFlow
from gns3trio.compute.node_traits import NodePort
from gns3trio.compute.node_types import node_types
from gns3trio.compute.outcomes import try_each
from gns3trio.compute.split_trials import ProbeEnd
from gns3trio.compute.trunks import Trunk
from gns3trio.conditions.link_conditions import NO_CONDITIONS, LinkConditions
from gns3trio.errors import ComputeAway, Conflict, Invalid, LabError, NotFound, Unavailable
from gns3trio.machine import MachineLoad, MachineStatistics, machine_statistics
from gns3trio.slices import for_all
from gns3trio.traffic.counters import CaptureCounters, PortCounters
from gns3trio.traffic.flows import Arrivals, FlowResult, FlowSpec, FlowState, LatencySummary

CONSOLE_RANGE = (5000, 5999)
UDP_RANGE = (10000, 10999)
FIRST_UDP_PORT = 10000
# For a start that is under way when somebody comes to stop the node, as for a VPCS.
HANGING_SECONDS = 5.0
# Of many nodes or ports.
AT_ONCE = 1000


class MemoryCapture:
    """A capture that takes nothing. ``fail`` lets it end by itself."""

    def __init__(self, spec: CaptureSpec, end: "MemoryEnd", failed: Callable[[str], None]) -> None:
        self.spec = spec
        self.path: Path | None = spec.path
        self.running = True
        self.error: str | None = None
        self.stream_dropped_bytes = 0
        self.is_streamed = False
        self.end = end
        self._failed = failed

    def counters(self) -> CaptureCounters:
        """Nothing was captured."""
        return CaptureCounters()

    @contextmanager
    def stream(self) -> Iterator[CaptureReader]:
        """A stream that has ended."""
        yield _EndedStream()

    def fail(self, message: str) -> None:
        """The disk is full, say."""
        self.running, self.error = False, message
        self._failed(message)

    async def stop(self) -> None:
        """End it; ended already is fine."""
        self.end.node.compute.reach()
        self.running = False


class _EndedStream:
    async def receive(self) -> bytes:
        return b""


class MemoryEnd:
    """The end of a link. ``joined_to`` is the NIO that a client bound, or what both ends of a link have in common."""

    def __init__(self, node: "MemoryNode", number: int, joined_to: object) -> None:
        self.node = node
        self.joined_to = joined_to
        self.is_open = True
        self.counter_ids: tuple[int, int | None] | None = (number, None)
        self.conditions = NO_CONDITIONS
        self.is_first = True
        self.suspended = False
        self.captures: list[MemoryCapture] = []

    @property
    def knows_impairments(self) -> bool:
        """As the compute says."""
        return self.node.compute.impairments

    @property
    def most_captures(self) -> int:
        """As the compute says."""
        return self.node.compute.captures_per_link

    @property
    def knows_filters(self) -> bool:
        """Always."""
        return True

    async def apply(self, conditions: LinkConditions, *, is_first: bool) -> None:
        """Put conditions in force."""
        self.node.compute.reach()
        self.conditions, self.is_first, self.suspended = conditions, is_first, conditions.suspend

    async def suspend(self, suspended: bool) -> None:
        """Let nothing pass, or everything."""
        self.node.compute.reach()
        self.suspended = suspended

    async def capture(self, spec: CaptureSpec, failed: Callable[[str], None]) -> MemoryCapture:
        """Start a capture."""
        self.node.compute.reach()
        if spec.path is not None and self.node.compute.is_capturing_to(spec.path):
            raise Conflict(f"capture file {spec.path}: is being written by another capture")
        self.captures.append(MemoryCapture(spec, self, failed))
        return self.captures[-1]


class MemoryFile:
    """A file that is being read."""

    modified = 0.0

    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self.size = len(content)
        self._content = content

    async def pieces(self) -> AsyncGenerator[bytes]:
        """All of it, in one piece."""
        yield self._content


class MemoryUpload:
    """A file that comes."""

    def __init__(self, files: "MemoryFiles", path: str) -> None:
        self._files = files
        self._path = path
        self._received = b""

    async def receive(self, data: AsyncIterator[bytes]) -> None:
        """Keep it."""
        if self._path in self._files.compute.failing_uploads:
            raise Unavailable(f"{self._path}: the disk is full")
        self._received = b"".join([piece async for piece in data])
        self._files.compute.reach()

    async def commit(self) -> None:
        """Put it among the files."""
        self._files.compute.reach()
        self._files.content[self._path] = self._received

    async def discard(self) -> None:
        """There is nothing to do."""


class MemoryFiles:
    """The files of a node at a compute of another host."""

    def __init__(self, compute: "MemoryCompute") -> None:
        self.compute = compute
        self.content: dict[str, bytes] = {}

    async def paths(self) -> list[str]:
        """All files."""
        self.compute.reach()
        return list(self.content)

    async def all_paths(self) -> list[str]:
        """All files."""
        return await self.paths()

    async def listed(self, most: int) -> FileList:
        """The first of them."""
        paths = await self.paths()
        found = [FileFacts(path, len(self.content[path]), None) for path in paths[:most]]
        return FileList(found, len(paths) <= most)

    async def delete(self, path: str) -> None:
        """Delete a file. Raises NotFound."""
        await self.open(path)
        del self.content[path]

    async def open(self, path: str) -> MemoryFile:
        """Open a file. Raises NotFound."""
        self.compute.reach()
        if path not in self.content:
            raise NotFound(f"path: there is no file {path!r}")
        return MemoryFile(path.rpartition("/")[2], self.content[path])

    def upload(self, path: str) -> MemoryUpload:
        """Write a file."""
        return MemoryUpload(self, path)


class MemoryTrafficEndpoint:
    """A node as an end of flows."""

    def __init__(self, node: "MemoryNode") -> None:
        self.node = node
        self._starts = node.starts

    @property
    def is_open(self) -> bool:
        """Until the node stops."""
        return self.node.status == "started" and self.node.starts == self._starts

    def addresses(self) -> list[IPv4Address | IPv6Address]:
        """Those of its script."""
        return self.node.addresses if self.is_open else []


class MemoryTraffic:
    """Flows that were started: nothing is sent, but every packet arrives after ``MemoryCompute.latency``, but for those
    that ``MemoryCompute.lost`` takes, a part of each flow.
    """

    def __init__(self, compute: "MemoryCompute", flows: Sequence[TrafficFlow]) -> None:
        self.flows = flows
        self._compute = compute
        self._begun = trio.current_time()

    async def read(self) -> list[FlowResult]:
        """What became of them at this time."""
        self._compute.reach()
        return [self._result(flow) for flow in self.flows]

    def _result(self, flow: TrafficFlow) -> FlowResult:
        spec, passed = flow.spec, trio.current_time() - self._begun - flow.spec.delay
        due = int(min(max(passed, 0.0), spec.seconds) * spec.packets_per_second)
        sent = min(due, spec.packets or due)
        is_over = passed >= spec.seconds or sent == spec.packets
        arrived = _arrivals(spec, sent - int(sent * self._compute.lost), self._compute.latency)
        state: FlowState = "waiting" if passed < 0 else "done" if is_over else "sending"
        return FlowResult(
            state=state if flow.sender.is_open else "gone",
            reason="done",
            sent=sent,
            unsent=0,
            unreachable=0,
            seconds=sent / spec.packets_per_second,
            arrived=arrived if flow.receiver is not None and flow.receiver.is_open else None,
            returned=_arrivals(spec, arrived.packets if spec.echo else 0, 2 * self._compute.latency),
        )


def _arrivals(spec: FlowSpec, packets: int, latency: float) -> Arrivals:
    each = LatencySummary(
        samples=packets,
        min=latency,
        mean=latency,
        max=latency,
        p50=latency,
        p90=latency,
        p99=latency,
        p99_9=latency,
    )
    return Arrivals(
        packets=packets,
        bytes=packets * spec.data_bytes,
        duplicated=0,
        reordered=0,
        seconds=packets / spec.packets_per_second,
        latency=each if packets else None,
    )


def _require_engine(node_type: str, engine: str | None) -> None:
    if engine is not None and engine not in node_types[node_type].engines:
        raise Invalid(f"engine: a {node_type} has no engine {engine!r}")


class MemoryNode:
    """A node. ``tell`` lets something happen to it by itself."""

    directory: Path | None = None
    exit_reason: str | None = None
    console_access = None
    mac_table = None
    disks = None
    mac_id: int | None = None
    engine: str | None

    def __init__(self, compute: "MemoryCompute", spec: NodeSpec) -> None:
        traits = node_types[spec.node_type]
        self.compute = compute
        self.node_id = spec.node_id
        self.project_id = spec.project_id
        self.node_type = spec.node_type
        self.name = spec.name
        self.always_runs = traits.always_runs
        self.status: NodeStatus = "started" if traits.always_runs else "stopped"
        self.command_line: str | None = None
        self.console_type = spec.console_type
        self.console = spec.console
        self.script = spec.startup_script
        self._use_engine(spec.engine)
        self.files = MemoryFiles(compute) if compute.keeps_files else None
        self.ends: dict[tuple[int, int], MemoryEnd] = {}
        self.trouble: dict[tuple[int, int], str] = {}  # of ports
        self.custom_adapters = spec.custom_adapters
        self.starts = 0
        self._emit = spec.emit
        self._properties = dict(spec.properties)
        self._starting: trio.CancelScope | None = None
        self._stoppers = 0

    def tell(self, event: NodeEvent) -> None:
        """Something has happened to it."""
        self._emit(event)

    def crash(self, message: str) -> None:
        """It stops by itself."""
        self.status = "stopped"
        self.tell(NodeEvent("status"))
        self.tell(NodeEvent("error", message))

    @property
    def addresses(self) -> list[IPv4Address | IPv6Address]:
        """Those that its script sets."""
        lines = [line.split() for line in (self.script or "").splitlines()]
        return [ip_interface(words[1]).ip for words in lines if len(words) > 1 and words[0] == "ip"]

    def traffic_endpoint(self) -> MemoryTrafficEndpoint:
        """For a VPCS that runs."""
        if self.node_type != "vpcs" or self.status != "started":
            raise Conflict(f"'{self.name}' can send and receive no traffic")
        return MemoryTrafficEndpoint(self)

    @property
    def has_nio(self) -> bool:
        """Whether any port is joined to something."""
        return bool(self.ends)

    async def startup_script(self) -> str | None:
        """Its script."""
        self.compute.reach()
        return self.script

    async def set_startup_script(self, text: str) -> None:
        """Give it another script."""
        self.compute.reach()
        self.script = text

    async def resize_disk(self, drive_name: str, extend: int) -> None:
        """It has none."""
        raise Conflict("it has no disk")

    def _use_engine(self, engine: str | None) -> None:
        _require_engine(self.node_type, engine)
        engines = node_types[self.node_type].engines
        self.engine = engine or (engines[0] if engines else None)
        self.has_default_engine = engine is None

    async def set_engine(self, engine: str | None, mac_id: int | None = None) -> None:
        """Take another one, or the first of its type."""
        self.compute.reach()
        self._use_engine(engine)

    def ports(self) -> list[NodePort]:
        """Those of its type, or eight where its properties name none."""
        ports = node_types[self.node_type].ports
        listed = list(ports(self._properties)) if ports is not None else []
        return listed or [NodePort(0, number, f"Ethernet{number}", f"e{number}") for number in range(8)]

    def properties(self) -> dict[str, Any]:
        """What it was given."""
        return dict(self._properties)

    async def set_properties(self, properties: dict[str, Any]) -> None:
        """Take others."""
        self.compute.reach()
        self._properties = dict(properties)

    def as_read(self, properties: dict[str, Any]) -> dict[str, Any]:
        """As they are."""
        return properties

    def link_end(self, adapter_number: int, port_number: int) -> MemoryEnd | None:
        """The end of the link at a port."""
        return self.ends.get((adapter_number, port_number))

    def port_trouble(self, adapter_number: int, port_number: int) -> str | None:
        """What a test says."""
        return self.trouble.get((adapter_number, port_number))

    @contextmanager
    def stopping(self) -> Iterator[None]:
        """Starts that came before have HANGING_SECONDS left."""
        self._stoppers += 1
        if self._starting is not None:
            self._starting.deadline = trio.current_time() + HANGING_SECONDS
        try:
            yield
        finally:
            self._stoppers -= 1

    async def start(self) -> None:
        """Start it, which takes ``MemoryCompute.start_seconds``; raises what ``failing_starts`` says."""
        self.compute.reach()
        if self.status == "started":
            return
        self.starts += 1
        with trio.CancelScope() as self._starting:
            await trio.sleep(self.compute.start_seconds)
        stopped, self._starting = self._starting.cancelled_caught, None
        self.compute.reach()
        if stopped:
            raise Conflict(f"'{self.name}' was stopped before its start had come to an end")
        if self.name in self.compute.failing_starts:
            raise Conflict(f"'{self.name}' did not start")
        self.status = "started"
        self.tell(NodeEvent("status"))

    async def stop(self) -> None:
        """Stop it."""
        self.compute.reach()
        if self.status == "started" and not self.always_runs:
            self.status = "stopped"
            self.tell(NodeEvent("status"))

    async def suspend(self) -> None:
        """No type here can be suspended."""
        raise Conflict(f"'{self.name}' cannot be suspended")

    async def reload(self) -> None:
        """Stop and start it."""
        await self.stop()
        await self.start()

    async def bind_nio(self, adapter_number: int, port_number: int, nio: UdpNio) -> None:
        """Join a port to a tunnel."""
        end = self.join((adapter_number, port_number), nio)
        end.conditions, end.suspended = LinkConditions(filters=nio.filters, suspend=nio.suspend), nio.suspend

    def join(self, port: tuple[int, int], joined_to: object) -> MemoryEnd:
        """Join a port to something; raises what ``failing_links`` says."""
        self.compute.reach()
        if self.name in self.compute.failing_links:
            raise Conflict(f"no link can be made at '{self.name}'")
        if port not in {(each.adapter_number, each.port_number) for each in self.ports()}:
            raise Conflict(f"port {port[0]}/{port[1]} doesn't exist on '{self.name}'")
        self.separate(port)
        end = self.ends[port] = MemoryEnd(self, next(self.compute.numbers), joined_to)
        return end

    async def unbind_nio(self, adapter_number: int, port_number: int) -> None:
        """Separate a port."""
        self.compute.reach()
        if (adapter_number, port_number) not in self.ends:
            raise Conflict(f"port {adapter_number}/{port_number} of '{self.name}' is not connected")
        self.separate((adapter_number, port_number))

    def separate(self, port: tuple[int, int]) -> None:
        """Whatever the port is joined to; nothing is fine."""
        end = self.ends.pop(port, None)
        if end is not None:
            end.is_open = False

    async def set_custom_adapters(self, adapters: list[dict[str, Any]]) -> None:
        """Keep them where a test can look."""
        self.compute.reach()
        self.custom_adapters = adapters

    async def rename(self, name: str) -> None:
        """Give it another name."""
        self.compute.reach()
        self.name = name

    async def set_console(self, console: int | None, console_type: str | None) -> None:
        """Move its console."""
        self.compute.reach()
        self.console = console if console is not None else self.console
        self.console_type = console_type if console_type is not None else self.console_type

    async def reset_console(self) -> None:
        """It has no clients."""
        self.compute.reach()


@attrs.define(eq=False)
class MemoryCompute:
    """A compute. The attributes before ``nodes`` say how it behaves, and may be changed at any time."""

    compute_id: str = LOCAL_COMPUTE_ID
    tunnel_host: str = "127.0.0.1"
    types: tuple[str, ...] = ("vpcs", "ethernet_switch", "cloud")
    project_updates: list[tuple[UUID, str, list[dict[str, Any]] | None]] = attrs.field(factory=list)
    captures_per_link: int = 1024
    impairments: bool = True
    keeps_files: bool = False  # on a disk of its own
    is_away: bool = False
    check_seconds: float = 0.0
    create_seconds: float = 0.0
    start_seconds: float = 0.0
    link_seconds: float = 0.0  # between the two ends
    latency: float = 0.001  # of generated traffic, in seconds
    lost: float = 0.0  # of it, from 0 to 1
    cpu: float = 0.0  # in percent
    used: float = 0.0  # of the memory, in percent
    memory: float = 8192.0  # in MiB
    is_silent: bool = False  # it does not tell its load
    failing_deletions: set[str] = attrs.field(factory=set)
    failing_uploads: set[str] = attrs.field(factory=set)  # paths of files
    failing_creations: set[str] = attrs.field(factory=set)  # by name of the node; likewise below
    failing_starts: set[str] = attrs.field(factory=set)
    failing_links: set[str] = attrs.field(factory=set)

    nodes: dict[UUID, MemoryNode] = attrs.field(factory=dict)
    asked: int = 0  # how often for its statistics
    traffic: list[MemoryTraffic] = attrs.field(factory=list)  # that runs
    deleted: list[str] = attrs.field(factory=list)  # names of nodes whose files were deleted
    calls: Counter[str] = attrs.field(factory=Counter)  # of the methods for many at once
    leased: dict[UUID, list[int]] = attrs.field(factory=dict)  # UDP ports by project
    passed: dict[int, PortCounters] = attrs.field(factory=dict)  # what ``counters`` tells
    numbers: "itertools.count[int]" = attrs.field(factory=lambda: itertools.count(1))
    _udp_ports: "itertools.count[int]" = attrs.field(factory=lambda: itertools.count(FIRST_UDP_PORT))
    _counted: trio.Event = attrs.field(factory=trio.Event)
    _untold: dict[int, PortCounters] = attrs.field(factory=dict)  # of these, what ``counted`` did not tell yet

    def reach(self) -> None:
        """Raises ComputeAway while the compute is away."""
        if self.is_away:
            raise ComputeAway(f"compute {self.compute_id} cannot be reached")

    def node(self, name: str) -> MemoryNode:
        """The node that has a name."""
        return next(node for node in self.nodes.values() if node.name == name)

    @property
    def capabilities(self) -> Capabilities:
        """As the test says."""
        return Capabilities(
            node_types={name: node_types[name] for name in self.types},
            impairments=self.impairments,
            benchmarks=False,
        )

    @property
    def trouble(self) -> str | None:
        """That it is away."""
        return f"compute {self.compute_id} cannot be reached" if self.is_away else None

    @property
    def console_host(self) -> str | None:
        """That of the controller."""
        return None

    @property
    def console_range(self) -> tuple[int, int]:
        """Whatever."""
        return CONSOLE_RANGE

    def runs(self, node_type: str) -> bool:
        """Whether the type is one of ``types``."""
        return node_type in self.types

    async def check_properties(self, node_type: str, properties: dict[str, Any], engine: str | None = None) -> None:
        """All are fine, after ``check_seconds``, but an engine that is not in the traits."""
        self.reach()
        await trio.sleep(self.check_seconds)
        if node_type not in self.types:
            raise Conflict(f"node_type: {node_type} does not run here")
        _require_engine(node_type, engine)

    async def create_node(self, spec: NodeSpec) -> MemoryNode:
        """A node, after ``create_seconds``; raises what ``failing_creations`` says."""
        self.reach()
        known = self.nodes.get(spec.node_id)
        if known is not None and known.project_id != spec.project_id:
            raise Conflict(f"node_id: node {spec.node_id} exists already")
        await self.check_properties(spec.node_type, spec.properties)
        await trio.sleep(self.create_seconds)
        self.reach()
        if spec.name in self.failing_creations:
            raise Conflict(f"'{spec.name}' cannot be created")
        node = self.nodes[spec.node_id] = MemoryNode(self, spec)
        return node

    async def close_node(self, node: ComputeNode) -> None:
        """Let a node go; its files stay."""
        self.reach()
        own = self.nodes.pop(node.node_id, None)
        if own is not None:
            for port in list(own.ends):
                own.separate(port)

    async def delete_node(self, node: ComputeNode) -> None:
        """Let a node go, with its files."""
        self.reach()
        if node.name in self.failing_deletions:
            raise Conflict(f"'{node.name}' cannot be deleted")
        await self.close_node(node)
        self.deleted.append(node.name)

    async def reserve_mac_ids(self, project_id: UUID, numbers: Iterable[int]) -> None:
        """No node here has one."""
        self.reach()

    async def release_project(self, project_id: UUID) -> None:
        """Free what was leased to a project."""
        self.reach()
        self.leased.pop(project_id, None)

    async def update_project(self, project_id: UUID, name: str, variables: list[dict[str, Any]] | None) -> None:
        """Keep it where a test can look."""
        self.reach()
        self.project_updates.append((project_id, name, variables))

    async def discard_project(self, project_id: UUID) -> None:
        """It keeps no files."""
        self.reach()

    async def connect(self, first: ComputePort, second: ComputePort, conditions: LinkConditions) -> None:
        """Join two ports; the first has the conditions."""
        self.reach()
        near = self._own(first.node)
        link = object()
        numbers = (first.adapter_number, first.port_number)
        end = near.join(numbers, link)
        try:
            await trio.sleep(self.link_seconds)
            far = self._own(second.node)
            far.join((second.adapter_number, second.port_number), link).suspended = conditions.suspend
        except BaseException:
            near.separate(numbers)
            raise
        await end.apply(conditions, is_first=True)

    def _own(self, node: ComputeNode) -> MemoryNode:
        own = self.nodes.get(node.node_id)
        if own is None:
            raise NotFound(f"node {node.node_id} is none of compute {self.compute_id}")
        return own

    async def lease_udp(self, project_id: UUID) -> int:
        """The next port."""
        self.reach()
        port = next(self._udp_ports)
        self.leased.setdefault(project_id, []).append(port)
        return port

    def knows_filters(self, node_type: str) -> bool:
        """Always."""
        return True

    # --- many at once ---

    async def create_nodes(self, specs: Sequence[NodeSpec], told: TellNode) -> None:
        """Each by itself, all at the same time."""
        self.calls["create_nodes"] += 1

        async def create(place: int) -> None:
            try:
                node = await self.create_node(specs[place])
            except LabError as error:
                told(place, error)
            else:
                told(place, node)

        await for_all(range(len(specs)), create, AT_ONCE)

    async def lease_ends(self, project_id: UUID, kinds: Sequence[LeaseKind]) -> list[TunnelLease | LabError]:
        """The next ports."""
        self.calls["lease_ends"] += 1
        leases: list[TunnelLease | LabError] = []
        for _ in kinds:
            try:
                leases.append(UdpLease(await self.lease_udp(project_id)))
            except LabError as error:
                leases.append(error)
        return leases

    async def join(self, joints: Sequence[Joint]) -> list[LabError | None]:
        """Each by itself, all at the same time. A cancelled one leaves nothing."""
        self.calls["join"] += 1
        joined: list[Joint] = []

        async def join(joint: Joint) -> None:
            if isinstance(joint, PairJoint):
                await self.connect(joint.first, joint.second, joint.conditions)
            else:
                await trio.sleep(self.link_seconds)
                node, port = self._own(joint.port.node), (joint.port.adapter_number, joint.port.port_number)
                await node.join(port, joint.nio).apply(joint.conditions, is_first=joint.is_first)
            joined.append(joint)

        try:
            return await try_each(joints, join, AT_ONCE)
        except BaseException:
            for port in (port for joint in joined for port in joint.ports):
                self._own(port.node).separate((port.adapter_number, port.port_number))
            raise

    async def separate(self, ports: Sequence[ComputePort]) -> list[LabError | None]:
        """Each by itself."""
        self.calls["separate"] += 1

        async def separate(port: ComputePort) -> None:
            await self._own(port.node).unbind_nio(port.adapter_number, port.port_number)

        return await try_each(ports, separate, AT_ONCE)

    def is_capturing_to(self, path: Path) -> bool:
        """Whether a capture writes that file."""
        ends = [end for node in self.nodes.values() for end in node.ends.values()]
        return any(capture.running and capture.path == path for end in ends for capture in end.captures)

    # --- counters ---

    def count(self, end: MemoryEnd, counters: PortCounters) -> None:
        """Something has passed the end of a link."""
        assert end.counter_ids is not None
        self.passed[end.counter_ids[0]] = self._untold[end.counter_ids[0]] = counters
        self._counted.set()

    async def wait_counted(self) -> None:
        """Until ``count`` is called."""
        await self._counted.wait()
        self._counted = trio.Event()

    def counted(self) -> Mapping[int, PortCounters]:
        """What has passed since this was asked last."""
        told, self._untold = self._untold, {}
        return told

    def counted_at(self, counter_id: int) -> PortPlace | None:
        """Where the end of a link is."""
        for node in self.nodes.values():
            for port, end in node.ends.items():
                if counter_id in (end.counter_ids or ()):
                    return PortPlace(node.project_id, node.node_id, *port)
        return None

    def counters(self, ids: Iterable[int] | None = None) -> Mapping[int, PortCounters]:
        """What passed."""
        return {each: counters for each, counters in self.passed.items() if ids is None or each in ids}

    def probe(self, near: LinkEnd, far: LinkEnd) -> AbstractAsyncContextManager[LinkProbe]:
        """Raises Conflict: there is no traffic."""
        raise Conflict(f"compute {self.compute_id} cannot measure")

    def probe_end(self, end: LinkEnd, role: Literal["source", "sink"]) -> AbstractAsyncContextManager[ProbeEnd]:
        """Raises Conflict: there is no traffic."""
        raise Conflict(f"compute {self.compute_id} cannot measure")

    def take_udp(self, nio: UdpNio) -> AbstractAsyncContextManager[UdpEndpoint]:
        """Raises Conflict: there is no traffic."""
        raise Conflict(f"compute {self.compute_id} cannot measure")

    @asynccontextmanager
    async def run_traffic(self, flows: Sequence[TrafficFlow]) -> AsyncIterator[MemoryTraffic]:
        """Flows that a test can look at in ``traffic``."""
        self.reach()
        for flow in flows:
            flow.spec.check()
            for end in (flow.sender, flow.receiver):
                if end is not None and (not isinstance(end, MemoryTrafficEndpoint) or not end.is_open):
                    raise Conflict("a node has stopped, or is another compute's")
        self.traffic.append(run := MemoryTraffic(self, flows))
        try:
            yield run
        finally:
            self.traffic.remove(run)

    # --- the host ---

    async def port_usage(self) -> PortUsage:
        """UDP ports that are leased, and no console."""
        self.reach()
        udp = sorted(port for ports in self.leased.values() for port in ports)
        return PortUsage(console_port_range=CONSOLE_RANGE, console_ports=[], udp_port_range=UDP_RANGE, udp_ports=udp)

    async def interfaces(self) -> list[HostInterface]:
        """It has none."""
        self.reach()
        return []

    async def usage(self, nodes: Sequence[ComputeNode]) -> list[NodeUsage | None]:
        """A megabyte for each node that runs."""
        self.reach()
        return [
            NodeUsage(processes=1, memory_bytes=2**20) if node.status == "started" else NodeUsage() for node in nodes
        ]

    async def known_usage(self, nodes: Sequence[ComputeNode]) -> list[NodeUsage | None]:
        """The same."""
        return await self.usage(nodes)

    async def programs_usage(self) -> NodeUsage | None:
        """It does not tell."""
        self.reach()
        return None

    async def trunk(self) -> Trunk:
        """It has none."""
        self.reach()
        return Trunk()

    def load(self) -> MachineLoad:
        """As the test says, and as of now unless it is silent."""
        at = float("-inf") if self.is_silent else trio.current_time()
        return MachineLoad(cpu_usage_percent=self.cpu, memory_usage_percent=self.used, measured_at=at)

    async def statistics(self) -> MachineStatistics:
        """It has ``memory`` MiB. While it is silent there is no answer."""
        self.reach()
        self.asked += 1
        if self.is_silent:
            await trio.sleep_forever()
        return attrs.evolve(
            machine_statistics("/"),
            memory_total=int(self.memory * 1024 * 1024),
            memory_usage_percent=int(self.used),
            cpu_usage_percent=int(self.cpu),
        )


# For the type checker: it is a compute, and so its nodes and their ends are those of one.
_IS_A_COMPUTE: type[Compute] = MemoryCompute
