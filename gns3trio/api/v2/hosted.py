"""``/v2/hosted_projects``; an extension: what other controllers have open on this server, for its owner."""

from typing import Any
from uuid import UUID

from gns3trio.api.replies import shown_as
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import host_replies
from gns3trio.compute.hosted import HostedProjects
from gns3trio.compute.hosted_project import HostedProject
from gns3trio.controller.host_usage import Count

routes = RouteTable("/v2/hosted_projects")


@routes.route("GET", "", reply=list[host_replies.HostedLab], privilege="Compute.Audit", at="/computes")
async def list_hosted_projects(api: ApiRequest) -> list[dict[str, Any]]:
    """The projects of all controllers that use this server as their compute; an extension."""
    hosted = api.controller.hosted
    return [_view(hosted, project) for project in hosted.all()]


@routes.route("POST", "/{hosted_id}/close", status=204, privilege="Compute.Modify", at="/computes")
async def close_hosted_project(api: ApiRequest, hosted_id: UUID) -> None:
    """Stop the nodes of a project of another controller; their files stay; an extension."""
    hosted = api.controller.hosted
    await hosted.close(hosted.find(hosted_id))


def _view(hosted: HostedProjects, project: HostedProject) -> dict[str, Any]:
    nodes = Count()
    for node in project.nodes.values():
        nodes.add(1, node.instance.status)
    return {
        "connected": hosted.controllers.is_listening(project.opener),
        "host": project.opener.host,
        "hosted_id": str(project.inner_id),
        "name": project.name,
        "nodes": shown_as(host_replies.NodeCount, nodes),
        "project_id": str(project.project_id),
        "user": project.opener.user or None,
    }
