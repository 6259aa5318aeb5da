"""What a name may contain is one rule for all that has one; what files bring is taken, and made a name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

from tests.support.server import Server

BAD = {
    "control": "a\x1b[31mb",
    "line end": "a\nb",
    "C1": "a\x9b31m",
    "direction": "a\u202eb",
    "separator": "a\u2028b",
    "no character": "a\uffff",
    "blank": " ",
    "wide blanks": "\u2003\u00a0",
    "no width": "\u200b",
    "empty": "",
    "long": "n" * 256,
}
NODE = {"node_type": "ethernet_hub", "compute_id": "local"}
V2 = "/v2/projects/{project_id}"

# Everything that takes a name: method, path, and the body with it.
PLACES: dict[str, tuple[str, str, Callable[[str], Any]]] = {
    "project": ("POST", "/v2/projects", lambda name: {"name": name}),
    "renamed project": ("PUT", V2, lambda name: {"name": name}),
    "copy of a project": ("POST", V2 + "/duplicate", lambda name: {"name": name}),
    "snapshot": ("POST", V2 + "/snapshots", lambda name: {"name": name}),
    "node": ("POST", V2 + "/nodes", lambda name: {**NODE, "name": name}),
    "renamed node": ("PUT", V2 + "/nodes/{node_id}", lambda name: {"name": name}),
    "vm": ("POST", V2 + "/vms", lambda name: {"name": name, "vm_type": "ethernet_hub"}),
    "renamed vm": ("PUT", V2 + "/vms/{node_id}", lambda name: {"name": name}),
    "batch": ("POST", V2 + "/batch", lambda name: {"nodes": [{**NODE, "name": name}]}),
    "document": ("PUT", V2 + "/topology", lambda name: {"nodes": {name: {"node_type": "ethernet_hub"}}}),
    "template": ("POST", "/v2/templates", lambda name: {"name": name, "template_type": "vpcs", "compute_id": "local"}),
    "names by a template": (
        "POST",
        "/v2/templates",
        lambda name: {"name": "t", "template_type": "vpcs", "compute_id": "local", "default_name_format": name},
    ),
    "node of a template": (
        "POST",
        V2 + "/templates/b4503ea9-d6b6-3695-9fe4-1db3b39290b0",
        lambda name: {"x": 0, "y": 0, "name": name},
    ),
    "compute": ("POST", "/v2/computes", lambda name: {"protocol": "http", "host": "h", "port": 1, "name": name}),
    "project of a controller": ("POST", "/v2/compute/projects", lambda name: {"name": name}),
    "project of version 1": ("POST", "/v1/projects", lambda name: {"name": name}),
    "renamed project of version 1": ("PUT", "/v1/projects/{project_id}", lambda name: {"name": name}),
    "VPCS of version 1": ("POST", "/v1/projects/{project_id}/vpcs/vms", lambda name: {"name": name}),
}


@pytest.mark.parametrize("place", PLACES)
async def test_a_bad_name_is_refused_everywhere(server: Server, project: dict[str, Any], place: str) -> None:
    method, path, body = PLACES[place]
    project_id = project["project_id"]
    node = await server.request("POST", f"/v2/projects/{project_id}/nodes", {**NODE, "name": "N"}, 201)
    path = path.format(project_id=project_id, node_id=node["node_id"])
    for kind, name in BAD.items():
        reply = await server.http.request(method, path, content=orjson.dumps(body(name)))
        assert reply.status_code == 400, (kind, reply.text)
        assert "name" in reply.json()["message"].partition(": ")[0] or "nodes" in reply.json()["message"], kind
        assert reply.json()["message"].isprintable(), kind
    assert [each["name"] for each in await server.request("GET", f"/v2/projects/{project_id}/nodes")] == ["N"]
    assert [each["name"] for each in await server.request("GET", "/v2/projects")] == ["lab"]


async def test_an_import_has_a_name_or_is_refused(server: Server, project: dict[str, Any]) -> None:
    archive = (await server.http.get(f"/v2/projects/{project['project_id']}/export")).content
    for name in ("%1b[31m", "%20", "n" * 256, "a%e2%80%aeb"):
        reply = await server.http.post(f"/v2/projects/{uuid4()}/import?name={name}", content=archive)
        assert (reply.status_code, reply.json()["message"][:5]) == (400, "name:"), reply.text


async def test_a_file_with_control_characters_in_its_name_is_refused(server: Server, project: dict[str, Any]) -> None:
    base = f"/v2/projects/{project['project_id']}"
    node = await server.request("POST", f"{base}/nodes", {**NODE, "name": "N"}, 201)
    for path in ("a%1b[31m", "a%0d", "folder/a%c2%85", "a%e2%80%ae"):
        for where in (f"{base}/files/{path}", f"{base}/nodes/{node['node_id']}/files/{path}"):
            reply = await server.http.post(where, content=b"x")
            assert reply.status_code == 400, reply.text
    assert (await server.http.post("/v2/symbols/a%1b.svg/raw", content=b"<svg/>")).status_code == 400


async def test_names_of_a_file_are_made_names_and_told_apart(server: Server) -> None:
    project_id, names = uuid4(), ["PC1", "PC1", "PC1\x1b[31m", " ", "", "PC 1", "PC 1", "PC2", "n" * 300]
    folder = server.config.projects_path / str(project_id)
    write_project(folder, project_id, "lab\x1b[2J", names)
    await server.request("POST", "/v2/reload", {})
    (project,) = await server.request("GET", "/v2/projects", None, 200)
    assert project["name"] == "lab\ufffd[2J"
    await server.request("POST", f"/v2/projects/{project_id}/open", {}, 201)
    nodes = await server.request("GET", f"/v2/projects/{project_id}/nodes", None, 200)
    given = [node["name"] for node in nodes]
    blank, empty = (f"ethernet_hub-{node['node_id'][:8]}" for node in nodes[3:5])
    assert given == ["PC1", "PC3", "PC1\ufffd[31m", blank, empty, "PC 1", "PC 2", "PC2", "n" * 255]
    assert [node["label"]["text"] for node in nodes] == given
    document = await server.request("GET", f"/v2/projects/{project_id}/topology", None, 200)
    assert sorted(document["nodes"]) == sorted(given)


def write_project(folder: Path, project_id: object, name: str, nodes: list[str]) -> None:
    folder.mkdir(parents=True)
    records = [
        {"node_id": str(uuid4()), "node_type": "ethernet_hub", "name": each, "label": {"text": each}, "properties": {}}
        for each in nodes
    ]
    document = {
        "name": name,
        "project_id": str(project_id),
        "revision": 9,
        "type": "topology",
        "version": "2.2.61",
        "topology": {"nodes": records, "links": [], "drawings": [], "computes": []},
    }
    (folder / "lab.gns3").write_bytes(orjson.dumps(document))
