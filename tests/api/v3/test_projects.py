"""``/v3/projects``: statuses and shapes as GNS3 3.0.6 has them."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.server import Server
from tests.support.v3 import V3
from tests.support.v3_lab import V3Lab

KEYS = {
    *("name", "project_id", "path", "filename", "status", "auto_close", "auto_open", "auto_start", "scene_height"),
    *("scene_width", "zoom", "show_layers", "snap_to_grid", "show_grid", "grid_size", "drawing_grid_size"),
    *("show_interface_labels", "supplier", "variables"),
}


async def test_a_project_from_creation_to_deletion(v3: V3) -> None:
    made = await v3.request("POST", "/v3/projects", {"name": "mine", "zoom": "80", "unknown": 1}, 201)
    assert made.keys() == KEYS and made["zoom"] == 80 and made["status"] == "opened"
    assert made["filename"] == "mine.gns3"
    path = f"/v3/projects/{made['project_id']}"
    assert await v3.request("GET", path, None, 200) == made
    assert made in await v3.request("GET", "/v3/projects", None, 200)
    changed = await v3.request("PUT", path, {**made, "show_grid": "yes"}, 200)  # a whole object comes back
    assert changed["show_grid"] is True
    stats = await v3.request("GET", f"{path}/stats", None, 200)
    assert stats == {"nodes": 0, "links": 0, "drawings": 0, "snapshots": 0}
    for _ in range(2):
        await v3.request("POST", f"{path}/close", {}, 204)
    for _ in range(2):
        assert (await v3.request("POST", f"{path}/open", None, 201))["status"] == "opened"
    await v3.request("DELETE", path, {}, 204)
    await v3.refused("GET", path, None, 404)


async def test_a_known_id_gives_the_project_that_has_it(v3: V3, project: dict[str, Any]) -> None:
    body = {"name": "other", "project_id": project["project_id"]}
    assert (await v3.request("POST", "/v3/projects", body, 201))["name"] == "lab"


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({}, 422, "name"),
        ({"name": ""}, 422, "name"),
        ({"name": None}, 422, "name"),
        ({"name": 5}, 422, "name"),
        ({"name": "lab"}, 409, "lab"),
        ({"name": "a/b"}, 409, "name"),
        ({"name": "x", "project_id": "x"}, 422, "project_id"),
        ({"name": "x", "path": "/nowhere/else"}, 403, "path"),
        ({"name": "x", "zoom": "far"}, 422, "zoom"),
        ({"name": "x", "supplier": {"logo": "x.png", "url": "nonsense"}}, 422, "supplier.url"),
        ({"name": "x", "supplier": {"logo": "x.png", "url": "http://["}}, 422, "supplier.url"),
        ({"name": "x", "variables": [{"value": "b"}]}, 422, "variables[0].name"),
        ([], 422, "body"),
    ],
)
async def test_a_project_that_cannot_be_made(
    v3: V3, project: dict[str, Any], body: Any, status: int, word: str
) -> None:
    await v3.refused("POST", "/v3/projects", body, status, word)
    assert len(await v3.request("GET", "/v3/projects", None, 200)) == 1


async def test_a_body_is_json_and_cannot_be_left_out(v3: V3) -> None:
    form = await v3.send("POST", "/v3/projects", data={"name": "x"})
    empty = await v3.send("POST", "/v3/projects")
    text = await v3.send("POST", "/v3/projects", content=b'{"name": "x"}', headers={"content-type": "text/plain"})
    assert [reply.status_code for reply in (form, empty, text)] == [422, 422, 422]


async def test_nulls_count_as_left_out(v3: V3, path: str) -> None:
    """GNS3 stores some of them, and its clients send whole objects back."""
    before = await v3.request("GET", path, None, 200)
    nulls = dict.fromkeys(("name", "zoom", "auto_close", "scene_width", "show_grid"))
    assert await v3.request("PUT", path, nulls, 200) == before


async def test_the_address_of_a_supplier_is_told_in_full(v3: V3, path: str) -> None:
    body = {"supplier": {"logo": "x.png", "url": "http://x.example"}, "variables": [{"name": "a", "value": None}]}
    changed = await v3.request("PUT", path, body, 200)
    assert changed["supplier"] == {"logo": "x.png", "url": "http://x.example/"}
    assert changed["variables"] == [{"name": "a"}]


async def test_unknown_and_malformed_ids(v3: V3) -> None:
    await v3.refused("GET", f"/v3/projects/{uuid4()}", None, 404)
    await v3.refused("GET", "/v3/projects/nonsense", None, 422, "project_id")
    await v3.refused("POST", f"/v3/projects/{uuid4()}/open", {}, 404)


async def test_a_project_is_locked_and_unlocked_as_a_whole(lab3: V3Lab) -> None:
    v3, path = lab3.v3, lab3.path
    assert await v3.request("GET", f"{path}/locked", None, 200) is True  # nothing in it is not
    node = await lab3.node()
    drawing = await v3.request("POST", f"{path}/drawings", {"svg": "<svg/>"}, 201)
    assert await v3.request("GET", f"{path}/locked", None, 200) is False
    await v3.request("POST", f"{path}/lock", {}, 204)
    assert await v3.request("GET", f"{path}/locked", None, 200) is True
    await v3.refused("DELETE", lab3.of(node), {}, 409, "locked")
    await v3.refused("DELETE", lab3.of(drawing), None, 409, "locked")
    await v3.request("POST", f"{path}/unlock", {}, 204)
    await v3.request("DELETE", lab3.of(node), {}, 204)


async def test_what_a_closed_project_tells(lab3: V3Lab) -> None:
    v3, path = lab3.v3, lab3.path
    node = await lab3.node()
    link_of = await lab3.link(lab3.end(node), lab3.end(await lab3.node("SW", "ethernet_switch")))
    await v3.request("POST", f"{path}/drawings", {"svg": "<svg/>"}, 201)
    await v3.request("POST", f"{path}/close", {}, 204)
    saved = await v3.request("GET", f"{path}/nodes", None, 200)
    assert {each["aux"] for each in saved} == {None} and "usage" in saved[0]["properties"]
    assert [each["link_id"] for each in await v3.request("GET", f"{path}/links", None, 200)] == [link_of["link_id"]]
    assert len(await v3.request("GET", f"{path}/drawings", None, 200)) == 1
    for method, where in (("GET", "locked"), ("POST", "lock"), ("POST", "nodes/start")):
        await v3.refused(method, f"{path}/{where}", {}, 403, "not opened")
    await v3.refused("GET", lab3.of(node), None, 403, "not opened")
    await v3.refused("POST", f"{path}/nodes", {"name": "x", "node_type": "vpcs", "compute_id": "local"}, 403)


async def test_version_2_sees_what_version_3_makes(lab3: V3Lab, server: Server) -> None:
    node = await lab3.node("A")
    path = lab3.path.replace("/v3/", "/v2/")
    (seen,) = await server.request("GET", f"{path}/nodes", None, 200)
    assert seen["node_id"] == node["node_id"] and "aux" not in seen
