"""The shapes of version 3 replies about labs, for OpenAPI, where they differ from those of version 2. A test compares
them with the server's real replies.
"""

from typing import Literal
from uuid import UUID

from gns3trio.api.replies import Whole, reply_shape
from gns3trio.api.v2 import replies as v2
from gns3trio.api.v2.shapes import ProjectSettings


@reply_shape
class Project(ProjectSettings):
    """A project. ``error`` is the reason why its file cannot be read."""

    project_id: UUID
    filename: str
    path: str
    status: Literal["opened", "closed"]
    error: str = ""


@reply_shape
class Port(Whole):
    """A port of a node, to which a link can be connected. The type and the address of its adapter are null if they are
    not known.
    """

    adapter_number: int
    port_number: int
    name: str
    short_name: str
    data_link_types: dict[str, str]
    link_type: Literal["ethernet", "serial"]
    adapter_type: str | None
    mac_address: str | None


@reply_shape
class SavedNode(v2.SavedNode):
    """A node of a closed project. ``aux`` is the TCP port of its second console."""

    aux: int | None
    aux_type: str | None


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
class Snapshot(Whole):
    """A snapshot. ``created_at`` is in seconds since 1970."""

    snapshot_id: UUID
    name: str
    created_at: int
    project_id: UUID


@reply_shape
class HostPort:
    """What a link reaches of a host: an interface, or the ends of a UDP tunnel."""

    node_id: UUID
    type: str
    interface: str = ""
    lport: int = 0
    rhost: str = ""
    rport: int = 0
