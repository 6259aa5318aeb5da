"""What a node of a compute is made from, and what it tells of itself. Sans-IO."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import attrs

NodeStatus = Literal["stopped", "started", "suspended"]


@attrs.frozen
class NodeEvent:
    """Something that happened to a node.

    ``status``: it was started or stopped; ``updated``: another attribute changed by itself; ``error``,
    ``warning`` and ``info`` carry a ``message`` for the user.
    """

    kind: Literal["status", "updated", "error", "warning", "info"]
    message: str = ""


@attrs.frozen(kw_only=True)
class NodeSpec:
    """What a node is made from. ``folder`` is its own on the controller's disk: a compute of the same host keeps its
    files there, and makes it when it is missing.

    ``mac_id`` is the number that it had for its MAC address; it gets another one when that is in use.
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
    emit: Callable[[NodeEvent], None]
