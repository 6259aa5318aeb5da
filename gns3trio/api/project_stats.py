"""The number of objects in a project, which several versions tell."""

from uuid import UUID

from gns3trio.api.replies import Whole, reply_shape
from gns3trio.api.routing import ApiRequest
from gns3trio.controller.archives.snapshots import list_snapshots


@reply_shape
class ProjectStats(Whole):
    """The number of objects in a project."""

    nodes: int
    links: int
    drawings: int
    snapshots: int


async def project_stats(api: ApiRequest, project_id: UUID) -> dict[str, int]:
    """The number of objects in a project, once it is opened. For a closed project only snapshots are counted."""
    await api.controller.wait_until_opened(project_id)
    project = api.controller.get_project(project_id)
    return {
        "nodes": len(project.nodes),
        "links": len(project.links),
        "drawings": len(project.drawings),
        "snapshots": len(await list_snapshots(project)),
    }
