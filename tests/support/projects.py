"""The projects of a server."""

from pathlib import Path
from typing import Any

from gns3trio.config import Config
from tests.support.server import Server


async def listed(server: Server) -> dict[str, dict[str, Any]]:
    """The projects by their names, none of which is there twice."""
    projects = await server.request("GET", "/v2/projects", None, 200)
    by_name = {project["name"]: project for project in projects}
    assert len(by_name) == len(projects)
    return by_name


async def open_one(server: Server, project: dict[str, Any], status: int = 201) -> Any:
    return await server.request("POST", f"/v2/projects/{project['project_id']}/open", None, status)


def all_of_projects(config: Config) -> list[Path]:
    """All files and folders of projects, without those of the server itself, which it writes when it likes."""
    own = config.state_folder
    return [path for path in sorted(config.projects_path.rglob("*")) if path != own and own not in path.parents]
