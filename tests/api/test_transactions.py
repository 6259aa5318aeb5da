"""A request that fails leaves nothing, whatever happens at the same time."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trio

from gns3trio.controller.storage import files as storage
from gns3trio.errors import Unavailable
from tests.support.lab import BASE, create
from tests.support.server import Server


def refuse(file: Path, data: bytes) -> None:
    raise Unavailable(f"{file} cannot be written: the disk is full")


async def test_a_full_disk_undoes_a_creation(
    server: Server, project: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v2/projects/{project['project_id']}"
    first, second = await create(server, project), await create(server, project)
    with monkeypatch.context() as disk:
        disk.setattr(storage, "write_atomic", refuse)
        error = await server.request("POST", f"{path}/nodes", {**BASE, "name": "PC3"}, 503)
        assert "the disk is full" in error["message"]
        ends = [{"node_id": n["node_id"], "adapter_number": 0, "port_number": 0} for n in (first, second)]
        await server.request("POST", f"{path}/links", {"nodes": ends}, 503)
        batch = {"nodes": [{**BASE, "name": name} for name in ("PC4", "PC5")], "links": [{"nodes": ends}]}
        await server.request("POST", f"{path}/batch", {**batch, "drawings": [{}]}, 503)
        assert await server.request("GET", f"{path}/drawings", None, 200) == []
        assert [n["node_id"] for n in await server.request("GET", f"{path}/nodes", None, 200)] == [
            first["node_id"],
            second["node_id"],
        ]
        assert await server.request("GET", f"{path}/links", None, 200) == []
        assert len(list(Path(project["path"]).glob("project-files/vpcs/*"))) == 2
        changes = {"name": "renamed", "console": first["console"] + 50, "x": 5}
        await server.request("PUT", f"{path}/nodes/{first['node_id']}", changes, 503)
        assert await server.request("GET", f"{path}/nodes/{first['node_id']}", None, 200) == first
    third = await create(server, project, name="PC3")
    assert (third["name"], third["console"]) == ("PC3", second["console"] + 1)
    await server.request("POST", f"{path}/links", {"nodes": ends}, 201)


async def test_a_full_disk_undoes_a_deletion_and_keeps_a_project_open(
    server: Server, project: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v2/projects/{project['project_id']}"
    nodes = [await create(server, project), await create(server, project)]
    ends = [{"node_id": n["node_id"], "adapter_number": 0, "port_number": 0} for n in nodes]
    link = await server.request("POST", f"{path}/links", {"nodes": ends}, 201)
    with monkeypatch.context() as disk:
        disk.setattr(storage, "write_atomic", refuse)
        await server.request("DELETE", f"{path}/nodes/{nodes[0]['node_id']}", None, 503)
        await server.request("DELETE", f"{path}/links/{link['link_id']}", None, 503)
        error = await server.request("POST", f"{path}/close", None, 503)
        assert "the disk is full" in error["message"]
        assert await server.request("GET", f"{path}/nodes", None, 200) == nodes
        assert await server.request("GET", f"{path}/links", None, 200) == [link]
        assert Path(nodes[0]["node_directory"]).is_dir()
    await server.request("POST", f"{path}/close", None, 204)
    await server.request("POST", f"{path}/open", None, 201)
    assert await server.request("GET", f"{path}/links", None, 200) == [link]
    await server.request("DELETE", f"{path}/nodes/{nodes[0]['node_id']}", None, 204)
    assert await server.request("GET", f"{path}/links", None, 200) == []
    assert not Path(nodes[0]["node_directory"]).exists()


@pytest.mark.parametrize("end", ["close", "delete"])
async def test_creations_while_the_project_ends(server: Server, project: dict[str, Any], end: str) -> None:
    path = f"/v2/projects/{project['project_id']}"
    created: list[str] = []

    async def create_one(number: int) -> None:
        reply = await server.http.post(f"{path}/nodes", json={**BASE, "name": f"PC{number}"})
        assert reply.status_code in (201, 403, 404, 409), reply.text
        if reply.status_code == 201:
            created.append(reply.json()["node_id"])

    async def end_project() -> None:
        if end == "close":
            await server.request("POST", f"{path}/close", None, 204)
        else:
            await server.request("DELETE", path, None, 204)

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            for number in range(10):
                nursery.start_soon(create_one, number)
            nursery.start_soon(end_project)
            for number in range(10, 20):
                nursery.start_soon(create_one, number)
    if end == "close":
        saved = await server.request("GET", f"{path}/nodes", None, 200)
        assert sorted(node["node_id"] for node in saved) == sorted(created)
    else:
        assert not Path(project["path"]).exists()
    again = await server.request("POST", "/v2/projects", {"name": "again"}, 201)
    assert (await create(server, again))["console"] == 22000  # every port came back


@pytest.mark.parametrize("end", ["close", "delete"])
@pytest.mark.parametrize("kind", ["batch", "topology"])
async def test_many_changes_in_one_request_are_made_or_not_while_the_project_ends(
    server: Server, project: dict[str, Any], kind: str, end: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = f"/v2/projects/{project['project_id']}"
    count, statuses = 200, list[int]()
    names = [f"hub{number}" for number in range(count)]
    batch = {"nodes": [{"name": name, "node_type": "ethernet_hub", "compute_id": "local"} for name in names]}
    document = {"nodes": {name: {"node_type": "ethernet_hub"} for name in names}}

    async def change() -> None:
        if kind == "batch":
            reply = await server.http.post(f"{path}/batch", json=batch)
        else:
            reply = await server.http.put(f"{path}/topology", json=document)
        statuses.append(reply.status_code)
        assert reply.status_code in (200, 201, 403), reply.text

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(change)
            nursery.start_soon(change)  # waits for the other
            while not await server.request("GET", f"{path}/nodes?limit=1", None, 200):
                pass
            if end == "close":
                await server.request("POST", f"{path}/close", None, 204)
            else:
                await server.request("DELETE", path, None, 204)
    assert "taken back" not in caplog.text
    if end == "close":
        made = 2 - statuses.count(403) if kind == "batch" else int(200 in statuses)
        assert len(await server.request("GET", f"{path}/nodes", None, 200)) == made * count
    else:
        assert not Path(project["path"]).exists()


async def test_one_id_asked_for_many_times_at_once_is_one_node(server: Server, project: dict[str, Any]) -> None:
    node_id = str(uuid4())
    replies: list[dict[str, Any]] = []

    async def create_same() -> None:
        replies.append(await create(server, project, node_id=node_id))

    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(create_same)
    assert all(reply == replies[0] for reply in replies)
    nodes = await server.request("GET", f"/v2/projects/{project['project_id']}/nodes", None, 200)
    assert len(nodes) == 1


async def test_links_compete_for_a_port(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}/links"
    nodes = [await create(server, project) for _ in range(6)]
    statuses: list[int] = []

    async def link(other: dict[str, Any]) -> None:
        ends = [{"node_id": n["node_id"], "adapter_number": 0, "port_number": 0} for n in (nodes[0], other)]
        statuses.append((await server.http.post(path, json={"nodes": ends})).status_code)

    async with trio.open_nursery() as nursery:
        for other in nodes[1:]:
            nursery.start_soon(link, other)
    assert sorted(statuses) == [201, 409, 409, 409, 409]
    (made,) = await server.request("GET", path, None, 200)
    assert made.keys() >= {"link_id", "nodes", "filters", "suspend", "link_style", "link_type", "capturing"}
    assert await server.request("GET", f"{path}/{made['link_id']}", None, 200) == made
    await server.request("DELETE", f"{path}/{made['link_id']}", None, 204)
    await server.request("DELETE", f"{path}/{made['link_id']}", None, 404)


@pytest.mark.parametrize(
    ("body", "status", "complaint"),
    [
        ({}, 400, "nodes"),
        ({"nodes": []}, 400, "nodes"),
        ({"nodes": [{"node_id": str(uuid4()), "adapter_number": 0, "port_number": 0}]}, 400, "nodes"),
        ({"nodes": [{"node_id": "x"}, {}]}, 400, r"nodes[0].node_id"),
        ({"nodes": [{"node_id": str(uuid4()), "adapter_number": 0, "port_number": 0}] * 2}, 409, "itself"),
    ],
)
async def test_a_refused_link_leaves_nothing(
    server: Server, project: dict[str, Any], body: dict[str, Any], status: int, complaint: str
) -> None:
    path = f"/v2/projects/{project['project_id']}/links"
    assert complaint in (await server.request("POST", path, body, status))["message"]
    assert await server.request("GET", path, None, 200) == []


async def test_ends_that_do_not_fit_free_their_ports(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}/links"
    first, second = await create(server, project), await create(server, project)
    unknown = str(uuid4())
    for node_id, port, status in [(unknown, 0, 404), (second["node_id"], 7, 404)]:
        ends = [
            {"node_id": first["node_id"], "adapter_number": 0, "port_number": 0},
            {"node_id": node_id, "adapter_number": 0, "port_number": port},
        ]
        await server.request("POST", path, {"nodes": ends}, status)
    lease = await server.request("POST", f"/v1/projects/{project['project_id']}/ports/udp", {}, 201)
    assert lease == {"udp_port": 24001}
