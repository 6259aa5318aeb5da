"""``/v3/projects``."""

from pathlib import Path
from typing import Any
from uuid import UUID

from gns3trio.api.access import Access
from gns3trio.api.handlers import projects as handlers
from gns3trio.api.identity import require_privilege
from gns3trio.api.project_stats import ProjectStats
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v3 import replies
from gns3trio.api.v3.bodies import ProjectCreate, ProjectUpdate
from gns3trio.api.v3.views import project_view
from gns3trio.controller.gns3_format.records import ProjectSettings
from gns3trio.controller.project.locking import is_locked, lock_all

routes = RouteTable("/v3/projects", while_opening=True)


@routes.route("GET", "", reply=list[replies.Project], access=Access.LOGIN)
async def list_projects(api: ApiRequest) -> list[dict[str, Any]]:
    """The projects that the user may use, opened and closed."""
    return [project_view(project) for project in api.projects]


@routes.route("POST", "", status=201, reply=replies.Project, privilege="Project.Allocate")
async def create_project(api: ApiRequest, body: ProjectCreate) -> dict[str, Any]:
    """Create and open a project, or return the existing one with that id."""
    given = api.given(body)
    path, project_id = given.pop("path", None), given.pop("project_id", None)
    if project_id in api.controller.projects:
        require_privilege(api.http.scope, "Project.Audit", f"/projects/{project_id}")
    settings = ProjectSettings(**given)
    return project_view(
        await api.controller.create_project(settings, project_id=project_id, path=Path(path) if path else None)
    )


@routes.route("GET", "/{project_id}", reply=replies.Project, privilege="Project.Audit")
async def get_project(api: ApiRequest, project_id: UUID) -> dict[str, Any]:
    """One project by its id."""
    return project_view(api.controller.get_project(project_id))


@routes.route("PUT", "/{project_id}", reply=replies.Project, privilege="Project.Modify")
async def update_project(api: ApiRequest, project_id: UUID, body: ProjectUpdate) -> dict[str, Any]:
    """Change the settings of a project."""
    return project_view(await handlers.changed_project(api, project_id, body))


routes.route("DELETE", "/{project_id}", status=204, privilege="Project.Allocate")(handlers.delete_project)


@routes.route(
    "POST",
    "/{project_id}/open",
    status=201,
    reply=replies.Project,
    privilege="Project.Allocate",
    another="Project.Modify",
)
async def open_project(api: ApiRequest, project_id: UUID) -> dict[str, Any]:
    """Open a project; its nodes are stopped."""
    return project_view(await handlers.opened_project(api, project_id))


routes.route("POST", "/{project_id}/close", status=204, privilege="Project.Allocate", another="Project.Modify")(
    handlers.close_project
)
routes.route("GET", "/{project_id}/stats", reply=ProjectStats, privilege="Project.Audit")(handlers.get_stats)


@routes.route("GET", "/{project_id}/locked", reply=bool, privilege="Project.Audit")
async def get_locked(api: ApiRequest, project_id: UUID) -> bool:
    """Whether all nodes and drawings are locked."""
    return is_locked(api.controller.get_project(project_id))


@routes.route("POST", "/{project_id}/lock", status=204, privilege="Project.Modify")
async def lock_project(api: ApiRequest, project_id: UUID) -> None:
    """Lock all nodes and drawings."""
    await lock_all(api.controller.get_project(project_id), True)


@routes.route("POST", "/{project_id}/unlock", status=204, privilege="Project.Modify")
async def unlock_project(api: ApiRequest, project_id: UUID) -> None:
    """Unlock all nodes and drawings."""
    await lock_all(api.controller.get_project(project_id), False)
