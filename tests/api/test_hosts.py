"""What the computes are, and what runs where."""

from pathlib import Path
from typing import Any

from gns3trio import __version__
from tests.support.far_server import far_server
from tests.support.lab import Lab
from tests.support.project_files import ProjectOnDisk, document, end, link, node
from tests.support.server import Server

Json = dict[str, Any]
EMPTY = {"links": [], "node_types": [], "nodes": {"started": 0, "total": 0}, "projects": []}
NAMED_BY_A_FILE = {"compute_id": "cellar", "name": "cellar", "host": "192.0.2.7", "port": 3080, "protocol": "http"}


async def hosts(server: Server) -> dict[str, Json]:
    listed = await server.request("GET", "/v2/hosts", None, 200)
    computes = await server.request("GET", "/v2/computes", None, 200)
    assert [each["compute_id"] for each in listed] == [each["compute_id"] for each in computes]
    return {each["compute_id"]: each for each in listed}


async def test_this_server_alone(server: Server) -> None:
    own = {"compute_id": "local", "confirmed": True, "has_certificate": False, "own_version": __version__}
    assert await hosts(server) == {"local": {**own, **EMPTY}}


async def test_nodes_and_links_are_counted_where_they_are(server: Server, project: Json, tmp_path: Path) -> None:
    lab = Lab(server, project, [])
    async with far_server(tmp_path / "far") as far:
        assert (await server.request("POST", "/v2/computes", far.address, 201))["connected"]
        here, there = [await lab.node("ethernet_switch", compute_id=where) for where in ("local", "far")]
        pc = await lab.node("vpcs", compute_id="far")
        await lab.link((here, 0), (there, 0))
        await lab.link((here, 1), (there, 1))
        await lab.link((pc, 0), (there, 2))  # not between hosts
        found = await hosts(server)
        count = {"started": 1, "total": 1}
        assert found["local"]["nodes"] == count
        assert found["far"]["nodes"] == {"started": 1, "total": 2}
        assert found["far"]["node_types"] == [
            {"node_type": "ethernet_switch", **count},
            {"node_type": "vpcs", "started": 0, "total": 1},
        ]
        project_count = {"name": project["name"], "project_id": project["project_id"]}
        assert found["far"]["projects"] == [{**project_count, "started": 1, "total": 2}]
        assert found["far"]["links"] == [{"compute_id": "local", "links": 2}]
        assert found["local"]["links"] == [{"compute_id": "far", "links": 2}]
        assert found["far"]["own_version"] == __version__
        nodes = await server.request("GET", f"{lab.path}/nodes?compute_id=far", None, 200)
        assert [each["node_id"] for each in nodes] == [there["node_id"], pc["node_id"]]
        await server.request("POST", f"{lab.path}/close", None, 204)
        assert {name: host["nodes"]["total"] for name, host in (await hosts(server)).items()} == {"local": 0, "far": 0}


async def test_a_host_that_a_file_names_waits_to_be_confirmed(server: Server) -> None:
    away = node("PC1", compute_id="cellar")
    near, lost = node("PC2"), {"node_id": "00000000-0000-4000-8000-000000000000"}
    links = [link(end(away), end(near)), link(end(away, port=1), end(lost))]
    lab = ProjectOnDisk(server, document([away, near], links, computes=[NAMED_BY_A_FILE]))
    await lab.open()
    cellar = (await hosts(server))["cellar"]
    assert (cellar["confirmed"], cellar["own_version"], cellar["nodes"]) == (False, None, {"started": 0, "total": 1})
    assert cellar["links"] == [{"compute_id": "local", "links": 1}]  # the second leads to no node
    await server.request("PUT", "/v2/computes/cellar", {}, 200)
    assert (await hosts(server))["cellar"]["confirmed"]


async def test_a_certificate_is_told_and_not_shown(server: Server) -> None:
    certificate = (Path(__file__).parents[1] / "http" / "tls" / "cert.pem").read_text()
    body = {"compute_id": "attic", "protocol": "https", "host": "127.0.0.1", "port": 9, "certificate": certificate}
    await server.request("POST", "/v2/computes", body, 201)
    assert (await hosts(server))["attic"]["has_certificate"]
    await server.request("PUT", "/v2/computes/attic", {"certificate": None}, 200)
    assert not (await hosts(server))["attic"]["has_certificate"]
