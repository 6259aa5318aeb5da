"""``/v2/projects/{project_id}/lock``: the lock of all nodes and drawings together; an extension."""

from uuid import UUID

from gns3trio.api.replies import Whole, reply_shape
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.classes import define
from gns3trio.controller.project.locking import is_locked, lock_all

routes = RouteTable("/v2/projects/{project_id}/lock")


@define(kw_only=True)
class Lock:
    """The body of ``PUT /projects/{project_id}/lock``."""

    locked: bool


@reply_shape
class LockReply(Whole):
    """Whether all nodes and drawings of a project are locked."""

    locked: bool


@routes.route("GET", "", reply=LockReply, privilege="Project.Audit")
async def get_lock(api: ApiRequest, project_id: UUID) -> dict[str, bool]:
    """Whether all nodes and drawings of a project are locked; an extension."""
    return {"locked": is_locked(api.controller.get_project(project_id))}


@routes.route("PUT", "", reply=LockReply, privilege="Project.Modify")
async def put_lock(api: ApiRequest, project_id: UUID, body: Lock) -> dict[str, bool]:
    """Lock all nodes and drawings of a project, so that nobody moves or deletes them by accident, or unlock them; an
    extension.
    """
    project = api.controller.get_project(project_id)
    await lock_all(project, body.locked)
    return {"locked": body.locked}
