"""How a controller uses a compute, wherever that runs: protocols only.

A ``Compute`` makes nodes (``ComputeNode``). A port of a node that leads somewhere has a ``LinkEnd``: there the
conditions of a link are put in force, and frames are captured and counted. ``compute/local`` implements all of it on
this host; ``compute/hosted.py`` serves a compute to controllers elsewhere.

Calls that may have to ask another host are asynchronous. Properties tell what was known last and cost nothing. A
compute that cannot be reached raises Unavailable from every call that needs it; its nodes stay as they were known.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import attrs

from gns3trio.compute.host import HostInterface, PortUsage
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node import NodeSpec, NodeStatus
from gns3trio.compute.node_traits import NodePort, NodeTraits
from gns3trio.conditions.core_filter import Direction
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.console.hub import CLOSE_SECONDS, NODE_STOPPED
from gns3trio.forwarder.capture_format import link_type
from gns3trio.forwarder.captures import LEAST_RING_FILE_BYTES, FileRing
from gns3trio.forwarder.stats import CaptureCounters, PortCounters, receive_rates, send_rates
from gns3trio.forwarder.trial import TrialResult, TrialSpec
from gns3trio.machine import MachineLoad, MachineStatistics

# What the interface is made of and others define: whoever uses a compute takes it from here.
__all__ = [
    "CLOSE_SECONDS",
    "LEAST_RING_FILE_BYTES",
    "LOCAL_COMPUTE_ID",
    "NODE_STOPPED",
    "Capabilities",
    "Capture",
    "CaptureCounters",
    "CaptureReader",
    "CaptureSpec",
    "Compute",
    "ComputeNode",
    "ComputePort",
    "ConsoleAccess",
    "ConsoleClient",
    "FileRing",
    "FileUpload",
    "LinkEnd",
    "LinkProbe",
    "MacTable",
    "NodeFiles",
    "PortCounters",
    "ReadFile",
    "SwitchMac",
    "TrialResult",
    "TrialSpec",
    "UdpEndpoint",
    "link_type",
    "receive_rates",
    "send_rates",
]


# GNS3's name for the compute of a controller's own server.
LOCAL_COMPUTE_ID = "local"


@attrs.frozen(kw_only=True)
class Capabilities:
    """What a compute can do.

    ``node_types`` are the types that it runs, by their names. ``captures_per_link``: how many captures one end of a
    link may have. ``impairments``: whether it knows ours, beside GNS3's filters. ``benchmarks``: whether it measures
    links and UDP paths.
    """

    node_types: Mapping[str, NodeTraits]
    captures_per_link: int
    impairments: bool
    benchmarks: bool


# --- captures ---


@attrs.frozen(kw_only=True)
class CaptureSpec:
    """What is captured, and where it goes.

    ``path``: the file, on the disk of whoever asks; None only to streams. Files of a ring get a number:
    ``name_00001.pcap``. ``snaplen`` bytes of a frame are kept. ``direction``: ``out`` frames came from the node, ``in``
    go to it. ``interfaces`` are the names of the two ends in a pcapng file, that of this end first.
    ``data_link_type`` is one of GNS3's names. The ``expression`` (pcap-filter(7)) chooses frames.
    """

    path: Path | None
    ring: FileRing | None = None
    pcapng: bool = False
    snaplen: int = 65535
    data_link_type: str = "DLT_EN10MB"
    direction: Direction = "both"
    interfaces: tuple[str, str] = ("a", "b")
    expression: str = ""
    comment: str = ""


class CaptureReader(Protocol):
    """One client of a capture that is streamed."""

    async def receive(self) -> bytes:
        """What was captured since the last time, a piece at a time; empty at the end."""


class Capture(Protocol):
    """A capture that was started. It ends with its end of the link, by ``stop``, or by itself with an ``error``."""

    @property
    def spec(self) -> CaptureSpec:
        """What was asked for."""

    @property
    def path(self) -> Path | None:
        """The present file."""

    @property
    def running(self) -> bool:
        """Whether it goes on."""

    @property
    def error(self) -> str | None:
        """Why it stopped by itself."""

    @property
    def stream_dropped_bytes(self) -> int:
        """Bytes of records that were left out because nobody read them from a stream."""

    @property
    def is_streamed(self) -> bool:
        """Whether a stream is being read."""

    def counters(self) -> CaptureCounters:
        """What was captured, and what found no room."""

    def stream(self) -> AbstractContextManager[CaptureReader]:
        """A reader of what was captured from the beginning, if it is saved, and of what comes."""

    async def stop(self) -> None:
        """Write what waits and end the file; stopped already is fine."""


# --- links ---


class LinkEnd(Protocol):
    """The end of a link at a port of a node. It ends when the port is joined to something else, or to nothing."""

    @property
    def is_open(self) -> bool:
        """Whether it is there still."""

    @property
    def knows_impairments(self) -> bool:
        """Whether conditions may have impairments here, beside GNS3's filters."""

    @property
    def counter_ids(self) -> tuple[int, int | None]:
        """Whose counters tell what passes, in ``Compute.counters``: those of the link's end, and of the port of the
        node's process or of the host's interface behind it, if there is one.
        """

    async def apply(self, conditions: LinkConditions, *, is_first: bool) -> None:
        """Put conditions in force in one step: no frame meets old and new ones. They act on both directions, and this
        is the link's first end or its second.

        Raises Invalid for what cannot be; all is as before then.
        """

    async def suspend(self, suspended: bool) -> None:
        """Let nothing pass, or everything that the filters let through."""

    async def capture(self, spec: CaptureSpec, failed: Callable[[str], None]) -> Capture:
        """Start a capture; ``failed`` is told why it ends by itself.

        Raises Conflict when the file cannot be or another capture writes it, Unavailable when the disk refuses.
        """


@attrs.frozen
class PortPlace:
    """Where a port is: of which node, and of whose project."""

    project_id: UUID
    node_id: UUID
    adapter_number: int
    port_number: int


@attrs.frozen
class ComputePort:
    """A port of a node, as one end of a link to be made."""

    node: "ComputeNode"
    adapter_number: int
    port_number: int


class LinkProbe(Protocol):
    """A source and a sink beside the nodes of a link, which notice nothing of it."""

    @property
    def is_open(self) -> bool:
        """Whether both ends of the link are there still."""

    async def run(self, spec: TrialSpec) -> TrialResult:
        """One trial: what was sent from the near end, and what came to the far one."""

    def foreign_frames(self) -> int:
        """Frames that the nodes gave to the link since the probe came."""

    def held_frames(self) -> int:
        """Frames that filters hold now on their way to the sink."""


class UdpEndpoint(Protocol):
    """A UDP port of the compute's host, taken for a benchmark, and where it sends to."""

    async def run_trial(self, to: "UdpEndpoint", spec: TrialSpec) -> TrialResult:
        """Send to where it leads, and count what comes in at ``to``. Raises Conflict when nothing can be sent."""


# --- nodes ---


class ConsoleClient(Protocol):
    """A client of a console. Its bytes are those of a telnet connection."""

    @property
    def close_reason(self) -> str | None:
        """Why the console has closed it."""

    async def receive(self) -> bytes:
        """What to send to the client next; empty when it has to be closed. For one task at a time."""

    async def send_input(self, data: bytes) -> None:
        """Give the node what the client sent; waits while the node is behind. Ignored once closed."""

    async def wait_closed(self) -> None:
        """Return when the console has closed this client; ``receive`` still gives its last bytes."""


class ConsoleAccess(Protocol):
    """A console, for clients that come through the API."""

    def attach(self) -> AbstractContextManager[ConsoleClient]:
        """A client as long as the ``with``; one that is closed already when the node is stopped."""


@attrs.frozen(order=True)
class SwitchMac:
    """An address that a switch has learned. ``age`` in seconds since the address sent last."""

    vlan: int
    mac: str
    port_number: int
    port_name: str
    age: int


class MacTable(Protocol):
    """What a switch has learned."""

    async def list(self) -> list[SwitchMac]:
        """The addresses, in the order of VLAN and address."""

    async def clear(self) -> None:
        """Forget all addresses."""


class ReadFile(Protocol):
    """A file of a node that is being read. ``size`` is in bytes, ``modified`` in seconds since 1970."""

    @property
    def name(self) -> str:
        """Its name, without folders."""

    @property
    def size(self) -> int:
        """Its size when it was opened."""

    @property
    def modified(self) -> float:
        """When it was written last."""

    def pieces(self) -> AsyncGenerator[bytes]:
        """Exactly ``size`` bytes, in pieces; closes the file at the end. Raises Conflict when it became shorter."""


class FileUpload(Protocol):
    """A file that comes: ``receive``, ``commit``, and always ``discard``."""

    async def receive(self, data: AsyncIterator[bytes]) -> None:
        """Keep what ``data`` gives. Raises NotFound, Forbidden or Unavailable."""

    async def commit(self) -> None:
        """Put it in the place of the file that there was. Raises Conflict when there is a folder of that name."""

    async def discard(self) -> None:
        """Leave nothing of what was not committed."""


class NodeFiles(Protocol):
    """The files of a node, by their paths below its folder."""

    async def paths(self) -> list[str]:
        """All files."""

    async def open(self, path: str) -> ReadFile:
        """Open a file to read it. Raises NotFound, or Forbidden for a path that leads out of the folder."""

    def upload(self, path: str) -> FileUpload:
        """Write a file; folders on its way are made. Raises Invalid, Conflict, Forbidden or NotFound for the path."""


class ComputeNode(Protocol):
    """A node that a compute runs.

    Calls to one node are made one after the other (the caller holds its lock); different nodes run in parallel.
    Every call leaves the node as it was when it raises.
    """

    @property
    def node_id(self) -> UUID:
        """The node's id."""

    @property
    def project_id(self) -> UUID:
        """The id of the project that the node belongs to."""

    @property
    def node_type(self) -> str:
        """The name of the type in the API, such as ``vpcs``."""

    @property
    def name(self) -> str:
        """The node's name."""

    @property
    def status(self) -> NodeStatus:
        """Whether it runs."""

    @property
    def exit_reason(self) -> str | None:
        """Why it stopped last; None when it was asked to or never ran."""

    @property
    def command_line(self) -> str | None:
        """The command that started it last, empty before the first start; None for a type without a process."""

    @property
    def directory(self) -> Path | None:
        """The node's own folder on the compute's host; None for a type without files."""

    @property
    def files(self) -> NodeFiles | None:
        """Its files; None where they are in the folder of its ``NodeSpec``, which is on the controller's own disk."""

    @property
    def console(self) -> int | None:
        """The TCP port of the console, None without one."""

    @property
    def console_type(self) -> str | None:
        """``telnet`` or ``none``."""

    @property
    def console_access(self) -> ConsoleAccess | None:
        """Where other clients than those of the TCP port come to the console; None for a type without one."""

    @property
    def mac_id(self) -> int | None:
        """The number that its MAC address is made of; None for a type whose addresses are not given by us."""

    @property
    def mac_table(self) -> MacTable | None:
        """The addresses that it has learned; None for a type that learns none."""

    @property
    def has_nio(self) -> bool:
        """Whether any port has a NIO."""

    async def startup_script(self) -> str | None:
        """The start-up script among its files, None when there is none."""

    @property
    def always_runs(self) -> bool:
        """Whether it runs as long as it exists: starting and stopping it means nothing."""

    def ports(self) -> list[NodePort]:
        """Its ports."""

    def properties(self) -> dict[str, Any]:
        """Its properties in the API, as they are saved."""

    async def set_properties(self, properties: dict[str, Any]) -> None:
        """Change its properties. Raises Invalid (names the field) or Conflict (not now); nothing is changed then."""

    def as_read(self, properties: dict[str, Any]) -> dict[str, Any]:
        """How these properties are read once the node has them: it may number and name its ports in its own way.

        Raises Invalid (names the field).
        """

    def link_end(self, adapter_number: int, port_number: int) -> LinkEnd | None:
        """The end of the link at a port; None where there is none."""

    def port_trouble(self, adapter_number: int, port_number: int) -> str | None:
        """Why no frame passes a linked port; None when nothing is known against it."""

    def stopping(self) -> AbstractContextManager[None]:
        """As long as the ``with``, starts that came before are given up after a few seconds.

        For who waits for a lock in order to stop, reload or delete it: a start may hang for a minute.
        """

    async def start(self) -> None:
        """Start it and return once it works; started already is fine. Raises Conflict, also when it is to stop."""

    async def stop(self) -> None:
        """Stop it; stopped already is fine."""

    async def suspend(self) -> None:
        """Suspend it; only for a type that can be suspended. Raises Conflict."""

    async def reload(self) -> None:
        """Stop and start it. Raises Conflict when it does not start again."""

    async def bind_nio(self, adapter_number: int, port_number: int, nio: UdpNio) -> None:
        """Join a port to a tunnel, replacing what it was joined to.

        Raises Conflict (no such port, ``lport`` taken) or Invalid (``rhost`` is not a host).
        """

    async def unbind_nio(self, adapter_number: int, port_number: int) -> None:
        """Separate a port from its tunnel or link. Raises Conflict when it is joined to nothing."""

    async def rename(self, name: str) -> None:
        """Give it another name."""

    async def set_console(self, console: int | None, console_type: str | None) -> None:
        """Move or remove the console; None as ``console`` keeps the port or takes the lowest free one.

        Raises Conflict when the port is taken, Invalid for a type of console that it has not.
        """

    async def reset_console(self) -> None:
        """Drop all console clients."""

    async def set_startup_script(self, text: str) -> None:
        """Write the start-up script, used at the next start."""


# --- the compute ---


class Compute(Protocol):
    """What runs nodes."""

    @property
    def compute_id(self) -> str:
        """How controllers know it."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""

    @property
    def tunnel_host(self) -> str:
        """Where tunnels from other computes lead to: a name or an IPv4 address."""

    @property
    def console_range(self) -> tuple[int, int]:
        """The first and the last TCP port of consoles."""

    def runs(self, node_type: str) -> bool:
        """Whether it runs nodes of the type."""

    # --- nodes ---

    def check_properties(self, node_type: str, properties: dict[str, Any]) -> None:
        """For a new node, but not for one of a saved project, which is kept as another server made it.

        Raises Conflict when a node of the type cannot work there, Invalid (names the field) for properties that it does
        not have.
        """

    async def create_node(self, spec: NodeSpec) -> ComputeNode:
        """A stopped node that holds what it needs. One that the compute has still for the same project, because it was
        away when it should have let it go, ends.

        Raises Conflict (also for the id of another project's node) or Invalid; nothing is left then.
        """

    async def close_node(self, node: ComputeNode) -> None:
        """Stop a node and free what it holds; its files stay."""

    async def delete_node(self, node: ComputeNode) -> None:
        """Stop a node, free what it holds and delete its files."""

    def reserve_mac_ids(self, project_id: UUID, numbers: Iterable[int]) -> None:
        """Keep what MAC addresses are made of for nodes of the project that are made soon, with these numbers."""

    async def release_project(self, project_id: UUID) -> None:
        """Free what was leased to a project and that no node or NIO took."""

    # --- links ---

    async def connect(self, first: ComputePort, second: ComputePort, conditions: LinkConditions) -> None:
        """Join two ports of its nodes. No UDP is between them, and no frame passes before the conditions are in force.

        Raises Conflict; nothing is joined then.
        """

    async def lease_udp(self, project_id: UUID) -> int:
        """The lowest free UDP port, held until a NIO that uses it is removed or the project is released.

        Raises Conflict when there is none.
        """

    def is_capturing_to(self, path: Path) -> bool:
        """Whether a capture writes that file."""

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
        """What has passed by now, by the ids that ``LinkEnd.counter_ids`` gives; of all there are without ``ids``."""

    # --- benchmarks ---

    def probe(self, near: LinkEnd, far: LinkEnd) -> AbstractContextManager[LinkProbe]:
        """A probe of the link from one end to the other. Raises Conflict unless both are here."""

    def take_udp(self, nio: UdpNio) -> AbstractAsyncContextManager[UdpEndpoint]:
        """Take the port of a NIO for a benchmark, as long as the ``async with``.

        Raises Conflict (the port is in use), Invalid (``rhost`` is not a host) or Unavailable (nobody answers for it);
        the message names the field.
        """

    # --- the host ---

    async def port_usage(self) -> PortUsage:
        """Ranges and leased ports."""

    async def interfaces(self) -> list[HostInterface]:
        """The network interfaces of its host."""

    def load(self) -> MachineLoad:
        """CPU and memory use of its host, as they were known last."""

    async def statistics(self) -> MachineStatistics:
        """Memory, CPU, load and disk of its host."""
