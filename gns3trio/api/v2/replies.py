"""The shapes of version 2 replies about labs, for OpenAPI; those about hosts and about what a lab is made from are in
``host_replies.py`` and ``library_replies.py``. A test compares all with the server's real replies.
"""

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
class ProjectSummary(Whole):
    """How much a project contains, what runs, and what the user may do with it. ``started`` counts no nodes that always
    run, such as switches; ``changed_at`` is in seconds since 1970.
    """

    project_id: UUID
    nodes: int | None
    links: int | None
    started: int
    changed_at: float | None
    may_change: bool
    may_delete: bool


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
    """A field of an impairment. ``suggested`` is a value for who has to give one and knows none. ``is_told``: a short
    description names its value unless it is the default.

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
    is_told: bool
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
class ImpairedLink(Impairments):
    """The impairments of a link in the list of a project."""

    link_id: UUID


@reply_shape
class Capture(Whole):
    """A capture. ``started_at`` is in seconds since 1970. ``bytes`` counts frame bytes; ``dropped`` frames were lost
    because writing was too slow.
    ``stream_dropped_bytes`` were lost for streams whose clients were too slow.
    """

    capture_id: UUID
    file_name: str | None
    file_path: str | None
    format: Literal["pcap", "pcapng"]
    snaplen: int
    direction: Literal["a_to_b", "b_to_a", "both"]
    expression: str
    ring_files: int | None
    ring_bytes: int | None
    ring_seconds: float | None
    started_at: float
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
class ProjectFormat(Whole):
    """Which GNS3 reads a project's file: ``revision`` 9 is that of 2.2, 10 that of 3.0. ``beside`` names for each node
    what only the other one has, and what is therefore kept beside the file.
    """

    revision: int
    gns3: str
    beside: list[str]


@reply_shape
class Endpoint(Whole):
    """The URL of a route on a compute."""

    endpoint: str


@reply_shape
class ProjectFile(Whole):
    """A file below a project's folder."""

    path: str
    md5sum: str


@reply_shape
class NodeFile(Whole):
    """A file of a node. ``size`` is in bytes, ``modified`` in seconds since 1970; null if its host does not say."""

    path: str
    size: int | None
    modified: float | None


@reply_shape
class NodeFileList(Whole):
    """The files of a node; ``is_whole`` if these are all."""

    files: list[NodeFile]
    is_whole: bool


@reply_shape
class CaptureFile(Whole):
    """The path of a capture's file."""

    pcap_file_path: str
