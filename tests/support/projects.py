"""The projects of a server."""

from typing import Any

from tests.support.server import Server


async def listed(server: Server) -> dict[str, dict[str, Any]]:
    """The projects by their names, none of which is there twice."""
    projects = await server.request("GET", "/v2/projects", None, 200)
    by_name = {project["name"]: project for project in projects}
    assert len(by_name) == len(projects)
    return by_name


async def open_one(server: Server, project: dict[str, Any], status: int = 201) -> Any:
    return await server.request("POST", f"/v2/projects/{project['project_id']}/open", None, status)
