"""``/v3/projects/{project_id}/links``."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from gns3trio.api.handlers import links as handlers
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import replies
from gns3trio.api.v2.from_bodies import new_link_record
from gns3trio.api.v3.bodies import LinkCreate, LinkUpdate
from gns3trio.api.v3.replies import HostPort as HostPortReply
from gns3trio.api.v3.views import host_port_view, link_view, saved_link_view
from gns3trio.controller.links.ends import ends_after
from gns3trio.controller.links.filters import checked_filters
from gns3trio.controller.links.host_ports import host_port_of

routes = RouteTable("/v3/projects/{project_id}/links")


@routes.route("GET", "", reply=list[replies.Link | replies.SavedLink], privilege="Link.Audit")
async def list_links(api: ApiRequest, project_id: UUID) -> Iterator[dict[str, Any]]:
    """The links of a project; for a closed project, those in its file."""
    project = api.controller.get_project(project_id)
    if project.status == "opened":
        return map(link_view, list(project.links.values()))
    return map(saved_link_view, (await project.file.read()).links)


@routes.route("POST", "", status=201, reply=replies.Link, privilege="Link.Allocate")
async def create_link(api: ApiRequest, project_id: UUID, body: LinkCreate) -> dict[str, Any]:
    """Create a link between two ports."""
    project = api.controller.get_project(project_id)
    return link_view(await project.links.create(await new_link_record(body)))


routes.route("GET", "/{link_id}", reply=replies.Link, privilege="Link.Audit")(handlers.get_link)


@routes.route("PUT", "/{link_id}", reply=replies.Link, privilege="Link.Modify")
async def update_link(api: ApiRequest, project_id: UUID, link_id: UUID, body: LinkUpdate) -> dict[str, Any]:
    """Change filters, suspension, style or labels of a link. With two other ends, the link moves there."""
    project = api.controller.get_project(project_id)
    link = project.links.require(link_id)
    changes = api.given(body)
    if "filters" in changes:
        changes["filters"] = await checked_filters(body.filters)
    changes["nodes"] = ends_after(project.nodes, link, [end.record() for end in body.nodes])
    await project.links.update(link, changes)
    return link_view(link)


routes.route("DELETE", "/{link_id}", status=204, privilege="Link.Allocate")(handlers.delete_link)


@routes.route("POST", "/{link_id}/reset", reply=replies.Link, privilege="Link.Modify")
async def reset_link(api: ApiRequest, project_id: UUID, link_id: UUID) -> dict[str, Any]:
    """Separate the ports of a link and connect them anew."""
    project = api.controller.get_project(project_id)
    link = project.links.require(link_id)
    await project.links.reset(link)
    return link_view(link)


routes.route("GET", "/{link_id}/available_filters", reply=list[dict[str, Any]], privilege="Link.Audit")(
    handlers.list_available_filters
)


@routes.route("GET", "/{link_id}/iface", reply=HostPortReply, privilege="Link.Audit")
async def get_interface(api: ApiRequest, project_id: UUID, link_id: UUID) -> dict[str, Any]:
    """What a link to a cloud or NAT reaches of its host. 409 for another link."""
    project = api.controller.get_project(project_id)
    return host_port_view(host_port_of(project.links.require(link_id), project.nodes))


routes.route("POST", "/{link_id}/capture/start", status=201, reply=replies.Link, privilege="Link.Capture")(
    handlers.start_capture
)


@routes.route("POST", "/{link_id}/capture/stop", status=204, privilege="Link.Capture")
async def stop_capture(api: ApiRequest, project_id: UUID, link_id: UUID) -> None:
    """Stop the capture of GNS3's clients. Succeeds if there is none."""
    project = api.controller.get_project(project_id)
    await project.links.captures.stop_gns3(project.links.require(link_id))


routes.route("GET", "/{link_id}/capture/stream", privilege="Link.Capture")(handlers.stream_pcap)
