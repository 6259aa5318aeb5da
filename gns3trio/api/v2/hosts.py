"""``/v2/hosts``; an extension: what the computes are, and what runs where. ``/v2/computes`` shows the rest of them, in
GNS3's shape.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from gns3trio.api.access import Access
from gns3trio.api.replies import shown_as
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import host_replies
from gns3trio.controller.computes import ComputeTraits
from gns3trio.controller.host_usage import HostUsage, host_usage

routes = RouteTable("/v2")


@routes.route("GET", "/hosts", reply=list[host_replies.Host], access=Access.LOGIN)
async def list_hosts(api: ApiRequest) -> list[dict[str, Any]]:
    """What the projects that the user sees and that are open have on each compute: nodes by type and by project, and
    links to other computes; an extension. The order is that of ``/v2/computes``.
    """
    usage = await host_usage(api.projects)
    # After the count, which takes a moment.
    names = {project.project_id: project.settings.name for project in api.projects}
    traits = api.controller.computes.traits()
    return [host_view(each, usage.get(each.compute_id) or HostUsage(), names) for each in traits]


def host_view(host: ComputeTraits, usage: HostUsage, names: Mapping[UUID, str]) -> dict[str, Any]:
    """What a compute is, and what runs there; ``names`` are those of the projects."""
    return {
        "compute_id": host.compute_id,
        "confirmed": host.is_confirmed,
        "has_certificate": host.has_certificate,
        "links": [{"compute_id": other, "links": count} for other, count in sorted(usage.links.items())],
        "node_types": [
            {"node_type": name, **shown_as(host_replies.NodeCount, count)}
            for name, count in sorted(usage.by_type.items())
        ],
        "nodes": shown_as(host_replies.NodeCount, usage.nodes),
        "own_version": host.own_version,
        "projects": [
            {"project_id": str(project_id), "name": names[project_id], **shown_as(host_replies.NodeCount, count)}
            for project_id, count in usage.by_project.items()
            if project_id in names  # it was not deleted meanwhile
        ],
    }
