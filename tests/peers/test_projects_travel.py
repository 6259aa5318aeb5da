"""A project of gns3-server comes to us and goes back, with what it alone would write: links without two ends."""

import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.conftest import PATIENCE, StartServer
from tests.peers.conftest import Controller

Json = dict[str, Any]


def end(node: Json, port: int = 0) -> Json:
    return {"node_id": node["node_id"], "adapter_number": 0, "port_number": port}


def travel(source: Controller, path: str, target: Controller, name: str) -> str:
    """Export a project there and import it here; returns the path of the opened copy."""
    archive = source.http.get(f"{path}/export")
    assert archive.status_code == 200, archive.text
    copy = f"/v2/projects/{uuid4()}"
    reply = target.http.post(f"{copy}/import", params={"name": name}, content=archive.content)
    assert reply.status_code == 201, reply.text
    assert target.request("POST", f"{copy}/open", None, 201)["status"] == "opened"
    return copy


def meaning(server: Controller, path: str) -> Any:
    """All that a copy shares with its original."""
    nodes = server.request("GET", f"{path}/nodes", None, 200)
    names = {node["node_id"]: node["name"] for node in nodes}
    links = [
        ([(names[e["node_id"]], e["port_number"]) for e in each["nodes"]], each["filters"], each["link_style"])
        for each in server.request("GET", f"{path}/links", None, 200)
    ]
    drawn = server.request("GET", f"{path}/drawings", None, 200)
    places = {node["name"]: (node["node_type"], node["x"], node["y"], node["label"], node["symbol"]) for node in nodes}
    return places, sorted(links, key=repr), [(each["svg"], each["x"]) for each in drawn]


def test_a_project_travels_both_ways(gns3_controller: Controller, start_server: StartServer) -> None:
    gns3 = gns3_controller
    path = f"/v2/projects/{gns3.request('POST', '/v2/projects', {'name': 'lab'}, 201)['project_id']}"
    body = {"node_type": "vpcs", "compute_id": "local"}
    a, b, c = (
        gns3.request("POST", f"{path}/nodes", {**body, "name": name, "x": 7 * number}, 201)
        for number, name in enumerate(("A", "B", "C"))
    )
    gns3.http.post(f"{path}/nodes/{a['node_id']}/files/startup.vpc", content=b"set pcname A\n")
    gns3.request("POST", f"{path}/links", {"nodes": [end(a), end(b)], "filters": {"delay": [10, 2]}}, 201)
    gns3.request("POST", f"{path}/links", {"nodes": [end(c)]}, 201)
    gns3.request("POST", f"{path}/links", {})  # answered with 500, and kept: a link without ends
    gns3.request("POST", f"{path}/drawings", {"svg": "<svg><text>hello</text></svg>", "x": 3}, 201)
    original = meaning(gns3, path)
    assert sorted(len(ends) for ends, _, _ in original[1]) == [0, 1, 2]
    with httpx.Client(base_url=start_server().url, timeout=PATIENCE) as http:
        ours = Controller(http)
        here = travel(gns3, path, ours, "came")
        assert meaning(ours, here) == original
        (first, *_) = ours.request("GET", f"{here}/nodes", None, 200)
        script = ours.http.get(f"{here}/nodes/{first['node_id']}/files/startup.vpc")
        assert script.content == b"set pcname A\n"
        ours.request("POST", f"{here}/nodes/start", None, 204)
        ours.request("POST", f"{here}/nodes/stop", None, 204)
        back = travel(ours, here, gns3, "back")
        own_copy = travel(gns3, path, gns3, "own")
        assert meaning(gns3, back) == meaning(gns3, own_copy)  # it does not open links without two ends itself


def test_links_empty_folders_and_odd_names_travel_to_gns3(
    gns3_controller: Controller, start_server: StartServer
) -> None:
    """It makes the links of an archive itself, and reads names that are not UTF-8 in another form."""
    with httpx.Client(base_url=start_server().url, timeout=PATIENCE) as http:
        ours = Controller(http)
        project = ours.request("POST", "/v2/projects", {"name": "lab"}, 201)
        path, folder = f"/v2/projects/{project['project_id']}", Path(project["path"])
        ours.request("POST", f"{path}/nodes", {"node_type": "vpcs", "compute_id": "local", "name": "A"}, 201)
        (folder / "docs" / "empty").mkdir(parents=True)
        (folder / "docs" / "notes.txt").write_text("notes")
        (folder / "readme").symlink_to("docs/notes.txt")
        (folder / os.fsdecode(b"caf\xe9.txt")).write_text("x")
        there = travel(ours, path, gns3_controller, "there")
        place = Path(gns3_controller.request("GET", there, None, 200)["path"])
        assert (place / "readme").read_text() == "notes"
        assert (place / "docs" / "empty").is_dir()
        assert (place / "caf%E9.txt").read_text() == "x"
        back = travel(gns3_controller, there, ours, "back")
        assert ours.http.get(f"{back}/files/docs/notes.txt").text == "notes"
