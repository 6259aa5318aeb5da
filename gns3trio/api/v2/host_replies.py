"""The shapes of version 2 replies about hosts, their load, trunks and usage, for OpenAPI."""

from typing import Any, Literal
from uuid import UUID

from gns3trio.api.replies import Whole, reply_shape


@reply_shape
class ComputeExtensions(Whole):
    """The extensions of the compute API that a server of ours has. ``product`` is ``gns3trio``."""

    extensions: list[str]
    product: str
    version: str


@reply_shape
class TrunkPeer(Whole):
    """Another host at the far end of a trunk. ``host`` is its name or address as the controller gave it; ``reason``
    says why it is not up. ``mtu`` is the largest IP packet that comes through whole, and ``largest_frame`` the largest
    frame that therefore needs no splitting, both in bytes; null until they are known. ``fragmented_frames`` were
    larger, so that IP split them. ``loss_percent`` is that of keepalives in the last half minute.
    """

    host: str
    address: str
    port: int
    state: Literal["waiting", "up", "down"]
    reason: str | None
    round_trip_ms: float | None
    loss_percent: float
    mtu: int | None
    interface_mtu: int
    largest_frame: int | None
    links: int
    sent_frames: int
    sent_bytes: int
    received_frames: int
    received_bytes: int
    fragmented_frames: int


@reply_shape
class Trunk(Whole):
    """The trunk of a compute: the UDP port over which its links to other hosts with this server run. ``port`` is null
    if none is open, as long as no link needs it, or because of ``trouble``. ``dropped`` counts datagrams by the reason
    why they came to no link: ``header`` (they are no VXLAN), ``vni`` (no link has it), ``peer`` (from another address
    than that of the link's host), ``lane`` (together with frames that came elsewhere), ``queue`` (the server did not
    keep up), ``probe`` (forged or too many keepalives).
    """

    port: int | None
    trouble: str | None
    peers: list[TrunkPeer]
    dropped: dict[str, int]


@reply_shape
class ComputeTrunkPeer(TrunkPeer):
    """Another host at the far end of a trunk. ``compute_id`` is that of its compute, if this controller knows it."""

    compute_id: str | None


@reply_shape
class ComputeTrunk(Whole):
    """The trunk of a compute, as in ``/v2/compute/trunks``; of each peer it says which compute it is."""

    port: int | None
    trouble: str | None
    peers: list[ComputeTrunkPeer]
    dropped: dict[str, int]


@reply_shape
class HostedProject(Whole):
    """A project in the compute API."""

    project_id: UUID
    name: str
    variables: list[dict[str, Any]] | None


@reply_shape
class HostedLab(Whole):
    """A project that another controller has open on this server. ``hosted_id`` is unique here. ``user`` is a user of
    the compute API; null for this server's own. ``host`` is the address of the controller, which is ``connected`` or
    not.
    """

    hosted_id: UUID
    project_id: UUID
    name: str
    user: str | None
    host: str
    connected: bool
    nodes: "NodeCount"


@reply_shape
class Gns3VmEngine(Whole):
    """A program that could run the GNS3 virtual machine."""

    engine_id: str
    name: str
    description: str
    support_when_exit: bool
    support_headless: bool
    support_ram: bool


@reply_shape
class Compute(Whole):
    """A compute: this server, or another one that is registered here."""

    compute_id: str
    name: str
    protocol: Literal["http", "https"]
    host: str
    port: int
    user: str | None
    connected: bool
    cpu_usage_percent: float | None
    memory_usage_percent: float | None
    capabilities: dict[str, Any] | None
    last_error: str | None


@reply_shape
class NodeCount(Whole):
    """A number of nodes, and how many of them are started."""

    total: int
    started: int


@reply_shape
class TypeCount(NodeCount):
    """The nodes of a type."""

    node_type: str


@reply_shape
class ProjectCount(NodeCount):
    """The nodes of a project."""

    project_id: UUID
    name: str


@reply_shape
class HostLinks(Whole):
    """The links to nodes on another compute."""

    compute_id: str
    links: int


@reply_shape
class Host(Whole):
    """What runs on a compute, and what it is. ``own_version`` is that of a server of ours; null for GNS3's, and for one
    that was never reached. A compute that is not ``confirmed`` was named by a project's file, and is not contacted.
    ``nodes``, ``node_types``, ``projects`` and ``links`` count what open projects have there.
    """

    compute_id: str
    own_version: str | None
    confirmed: bool
    has_certificate: bool
    nodes: NodeCount
    node_types: list[TypeCount]
    projects: list[ProjectCount]
    links: list[HostLinks]


@reply_shape
class ProgramsUsage(Whole):
    """What programs of nodes take of a host. ``cpu_seconds`` is the processor time since they were started,
    ``cpu_percent`` that of the last seconds, in percent of one processor. ``memory_bytes`` is in the host's memory now,
    ``configured_memory_bytes`` what machines and containers may take. Null is what is not known, or what there is not.
    """

    processes: int
    cpu_seconds: float | None
    cpu_percent: float | None
    memory_bytes: int | None
    configured_memory_bytes: int | None


@reply_shape
class Usage(ProgramsUsage):
    """What a node takes of its host. ``disk_bytes`` is what its folder occupies on the disk, null if it was not
    measured yet; if not ``disk_is_whole``, the folder has more files than are counted.
    """

    disk_bytes: int | None
    disk_is_whole: bool


@reply_shape
class NodeUsage(Usage):
    """The usage of a node. A node without a process, such as a built-in PC or one that is stopped, takes no processor
    time and memory of its own.
    """

    node_id: UUID


@reply_shape
class AuditTarget:
    """What was changed: its kind, such as ``node``, its name at that time, and what it is part of, such as
    ``project lab``. The name of a permission says who has which role where.
    """

    kind: str
    name: str
    of: str = ""


@reply_shape
class AuditEntry:
    """A change. ``time`` is per RFC 3339, in UTC. ``user`` is null on a server without users, and for a wrong password,
    whose ``target`` is the name that was tried. ``address`` is empty for who may not see users. ``action`` is what the
    request does, in words, and ``status`` the answer: 101 for a console that was opened. The ids are those in the path.
    ``missing`` is how many refused requests of this user are not recorded before this one, because they were too many.
    """

    time: str
    user: str | None
    address: str
    action: str
    method: str
    path: str
    status: int
    project_id: str = ""
    node_id: str = ""
    link_id: str = ""
    target: AuditTarget | None = None
    missing: int = 0
