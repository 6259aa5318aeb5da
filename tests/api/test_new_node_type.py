"""A type of node that is added by one package is known everywhere: here by one that only the test has."""

import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import trio

from gns3trio.compute.node_types import node_types
from gns3trio.config import Config
from gns3trio.server import open_server
from tests.support import black_hole
from tests.support.plain_http import NO_TLS
from tests.support.server import Server, node_path


@pytest.fixture
async def server(config: Config) -> AsyncIterator[Server]:
    with node_types.with_package(black_hole):
        async with open_server(config) as running:
            (url,) = running.urls
            async with httpx.AsyncClient(base_url=url, timeout=30, verify=NO_TLS) as http:
                yield Server(url, config, http)


async def make(server: Server, project: dict[str, Any], **fields: Any) -> Any:
    body = {"name": "Hole{0}", "node_type": "black_hole", "compute_id": "local", **fields}
    return await server.request("POST", f"/v2/projects/{project['project_id']}/nodes", body, 201)


async def command(server: Server, *words: str) -> str:
    """What a command prints."""
    program = [sys.executable, "-m", "gns3trio", *words, "--url", server.url]
    done = await trio.run_process(program, capture_stdout=True, capture_stderr=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


async def test_nodes_of_it(server: Server, project: dict[str, Any]) -> None:
    node = await make(server, project)
    assert (node["name"], node["symbol"], node["width"], node["status"]) == (
        "Hole1",
        ":/symbols/firewall.svg",
        66,
        "stopped",
    )
    assert node["ports"][0]["name"] == "Horizon"
    path = node_path(project, node)
    for verb, status in (("start", "started"), ("suspend", "suspended"), ("reload", "started"), ("stop", "stopped")):
        assert (await server.request("POST", f"{path}/{verb}", {}, 200))["status"] == status
    project_path = f"/v2/projects/{project['project_id']}"
    await server.request("POST", f"{project_path}/nodes/start", {}, 204)
    await server.request("POST", f"{project_path}/nodes/suspend", {}, 204)
    assert (await server.request("GET", path))["status"] == "suspended"
    metrics = (await server.http.get("/metrics")).text
    assert 'node_type="black_hole",status="suspended"} 1' in metrics
    await server.request("POST", f"{path}/stop", {}, 200)
    copy = await server.request("POST", f"{path}/duplicate", {"x": 1, "y": 2}, 201)
    assert copy["name"] == "Hole2"
    switch = await make(server, project, name="SW", node_type="ethernet_switch")
    ends = [{"node_id": each["node_id"], "adapter_number": 0, "port_number": 0} for each in (node, switch)]
    await server.request("POST", f"{project_path}/links", {"nodes": ends}, 201)


async def test_a_project_with_one_is_closed_and_opened(server: Server, project: dict[str, Any]) -> None:
    node = await make(server, project, properties={"mass": 5, "startup_script": "spin %h\n"})
    path = f"/v2/projects/{project['project_id']}"
    await server.request("POST", f"{path}/close", {}, 204)
    await server.request("POST", f"{path}/open", {}, 201)
    (opened,) = await server.request("GET", f"{path}/nodes")
    assert opened["properties"] == node["properties"]
    script = await server.http.get(f"{node_path(project, node)}/files/startup.txt")
    assert script.text == "spin Hole1\n"


async def test_clients_are_told_of_it(server: Server) -> None:
    (told,) = [each for each in await server.request("GET", "/v2/node_types") if each["node_type"] == "black_hole"]
    assert told["runs_here"] and told["can_suspend"] and told["title"] == "Black hole"
    assert told["default_script"] == "spin %h\n" and told["script_file"] == "startup.txt"
    mass = next(field for field in told["properties"] if field["name"] == "mass")
    assert (mass["control"], mass["minimum"], mass["label"], mass["place"]) == ("number", 0, "Mass", "properties")
    (templates,) = [
        each for each in await server.request("GET", "/v2/template_types") if each["template_type"] == "black_hole"
    ]
    assert "mass" in {field["name"] for field in templates["fields"]}
    (local,) = await server.request("GET", "/v2/computes")
    assert "black_hole" in local["capabilities"]["node_types"]
    body = {"name": "x", "node_type": "white_hole", "compute_id": "local"}
    project = await server.request("POST", "/v2/projects", {"name": "lab"}, 201)
    refused = await server.request("POST", f"/v2/projects/{project['project_id']}/nodes", body, 400)
    assert refused["message"].startswith("node_type: 'white_hole' is not one of") and "black_hole" in refused["message"]


async def test_templates_of_it(server: Server, project: dict[str, Any]) -> None:
    (shipped,) = [each for each in await server.request("GET", "/v2/templates") if each["name"] == "Black hole"]
    assert shipped["builtin"] and shipped["category"] == "firewall"
    fields = {"name": "Heavy", "template_type": "black_hole", "compute_id": "local", "mass": 80}
    own = await server.request("POST", "/v2/templates", fields, 201)
    assert own["symbol"] == ":/symbols/firewall.svg" and own["default_name_format"] == "Hole{0}"
    refused = await server.request("POST", "/v2/templates", {**fields, "mass": "much"}, 400)
    assert refused["message"].startswith("mass: ")
    for template, mass in ((shipped, 9), (own, 80)):
        path = f"/v2/projects/{project['project_id']}/templates/{template['template_id']}"
        node = await server.request("POST", path, {"x": 0, "y": 0, "compute_id": "local"}, 201)
        assert node["properties"]["mass"] == mass
    configs = await server.request("GET", "/v2/templates/base-configs")
    assert "black_hole_base_config.txt" in str(configs)


async def test_topologies_with_it(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}/topology"
    hole = {"node_type": "black_hole", "properties": {"mass": 5, "startup_script": "spin %h\n"}}
    document = {"nodes": {"B1": hole, "SW": {"node_type": "ethernet_switch"}}, "links": [{"ends": ["B1", "SW"]}]}
    assert len((await server.request("PUT", path, document, 200))["changes"]) == 3
    assert (await server.request("PUT", path, document, 200))["changes"] == []
    exported = (await server.http.get(path)).json()
    assert exported["nodes"]["B1"]["properties"] == {"mass": 5, "startup_script": "spin B1\n"}
    assert "symbol" not in exported["nodes"]["B1"]


async def test_the_command_line_makes_one(server: Server, project: dict[str, Any]) -> None:
    assert "black_hole" in await command(server, "node", "types")
    assert "Hole1" in await command(server, "node", "create", "lab", "black_hole", "Hole{0}")
    (node,) = await server.request("GET", f"/v2/projects/{project['project_id']}/nodes")
    script = await server.http.get(f"{node_path(project, node)}/files/startup.txt")
    assert script.text == "spin Hole1\n"


async def test_the_compute_api_drives_one(server: Server) -> None:
    project_id = "6d7a1b9e-8d1c-4b52-9c6e-0f3f1f6b2a11"
    await server.request("POST", "/v2/compute/projects", {"project_id": project_id, "name": "elsewhere"}, 201)
    path = f"/v2/compute/projects/{project_id}/black_hole/nodes"
    node = await server.request("POST", path, {"name": "H", "mass": 5}, 201)
    assert node["mass"] == 5
    for verb, status in (("start", "started"), ("suspend", "suspended")):
        await server.http.post(f"{path}/{node['node_id']}/{verb}")
        assert (await server.request("GET", f"{path}/{node['node_id']}"))["status"] == status
