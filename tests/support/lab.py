"""What a lab is made of, through version 2 of the API."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import trio
from trio_websocket import WebSocketConnection

from tests.support.server import Server
from tests.support.websockets import console, read_until

BASE = {"node_type": "vpcs", "compute_id": "local"}


async def create(server: Server, project: dict[str, Any], **fields: Any) -> dict[str, Any]:
    body = {**BASE, "name": "PC1", **fields}
    return await server.request("POST", f"/v2/projects/{project['project_id']}/nodes", body, 201)


ALL_DROPPED = {"packet_loss": [100]}


async def read_match(connection: WebSocketConnection, pattern: bytes) -> bytes:
    """What the console shows until it matches."""
    seen = b""
    with trio.fail_after(60):
        while not re.search(pattern, seen, re.DOTALL):
            seen += await connection.get_message()
    return seen


@attrs.define
class Lab:
    """Two VPCS, and what joins them. Those of the fixture ``lab`` run and have addresses."""

    server: Server
    project: dict[str, Any]
    nodes: list[dict[str, Any]]
    consoles: list[WebSocketConnection] = attrs.field(factory=list)

    @property
    def path(self) -> str:
        return f"/v2/projects/{self.project['project_id']}"

    async def node(self, node_type: str, **fields: Any) -> dict[str, Any]:
        body = {"name": node_type, "node_type": node_type, "compute_id": "local", **fields}
        made: dict[str, Any] = await self.server.request("POST", f"{self.path}/nodes", body, 201)
        return made

    async def link(self, *ends: tuple[dict[str, Any], int], **fields: Any) -> dict[str, Any]:
        nodes = [{"node_id": n["node_id"], "adapter_number": 0, "port_number": port} for n, port in ends]
        made: dict[str, Any] = await self.server.request("POST", f"{self.path}/links", {"nodes": nodes, **fields}, 201)
        return made

    async def update(self, link: dict[str, Any], body: dict[str, Any], status: int = 201) -> Any:
        return await self.server.request("PUT", f"{self.path}/links/{link['link_id']}", body, status)

    async def ping(self) -> list[float]:
        """Round-trip times in ms of three pings from the second to the first."""
        await self.consoles[1].send_message(b"ping 10.0.0.1 -c 3\r")
        said = await read_match(self.consoles[1], rb"-c 3\s.*\sPC2> ")
        return [float(time) for time in re.findall(rb"time=([\d.]+) ms", said)]


async def make_pair(server: Server, project: dict[str, Any]) -> Lab:
    lab = Lab(server, project, [])
    lab.nodes = [await lab.node("vpcs", name=f"PC{n}") for n in (1, 2)]
    return lab


@asynccontextmanager
async def open_lab(server: Server, project: dict[str, Any]) -> AsyncIterator[Lab]:
    lab = await make_pair(server, project)
    async with AsyncExitStack() as stack:
        for number, node in enumerate(lab.nodes, 1):
            await server.request("POST", f"{lab.path}/nodes/{node['node_id']}/start", None, 200)
            opened = await stack.enter_async_context(console(server, project, node))
            lab.consoles.append(opened)
            await read_until(opened, b"PC%d> " % number)
            await opened.send_message(f"ip 10.0.0.{number} 24\r".encode())
        for number, opened in enumerate(lab.consoles, 1):  # each looks three seconds whether others have its address
            await read_match(opened, rb"255\.255\.255\.0\s+PC%d> " % number)
        yield lab


async def make_lab(server: Server, project: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two VPCS and a switch, links with filters of GNS3 and our own, files; returns the first VPCS and link."""
    path = f"/v2/projects/{project['project_id']}"
    script = {"startup_script": "set pcname %h\nip 10.0.0.1/24\n"}
    first = await create(server, project, x=5, properties=script)
    second = await create(server, project, name="PC2")
    switch = await create(server, project, name="SW", node_type="ethernet_switch")
    link = await connect(server, project, (first, 0), (switch, 0), filters={"delay": [10, 0]}, suspend=True)
    await connect(server, project, (second, 0), (switch, 3))
    impairments = {"impairments": [{"type": "loss", "percent": 10}], "seed": 7}
    await server.request("PUT", f"{path}/links/{link['link_id']}/impairments", impairments, 200)
    await server.http.post(f"{path}/files/README.txt", content=b"read me")
    for svg in ("<svg></svg>", f"<svg><text>{'long ' * 300}</text></svg>"):  # the second one is a file of its own
        await server.request("POST", f"{path}/drawings", {"svg": svg, "x": 3}, 201)
    return first, link


async def connect(server: Server, project: dict[str, Any], *ends: tuple[dict[str, Any], int], **fields: Any) -> Any:
    nodes = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": port} for node, port in ends]
    return await server.request("POST", f"/v2/projects/{project['project_id']}/links", {"nodes": nodes, **fields}, 201)


async def meaning(server: Server, project: dict[str, Any]) -> Any:
    """All of a project but what its copies must not share: ids, the name of the project, console ports."""
    path = f"/v2/projects/{project['project_id']}"
    opened = await server.request("POST", f"{path}/open", None, 201)
    nodes = await server.request("GET", f"{path}/nodes", None, 200)
    links = await server.request("GET", f"{path}/links", None, 200)
    drawings = await server.request("GET", f"{path}/drawings", None, 200)
    names = {node["node_id"]: node["name"] for node in nodes}
    files = {
        f"{names[folder.name]}/{file.name}": file.read_bytes()
        for folder in Path(opened["path"]).glob("project-files/vpcs/*")
        for file in folder.iterdir()
    }
    settings = ("zoom", "scene_width", "variables", "supplier", "grid_size")
    not_shared = ("node_id", "project_id", "console", "node_directory", "link_id", "drawing_id")
    return (
        {key: opened[key] for key in settings},
        [{key: value for key, value in node.items() if key not in not_shared} for node in nodes],
        [
            {key: value for key, value in link.items() if key not in (*not_shared, "nodes")}
            | {"ends": [{**end, "node_id": names[end["node_id"]]} for end in link["nodes"]]}
            | await server.request("GET", f"{path}/links/{link['link_id']}/impairments", None, 200)
            for link in links
        ],
        [{key: value for key, value in drawing.items() if key not in not_shared} for drawing in drawings],
        files,
    )
