"""The local compute: creates nodes, leases ports to them, and takes everything back.

The controller calls it directly. Every node runs below the compute's nursery; a node that fails ends alone.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs

from gns3trio.compute.node import NodeEvent


@attrs.frozen(kw_only=True)
class NodeSpec:
    """What a node is made from. ``folder`` is its own and is created when missing."""

    node_type: str
    node_id: UUID
    project_id: UUID
    name: str
    folder: Path
    console: int | None
    console_type: str | None
    properties: dict[str, Any]
    startup_script: str | None
    emit: Callable[[NodeEvent], None]
