"""The shapes of version 2 replies, for OpenAPI. A test compares them with the server's real replies."""

from typing import Any, Literal
from uuid import UUID

from gns3trio.api.replies import Gns3Version, Whole, reply_shape
from gns3trio.api.v2.shapes import Impairment, Label, LinkEnds, ProjectSettings
from gns3trio.limits import Int32


@reply_shape
class Version(Gns3Version):
    """The GNS3 version, and the version of this server."""

    gns3trio_version: str


@reply_shape
class Project(ProjectSettings):
    """A project. ``error`` is the reason why its file cannot be read."""

    project_id: UUID
    filename: str
    path: str
    status: Literal["opened", "closed"]
    temporary: bool
    error: str = ""


@reply_shape
class LinkProblem(Whole):
    """A link that passes no frames, and the reason."""

    link_id: UUID
    message: str


@reply_shape
class NodeProblem(Whole):
    """A node that cannot run here, and the reason."""

    node_id: UUID
    name: str
    message: str


@reply_shape
class Problems(Whole):
    """The parts of an open project that do not work. ``file`` lists the errors in its file when it was opened."""

    file: list[str]
    links: list[LinkProblem]
    nodes: list[NodeProblem]


@reply_shape
class Port:
    """A port of a node, to which a link can be connected. Only some nodes have ``adapter_type`` and ``mac_address``."""

    adapter_number: int
    port_number: int
    name: str
    short_name: str
    data_link_types: dict[str, str]
    link_type: Literal["ethernet", "serial"]
    adapter_type: str = ""
    mac_address: str = ""


@reply_shape
class SavedNode(Whole):
    """A node of a closed project."""

    node_id: UUID
    node_type: str
    name: str
    compute_id: str
    console: int | None
    console_auto_start: bool
    console_type: str | None
    custom_adapters: list[dict[str, Any]]
    first_port_name: str | None
    height: Int32
    label: Label
    locked: bool
    port_name_format: str
    port_segment_size: Int32
    properties: dict[str, Any]
    symbol: str | None
    template_id: UUID | None
    width: Int32
    x: Int32
    y: Int32
    z: Int32


@reply_shape
class Node(SavedNode):
    """A node of an open project. ``node_directory`` is the folder of its files on the host."""

    project_id: UUID
    command_line: str | None
    console_host: str
    node_directory: str | None
    ports: list[Port]
    status: Literal["stopped", "started", "suspended"]


@reply_shape
class NodeEngine(Whole):
    """What runs a node: one of the engines of its type, or null if there is no choice. ``is_default``: nobody chose it
    for this node, so that the server's settings decide.
    """

    engine: str | None
    is_default: bool


@reply_shape
class SavedLink(Whole):
    """A link of a closed project."""

    link_id: UUID
    nodes: LinkEnds
    filters: dict[str, list[Any]]
    link_style: dict[str, Any]
    suspend: bool


@reply_shape
class Link(SavedLink):
    """A link of an open project."""

    project_id: UUID
    link_type: Literal["ethernet", "serial"]
    capturing: bool
    capture_file_name: str | None
    capture_file_path: str | None
    capture_compute_id: str | None


@reply_shape
class ImpairmentSlider(Whole):
    """How a page may show a parameter: up to ``maximum`` of a ``unit`` that is ``factor`` times the parameter's own."""

    maximum: float
    unit: str
    factor: int


@reply_shape
class ImpairmentParameter(Whole):
    """A field of an impairment. ``suggested`` is a value for who has to give one and knows none.

    ``unit`` is empty for a mere number or text.
    """

    name: str
    description: str
    kind: Literal["number", "integer", "text"]
    unit: str
    minimum: float | None
    maximum: float | None
    max_length: int | None
    required: bool
    default: float | str | None
    suggested: float | None
    slider: ImpairmentSlider | None


@reply_shape
class ImpairmentType(Whole):
    """A type of impairment. ``gns3_filter`` is the filter of GNS3 that does the same in both directions, or null."""

    type: str
    title: str
    effect: str
    gns3_filter: str | None
    parameters: list[ImpairmentParameter]


@reply_shape
class Impairments(Whole):
    """The impairments of a link, with the fields of their types. A seed makes the decisions repeatable."""

    impairments: list[Impairment]
    seed: int | None


@reply_shape
class Capture(Whole):
    """A capture. ``bytes`` counts frame bytes; ``dropped`` frames were lost because writing was too slow.
    ``stream_dropped_bytes`` were lost for streams whose clients were too slow.
    """

    capture_id: UUID
    file_name: str | None
    file_path: str | None
    format: Literal["pcap", "pcapng"]
    snaplen: int
    direction: Literal["a_to_b", "b_to_a", "both"]
    expression: str
    running: bool
    error: str | None
    frames: int
    bytes: int
    dropped: int
    stream_dropped_bytes: int


@reply_shape
class Direction(Whole):
    """Counters of a link in one direction: totals since it was created, frames that filters currently hold, and rates.

    ``node_drops`` were lost at the nodes' ports, before or after the link. ``refused`` counts ICMP port unreachable
    messages. ``offloaded``: the kernel forwards the frames now (``kernel_offload``).
    """

    frames: int
    bytes: int
    drops: dict[str, int]
    duplicated: int
    held: int
    offloaded: bool
    node_drops: dict[str, int]
    refused: int
    frames_per_second: float
    bits_per_second: float


@reply_shape
class LinkStatistics(Whole):
    """Counters of a link. Rates cover the last ``interval`` seconds."""

    link_id: UUID
    project_id: UUID
    interval: float
    a_to_b: Direction
    b_to_a: Direction


@reply_shape
class PortTraffic(Whole):
    """Counters of a port in one direction since it was linked. The keys have the same meaning as for a link."""

    frames: int
    bytes: int
    drops: dict[str, int]
    held: int
    node_drops: dict[str, int]
    refused: int
    frames_per_second: float
    bits_per_second: float


@reply_shape
class NodePort(Whole):
    """A port of a node, with its names."""

    adapter_number: int
    port_number: int
    name: str
    short_name: str


@reply_shape
class PortStatistics(NodePort):
    """Counters of a linked port: ``in`` towards the node, ``out`` away from it."""

    in_: PortTraffic
    out: PortTraffic


@reply_shape
class SwitchMac(Whole):
    """An address that a switch has learned. ``age`` is the time since its last frame, in seconds."""

    vlan: int
    mac: str
    port_number: int
    port_name: str
    age: int


@reply_shape
class Drawing(Whole):
    """A shape or picture in the scene."""

    drawing_id: UUID
    project_id: UUID
    svg: str
    x: int
    y: int
    z: int
    locked: bool
    rotation: int


@reply_shape
class SavedDrawing:
    """A drawing of a closed project. ``svg`` may be the name of a picture file in the project."""

    drawing_id: UUID
    svg: str
    x: int = 0
    y: int = 0
    z: int = 0
    locked: bool = False
    rotation: int = 0


@reply_shape
class Snapshot(Whole):
    """A snapshot. ``created_at`` is in seconds since 1970."""

    snapshot_id: UUID
    name: str
    created_at: int
    description: str
    filename: str
    project_id: UUID


@reply_shape
class KeptVersion(Whole):
    """An earlier version of a project's file. ``saved_at`` is in ISO 8601."""

    version: str
    saved_at: str
    nodes: int
    links: int


@reply_shape
class ComputeExtensions(Whole):
    """The extensions of the compute API that a server of ours has. ``product`` is ``gns3trio``."""

    extensions: list[str]
    product: str
    version: str


@reply_shape
class NodeType(Whole):
    """A node type. ``emulator`` is the program that its nodes need and that this server does not run.

    ``default_script`` is the start-up script (property ``startup_script``) that clients should give a new node; null
    for a type without scripts. ``always_runs``: its nodes cannot be started or stopped. ``reaches_host``: two such
    nodes cannot be linked. ``abilities``: ``ping`` is a console with VPCS's ``ping`` command, ``mac_table`` the routes
    of that name. ``engines`` can run a node, if there is a choice. ``image_property`` is the property with the image of
    a new node, for which clients should ask.
    """

    node_type: str
    title: str
    name_format: str
    category: str
    symbol: str
    runs_here: bool
    emulator: str | None
    console_types: list[str]
    default_script: str | None
    always_runs: bool
    can_suspend: bool
    can_be_duplicated: bool
    image_property: str | None
    reaches_host: bool
    abilities: list[str]
    engines: list[str]


@reply_shape
class MachineStatistics(Whole):
    """The load of a machine; memory and swap in bytes."""

    memory_total: int
    memory_free: int
    memory_used: int
    swap_total: int
    swap_free: int
    swap_used: int
    cpu_usage_percent: int
    memory_usage_percent: int
    swap_usage_percent: int
    disk_usage_percent: int
    load_average_percent: list[int]


@reply_shape
class ComputeStatistics(Whole):
    """The load of a compute's machine."""

    compute_id: str
    compute_name: str
    statistics: MachineStatistics


@reply_shape
class PortUsage(Whole):
    """The ports in use, and the first and last of the range."""

    console_port_range: list[int]
    console_ports: list[int]
    udp_port_range: list[int]
    udp_ports: list[int]


@reply_shape
class NamedInterface(Whole):
    """A network interface of the host. A ``special`` interface is not meant for labs."""

    name: str
    ip_address: str
    mac_address: str
    netmask: str
    special: bool
    type: Literal["ethernet", "tap"]


@reply_shape
class Interface(NamedInterface):
    """A network interface of the host. A ``special`` interface is not meant for labs."""

    id: str


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
class Endpoint(Whole):
    """The URL of a route on a compute."""

    endpoint: str


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
class ProjectFile(Whole):
    """A file below a project's folder."""

    path: str
    md5sum: str


@reply_shape
class CaptureFile(Whole):
    """The path of a capture's file."""

    pcap_file_path: str


@reply_shape
class SymbolSize(Whole):
    """The size of a symbol in pixels."""

    width: int
    height: int


@reply_shape
class BaseConfigName(Whole):
    """The name of a base configuration."""

    filename: str


@reply_shape
class BaseConfigText(BaseConfigName):
    """The text of a base configuration."""

    content: str
    template_id: UUID


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
class QemuBinary(Whole):
    """A program of QEMU."""

    path: str
    version: str


@reply_shape
class QemuCapabilities(Whole):
    """``kvm`` are the processors that the host can run without emulation."""

    kvm: list[str]


@reply_shape
class DockerImage(Whole):
    """An image of the Docker engine, such as ``debian:12``."""

    image: str


@reply_shape
class ImageFile(Whole):
    """An image of an emulator. ``path`` is relative to the folder of images."""

    filename: str
    path: str
    filesize: int
    md5sum: str | None


@reply_shape
class ImageUpload(Whole):
    """An upload of an image in parts, of which ``offset`` bytes have arrived. ``upload_id`` is null once it is
    complete.
    """

    upload_id: str | None
    filename: str
    size: int
    md5sum: str | None
    offset: int
    complete: bool


@reply_shape
class DiskInfo(Whole):
    """A disk among the images. Sizes are in bytes: what its guest sees, and what it takes on this host. ``backing`` is
    the image below it, ``snapshots`` are the names of the states saved in it.
    """

    path: str
    format: str
    virtual_size: int
    disk_size: int | None
    backing: str | None
    snapshots: list[str]


@reply_shape
class ApplianceFile(Whole):
    """A file with an appliance. If it cannot be read, ``problem`` says why, and the others are null."""

    appliance_id: str | None
    file: str
    name: str | None
    template_type: str | None
    versions: list[str]
    problem: str | None


@reply_shape
class ApplianceImage(Whole):
    """An image that a version needs for a property of its nodes. ``path`` is its path among the images, null if it is
    missing.
    """

    property: str
    filename: str
    md5sum: str | None
    filesize: int | None
    compression: str | None
    download_url: str | None
    direct_download_url: str | None
    path: str | None


@reply_shape
class Appliance(ApplianceFile):
    """An appliance: ``appliance`` is the content of its file. ``images`` are those of the version asked for."""

    appliance: dict[str, Any]
    images: list[ApplianceImage]
