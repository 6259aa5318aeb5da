"""What a project is exported as is what can be applied, and what is left out of it is told."""

from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from gns3trio.topology_yaml import parse_yaml
from tests.support.machines import needs_qemu
from tests.support.server import Server

HUB = {"node_type": "ethernet_hub", "compute_id": "local"}
PROJECT_ID = "00000000-0000-4000-8000-000000000001"
# A name that YAML, ends of links or messages could take for something else.
NAMES = ["PC 1", "SW1:3", "a/b", "true", "1", "~", "- x", "{}", "#", "null: x", "Büro", "שרת", "x" * 255, "a'\"b"]


def node(number: int, name: str, **fields: Any) -> dict[str, Any]:
    return {"node_id": str(UUID(int=number)), "node_type": "ethernet_hub", "name": name, "properties": {}, **fields}


def link(number: int, *ends: tuple[int, int]) -> dict[str, Any]:
    nodes = [{"node_id": str(UUID(int=n)), "adapter_number": 0, "port_number": port} for n, port in ends]
    return {"link_id": str(UUID(int=1000 + number)), "nodes": nodes}


async def open_file(
    server: Server, nodes: list[dict[str, Any]], links: list[dict[str, Any]], drawings: Any = ()
) -> str:
    """A project that is on the disk, opened; returns its path."""
    document = {
        "name": "lab",
        "project_id": PROJECT_ID,
        "revision": 9,
        "type": "topology",
        "version": "2.2.61",
        "topology": {"nodes": nodes, "links": links, "drawings": [*drawings], "computes": []},
    }
    folder = server.config.projects_path / PROJECT_ID
    folder.mkdir(parents=True)
    (folder / "lab.gns3").write_bytes(orjson.dumps(document))
    await server.request("POST", "/v2/reload", {})
    await server.request("POST", f"/v2/projects/{PROJECT_ID}/open", {}, 201)
    return f"/v2/projects/{PROJECT_ID}"


async def apply(server: Server, path: str, document: Any, status: int = 200) -> Any:
    reply = await server.http.put(f"{path}/topology", content=orjson.dumps(document))
    assert reply.status_code == status, reply.text
    return reply.json()


async def test_every_name_is_exported_so_that_it_can_be_applied(server: Server) -> None:
    nodes = [node(number, name) for number, name in enumerate(NAMES)]
    path = await open_file(server, nodes, [link(n, (n, 0), (n + 1, 1)) for n in range(len(NAMES) - 1)])
    document = await server.request("GET", f"{path}/topology", None, 200)
    assert set(document["nodes"]) == set(NAMES)
    assert len(document["links"]) == len(NAMES) - 1
    assert "left_out" not in document
    assert (await apply(server, path, document))["changes"] == []
    text = (await server.http.get(f"{path}/topology", headers={"accept": "application/yaml"})).content
    assert parse_yaml(text) == document
    other = await server.request("POST", "/v2/projects", {"name": "other"}, 201)
    made = await apply(server, f"/v2/projects/{other['project_id']}", document)
    assert len(made["changes"]) == 2 * len(NAMES) - 1
    assert await server.request("GET", f"/v2/projects/{other['project_id']}/topology", None, 200) == document


ODD_VALUES: list[dict[str, Any]] = [
    *({"port_name_format": value} for value in ("", "eth", "{0.__class__}", "{" * 5000)),
    *({"port_segment_size": value} for value in (0, -1, 1 << 30)),
    *({"first_port_name": value} for value in ("", "mgmt")),
    *({"symbol": value} for value in ("", "missing.svg", ":/symbols/computer.svg")),
    *({"width": value, "height": value} for value in (0, -5, 1 << 30)),
    *({"z": value} for value in (-(1 << 31), (1 << 31) - 1)),
    *({"label": {"text": value, "rotation": 720, "style": "", "x": None, "y": None}} for value in ("", "other")),
    {"custom_adapters": [{"adapter_number": 0, "port_name": ""}]},
    {"console_type": "none"},
]
ODD_DRAWINGS: list[dict[str, Any]] = [
    {"rotation": 720},
    {"rotation": -400},
    {"z": -(1 << 31)},
    {"svg": ""},
    {"x": 1 << 30},
]


async def test_odd_values_of_a_file_are_exported_so_that_they_can_be_applied(server: Server) -> None:
    nodes = [node(number, f"n{number}", **fields) for number, fields in enumerate(ODD_VALUES)]
    drawings = [{"drawing_id": str(UUID(int=2000 + n)), "svg": "<svg/>", **each} for n, each in enumerate(ODD_DRAWINGS)]
    path = await open_file(server, nodes, [], drawings)
    document = await server.request("GET", f"{path}/topology", None, 200)
    assert "left_out" not in document
    assert (await apply(server, path, document))["changes"] == []


@pytest.mark.parametrize("value", ["", "eth", "{0.__class__}"])
async def test_any_format_of_ports_that_a_node_may_have_is_applied(server: Server, project: Any, value: str) -> None:
    path = f"/v2/projects/{project['project_id']}"
    made = await server.request("POST", f"{path}/nodes", {**HUB, "name": "SW1"}, 201)
    await server.request("PUT", f"{path}/nodes/{made['node_id']}", {"port_name_format": value}, 200)
    document = await server.request("GET", f"{path}/topology", None, 200)
    assert document["nodes"]["SW1"]["port_name_format"] == value
    assert (await apply(server, path, document))["changes"] == []


async def test_what_does_not_run_is_told_and_left_alone(server: Server) -> None:
    nodes = [
        node(1, "here"),
        node(2, "router", node_type="virtualbox"),
        node(3, "far", compute_id="elsewhere"),
        node(4, "also here"),
    ]
    links = [link(1, (1, 0), (2, 0)), link(2, (1, 1), (4, 1)), link(3, (1, 2), (9, 0))]
    path = await open_file(server, nodes, links)
    document = await server.request("GET", f"{path}/topology", None, 200)
    assert list(document["nodes"]) == ["also here", "here"]
    assert len(document["links"]) == 1
    left_out = document["left_out"]
    assert "virtualbox" in left_out["router"] and "elsewhere" in left_out["far"]
    assert {"here:0 - router:0", str(UUID(int=1003))} <= left_out.keys()
    assert (await apply(server, path, document))["changes"] == []
    names = [each["name"] for each in await server.request("GET", f"{path}/nodes", None, 200)]
    assert sorted(names) == ["also here", "far", "here", "router"]
    document["nodes"]["router"] = {"node_type": "ethernet_hub"}
    assert "nodes[router]: there is a node of that name" in (await apply(server, path, document, 409))["message"]


async def test_two_nodes_of_one_name_are_refused_by_their_name(server: Server) -> None:
    """Version 1 takes a name as it is."""
    project = await server.request("POST", "/v1/projects", {"name": "old"}, 201)
    for _ in range(2):
        await server.request("POST", f"/v1/projects/{project['project_id']}/vpcs/vms", {"name": "PC"}, 201)
    path = f"/v2/projects/{project['project_id']}"
    error = await server.request("GET", f"{path}/topology", None, 409)
    assert "two are named 'PC'" in error["message"]
    assert "two are named 'PC'" in (await apply(server, path, {"nodes": {}}, 409))["message"]
    assert len(await server.request("GET", f"{path}/nodes", None, 200)) == 2


@pytest.mark.parametrize("count", [1, 300])
async def test_drawings_that_are_alike_are_kept_one_by_one(server: Server, project: Any, count: int) -> None:
    path = f"/v2/projects/{project['project_id']}"
    drawings = [{"svg": "<svg/>", "x": n % 3, "drawing_id": str(uuid4())} for n in range(count)]
    await server.request("POST", f"{path}/batch", {"drawings": drawings}, 201)
    wanted = [{"svg": "<svg/>"}] * (count - 1) + [{"svg": "<svg/>", "x": 2, "y": 7}]
    changes = (await apply(server, path, {"nodes": {}, "drawings": wanted}))["changes"]
    assert sorted(change["action"] for change in changes) == ["create", "delete"]
    assert len(await server.request("GET", f"{path}/drawings", None, 200)) == count


@needs_qemu
async def test_only_the_properties_of_a_machine_that_differ_from_the_defaults(server: Server) -> None:
    """So that people can read the document, and it does not name programs of this host."""
    project = await server.request("POST", "/v2/projects", {"name": "lab"}, 201)
    path = f"/v2/projects/{project['project_id']}"
    properties = {"ram": 64, "platform": "x86_64", "tpm": False, "options": "-no-reboot"}
    machine = {"name": "A", "node_type": "qemu", "compute_id": "local", "properties": properties}
    made = await server.request("POST", f"{path}/nodes", machine, 201)
    document = await server.request("GET", f"{path}/topology", None, 200)
    told = {"ram": 64, "platform": "x86_64", "options": "-no-reboot", "mac_address": made["properties"]["mac_address"]}
    assert document["nodes"]["A"]["properties"] == told
    assert (await apply(server, path, document))["changes"] == []
    other = await server.request("POST", "/v2/projects", {"name": "other"}, 201)
    await apply(server, f"/v2/projects/{other['project_id']}", document)
    assert await server.request("GET", f"/v2/projects/{other['project_id']}/topology", None, 200) == document
