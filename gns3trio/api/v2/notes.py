"""``/v2/projects/{project_id}/notes``: a text about a project, which GNS3 keeps as ``README.txt``; an extension."""

from typing import Annotated
from uuid import UUID

from gns3trio.api.replies import Whole, reply_shape
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.classes import define
from gns3trio.controller.project.notes import MAX_NOTES, read_notes, write_notes
from gns3trio.limits import Bound

routes = RouteTable("/v2/projects/{project_id}/notes")


@define(kw_only=True)
class Notes:
    """The body of ``PUT /projects/{project_id}/notes``."""

    text: Annotated[str, Bound(MAX_NOTES)]


@reply_shape
class NotesReply(Whole):
    """The notes of a project; empty if there are none."""

    text: str


@routes.route("GET", "", reply=NotesReply, privilege="Project.Audit")
async def get_notes(api: ApiRequest, project_id: UUID) -> dict[str, str]:
    """The notes of a project, open or closed: its file ``README.txt``; an extension."""
    return {"text": await read_notes(api.controller.get_project(project_id))}


@routes.route("PUT", "", reply=NotesReply, privilege="Project.Modify")
async def put_notes(api: ApiRequest, project_id: UUID, body: Notes) -> dict[str, str]:
    """Replace the notes of a project; an extension."""
    await write_notes(api.controller.get_project(project_id), body.text)
    return {"text": body.text}
