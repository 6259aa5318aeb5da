"""Projects as they leave a server and come to one."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from gns3trio.controller.storage.kept_versions import VERSIONS_FOLDER
from tests.support.server import Server


async def export(server: Server, project: dict[str, Any], query: str = "") -> bytes:
    reply = await server.http.get(f"/v2/projects/{project['project_id']}/export{query}")
    assert reply.status_code == 200, reply.text
    return reply.content


async def import_(server: Server, data: bytes, status: int = 201, query: str = "", project_id: str = "") -> Any:
    path = f"/v2/projects/{project_id or uuid4()}/import{query}"
    reply = await server.http.post(path, content=data)
    assert reply.status_code == status, reply.text
    return reply.json()


def leftovers(server: Server) -> list[Path]:
    found = server.config.projects_path.rglob("*")
    return [path for path in found if ".gns3trio-" in path.name and path.name != VERSIONS_FOLDER]
