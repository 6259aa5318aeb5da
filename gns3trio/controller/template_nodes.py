"""Nodes from templates."""

from typing import Any
from uuid import UUID, uuid4

from gns3trio.classes import frozen
from gns3trio.compute.host import ANY_COMPUTE_ID
from gns3trio.compute.node_types import node_types
from gns3trio.controller.controller import Controller
from gns3trio.controller.library.templates import CONFIGURATIONS, node_fields
from gns3trio.controller.nodes.creation import create_node_from_fields, with_computes
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.project import Project
from gns3trio.errors import NotFound


@frozen(kw_only=True)
class NodePlace:
    """Where a node is drawn, and, if it is chosen, its name and the compute that runs it."""

    x: int
    y: int
    name: str | None = None
    compute_id: str | None = None


async def create_from_template(controller: Controller, project: Project, template_id: UUID, at: NodePlace) -> Node:
    """Create a node. If neither the template nor ``at`` names a compute, or the name is ``auto``, the least loaded one
    that offers the type runs it (setting ``placement``).

    Raises NotFound for an unknown template or compute, Forbidden if the project is closed, and as
    ``create_node_from_fields``.
    """
    project.require_open()
    template = controller.templates[template_id]
    fields = node_fields(template)
    own, extras = node_types[fields["node_type"]].own_properties, controller.templates.extras(template_id)
    fields["properties"] |= {name: extras[name] for name in own & extras.keys() if extras[name]}
    script = await _read_configurations(controller, project, fields, template["name"])
    if at.name is not None:
        fields["name"] = at.name
    compute_id = template["compute_id"] or at.compute_id or ANY_COMPUTE_ID
    fields |= {"node_id": uuid4(), "compute_id": compute_id, "x": at.x, "y": at.y}
    fields["width"], fields["height"] = controller.symbols.size(fields["symbol"])
    (placed,) = await with_computes(controller.placement, project.nodes, [fields])
    return await create_node_from_fields(project.nodes, placed, startup_script=script)


async def _read_configurations(
    controller: Controller, project: Project, fields: dict[str, Any], template: str
) -> str | None:
    """Put the base configurations that a template names into the properties. Returns the start-up script."""
    properties = fields["properties"]
    base_script = properties.pop("base_script_file", None)
    script = await controller.base_configs.read(base_script) if base_script is not None else None
    for name, content in CONFIGURATIONS.items():
        if (file_name := properties.pop(name, None)) and node_types[fields["node_type"]].emulator is not None:
            try:
                properties[content] = await controller.base_configs.read(file_name)
            except NotFound as error:  # GNS3's own ones come with GNS3 only
                project.log("warning", f"template '{template}': {name}: {error}")
    return script
