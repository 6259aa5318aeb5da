"""gns3-server itself opens every project file of the corpus after we have saved it, and finds what we found."""

from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests import corpus
from tests.e2e.conftest import PATIENCE, StartServer, wait_until
from tests.peers.conftest import Controller

Json = dict[str, Any]


def found(server: Controller, path: str) -> Any:
    """What clients see of a project: where nodes are, the names of their ports, and what joins them."""
    nodes = server.request("GET", f"{path}/nodes", None, 200)
    names = {node["node_id"]: node["name"] for node in nodes}
    seen = ("name", "node_type", "x", "y", "z", "symbol", "label", "custom_adapters", "first_port_name")
    links = server.request("GET", f"{path}/links", None, 200)
    return {
        "nodes": sorted(([node[key] for key in seen] for node in nodes), key=repr),
        "ports": {
            node["name"]: [(port["name"], port["short_name"], port["link_type"]) for port in node["ports"]]
            for node in nodes
        },
        # It does not open links without two ends itself.
        "links": sorted(
            [
                (names.get(end["node_id"]), end["adapter_number"], end["port_number"], end["label"])
                for end in link["nodes"]
            ]
            for link in links
            if len(link["nodes"]) == 2
        ),
        # A PNG is shown in an SVG of one's own.
        "drawings": sorted(
            (each["svg"] if "base64" not in each["svg"] else "a picture", each["x"], each["y"])
            for each in server.request("GET", f"{path}/drawings")
        ),
    }


@pytest.mark.parametrize("name", corpus.READ)
def test_gns3_opens_what_we_saved(
    name: str, start_server: StartServer, gns3_controller: Controller, any_compute: Json, tmp_path: Path
) -> None:
    gns3 = gns3_controller
    gns3.request("POST", "/v2/computes", any_compute, 201)
    wait_until(lambda: gns3.request("GET", "/v2/computes/any", None, 200)["connected"])
    started = start_server()
    with httpx.Client(base_url=started.url, timeout=PATIENCE) as http:
        ours = Controller(http)
        file = corpus.put(name, started.projects / "lab")
        ours.request("POST", "/v2/reload", None, 200)
        (project,) = ours.request("GET", "/v2/projects", None, 200)
        path = f"/v2/projects/{project['project_id']}"
        ours.request("POST", f"{path}/open", None, 201)
        ours.request("PUT", path, {"zoom": 77}, 200)
        ours.request("PUT", f"{path}/format", {"gns3": "2.2"}, 200)  # one of GNS3 3.0 becomes one of 2.2
        here = found(ours, path)
        ours.request("POST", f"{path}/close", None, 204)
        document = orjson.loads(file.read_bytes())
    # Its own compute lacks the emulators.
    topology = document["topology"]
    for node in topology["nodes"]:
        node["compute_id"] = "any"
    topology["links"] = [link for link in topology["links"] if can_be_joined(link, topology["nodes"])]
    topology["computes"].append(any_compute)
    folder = tmp_path / "gns3" / "projects" / project["project_id"]
    folder.mkdir()
    pictures = file.parent / "project-files" / "images"
    for picture in pictures.iterdir() if pictures.is_dir() else ():
        (folder / "project-files" / "images").mkdir(parents=True, exist_ok=True)
        (folder / "project-files" / "images" / picture.name).write_bytes(picture.read_bytes())
    (folder / f"{name}.gns3").write_bytes(orjson.dumps(document))
    gns3.request("POST", "/v2/reload", None, 200)
    assert gns3.request("POST", f"{path}/open", None, 201)["status"] == "opened"
    there = found(gns3, path)
    for kind in ("nodes", "ports", "drawings"):
        assert there[kind] == here[kind], kind
    assert there["links"] == [ends for ends in here["links"] if ends in there["links"]]
    assert len(there["links"]) == len(topology["links"])


def can_be_joined(link: Json, nodes: list[Json]) -> bool:
    """GNS3 opens no project with a link to a node that is not there."""
    ids = {node["node_id"] for node in nodes}
    return len(link["nodes"]) == 2 and all(end["node_id"] in ids for end in link["nodes"])
