"""The shapes of replies, for their description in OpenAPI. A test compares them with what the server really sends."""

from typing import Any, ClassVar, Literal
from uuid import UUID

import attrs

from gns3trio.controller.topology import LinkRecord, NodeRecord, ProjectSettings
from gns3trio.forwarder.filters import Impairment


class Whole:
    """A reply that has all keys of its class, whatever their defaults."""

    HAS_ALL_KEYS: ClassVar = True


@attrs.define(kw_only=True)
class Error:
    """What is wrong. A 400 adds the request that was refused."""

    message: str
    status: int
    method: str = ""
    path: str = ""
    request: Any = None


@attrs.define(kw_only=True)
class Version(Whole):
    """``version`` is that of GNS3 whose API is answered; ``local``: the server allows what only its own user may do."""

    version: str
    local: bool
    gns3trio_version: str


@attrs.define(kw_only=True)
class Project(ProjectSettings):
    """A project. ``error`` says why its file cannot be read."""

    project_id: UUID
    filename: str
    path: str
    status: Literal["opened", "closed"]
    temporary: bool
    error: str = ""


@attrs.define(kw_only=True)
class Port(Whole):
    """A port of a node, to which a link can be made."""

    adapter_number: int
    port_number: int
    name: str
    short_name: str
    data_link_types: dict[str, str]
    link_type: Literal["ethernet", "serial"]


@attrs.define(kw_only=True)
class Node(NodeRecord, Whole):
    """A node of an open project. ``node_directory`` is where the host keeps its files."""

    project_id: UUID
    command_line: str | None
    console_host: str
    node_directory: str | None
    ports: list[Port]
    status: Literal["stopped", "started", "suspended"]


@attrs.define(kw_only=True)
class SavedNode(NodeRecord, Whole):
    """A node of a closed project."""


@attrs.define(kw_only=True)
class Link(LinkRecord, Whole):
    """A link of an open project."""

    project_id: UUID
    link_type: Literal["ethernet", "serial"]
    capturing: bool
    capture_file_name: str | None
    capture_file_path: str | None
    capture_compute_id: str | None


@attrs.define(kw_only=True)
class SavedLink(LinkRecord, Whole):
    """A link of a closed project."""


@attrs.define(kw_only=True)
class Impairments(Whole):
    """Our own filters of a link, with those fields that count for their type. A seed makes a run repeat exactly."""

    impairments: list[Impairment]
    seed: int | None


@attrs.define(kw_only=True)
class Capture(Whole):
    """A capture. ``bytes`` are those of the frames; ``dropped`` frames were not written in time. Streams did not get
    ``stream_dropped_bytes``, because their clients were too slow.
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


@attrs.define(kw_only=True)
class Direction(Whole):
    """What crossed a link in one direction: totals since it was made, frames that a filter holds now, and rates.

    ``node_drops`` were lost at the nodes' own ports, before the link or behind it. ``refused``: notices that nobody
    listens where frames were sent to.
    """

    frames: int
    bytes: int
    drops: dict[str, int]
    duplicated: int
    held: int
    node_drops: dict[str, int]
    refused: int
    frames_per_second: float
    bits_per_second: float


@attrs.define(kw_only=True)
class LinkStatistics(Whole):
    """What crossed a link. Rates are those over the last ``interval`` seconds."""

    link_id: UUID
    project_id: UUID
    interval: float
    a_to_b: Direction
    b_to_a: Direction


@attrs.define(kw_only=True)
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


@attrs.define(kw_only=True)
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
