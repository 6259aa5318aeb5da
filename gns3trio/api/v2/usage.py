"""``.../usage``, extensions: what nodes take of their hosts."""

from typing import Any
from uuid import UUID

from gns3trio.api.access import Access
from gns3trio.api.compute_client import client_of
from gns3trio.api.replies import shown_as
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import host_replies
from gns3trio.compute.node_features import NodeUsage
from gns3trio.controller.nodes.usage import usage_of
from gns3trio.errors import Conflict
from gns3trio.slices import in_slices

routes = RouteTable("/v2")
compute_routes = RouteTable("/v2/compute", access=Access.COMPUTE)

_UNKNOWN = NodeUsage()


@routes.route(
    "GET",
    "/projects/{project_id}/usage",
    reply=list[host_replies.NodeUsage],
    privilege="Node.Audit",
    at="/projects/{project_id}/nodes",
)
async def get_project_usage(api: ApiRequest, project_id: UUID) -> list[dict[str, Any]]:
    """Processor time, memory and disk of each node of an open project; an extension."""
    project = api.controller.get_project(project_id)
    project.require_open()
    usages = await usage_of(list(project.nodes.values()))
    return await in_slices(_view(node_id, usage) for node_id, usage in usages.items())


@routes.route(
    "GET", "/projects/{project_id}/nodes/{node_id}/usage", reply=host_replies.NodeUsage, privilege="Node.Audit"
)
async def get_node_usage(api: ApiRequest, project_id: UUID, node_id: UUID) -> dict[str, Any]:
    """Processor time, memory and disk of a node; an extension."""
    node = api.controller.get_project(project_id).nodes.require(node_id)
    return _view(node_id, (await usage_of([node]))[node_id])


@routes.route("GET", "/hosts/{compute_id}/usage", reply=host_replies.ProgramsUsage, access=Access.LOGIN)
async def get_host_usage(api: ApiRequest, compute_id: str) -> dict[str, Any]:
    """What the programs of all nodes on a compute take of its host together, also those of other controllers; an
    extension. 409 for a compute of GNS3, which does not tell.
    """
    usage = await api.controller.computes.require(compute_id).programs_usage()
    if usage is None:
        name = api.controller.computes.name_of(compute_id)
        raise Conflict(f"compute '{name}' does not tell what its nodes take: it is no gns3trio, or an older one")
    return shown_as(host_replies.ProgramsUsage, usage)


@compute_routes.route("GET", "/projects/{project_id}/usage", reply=list[host_replies.NodeUsage])
async def get_hosted_usage(api: ApiRequest, project_id: UUID) -> list[dict[str, Any]]:
    """Processor time, memory and disk of each node of a project on this compute; an extension."""
    hosted = api.controller.hosted
    nodes = list(hosted.get(client_of(api.http.scope), project_id).nodes.values())
    usages = await hosted.compute.usage([node.instance for node in nodes])
    return await in_slices(_view(node.node_id, usage) for node, usage in zip(nodes, usages, strict=True))


@compute_routes.route("GET", "/usage", reply=host_replies.ProgramsUsage)
async def get_own_usage(api: ApiRequest) -> dict[str, Any]:
    """What the programs of all nodes on this compute take of its host together; an extension."""
    return shown_as(host_replies.ProgramsUsage, await api.controller.hosted.compute.programs_usage() or _UNKNOWN)


def _view(node_id: UUID, usage: NodeUsage | None) -> dict[str, Any]:
    return {"node_id": str(node_id), **shown_as(host_replies.Usage, usage or _UNKNOWN)}
