"""What is taken comes back when a project is opened again; what a project's file cannot hold is refused at once."""

from typing import Any

import orjson
import pytest

from gns3trio.controller.project import drawings
from gns3trio.controller.storage import project_file
from gns3trio.limits import MAX_DEPTH
from tests.support.server import Server

SWITCH = {"node_type": "ethernet_switch", "compute_id": "local"}
PARTS = ("nodes", "links", "drawings")


def nested(depth: int) -> dict[str, Any]:
    """An object of a depth, of objects and lists."""
    value: Any = 1
    for number in range(depth - 1):
        value = {"a": value} if number % 2 else [value]
    return {"a": value}


@pytest.fixture
async def lab(server: Server, project: dict[str, Any]) -> dict[str, str]:
    """The paths of a project with a node, a link and a drawing, by kind."""
    path = f"/v2/projects/{project['project_id']}"
    nodes = [await server.request("POST", f"{path}/nodes", {**SWITCH, "name": name}, 201) for name in ("A", "B")]
    ends = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": 0} for node in nodes]
    link = await server.request("POST", f"{path}/links", {"nodes": ends}, 201)
    drawing = await server.request("POST", f"{path}/drawings", {}, 201)
    return {
        "project": path,
        "node": f"{path}/nodes/{nodes[0]['node_id']}",
        "link": f"{path}/links/{link['link_id']}",
        "drawing": f"{path}/drawings/{drawing['drawing_id']}",
    }


async def state(server: Server, path: str) -> Any:
    return [await server.request("GET", each, None, 200) for each in (path, *(f"{path}/{part}" for part in PARTS))]


async def reopen(server: Server, path: str) -> None:
    await server.request("POST", f"{path}/close", None, 204)
    await server.request("POST", f"{path}/open", None, 201)


def ends_with_labels(link: dict[str, Any], label: Any) -> dict[str, Any]:
    return {"nodes": [{**end, "label": label} for end in link["nodes"]]}


TAKEN: list[tuple[str, Any]] = [
    ("link", {"link_style": nested(MAX_DEPTH - 1)}),
    ("link", {"link_style": nested(MAX_DEPTH - 2)}),
    ("project", {"supplier": nested(MAX_DEPTH - 1)}),
    ("project", {"supplier": {"logo": "a.png", "url": "", "more": 1}}),
    ("project", {"variables": [{"name": "x", "more": nested(MAX_DEPTH - 3)}]}),
    ("node", {"label": {"rotation": 360, "x": None, "y": 2**31 - 1, "style": None}}),
    ("node", {"label": {"rotation": -359, "x": -(2**31)}}),
    ("node", {"custom_adapters": [{"adapter_number": 7, "port_name": "x", "mac_address": "00:11:22:33:44:55"}]}),
    ("drawing", {"svg": "a.svg"}),
    ("drawing", {"svg": "picture.png"}),
    ("drawing", {"svg": "é" * 1001}),
]


@pytest.mark.parametrize(("kind", "body"), TAKEN)
async def test_what_is_taken_comes_back(server: Server, lab: dict[str, str], kind: str, body: Any) -> None:
    reply = await server.http.put(lab[kind], json=body)
    assert reply.is_success, reply.text
    before = await state(server, lab["project"])
    await reopen(server, lab["project"])
    assert await state(server, lab["project"]) == before
    assert (await server.request("GET", f"{lab['project']}/problems", None, 200))["file"] == []


REFUSED: list[tuple[str, Any, str]] = [
    ("node", {"label": {"rotation": 361}}, "label.rotation"),
    ("node", {"label": {"rotation": -360}}, "label.rotation"),
    ("node", {"custom_adapters": [{}]}, "custom_adapters[0].adapter_number"),
    ("node", {"custom_adapters": [{"adapter_number": "0"}]}, "custom_adapters[0].adapter_number"),
    ("node", {"custom_adapters": [{"adapter_number": 0, "port_name": ""}]}, "custom_adapters[0].port_name"),
    ("node", {"custom_adapters": [{"adapter_number": 0, "mac_address": "zz"}]}, "custom_adapters[0].mac_address"),
    ("node", {"custom_adapters": [{"adapter_number": 0}, {"adapter_number": 1, "x": 1}]}, "custom_adapters[1].x"),
    ("project", {"supplier": {"logo": 5}}, "supplier"),
    ("project", {"supplier": {"url": None}}, "supplier"),
    ("project", {"variables": [{"name": ""}]}, "variables[0].name"),
]


@pytest.mark.parametrize(("kind", "body", "field"), REFUSED)
async def test_what_a_file_cannot_hold_is_refused(
    server: Server, lab: dict[str, str], kind: str, body: Any, field: str
) -> None:
    before = await state(server, lab["project"])
    error = await server.request("PUT", lab[kind], body, 400)
    assert field in error["message"]
    assert await state(server, lab["project"]) == before


@pytest.mark.parametrize("label", [{"text": 5}, {"text": "x", "color": "red"}, {"text": "x", "rotation": 400}])
async def test_a_label_of_a_link_that_a_file_cannot_hold_is_refused(
    server: Server, lab: dict[str, str], label: Any
) -> None:
    before = await server.request("GET", lab["link"], None, 200)
    error = await server.request("PUT", lab["link"], ends_with_labels(before, label), 400)
    assert "nodes[0].label." in error["message"]
    assert await server.request("GET", lab["link"], None, 200) == before


async def test_settings_of_a_copy_are_checked_as_well(server: Server, lab: dict[str, str]) -> None:
    for wrong in ({"supplier": {"logo": 5}}, {"variables": [{"value": "x"}]}):
        await server.request("POST", f"{lab['project']}/duplicate", {"name": "copy", **wrong}, 400)


async def test_a_project_does_not_outgrow_its_file(
    server: Server, lab: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_file, "MAX_PROJECT_FILE_BYTES", 100_000)
    style = {"link_style": {"x": "x" * 60_000}}
    await server.request("PUT", lab["link"], style, 201)
    nodes = [
        {"name": f"N{n}", "properties": {}, "label": {"text": "", "style": "x" * 4096}, **SWITCH} for n in range(9)
    ]
    before = await state(server, lab["project"])
    error = await server.request("POST", f"{lab['project']}/batch", {"nodes": nodes}, 409)
    assert "the project is too large" in error["message"]
    error = await server.request("PUT", lab["link"], {"link_style": {"x": "x" * 99_999}}, 409)
    assert "the project is too large" in error["message"]
    assert await state(server, lab["project"]) == before
    await server.request("POST", f"{lab['project']}/nodes", {"name": "small", **SWITCH}, 201)
    await reopen(server, lab["project"])
    assert len((await state(server, lab["project"]))[1]) == 3


async def test_impairments_do_not_outgrow_their_file(
    server: Server, lab: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_file, "MAX_PROJECT_FILE_BYTES", 20_000)
    path = f"{lab['link']}/impairments"
    long = " or ".join(["tcp"] * 145)
    many = {"impairments": [{"type": "bpf", "expression": long}] * 32, "seed": 1}
    before = await server.request("GET", path, None, 200)
    error = await server.request("PUT", path, many, 409)
    assert "gns3trio.json would have more than 19.5 KiB" in error["message"]
    assert await server.request("GET", path, None, 200) == before


async def test_pictures_have_room_together(
    server: Server, lab: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawings, "MAX_PICTURES_BYTES", 10_000)
    path = f"{lab['project']}/drawings"
    first = await server.request("POST", path, {"svg": "a" * 6000}, 201)
    for method, where, svg in (("POST", path, "b" * 4001), ("PUT", lab["drawing"], "é" * 2001)):
        error = await server.request(method, where, {"svg": svg, "x": 9}, 409)
        assert "svg: the pictures of the project" in error["message"]
    await server.request("PUT", f"{path}/{first['drawing_id']}", {"svg": "c" * 9000}, 201)
    await server.request("POST", path, {"svg": "d" * 1000}, 201)
    before = orjson.dumps(await server.request("GET", path, None, 200))
    await reopen(server, lab["project"])
    assert orjson.dumps(await server.request("GET", path, None, 200)) == before
