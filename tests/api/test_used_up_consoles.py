"""More nodes than console ports: they are created, one warning says so, and switches change all the same."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gns3trio.config import Config
from gns3trio.server import open_server
from tests.support.plain_http import NO_TLS
from tests.support.server import Server

PORTS = 4


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    config = Config(
        port=0,
        projects_path=tmp_path,
        vpcs_engine="builtin",
        console_start_port_range=22000,
        console_end_port_range=22000 + PORTS - 1,
    )
    async with (
        open_server(config) as running,
        httpx.AsyncClient(base_url=running.urls[0], timeout=30, verify=NO_TLS) as http,
    ):
        yield Server(running.urls[0], config, http)


async def test_nodes_without_a_console_port(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    project = await server.request("POST", "/v2/projects", {"name": "lab"}, 201)
    path = f"/v2/projects/{project['project_id']}"
    kinds = ["vpcs"] * 6 + ["ethernet_switch"] * 3
    nodes: list[dict[str, Any]] = [{"name": kind, "node_type": kind, "compute_id": "local"} for kind in kinds]
    nodes[-1]["console_type"] = "telnet"
    made = (await server.request("POST", f"{path}/batch", {"nodes": nodes, "start": True}, 201))["nodes"]
    assert [node["console"] is None for node in made] == [False] * PORTS + [True] * (len(kinds) - PORTS)
    assert {node["status"] for node in made} == {"started"}
    assert len([each for each in caplog.messages if "No free Console port" in each]) == 1
    # A switch without a port can be changed, and one port is enough again when it is free.
    changed = await server.request("PUT", f"{path}/nodes/{made[-2]['node_id']}", {"name": "core"}, 200)
    assert (changed["name"], changed["console"]) == ("core", None)
    await server.request("DELETE", f"{path}/nodes/{made[0]['node_id']}", None, 204)
    created = await server.request("POST", f"{path}/nodes", nodes[0], 201)
    assert created["console"] == made[0]["console"]
    await server.request("POST", f"{path}/close", None, 204)
    await server.request("POST", f"{path}/open", None, 201)
    assert len(await server.request("GET", f"{path}/nodes", None, 200)) == len(kinds)
