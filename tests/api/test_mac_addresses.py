"""MAC addresses of VPCS: unique on the server, kept beside the project's file, and others in its copies."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import orjson

from gns3trio.compute.nodes.vpcs.pc_macs import mac_address
from gns3trio.config import Config
from gns3trio.server import open_server
from tests.support.archives import export, import_
from tests.support.lab import create
from tests.support.plain_http import NO_TLS
from tests.support.server import Server

OWN_FIELDS = "project-files/gns3trio.json"


def path_of(project: dict[str, Any]) -> str:
    return f"/v2/projects/{project['project_id']}"


async def mac_ids(server: Server, project: dict[str, Any]) -> dict[str, int]:
    """What the addresses of the nodes are made of, by name, as it is kept."""
    nodes = await server.request("GET", f"{path_of(project)}/nodes", None, 200)
    folder = Path((await server.request("GET", path_of(project), None, 200))["path"])
    kept = orjson.loads((folder / OWN_FIELDS).read_bytes())["nodes"]
    return {node["name"]: kept[node["node_id"]]["mac_id"] for node in nodes}


async def make_project(server: Server, name: str, *nodes: str) -> dict[str, Any]:
    project = await server.request("POST", "/v2/projects", {"name": name}, 201)
    for node in nodes:
        await create(server, project, name=node)
    return project


async def reopen(server: Server, project: dict[str, Any]) -> None:
    await server.request("POST", f"{path_of(project)}/close", None, 204)
    await server.request("POST", f"{path_of(project)}/open", None, 201)


async def test_two_projects_have_none_in_common(server: Server) -> None:
    first = await make_project(server, "first", "PC1", "PC2")
    second = await make_project(server, "second", "PC1", "PC2")
    assert (await mac_ids(server, first), await mac_ids(server, second)) == ({"PC1": 0, "PC2": 1}, {"PC1": 2, "PC2": 3})


async def test_the_program_gets_the_one_that_is_kept(server: Server) -> None:
    await make_project(server, "first", "PC1", "PC2")
    second = await make_project(server, "second", "PC1")
    (node,) = await server.request("GET", f"{path_of(second)}/nodes", None, 200)
    started = await server.request("POST", f"{path_of(second)}/nodes/{node['node_id']}/start", None, 200)
    assert " -m 2 " in started["command_line"]


async def test_a_project_keeps_them_while_others_come_and_go(server: Server) -> None:
    first = await make_project(server, "first", "PC1", "PC2")
    await server.request("POST", f"{path_of(first)}/close", None, 204)
    second = await make_project(server, "second", "PC1", "PC2")
    await server.request("POST", f"{path_of(first)}/open", None, 201)
    assert sorted([*(await mac_ids(server, first)).values(), *(await mac_ids(server, second)).values()]) == [0, 1, 2, 3]
    kept = await mac_ids(server, first)
    await reopen(server, first)
    assert await mac_ids(server, first) == kept


async def test_they_survive_a_restart_in_whatever_order_projects_are_opened(config: Config) -> None:
    projects: list[dict[str, Any]] = []
    kept: list[dict[str, int]] = []
    for run in range(2):
        async with (
            open_server(config) as opened,
            httpx.AsyncClient(base_url=opened.urls[0], timeout=30, verify=NO_TLS) as http,
        ):
            server = Server(opened.urls[0], config, http)
            if run == 0:
                projects = [await make_project(server, name, "PC1", "PC2", "PC3") for name in ("a", "b")]
                (node, *_) = await server.request("GET", f"{path_of(projects[0])}/nodes", None, 200)
                await server.request("DELETE", f"{path_of(projects[0])}/nodes/{node['node_id']}", None, 204)
                kept = [await mac_ids(server, project) for project in projects]
            else:
                for project in reversed(projects):
                    await server.request("POST", f"{path_of(project)}/open", None, 201)
                assert [await mac_ids(server, project) for project in projects] == kept


async def test_copies_get_others(server: Server, project: dict[str, Any]) -> None:
    node = await create(server, project)
    copied = await server.request(
        "POST", f"{path_of(project)}/nodes/{node['node_id']}/duplicate", {"x": 1, "y": 2, "z": 1}, 201
    )
    duplicate = await server.request("POST", f"{path_of(project)}/duplicate", {"name": "copy"}, 201)
    exported = (await server.http.get(f"{path_of(project)}/export")).content
    import_id = "00000000-0000-4000-8000-00000000abcd"
    reply = await server.http.post(f"/v2/projects/{import_id}/import", content=exported, params={"name": "imported"})
    assert reply.status_code == 201, reply.text
    used = []
    for each in (project, duplicate, reply.json()):
        await server.request("POST", f"{path_of(each)}/open", None, 201)
        used += (await mac_ids(server, each)).values()
    assert copied["name"] == "PC2" and len(used) == 6 and len(set(used)) == 6


async def test_a_snapshot_brings_them_back(server: Server, project: dict[str, Any]) -> None:
    await create(server, project, name="PC1")
    await create(server, project, name="PC2")
    kept = await mac_ids(server, project)
    snapshot = await server.request("POST", f"{path_of(project)}/snapshots", {"name": "before"}, 201)
    (first, _) = await server.request("GET", f"{path_of(project)}/nodes", None, 200)
    await server.request("DELETE", f"{path_of(project)}/nodes/{first['node_id']}", None, 204)
    await server.request("POST", f"{path_of(project)}/snapshots/{snapshot['snapshot_id']}/restore", None, 201)
    assert await mac_ids(server, project) == kept


async def test_a_file_of_another_server_gets_some_and_is_not_written(server: Server, project: dict[str, Any]) -> None:
    await create(server, project, name="PC1")
    await create(server, project, name="PC2")
    await server.request("POST", f"{path_of(project)}/close", None, 204)
    folder = Path(project["path"])
    file = folder / project["filename"]
    file.write_bytes(orjson.dumps(orjson.loads(file.read_bytes())))
    before = file.read_bytes()
    for own_fields in (None, {}, {"version": 1, "nodes": 3}, {"version": 1, "nodes": {"x": {"mac_id": "y"}, "z": 1}}):
        (folder / OWN_FIELDS).unlink(missing_ok=True)
        if own_fields is not None:
            (folder / OWN_FIELDS).write_bytes(orjson.dumps(own_fields))
        await server.request("POST", f"{path_of(project)}/open", None, 201)
        assert len(set((await mac_ids(server, project)).values())) == 2
        assert file.read_bytes() == before
        await server.request("POST", f"{path_of(project)}/close", None, 204)


async def test_numbers_of_a_file_that_cannot_be(server: Server, project: dict[str, Any]) -> None:
    nodes = [await create(server, project, name=f"PC{number}") for number in range(4)]
    await server.request("POST", f"{path_of(project)}/close", None, 204)
    numbers = [7, 7, -1, 10**9]
    wanted = {node["node_id"]: {"mac_id": number} for node, number in zip(nodes, numbers, strict=True)}
    (Path(project["path"]) / OWN_FIELDS).write_bytes(orjson.dumps({"version": 1, "nodes": wanted}))
    await server.request("POST", f"{path_of(project)}/open", None, 201)
    got = list((await mac_ids(server, project)).values())
    assert got[0] == 7 and len(set(got)) == 4 and all(0 <= number < 255 for number in got)


async def test_300_built_in_pcs_two_projects_and_their_copies_have_none_in_common(server: Server) -> None:
    """Beside VPCS, of which a project has 255 at most."""

    def pcs(names: Iterable[str], engine: str) -> list[dict[str, Any]]:
        return [{"node_type": "vpcs", "compute_id": "local", "name": name, "engine": engine} for name in names]

    first, second = await make_project(server, "first"), await make_project(server, "second")
    wanted = pcs((f"PC{number}" for number in range(300)), "builtin")
    nodes = (await server.request("POST", f"{path_of(first)}/batch", {"nodes": wanted}, 201))["nodes"]
    wanted = [*pcs(("A", "B", "C"), "process"), *pcs(("D", "E", "F"), "builtin")]
    await server.request("POST", f"{path_of(second)}/batch", {"nodes": wanted}, 201)
    at = {"x": 1, "y": 2, "z": 1}
    await server.request("POST", f"{path_of(first)}/nodes/{nodes[0]['node_id']}/duplicate", at, 201)
    copy = await server.request("POST", f"{path_of(first)}/duplicate", {"name": "copy"}, 201)
    imported = await import_(server, await export(server, second))
    for each in (copy, imported):
        await server.request("POST", f"{path_of(each)}/open", None, 201)
    projects = (first, second, copy, imported)
    numbers = [number for project in projects for number in (await mac_ids(server, project)).values()]
    addresses = {mac_address(number) for number in numbers}
    assert len(numbers) == 301 + 6 + 301 + 6 == len(addresses)
    assert sum(address.startswith("00:50:79:66:68:") for address in addresses) == 6  # those of VPCS
    kept = [await mac_ids(server, project) for project in projects]
    for project in projects:
        await reopen(server, project)
    assert [await mac_ids(server, project) for project in projects] == kept


async def test_an_engine_that_is_changed_takes_no_address_of_another_node(server: Server) -> None:
    first, second = await make_project(server, "first", "PC1", "PC2"), await make_project(server, "second", "PC1")
    node, _ = await server.request("GET", f"{path_of(first)}/nodes", None, 200)
    route = f"{path_of(first)}/nodes/{node['node_id']}/engine"
    await server.request("PUT", route, {"engine": "builtin"}, 200)
    assert await mac_ids(server, first) == {"PC1": 0, "PC2": 1}  # it keeps that of VPCS
    await create(server, second, name="PC2")
    assert await mac_ids(server, second) == {"PC1": 2, "PC2": 3}
    await reopen(server, first)
    await server.request("PUT", route, {"engine": "process"}, 200)
    assert await mac_ids(server, first) == {"PC1": 0, "PC2": 1}


async def test_two_files_with_one_number_of_a_built_in_pc(server: Server) -> None:
    numbers: list[int] = []
    for name in ("first", "second"):
        project = await make_project(server, name)
        node = await create(server, project, name="PC1", engine="builtin")
        await server.request("POST", f"{path_of(project)}/close", None, 204)
        kept = {node["node_id"]: {"mac_id": 5000, "engine": "builtin"}}
        (Path(project["path"]) / OWN_FIELDS).write_bytes(orjson.dumps({"version": 1, "nodes": kept}))
        await server.request("POST", f"{path_of(project)}/open", None, 201)
        numbers += (await mac_ids(server, project)).values()
    assert numbers[0] == 5000 and numbers[1] not in (5000, *range(256))
