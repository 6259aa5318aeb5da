"""What versions 2 and 3 have in common of the routes of links."""

from typing import Any
from uuid import UUID

from gns3trio.api.routing import ApiRequest
from gns3trio.api.streams import CaptureStream, capture_stream
from gns3trio.api.v2.bodies import CaptureStart
from gns3trio.api.v2.views import link_view
from gns3trio.conditions.gns3_filters import GNS3_FILTERS


async def list_available_filters(api: ApiRequest, project_id: UUID, link_id: UUID) -> list[dict[str, Any]]:
    """The filters of GNS3 that the link supports: all, whatever its nodes are."""
    api.controller.get_project(project_id).links.require(link_id)
    return GNS3_FILTERS


async def get_link(api: ApiRequest, project_id: UUID, link_id: UUID) -> dict[str, Any]:
    """One link of a project."""
    return link_view(api.controller.get_project(project_id).links.require(link_id))


async def delete_link(api: ApiRequest, project_id: UUID, link_id: UUID) -> None:
    """Delete a link between two ports."""
    project = api.controller.get_project(project_id)
    await project.links.delete(project.links.require(link_id))


async def start_capture(api: ApiRequest, project_id: UUID, link_id: UUID, body: CaptureStart) -> dict[str, Any]:
    """Start the capture of GNS3's clients."""
    project = api.controller.get_project(project_id)
    link = project.links.require(link_id)
    await project.links.captures.start_gns3(link, body.data_link_type, body.capture_file_name)
    return link_view(link)


async def stream_pcap(api: ApiRequest, project_id: UUID, link_id: UUID) -> CaptureStream:
    """The capture of GNS3's clients as a stream: from its beginning, then frames as they come."""
    return capture_stream(api.controller.get_project(project_id).links.require(link_id), api.context.closing)
