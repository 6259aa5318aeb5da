"""``/v2/projects/{project_id}/links``: list, create and delete."""

from typing import Any
from uuid import UUID, uuid4

import attrs

from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2.schemas import LinkCreate
from gns3trio.controller.topology import LinkRecord
from gns3trio.controller.views import link_view
from gns3trio.errors import Invalid

routes = RouteTable("/v2/projects/{project_id}")


@routes.route("GET", "/links")
async def list_links(api: ApiRequest, project_id: UUID) -> list[dict[str, Any]]:
    """The links of a project; of a closed one what its file holds."""
    project = api.controller.get_project(project_id)
    if project.status == "opened":
        return [link_view(link) for link in project.links.values()]
    return [attrs.asdict(record) for record in (await project.file.read()).links]


@routes.route("POST", "/links", status=201)
async def create_link(api: ApiRequest, project_id: UUID, body: LinkCreate) -> dict[str, Any]:
    """Join two ports."""
    project = api.controller.get_project(project_id)
    if len(body.nodes) != 2:
        raise Invalid(f"nodes: a link has two ends, got {len(body.nodes)}")
    for name in ("filters", "suspend"):
        if getattr(body, name):
            raise Invalid(f"{name}: this server does not filter links yet")
    record = LinkRecord(link_id=body.link_id or uuid4(), nodes=body.nodes, link_style=body.link_style)
    return link_view(await project.create_link(record))


@routes.route("GET", "/links/{link_id}")
async def get_link(api: ApiRequest, project_id: UUID, link_id: UUID) -> dict[str, Any]:
    """One link."""
    return link_view(api.controller.get_project(project_id).get_link(link_id))


@routes.route("DELETE", "/links/{link_id}", status=204)
async def delete_link(api: ApiRequest, project_id: UUID, link_id: UUID) -> None:
    """Separate the two ports."""
    project = api.controller.get_project(project_id)
    await project.delete_link(project.get_link(link_id))


@routes.route("GET", "/nodes/{node_id}/links")
async def list_node_links(api: ApiRequest, project_id: UUID, node_id: UUID) -> list[dict[str, Any]]:
    """The links with an end at the node."""
    project = api.controller.get_project(project_id)
    node = project.get_node(node_id)
    return [link_view(link) for link in project.links_of(node)]
