"""``/v2/projects/{project_id}/format``; an extension: which GNS3 reads a project's file."""

from typing import Any
from uuid import UUID

from gns3trio.api.replies import shown_as
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import replies
from gns3trio.classes import define
from gns3trio.controller.gns3_format.revisions import Gns3Name, revision_named
from gns3trio.controller.project.file_format import convert_project, file_format

routes = RouteTable("/v2/projects/{project_id}")


@define(kw_only=True)
class NewFormat:
    """The body of ``PUT /format``: the GNS3 that reads the file from now on."""

    gns3: Gns3Name


@routes.route("GET", "/format", reply=replies.ProjectFormat, privilege="Project.Audit")
async def get_format(api: ApiRequest, project_id: UUID) -> dict[str, Any]:
    """Which GNS3 reads a project's file: 2.2 (and 3.0, which converts it), or 3.0 alone; an extension."""
    return shown_as(replies.ProjectFormat, await file_format(api.controller.get_project(project_id)))


@routes.route("PUT", "/format", reply=replies.ProjectFormat, privilege="Project.Modify")
async def put_format(api: ApiRequest, project_id: UUID, body: NewFormat) -> dict[str, Any]:
    """Save a project for another GNS3 from now on, whether it is open or not. The present file is kept as a version
    (``GET .../versions``), and nothing is lost: what the other GNS3 does not know stays beside the file; an extension.
    """
    project = api.controller.get_project(project_id)
    api.controller.hosted.require_free(project.project_id)
    return shown_as(replies.ProjectFormat, await convert_project(project, revision_named(body.gns3)))
