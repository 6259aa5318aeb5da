"""Pages and filters of the lists of nodes and links, beside GNS3's whole lists."""

from typing import Any

import pytest

from gns3trio.api.v2.list_pages import LINK_STATUSES, LINKS_QUERY, NODE_STATUSES, NODES_QUERY
from tests.support.server import Server

PORT = {"adapter_number": 0, "port_number": 0}


@pytest.fixture
async def path(server: Server, project: dict[str, Any]) -> str:
    """A project with four hubs, three switches and two VPCS; hub0 is linked to each switch."""
    path = f"/v2/projects/{project['project_id']}"
    names = [(f"hub{n}", "ethernet_hub") for n in range(4)]
    names += [(f"Core{n}", "ethernet_switch") for n in range(3)] + [(f"PC{n}", "vpcs") for n in range(2)]
    nodes = [{"name": name, "node_type": kind, "compute_id": "local"} for name, kind in names]
    made = (await server.request("POST", f"{path}/batch", {"nodes": nodes}, 201))["nodes"]
    for number in range(3):
        ends = [
            {"node_id": made[0]["node_id"], **PORT, "port_number": number},
            {"node_id": made[4 + number]["node_id"], **PORT},
        ]
        await server.request("POST", f"{path}/links", {"nodes": ends, "suspend": number == 2}, 201)
    return path


async def page(server: Server, path: str, **query: object) -> tuple[list[dict[str, Any]], int]:
    reply = await server.http.get(path, params={name: str(value) for name, value in query.items()})
    assert reply.status_code == 200, reply.text
    return reply.json(), int(reply.headers["gns3trio-total"])


def names(nodes: list[dict[str, Any]]) -> list[str]:
    return [node["name"] for node in nodes]


async def close(server: Server, path: str) -> None:
    await server.request("POST", f"{path}/close", None, 204)


@pytest.mark.parametrize("kind", ["nodes", "links"])
@pytest.mark.parametrize("is_open", [True, False], ids=["open", "closed"])
async def test_pages_are_parts_of_the_whole_list(server: Server, path: str, kind: str, is_open: bool) -> None:
    if not is_open:
        await close(server, path)
    reply = await server.http.get(f"{path}/{kind}")
    whole = reply.json()
    assert "gns3trio-total" not in reply.headers
    pages = [await page(server, f"{path}/{kind}", limit=2, offset=offset) for offset in range(0, len(whole), 2)]
    assert [each for found, _ in pages for each in found] == whole
    assert {total for _, total in pages} == {len(whole)}
    assert await page(server, f"{path}/{kind}", limit=0) == ([], len(whole))
    assert await page(server, f"{path}/{kind}", offset=len(whole) + 5) == ([], len(whole))
    assert await page(server, f"{path}/{kind}", offset=1) == (whole[1:], len(whole))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"name": "core"}, ["Core0", "Core1", "Core2"]),
        ({"name": "C"}, ["Core0", "Core1", "Core2", "PC0", "PC1"]),
        ({"name": "0", "node_type": "ethernet_hub"}, ["hub0"]),
        ({"status": "stopped"}, ["PC0", "PC1"]),
        ({"status": "suspended"}, []),
        ({"node_type": "qemu"}, []),
        ({"name": ""}, ["hub0", "hub1", "hub2", "hub3", "Core0", "Core1", "Core2", "PC0", "PC1"]),
    ],
)
async def test_nodes_are_filtered(server: Server, path: str, query: dict[str, Any], wanted: list[str]) -> None:
    found, total = await page(server, f"{path}/nodes", **query)
    assert sorted(names(found)) == sorted(wanted)
    assert total == len(wanted)
    whole = (await server.http.get(f"{path}/nodes")).json()
    assert found == [node for node in whole if node["name"] in wanted]
    assert await page(server, f"{path}/nodes", **query, limit=1, offset=1) == (found[1:2], total)


async def test_the_nodes_of_a_closed_project_are_stopped(server: Server, path: str) -> None:
    await close(server, path)
    assert (await page(server, f"{path}/nodes", status="stopped", name="hub"))[1] == 4
    assert await page(server, f"{path}/nodes", status="started") == ([], 0)


async def test_links_are_filtered(server: Server, path: str) -> None:
    ids = {node["name"]: node["node_id"] for node in (await server.http.get(f"{path}/nodes")).json()}
    first, second, third = (link["link_id"] for link in (await server.http.get(f"{path}/links")).json())

    async def found(**query: object) -> list[str]:
        return [link["link_id"] for link in (await page(server, f"{path}/links", **query))[0]]

    for is_open in (True, False):
        assert await found(node_id=ids["Core1"]) == [second]
        assert await found(node_id=ids["hub0"]) == [first, second, third]
        assert await found(node_id=ids["hub1"]) == []
        assert await found(name="core0") == [first]
        assert await found(name="core", node_id=ids["Core2"]) == [third]
        assert await found(name="PC") == []
        assert await found(status="suspended") == [third]
        assert await found(status="up") == ([first, second] if is_open else [])
        assert await found(status="down") == ([] if is_open else [first, second])
        assert await found(link_type="ethernet", limit=1, offset=1) == [second]
        assert await found(link_type="serial") == []
        if is_open:
            await close(server, path)


BAD = [
    ("limit", "-1"),
    ("limit", "x"),
    ("limit", ""),
    ("limit", "²"),
    ("limit", "9" * 4000),
    ("offset", "1.5"),
    ("offset", "99999999"),
    ("status", "running"),
    ("status", ""),
]


@pytest.mark.parametrize("kind", ["nodes", "links"])
@pytest.mark.parametrize(("name", "value"), BAD)
async def test_a_bad_parameter_is_named(server: Server, path: str, kind: str, name: str, value: str) -> None:
    reply = await server.http.get(f"{path}/{kind}", params={name: value})
    assert reply.status_code == 400
    assert reply.json()["message"].startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("nodes?node_type=toaster", "node_type"),
        ("links?link_type=toaster", "link_type"),
        ("links?node_id=PC1", "node_id"),
        ("nodes?limit=1&limit=2", "limit"),
        ("nodes?limit=1&ofset=2", "ofset"),
        ("links?limit=1&node_type=vpcs", "node_type"),
    ],
)
async def test_what_cannot_be_meant_is_refused(server: Server, path: str, where: str, name: str) -> None:
    reply = await server.http.get(f"{path}/{where}")
    assert reply.status_code == 400
    assert reply.json()["message"].startswith(f"{name}: ")


@pytest.mark.parametrize("kind", ["nodes", "links"])
async def test_parameters_of_others_are_ignored_as_in_gns3(server: Server, path: str, kind: str) -> None:
    whole = await server.http.get(f"{path}/{kind}")
    other = await server.http.get(f"{path}/{kind}", params={"_": "1700000000"})
    assert other.content == whole.content
    assert other.headers.keys() == whole.headers.keys()


async def test_the_parameters_are_described(server: Server) -> None:
    paths = (await server.http.get("/openapi.json")).json()["paths"]
    for kind, query in (("nodes", NODES_QUERY), ("links", LINKS_QUERY)):
        described = paths[f"/v2/projects/{{project_id}}/{kind}"]["get"]["parameters"]
        assert {each["name"] for each in described if each["in"] == "query"} == query.keys()
    assert all(status in NODES_QUERY["status"] for status in NODE_STATUSES)
    assert all(status in LINKS_QUERY["status"] for status in LINK_STATUSES)
