"""Creates a node from the fields that a client sends."""

from collections.abc import Mapping
from typing import Any

from gns3trio.controller.gns3_format.records import NodeRecord
from gns3trio.controller.nodes.node import Node, drawn_as
from gns3trio.controller.nodes.nodes import Nodes


async def create_node_from_fields(
    nodes: Nodes, fields: Mapping[str, Any], *, keep_name: bool = False, startup_script: str | None = None
) -> Node:
    """Create a node from checked NodeRecord fields, whose ``properties`` are not checked yet.

    ``startup_script`` is a script that is not among the properties: as in GNS3, only a script from the client is shown
    there.

    ``fields`` may also have the ``engine`` that runs it.

    Raises Invalid for invalid properties, and as ``Nodes.create``.
    """
    properties = dict(fields.get("properties") or {})
    of_record = {name: value for name, value in fields.items() if name != "engine"}
    record = NodeRecord(**{**drawn_as(fields["node_type"]), **of_record, "properties": properties})
    return await nodes.create(record, keep_name=keep_name, startup_script=startup_script, engine=fields.get("engine"))
