"""``/v2/projects/{project_id}/snapshots``."""

from typing import Any, Literal
from uuid import UUID

from gns3trio.api.encoded_lists import LongReply
from gns3trio.api.replies import Whole, reply_shape, shown_as
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import replies
from gns3trio.api.v2.bodies import SnapshotCreate
from gns3trio.api.v2.views import project_view, snapshot_view
from gns3trio.controller.archives.snapshot_changes import compare_snapshot
from gns3trio.controller.archives.snapshots import (
    create_snapshot,
    delete_snapshot,
    list_snapshots,
    restore_snapshot,
)
from gns3trio.controller.people.privileges import Privilege
from gns3trio.errors import Invalid

routes = RouteTable("/v2/projects/{project_id}/snapshots")


@reply_shape
class SnapshotChange(Whole):
    """An object that was changed. ``id`` is that of the node, link or drawing, or of the node to which a file belongs.
    ``fields`` are the changed fields by name, as ``{"from": ..., "to": ...}``; long texts are cut.
    """

    action: Literal["create", "update", "delete"]
    kind: Literal["project", "node", "link", "drawing", "file"]
    id: UUID | None
    name: str
    fields: dict[str, Any]


@reply_shape
class SnapshotComparison(Whole):
    """What was changed. ``not_compared``: files of the same size that are too large to be read."""

    changes: list[SnapshotChange]
    not_compared: list[str]


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


_PROJECT = "/projects/{project_id}"
# What a comparison shows, somebody may also read one by one.
_SHOWN: tuple[tuple[Privilege, str], ...] = (
    ("Project.Audit", _PROJECT),
    ("Node.Audit", f"{_PROJECT}/nodes"),
    ("Link.Audit", f"{_PROJECT}/links"),
    ("Drawing.Audit", f"{_PROJECT}/drawings"),
)
_COMPARED = {"to": "the id of another snapshot; without it, the project as it is now"}


@routes.route(
    "GET",
    "/{snapshot_id}/compare",
    reply=SnapshotComparison,
    query=_COMPARED,
    privilege="Snapshot.Audit",
    also=_SHOWN,
)
async def get_comparison(api: ApiRequest, project_id: UUID, snapshot_id: str) -> LongReply:
    """What was changed since a snapshot was taken, until now or until another snapshot; an extension."""
    if unknown := sorted(api.http.query_params.keys() - _COMPARED.keys()):
        raise Invalid(f"{unknown[0]}: unknown parameter; there is to")
    project = api.controller.get_project(project_id)
    found = await compare_snapshot(project, snapshot_id, api.http.query_params.get("to"))
    changes = (shown_as(SnapshotChange, each) for each in found.changes)
    return LongReply({"changes": changes, "not_compared": found.not_compared})


@routes.route("POST", "/{snapshot_id}/restore", status=201, reply=replies.Project, privilege="Snapshot.Restore")
async def post_restore(api: ApiRequest, project_id: UUID, snapshot_id: str) -> dict[str, Any]:
    """Restore a snapshot: replace the content of the project by it."""
    project = api.controller.get_project(project_id)
    await restore_snapshot(api.controller, project, snapshot_id)
    return project_view(project)
