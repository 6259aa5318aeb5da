"""``/v2/project_summaries``; an extension: what the list of projects tells of each."""

from functools import partial
from typing import Any

from gns3trio.api.access import Access
from gns3trio.api.identity import has_privilege
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import replies
from gns3trio.controller.project.project import Project
from gns3trio.slices import Slices

routes = RouteTable("/v2")


@routes.route("GET", "/project_summaries", reply=list[replies.ProjectSummary], access=Access.LOGIN)
async def list_summaries(api: ApiRequest) -> list[dict[str, Any]]:
    """How many nodes and links each project has, how many nodes were started, and when its file was changed; an
    extension. Null is what is not known, because the file cannot be read or is very large. It also says whether the
    user may change or delete the project.
    """
    return [{**await _view(project), **_rights(api, project)} for project in list(api.projects)]


def _rights(api: ApiRequest, project: Project) -> dict[str, bool]:
    path = f"/projects/{project.project_id}"
    has = partial(has_privilege, api.http.scope, path=path)
    return {"may_change": has("Project.Modify"), "may_delete": has("Project.Allocate")}


async def _view(project: Project) -> dict[str, Any]:
    file = await project.file.summary()
    nodes, links, started = file.nodes, file.links, 0
    if project.status == "opened":
        nodes, links = len(project.nodes), len(project.links)
        slices = Slices()
        for node in list(project.nodes.values()):
            started += node.status == "started" and not node.traits.always_runs
            await slices.pause()
    return {
        "project_id": str(project.project_id),
        "nodes": nodes,
        "links": links,
        "started": started,
        "changed_at": file.changed_at,
    }
