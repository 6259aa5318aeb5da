"""Parameters for creating a node, and the events of a node. Sans-IO."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import attrs

from gns3trio.classes import frozen

NodeStatus = Literal["stopped", "started", "suspended"]


@frozen
class NodeEvent:
    """An event of a node.

    ``status``: it was started, stopped or suspended; ``updated``: another attribute changed by itself; ``error``,
    ``warning`` and ``info`` carry a ``message`` for the user.
    """

    kind: Literal["status", "updated", "error", "warning", "info"]
    message: str = ""


@frozen(kw_only=True)
class NodeSpec:
    """Parameters for creating a node. ``folder`` is its folder on the controller's disk. A compute on the same host
    stores the node's files there, and creates the folder if it is missing.

    ``mac_id`` is the number from which its MAC address was derived before. If it is in use, the node gets another one.
    ``engine`` is the chosen engine of a type that has several; None is the compute's default.
    ``custom_adapters`` tell what is particular of single adapters, as GNS3 has it. ``project_name`` and
    ``project_variables`` are for computes on other hosts.
    """

    node_type: str
    node_id: UUID
    project_id: UUID
    name: str
    folder: Path
    console: int | None
    console_type: str | None
    properties: dict[str, Any]
    startup_script: str | None
    mac_id: int | None = None
    engine: str | None = None
    project_name: str = "project"
    project_variables: list[dict[str, Any]] | None = None
    custom_adapters: list[dict[str, Any]] = attrs.field(factory=list)
    emit: Callable[[NodeEvent], None]
