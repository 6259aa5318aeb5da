"""The engine of a node, an extension: chosen and changed beside GNS3's shapes, and kept beside its file."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
import orjson
import pytest

from gns3trio.config import Config
from tests.gns3_schema import require_gns3_reads
from tests.support.lab import create
from tests.support.server import VPCS, Server, node_path, started

OWN_FIELDS = "project-files/gns3trio.json"
DEFAULT = {"engine": "process", "is_default": True}
CHOSEN = {"engine": "builtin", "is_default": False}


@pytest.fixture
def config(config: Config) -> Config:
    return attrs.evolve(config, vpcs_engine="auto", vpcs_path=VPCS)


def path_of(project: dict[str, Any]) -> str:
    return f"/v2/projects/{project['project_id']}"


async def engine_of(server: Server, project: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = await server.request("GET", f"{node_path(project, node)}/engine", None, 200)
    return told


async def engines_of(server: Server, project: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By the names of the nodes."""
    nodes = await server.request("GET", f"{path_of(project)}/nodes", None, 200)
    return {node["name"]: await engine_of(server, project, node) for node in nodes}


async def change(
    server: Server, project: dict[str, Any], node: dict[str, Any], engine: str | None, status: int = 200
) -> Any:
    return await server.request("PUT", f"{node_path(project, node)}/engine", {"engine": engine}, status)


async def test_it_is_chosen_for_a_new_node_and_no_client_of_gns3_sees_it(
    server: Server, project: dict[str, Any]
) -> None:
    usual, node = await create(server, project), await create(server, project, engine="builtin")
    assert node.keys() == usual.keys() and "engine" not in node and "engine" not in node["properties"]
    assert await engines_of(server, project) == {"PC1": DEFAULT, "PC2": CHOSEN}
    folder = Path((await server.request("GET", path_of(project), None, 200))["path"])
    (file,) = folder.glob("*.gns3")
    assert "engine" not in file.read_text()
    require_gns3_reads(file.read_bytes())
    kept = orjson.loads((folder / OWN_FIELDS).read_bytes())["nodes"]
    assert kept[node["node_id"]]["engine"] == "builtin" and "engine" not in kept[usual["node_id"]]


async def test_in_a_batch_in_a_template_and_in_a_document(server: Server, project: dict[str, Any]) -> None:
    nodes = [
        {"node_type": "vpcs", "compute_id": "local", "name": name, **engine}
        for name, engine in (("A", {"engine": "builtin"}), ("B", {}))
    ]
    await server.request("POST", f"{path_of(project)}/batch", {"nodes": nodes}, 201)
    body = {"template_type": "vpcs", "name": "Mine", "compute_id": "local", "default_name_format": "C"}
    template = await server.request("POST", "/v2/templates", {**body, "engine": "builtin"}, 201)
    assert template["engine"] == "builtin"
    at = f"{path_of(project)}/templates/{template['template_id']}"
    await server.request("POST", at, {"x": 0, "y": 0}, 201)
    changed = await server.request("PUT", f"/v2/templates/{template['template_id']}", {"engine": None}, 200)
    assert "engine" not in changed
    assert await engines_of(server, project) == {"A": CHOSEN, "B": DEFAULT, "C": CHOSEN}

    document = await server.request("GET", f"{path_of(project)}/topology", None, 200)
    assert {name: node.get("engine") for name, node in document["nodes"].items()} == {
        "A": "builtin",
        "B": None,
        "C": "builtin",
    }
    document["nodes"]["A"]["engine"], document["nodes"]["B"]["engine"] = None, "builtin"
    document["nodes"]["D"] = {"node_type": "vpcs", "engine": "builtin"}
    told = await server.request("PUT", f"{path_of(project)}/topology", document, 200)
    assert [(each["action"], each["name"], each["fields"]) for each in told["changes"]] == [
        ("update", "A", {"engine": {"from": "builtin", "to": None}}),
        ("update", "B", {"engine": {"from": None, "to": "builtin"}}),
        ("create", "D", {}),
    ]
    assert await engines_of(server, project) == {"A": DEFAULT, "B": CHOSEN, "C": CHOSEN, "D": CHOSEN}
    assert (await server.request("PUT", f"{path_of(project)}/topology", document, 200))["changes"] == []


async def test_a_document_that_fails_later_takes_a_change_of_an_engine_back(
    server: Server, project: dict[str, Any]
) -> None:
    first, second = await create(server, project), await create(server, project)
    await server.request("POST", f"{node_path(project, second)}/start", None, 200)
    document = await server.request("GET", f"{path_of(project)}/topology", None, 200)
    for node in document["nodes"].values():
        node["engine"] = "builtin"
    refused = await server.request("PUT", f"{path_of(project)}/topology", document, 409)
    assert "engine: 'PC2' runs: stop it first" in refused["message"]
    assert await engine_of(server, project, first) == DEFAULT


async def test_a_document_with_an_unknown_engine_is_refused_before_it_is_tried(
    server: Server, project: dict[str, Any]
) -> None:
    for node in ({"node_type": "vpcs", "engine": "qemu"}, {"node_type": "ethernet_switch", "engine": "builtin"}):
        refused = await server.request("PUT", f"{path_of(project)}/topology?dry_run=true", {"nodes": {"A": node}}, 400)
        assert refused["message"].startswith("nodes[A].engine: ")


async def test_it_changes_while_the_node_is_stopped(server: Server, project: dict[str, Any]) -> None:
    node = await create(server, project, properties={"startup_script": "set pcname %h\n"})
    for engine, told in (("builtin", CHOSEN), ("process", {**CHOSEN, "engine": "process"}), (None, DEFAULT)):
        assert await change(server, project, node, engine) == told == await engine_of(server, project, node)
        shown = await server.request("GET", node_path(project, node), None, 200)
        assert shown == node  # its console, its folder, its ports
        run = await server.request("POST", f"{node_path(project, node)}/start", None, 200)
        assert (run["command_line"] == "") == (engine == "builtin")
        refused = await change(server, project, node, "process" if engine == "builtin" else "builtin", 409)
        assert refused["message"] == "engine: 'PC1' runs: stop it first"
        await server.request("POST", f"{node_path(project, node)}/stop", None, 200)
        node["command_line"] = run["command_line"]


async def test_what_cannot_be_is_refused_with_the_field(server: Server, project: dict[str, Any]) -> None:
    node, switch = await create(server, project), await create(server, project, name="S", node_type="ethernet_switch")
    assert await engine_of(server, project, switch) == {"engine": None, "is_default": True}
    for refused in (
        await change(server, project, node, "qemu", 400),
        await change(server, project, switch, "builtin", 400),
        await create_refused(server, project, 400, engine="qemu"),
        await create_refused(server, project, 400, engine="builtin", node_type="ethernet_hub"),
    ):
        assert refused["message"].startswith("engine: ")
    assert len(await server.request("GET", f"{path_of(project)}/nodes", None, 200)) == 2


async def create_refused(server: Server, project: dict[str, Any], status: int, **fields: Any) -> Any:
    body = {"node_type": "vpcs", "compute_id": "local", "name": "X", **fields}
    return await server.request("POST", f"{path_of(project)}/nodes", body, status)


async def test_a_node_keeps_it_where_vpcs_is_not_installed(config: Config) -> None:
    """A lab that was made elsewhere opens; the node says why it does not start, and can be changed."""
    async with started(config) as server:
        project = await server.request("POST", "/v2/projects", {"name": "lab"}, 201)
        await create(server, project, engine="process")
        await create(server, project, engine="builtin")
    async with started(attrs.evolve(config, vpcs_path="/nowhere/vpcs")) as server:
        await server.request("POST", f"{path_of(project)}/open", None, 201)
        assert await engines_of(server, project) == {"PC1": {**CHOSEN, "engine": "process"}, "PC2": CHOSEN}
        node, _ = await server.request("GET", f"{path_of(project)}/nodes", None, 200)
        refused = await server.request("POST", f"{node_path(project, node)}/start", None, 409)
        assert "VPCS is not installed" in refused["message"] and "engine builtin" in refused["message"]
        for refused in (
            await create_refused(server, project, 409, engine="process"),
            await change(server, project, node, None) and await change(server, project, node, "process", 409),
        ):
            assert refused["message"].startswith("engine: VPCS is not installed")
        assert await engine_of(server, project, node) == {"engine": "builtin", "is_default": True}
        await server.request("POST", f"{node_path(project, node)}/start", None, 200)


async def test_copies_have_it(server: Server, project: dict[str, Any]) -> None:
    node = await create(server, project, engine="builtin")
    await create(server, project)
    copy = await server.request("POST", f"{node_path(project, node)}/duplicate", {"x": 0, "y": 0, "z": 1}, 201)
    assert await engine_of(server, project, copy) == CHOSEN
    wanted = {"PC1": CHOSEN, "PC2": DEFAULT, copy["name"]: CHOSEN}
    other = await server.request("POST", f"{path_of(project)}/duplicate", {"name": "other"}, 201)
    await server.request("POST", f"{path_of(other)}/open", None, 201)
    assert await engines_of(server, other) == wanted
    archive = (await server.http.get(f"{path_of(project)}/export")).content
    imported = await server.http.post(f"/v2/projects/{uuid4()}/import?name=imported", content=archive)
    assert imported.status_code == 201, imported.text
    await server.request("POST", f"{path_of(imported.json())}/open", None, 201)
    assert await engines_of(server, imported.json()) == wanted
    snapshot = await server.request("POST", f"{path_of(project)}/snapshots", {"name": "before"}, 201)
    await change(server, project, node, None)
    restore = f"{path_of(project)}/snapshots/{snapshot['snapshot_id']}/restore"
    await server.request("POST", restore, None, 201)
    assert await engines_of(server, project) == wanted


async def test_an_unknown_one_in_the_file_is_reported_and_the_default_runs_the_node(
    server: Server, project: dict[str, Any]
) -> None:
    node = await create(server, project, engine="builtin")
    folder = Path((await server.request("GET", path_of(project), None, 200))["path"])
    await server.request("POST", f"{path_of(project)}/close", None, 204)
    fields = orjson.loads((folder / OWN_FIELDS).read_bytes())
    fields["nodes"][node["node_id"]]["engine"] = "qemu"
    (folder / OWN_FIELDS).write_bytes(orjson.dumps(fields))
    await server.request("POST", f"{path_of(project)}/open", None, 201)
    assert await engine_of(server, project, node) == DEFAULT
    problems = await server.request("GET", f"{path_of(project)}/problems", None, 200)
    assert any("'qemu'" in problem and node["node_id"] in problem for problem in problems["file"])
