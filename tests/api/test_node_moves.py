"""Nodes that move between this server and another one of ours, and where nodes without a compute go."""

import os
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
import trio

from tests.support.fake_compute import fake_compute, reply, says
from tests.support.far_server import FarServer, far_server
from tests.support.lab import Lab, read_match
from tests.support.server import Server, node_path
from tests.support.websockets import console

Json = dict[str, Any]
PATIENCE = 60
DISK_BYTES = 300_000_000
SCRIPT = "set pcname %h\nip 10.0.0.1/24\n"


@pytest.fixture
async def far(tmp_path: Path, server: Server) -> AsyncIterator[FarServer]:
    """The other server, which is a compute of the first."""
    async with far_server(tmp_path / "far") as opened:
        compute = await server.request("POST", "/v2/computes", opened.address, 201)
        assert compute["connected"]
        yield opened


@pytest.fixture
def nodes(server: Server, project: Json) -> Lab:
    return Lab(server, project, [])


def folder_at(far: FarServer, project: Json, node: Json) -> Path:
    return far.config.projects_path / project["project_id"] / "project-files" / "vpcs" / node["node_id"]


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def moved(server: Server, project: Json, node: Json, compute_id: str, status: int = 200) -> Json:
    path = f"{node_path(project, node)}/move"
    return dict(await server.request("POST", path, {"compute_id": compute_id}, status))


async def no_problems(server: Server, lab: Lab) -> None:
    assert await server.request("GET", f"{lab.path}/problems", None, 200) == {"file": [], "links": [], "nodes": []}


async def test_a_node_moves_there_and_back(server: Server, project: Json, nodes: Lab, far: FarServer) -> None:
    first = await nodes.node("vpcs", name="A", properties={"startup_script": SCRIPT})
    second = await nodes.node("vpcs", name="B", properties={"startup_script": SCRIPT.replace("0.1", "0.2")})
    link = await nodes.link((first, 0), (second, 0))
    here = Path(first["node_directory"])
    for number in range(200):
        file = here / "many" / str(number % 7) / f"{number}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"file {number}")
    (here / "großes bild.bin").write_bytes(bytes(range(256)) * 40_000)
    before = files_in(here)

    folder_at(far, project, first).mkdir(parents=True)
    (folder_at(far, project, first) / "left").write_text("long ago")
    shown = await moved(server, project, first, "far")
    assert (shown["compute_id"], shown["name"], shown["node_id"]) == ("far", "A", first["node_id"])
    assert (shown["x"], shown["y"], shown["console_type"]) == (first["x"], first["y"], "telnet")
    assert files_in(folder_at(far, project, first)) == before and not here.exists()
    stale = await server.request("PUT", node_path(project, first), {**first, "x": 77}, 200)  # as GNS3's desktop does
    assert (stale["compute_id"], stale["x"]) == ("far", 77)
    await server.request("PUT", node_path(project, second), {"compute_id": "far"}, 409)
    await no_problems(server, nodes)
    links = await server.request("GET", f"{nodes.path}/links", None, 200)
    assert [each["link_id"] for each in links] == [link["link_id"]]
    await server.request("POST", f"{nodes.path}/nodes/start", None, 204)
    error = await moved(server, project, first, "local", 409)
    assert "stop it first" in error["message"]
    await server.request("POST", f"{nodes.path}/nodes/stop", None, 204)

    here.mkdir()
    (here / "from a snapshot").write_text("of an earlier time")
    shown = await moved(server, project, first, "local")
    assert shown["compute_id"] == "local" and files_in(here) == before
    assert not folder_at(far, project, first).exists()
    ports = await far.get("/v2/compute/network/ports")
    assert (ports["console_ports"], ports["udp_ports"]) == ([], [])
    await server.request("POST", f"{nodes.path}/close", None, 204)
    await server.request("POST", f"{nodes.path}/open", None, 201)
    await no_problems(server, nodes)
    assert (await server.request("GET", node_path(project, first), None, 200))["compute_id"] == "local"


async def test_a_node_moves_from_one_other_host_to_another(
    server: Server, project: Json, nodes: Lab, far: FarServer, tmp_path: Path
) -> None:
    """Its files pass this server, which keeps none; its link does what it did."""
    ranges = {"console_start_port_range": 31001, "console_end_port_range": 31500}
    ranges |= {"udp_start_port_range": 31501, "udp_end_port_range": 32000}
    async with far_server(tmp_path / "third", **ranges) as third:
        await server.request("POST", "/v2/computes", {**third.address, "compute_id": "third", "name": "third"}, 201)
        node = await nodes.node("vpcs", name="A", compute_id="far", properties={"startup_script": SCRIPT})
        near = await nodes.node("vpcs", name="B", properties={"startup_script": SCRIPT.replace("0.1", "0.2")})
        link = await nodes.link((node, 0), (near, 0))
        await nodes.update(link, {"filters": {"packet_loss": [100]}})
        content = bytes(range(256)) * 20_000
        uploaded = await server.http.post(f"{node_path(project, node)}/files/a/b.bin", content=content)
        assert uploaded.status_code == 201
        before = files_in(folder_at(far, project, node))
        shown = await moved(server, project, node, "third")
        assert shown["compute_id"] == "third" and files_in(folder_at(third, project, node)) == before
        assert not folder_at(far, project, node).exists()
        assert not (
            server.config.projects_path / project["project_id"] / "project-files" / "vpcs" / node["node_id"]
        ).exists()
        await no_problems(server, nodes)
        (shown_link,) = await server.request("GET", f"{nodes.path}/links", None, 200)
        assert shown_link["filters"] == {"packet_loss": [100]}
        await server.request("POST", f"{nodes.path}/nodes/start", None, 204)
        async with console(server, project, near) as opened:
            for filters, outcome in (({"packet_loss": [100]}, b"not reachable"), ({}, b"icmp_seq=1 ttl")):
                await nodes.update(link, {"filters": filters})
                await opened.send_message(b"ping 10.0.0.1 -c 1\r")
                assert outcome in await read_match(opened, rb"(icmp_seq=1|not reachable)[^\r\n]*[\r\n]")
        await server.request("POST", f"{nodes.path}/close", None, 204)


async def test_what_is_wrong_with_a_request(server: Server, project: Json, nodes: Lab, far: FarServer) -> None:
    node = await nodes.node("vpcs")
    path = f"{node_path(project, node)}/move"
    for body, status in (({}, 400), ({"compute_id": 5}, 400), ({"compute_id": "far", "x": 1}, 400)):
        await server.request("POST", path, body, status)
    await moved(server, project, node, "nowhere", 404)
    itself = {**far.address, "compute_id": "itself", "name": "itself", "port": int(server.url.rpartition(":")[2])}
    await server.request("POST", "/v2/computes", {**itself, "user": None, "password": None}, 201)
    error = await moved(server, project, node, "itself", 409)
    assert "this server itself" in error["message"]
    await server.request("DELETE", "/v2/computes/itself", None, 204)
    await far.stop()
    with trio.fail_after(PATIENCE):
        while (await server.request("GET", "/v2/computes/far", None, 200))["connected"]:
            await trio.sleep(0.05)
    error = await moved(server, project, node, "far", 409)
    assert "cannot be reached" in error["message"]
    assert (await server.request("GET", node_path(project, node), None, 200))["compute_id"] == "local"


async def test_a_compute_that_vanishes_keeps_nothing_of_a_node(
    server: Server, project: Json, nodes: Lab, far: FarServer
) -> None:
    """The other server vanishes while files come, and has them still when it returns."""
    node = await nodes.node("vpcs", properties={"startup_script": SCRIPT})
    left = folder_at(far, project, node)
    disk = Path(node["node_directory"]) / "disk.bin"
    disk.touch()
    os.truncate(disk, DISK_BYTES)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(moved, server, project, node, "far", 409)
        with trio.fail_after(PATIENCE):
            while not left.exists():
                await trio.sleep(0.001)
        await far.stop()
    shown = await server.request("GET", node_path(project, node), None, 200)
    assert shown["compute_id"] == "local" and disk.stat().st_size == DISK_BYTES
    assert left.exists()
    await far.start()
    with trio.fail_after(PATIENCE):
        while left.exists():
            await trio.sleep(0.05)
    await moved(server, project, node, "far")
    assert (left / "disk.bin").stat().st_size == DISK_BYTES


async def test_nodes_without_a_compute(server: Server, project: Json, nodes: Lab, far: FarServer) -> None:
    found = Counter[str]()
    for _ in range(6):
        node = await nodes.node("vpcs", compute_id="auto")
        found[node["compute_id"]] += 1
    assert found == {"local": 3, "far": 3}
    (vpcs,) = [
        each for each in await server.request("GET", "/v2/templates", None, 200) if each["template_type"] == "vpcs"
    ]
    path = f"{nodes.path}/templates/{vpcs['template_id']}"
    made = [await server.request("POST", path, {"x": 0, "y": 0}, 201) for _ in range(2)]
    assert {each["compute_id"] for each in made} == {"local", "far"}
    await server.request("POST", f"{nodes.path}/nodes", {"name": "X", "node_type": "vpcs"}, 400)
    cloud = await nodes.node("cloud", compute_id="auto")
    assert cloud["compute_id"] == "local"


async def test_what_is_linked_in_one_request_stays_together(
    server: Server, project: Json, nodes: Lab, far: FarServer
) -> None:
    ids = [str(uuid4()) for _ in range(8)]
    ends = [
        [{"node_id": ids[at + step], "adapter_number": 0, "port_number": 0} for step in (0, 1)] for at in (0, 2, 4, 6)
    ]
    body = {
        "nodes": [{"node_id": each, "name": "PC{0}", "node_type": "vpcs", "compute_id": "auto"} for each in ids],
        "links": [{"nodes": each} for each in ends],
    }
    made = await server.request("POST", f"{nodes.path}/batch", body, 201)
    found = [node["compute_id"] for node in made["nodes"]]
    assert found[::2] == found[1::2] and Counter(found) == {"local": 4, "far": 4}
    await no_problems(server, nodes)

    names = [f"N{number}" for number in range(4)]
    switch = {"SW": {"node_type": "ethernet_switch"}}
    document: Json = {
        "nodes": {**{name: {"node_type": "vpcs"} for name in names}, **switch},
        "links": [{"ends": [name, f"SW:{port}"]} for port, name in enumerate(names)],
    }
    await server.request("PUT", f"{nodes.path}/topology", document, 200)
    assert len(set((await computes_of(server, nodes)).values())) == 1
    document["nodes"]["LATER"] = {"node_type": "vpcs"}
    document["links"].append({"ends": ["LATER", "SW:7"]})
    await server.request("PUT", f"{nodes.path}/topology", document, 200)
    assert len(set((await computes_of(server, nodes)).values())) == 1


async def test_a_document_names_computes_and_moves_nodes(
    server: Server, project: Json, nodes: Lab, far: FarServer
) -> None:
    path = f"{nodes.path}/topology"
    document: Json = {
        "nodes": {
            "A": {"node_type": "vpcs", "compute": "far"},
            "B": {"node_type": "vpcs"},
            "SW": {"node_type": "ethernet_switch", "compute": "far"},
            "C": {"node_type": "vpcs", "compute": "local"},
        },
        "links": [{"ends": ["A", "SW:0"]}, {"ends": ["B", "SW:1"]}, {"ends": ["C", "SW:2"]}],
    }
    await server.request("PUT", path, document, 200)
    assert await computes_of(server, nodes) == {"A": "far", "B": "far", "SW": "far", "C": "local"}
    exported = await server.request("GET", path, None, 200)
    assert {name: each["compute"] for name, each in exported["nodes"].items()} == await computes_of(server, nodes)
    unchanged = await server.request("PUT", path, exported, 200)
    assert unchanged["changes"] == []

    document["nodes"]["C"]["compute"] = "auto"  # it stays
    document["nodes"]["SW"]["compute"] = document["nodes"]["A"]["compute"] = "local"
    planned = await server.request("PUT", f"{path}?dry_run=true", document, 200)
    moves = {change["name"]: change["fields"]["compute"] for change in planned["changes"]}
    assert moves == {name: {"from": "far", "to": "local"} for name in ("A", "SW")}
    assert (await computes_of(server, nodes))["SW"] == "far"
    broken = {**document, "links": [*document["links"], {"ends": ["A:7", "B:9"]}]}
    await server.request("PUT", path, broken, 404)
    assert (await computes_of(server, nodes))["SW"] == "far"
    await no_problems(server, nodes)
    await server.request("PUT", path, document, 200)
    assert await computes_of(server, nodes) == {"A": "local", "B": "far", "SW": "local", "C": "local"}
    await no_problems(server, nodes)

    await server.request("POST", f"{nodes.path}/nodes/start", None, 204)
    document["nodes"]["A"]["compute"] = "far"
    for query in ("?dry_run=true", ""):
        error = await server.request("PUT", f"{path}{query}", document, 409)
        assert "'A' cannot be moved while it runs: stop it first" in error["message"]
    document["nodes"]["A"]["compute"] = "attic"
    error = await server.request("PUT", path, document, 400)
    assert "nodes[A].compute" in error["message"] and "attic" in error["message"]


async def computes_of(server: Server, lab: Lab) -> dict[str, str]:
    nodes = await server.request("GET", f"{lab.path}/nodes", None, 200)
    return {node["name"]: node["compute_id"] for node in nodes}


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("../../../escaped", "cannot be here"),
        ("a/../../../escaped", "cannot be here"),
        ("/etc/escaped", "cannot be here"),
        ("a//b", "cannot be here"),
        ("red\x1b[31m", "cannot be here"),
        ("x" * 300, "there is no file"),
        ("absent", "there is nothing"),
        (".", "cannot be here"),
    ],
)
async def test_files_with_hostile_names_do_not_come(
    server: Server, project: Json, nodes: Lab, path: str, word: str
) -> None:
    """The node stays where it is, because a part of its files would be lost."""
    node_id = str(uuid4())
    at = f"projects/{project['project_id']}"
    folder = f"project-files/vpcs/{node_id}"
    async with fake_compute() as fake:
        fake.answers |= {
            "POST projects": says(reply({}, 201)),
            f"POST {at}/vpcs/nodes": says(reply({"status": "stopped", "node_directory": f"/x/{folder}"}, 201)),
            f"GET {at}/files": says(reply([{"path": f"{folder}/{path}"}, {"path": f"{folder}/{path}"}, 7])),
        }
        body = {"compute_id": "far", "name": "far", "protocol": "http", "host": "127.0.0.1", "port": fake.port}
        assert (await server.request("POST", "/v2/computes", body, 201))["connected"]
        node = await nodes.node("vpcs", compute_id="far", node_id=node_id)
        answer = await server.http.post(f"{node_path(project, node)}/move", json={"compute_id": "local"})
        assert answer.status_code in (403, 404, 409), answer.text
        assert word in answer.json()["message"], answer.text
        assert (await server.request("GET", node_path(project, node), None, 200))["compute_id"] == "far"
        below = server.config.projects_path / project["project_id"]
        assert not (below / folder).exists() and not list(server.config.projects_path.rglob("*escaped*"))
        assert not any(asked.startswith("DELETE") for asked in fake.asked)
        await server.request("POST", f"{nodes.path}/close", None, 204)


async def test_the_engine_and_the_mac_address_move_too(
    server: Server, project: Json, nodes: Lab, far: FarServer
) -> None:
    """Between servers of ours."""
    others = [await nodes.node("vpcs") for _ in range(3)]
    node = await nodes.node("vpcs", name="A", engine="builtin")
    usual = others[2]

    async def identity(of: Json) -> tuple[str, bool, int]:
        await server.request("PUT", node_path(project, of), {"properties": {}}, 200)
        with trio.fail_after(PATIENCE):  # the compute reports it
            while not (engine := await server.request("GET", f"{node_path(project, of)}/engine", None, 200))["engine"]:
                await trio.sleep(0.02)
        own = server.config.projects_path / project["project_id"] / "project-files" / "gns3trio.json"
        mac_id = orjson.loads(own.read_bytes())["nodes"][of["node_id"]]["mac_id"]
        return engine["engine"], engine["is_default"], mac_id

    before = [await identity(each) for each in (node, usual)]
    assert before[0][:2] == ("builtin", False)
    for compute_id in ("far", "local", "far"):
        for each in (node, usual):
            await moved(server, project, each, compute_id)
        assert [await identity(each) for each in (node, usual)] == before
    await server.request("PUT", f"{node_path(project, node)}/engine", {"engine": "nonsense"}, 400)
    await server.request("PUT", f"{node_path(project, node)}/engine", {"engine": "process"}, 200)
    assert (await identity(node))[:2] == ("process", False)
    await server.request("PUT", f"{node_path(project, node)}/engine", {"engine": "builtin"}, 200)
    await server.request("POST", f"{nodes.path}/close", None, 204)
    await server.request("POST", f"{nodes.path}/open", None, 201)
    assert [(await identity(each))[:2] for each in (node, usual)] == [each[:2] for each in before]
