"""Settings that forbid types of nodes, and images from registries."""

from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from gns3trio.compute.nodes.docker.engine import Engine
from gns3trio.compute.nodes.docker.pulls import Pulls
from gns3trio.config import Config
from gns3trio.errors import Conflict, Invalid
from gns3trio.server import open_server
from tests.support.lab import Lab
from tests.support.server import started

Json = dict[str, Any]
NODES = ("vpcs", "cloud", "nat", "docker", "qemu", "ethernet_switch")


async def test_forbidden_nodes_are_neither_made_nor_run(config: Config) -> None:
    async with started(config) as server:
        lab = Lab(server, await server.request("POST", "/v2/projects", {"name": "lab"}, 201), [])
        kept = await lab.node("vpcs", name="PC1")
    async with started(attrs.evolve(config, forbidden_node_types=NODES[:5])) as server:
        lab.server = server
        capabilities = await server.request("GET", "/v2/compute/capabilities", None, 200)
        assert set(capabilities["node_types"]).isdisjoint(NODES[:5]) and "ethernet_hub" in capabilities["node_types"]
        await server.request("POST", f"{lab.path}/open", None, 201)
        hosted = f"/v2/compute/projects/{lab.project['project_id']}"
        for node_type in NODES[:5]:
            body = {"name": "X", "node_type": node_type, "compute_id": "local", "properties": {"image": "x"}}
            refused = await server.request("POST", f"{lab.path}/nodes", body, 409)
            assert "forbidden_node_types" in refused["message"], node_type
            await server.request("POST", f"{hosted}/{node_type}/nodes", body, 404)
        await lab.node("ethernet_switch", name="SW")
        refused = await server.request("POST", f"{lab.path}/nodes/{kept['node_id']}/start", None, 409)
        assert "forbidden_node_types" in refused["message"]
    async with started(config) as server:  # it was kept
        await server.request("POST", f"{lab.path}/open", None, 201)
        await server.request("POST", f"{lab.path}/nodes/{kept['node_id']}/start", None, 200)


async def test_a_mistyped_type_is_no_protection(config: Config) -> None:
    with pytest.RaisesGroup(
        pytest.RaisesExc(Invalid, match="forbidden_node_types: 'dcoker'"), flatten_subgroups=True, allow_unwrapped=True
    ):
        async with open_server(attrs.evolve(config, forbidden_node_types=("dcoker",))):
            pass


async def test_no_image_is_fetched_if_that_is_forbidden(tmp_path: Path, nursery: trio.Nursery) -> None:
    told: list[object] = []
    pulls = Pulls(Engine(str(tmp_path / "nowhere")), nursery, are_allowed=False)
    with pytest.raises(Conflict, match="no image 'frr', and the setting docker_pull forbids"):
        await pulls.pull("frr", told.append)
    assert told == []
