"""Projects of the corpus on a server: finding them, what they mean to clients, and what is saved."""

from pathlib import Path
from typing import Any

import orjson

from tests import corpus
from tests.gns3_schema import require_gns3_reads
from tests.support.server import Server

Json = dict[str, Any]


async def find(server: Server, name: str) -> Json:
    """The project of a file that another program has put into the folder for projects."""
    folder = server.config.projects_path / corpus.document(name).get("project_id", f"of {name}")
    corpus.put(name, folder)
    await server.request("POST", "/v2/reload", None, 200)
    (project,) = await server.request("GET", "/v2/projects", None, 200)
    assert project["name"] == name
    found: Json = project
    return found


async def open_(server: Server, project: Json) -> None:
    await server.request("POST", f"/v2/projects/{project['project_id']}/open", None, 201)


async def meaning(server: Server, project: Json) -> Any:
    """All of an open project that its copies share: not ids, nor consoles, nor MAC addresses that follow from ids."""
    path = f"/v2/projects/{project['project_id']}"
    nodes, links, drawings = [
        await server.request("GET", f"{path}/{what}", None, 200) for what in ("nodes", "links", "drawings")
    ]
    names = {node["node_id"]: node["name"] for node in nodes}
    for node in nodes:
        for values in (node["properties"], *node["ports"]):
            values.pop("mac_address", None)
        node["properties"].pop("aux", None)
    own = ("console", "node_id", "project_id", "node_directory", "command_line", "status")
    return {
        "nodes": sorted(({key: node[key] for key in node if key not in own} for node in nodes), key=repr),
        "links": sorted(
            (
                [
                    (names.get(each["node_id"]), each["adapter_number"], each["port_number"], each["label"])
                    for each in link["nodes"]
                ],
                link["filters"],
                link["link_style"],
                link["suspend"],
                link["link_type"],
            )
            for link in links
        ),
        "drawings": sorted([each[key] for key in ("svg", "x", "y", "z", "rotation", "locked")] for each in drawings),
    }


async def saved(server: Server, project: Json) -> Json:
    """What the file holds after the project was closed, which GNS3 must be able to read."""
    await server.request("POST", f"/v2/projects/{project['project_id']}/close", None, 204)
    text = Path(project["path"], project["filename"]).read_bytes()
    require_gns3_reads(text)
    document: Json = orjson.loads(text)
    return document
