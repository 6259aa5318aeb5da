"""A new node from the fields that a client gives."""

from collections.abc import Mapping
from typing import Any

from gns3trio.controller.node import DRAWN_AS, Node
from gns3trio.controller.project import Project
from gns3trio.controller.topology import NodeRecord
from gns3trio.errors import Invalid


async def create_node_from_fields(project: Project, fields: Mapping[str, Any], *, keep_name: bool = False) -> Node:
    """Create a node from checked NodeRecord fields, whose ``properties`` are not checked yet.

    Raises Invalid for those, and as ``Project.create_node``.
    """
    properties = dict(fields.get("properties") or {})
    script = None
    if fields["node_type"] == "vpcs":
        # The script is a file of the node, not a property: kept here it would come back at every change.
        script = properties.pop("startup_script", None)
        if script is not None and not isinstance(script, str):
            raise Invalid("properties.startup_script: expected text")
    drawn_as = DRAWN_AS.get(fields["node_type"], {})
    record = NodeRecord(**{**drawn_as, **fields, "properties": properties})
    return await project.create_node(record, keep_name=keep_name, startup_script=script)
