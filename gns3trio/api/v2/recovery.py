"""``/v2/projects/{project_id}/versions`` and ``/recover``; an extension: earlier versions of a project's file."""

from typing import Any
from uuid import UUID

from gns3trio import threads
from gns3trio.api.replies import shown_as
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import replies
from gns3trio.api.v2.views import project_view
from gns3trio.classes import define
from gns3trio.controller.storage.kept_versions import list_versions

routes = RouteTable("/v2/projects/{project_id}", while_opening=True)


@define(kw_only=True)
class Recovery:
    """The body of ``POST /recover``: the version to restore; the newest by default."""

    version: str | None = None


@routes.route("GET", "/versions", reply=list[replies.KeptVersion], privilege="Project.Audit")
async def get_versions(api: ApiRequest, project_id: UUID) -> list[dict[str, Any]]:
    """The earlier versions of a project's file, the newest first; an extension."""
    project = api.controller.get_project(project_id)
    versions = await threads.disk.run(list_versions, project.file.path)
    return [shown_as(replies.KeptVersion, version) for version in versions]


@routes.route("POST", "/recover", status=201, reply=replies.Project, privilege="Snapshot.Restore")
async def recover(api: ApiRequest, project_id: UUID, body: Recovery) -> dict[str, Any]:
    """Replace the file of a closed project by an earlier version, and open the project. The old file is kept; an
    extension.
    """
    project = api.controller.get_project(project_id)
    api.controller.hosted.require_free(project.project_id)
    await project.recover(body.version)
    return project_view(project)
