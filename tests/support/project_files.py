"""Project files that another program made."""

import os
import socket
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from tests.support.server import Server
from tests.support.websockets import ws_events

_DRAWING = {"drawing_id": str(uuid4()), "svg": "<svg></svg>"}


def node(name: str, node_type: str = "vpcs", **fields: Any) -> dict[str, Any]:
    return {"node_id": str(uuid4()), "node_type": node_type, "name": name, "compute_id": "local", **fields}


def end(of: dict[str, Any], adapter: int = 0, port: int = 0) -> dict[str, Any]:
    return {"node_id": of["node_id"], "adapter_number": adapter, "port_number": port}


def link(*ends: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"link_id": str(uuid4()), "nodes": list(ends), **fields}


def document(nodes: list[dict[str, Any]], links: Any = (), **inner: Any) -> dict[str, Any]:
    topology = {"nodes": nodes, "links": list(links), "drawings": [_DRAWING], "computes": [], **inner}
    return {
        "name": "made elsewhere",
        "auto_close": False,
        "project_id": str(uuid4()),
        "revision": 9,
        "topology": topology,
    }


class ProjectOnDisk:
    """A project of a file that was put on the disk."""

    def __init__(self, server: Server, content: dict[str, Any]) -> None:
        self.server = server
        self.project = {"project_id": content["project_id"]}
        self.path = f"/v2/projects/{content['project_id']}"
        self.folder = server.config.projects_path / content["project_id"]
        self.file = self.folder / "made elsewhere.gns3"
        self.folder.mkdir(parents=True)
        self.file.write_bytes(orjson.dumps(content))

    async def open(self, status: int = 201) -> tuple[Any, list[str]]:
        """Returns the reply, and what was logged for those who watch."""
        await self.server.request("POST", "/v2/reload", None, 200)
        async with ws_events(self.server, f"{self.path}/notifications/ws") as stream:
            reply = await self.server.request("POST", f"{self.path}/open", None, status)
            told: list[str] = []
            while status == 201 and (event := await stream.next())["action"] != "drawing.created":
                if event["action"].startswith("log."):
                    told.append(event["event"]["message"])
        return reply, told

    async def get(self, what: str) -> Any:
        return await self.server.request("GET", f"{self.path}/{what}", None, 200)

    async def saved(self) -> dict[str, Any]:
        """What the file holds after the project was closed."""
        await self.server.request("POST", f"{self.path}/close", None, 204)
        topology: dict[str, Any] = orjson.loads(self.file.read_bytes())["topology"]
        return topology


def put(folder: Path, name: str, **fields: Any) -> dict[str, Any]:
    """A project file made by another program."""
    content = {**document([node("PC1")]), "name": name, **fields}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.gns3").write_bytes(orjson.dumps(content))
    return content


def replace_by(file: Path, kind: str) -> None:
    file.unlink()
    if kind == "fifo":
        os.mkfifo(file)
    elif kind == "socket":
        # The address of a socket is short.
        here = os.open(file.parent, os.O_RDONLY)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(f"/proc/self/fd/{here}/{file.name}")
        os.close(here)
    elif kind == "device":
        file.symlink_to("/dev/zero")
    else:
        file.mkdir()
        (file / "note.txt").write_text("x")
