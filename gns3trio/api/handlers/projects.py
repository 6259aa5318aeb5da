"""What versions 2 and 3 have in common of the routes of projects."""

from uuid import UUID

from gns3trio.api.project_stats import project_stats
from gns3trio.api.routing import ApiRequest
from gns3trio.api.v2.from_bodies import project_changes
from gns3trio.controller.project.project import Project


async def changed_project(api: ApiRequest, project_id: UUID, body: object) -> Project:
    """Change the settings of a project to those that its version's body gives; returns it."""
    project = api.controller.get_project(project_id)
    await project.update(project_changes(project, api.given(body)))
    return project


async def opened_project(api: ApiRequest, project_id: UUID) -> Project:
    """Open a project; returns it."""
    project = api.controller.get_project(project_id)
    await api.controller.open_project(project)
    return project


async def delete_project(api: ApiRequest, project_id: UUID) -> None:
    """Close a project and delete its files."""
    await api.controller.delete_project(api.controller.get_project(project_id))


async def close_project(api: ApiRequest, project_id: UUID) -> None:
    """Stop the nodes of a project and save it."""
    await api.controller.close_project(api.controller.get_project(project_id))


async def get_stats(api: ApiRequest, project_id: UUID) -> dict[str, int]:
    """The number of objects in a project; for a closed project only snapshots are counted."""
    return await project_stats(api, project_id)
