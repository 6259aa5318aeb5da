"""``/v2/projects/{project_id}/snapshots``."""

from typing import Any
from uuid import UUID

from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import replies
from gns3trio.api.v2.bodies import SnapshotCreate
from gns3trio.api.v2.views import project_view, snapshot_view
from gns3trio.controller.archives.snapshots import (
    create_snapshot,
    delete_snapshot,
    list_snapshots,
    restore_snapshot,
)

routes = RouteTable("/v2/projects/{project_id}/snapshots")


@routes.route("GET", "", reply=list[replies.Snapshot], privilege="Snapshot.Audit")
async def get_snapshots(api: ApiRequest, project_id: UUID) -> list[dict[str, Any]]:
    """The snapshots of an open or closed project, oldest first."""
    return [snapshot_view(each) for each in await list_snapshots(api.controller.get_project(project_id))]


@routes.route("POST", "", status=201, reply=replies.Snapshot, privilege="Snapshot.Allocate")
async def post_snapshot(api: ApiRequest, project_id: UUID, body: SnapshotCreate) -> dict[str, Any]:
    """Create a snapshot of the project."""
    project = api.controller.get_project(project_id)
    return snapshot_view(await create_snapshot(api.controller, project, body.name, body.description))


@routes.route("DELETE", "/{snapshot_id}", status=204, privilege="Snapshot.Allocate")
async def remove_snapshot(api: ApiRequest, project_id: UUID, snapshot_id: str) -> None:
    """Delete a snapshot of a project."""
    await delete_snapshot(api.controller.get_project(project_id), snapshot_id)


@routes.route("POST", "/{snapshot_id}/restore", status=201, reply=replies.Project, privilege="Snapshot.Restore")
async def post_restore(api: ApiRequest, project_id: UUID, snapshot_id: str) -> dict[str, Any]:
    """Restore a snapshot: replace the content of the project by it."""
    project = api.controller.get_project(project_id)
    await restore_snapshot(api.controller, project, snapshot_id)
    return project_view(project)
