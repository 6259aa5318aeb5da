"""NAT nodes in the API: the way that is used, forwarded ports, and where they are kept."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
import pytest

from gns3trio.compute.nodes.nat import node as nat_node
from gns3trio.config import Config
from tests.support.server import Server

FORWARD = {"protocol": "tcp", "host_address": "127.0.0.1", "host_port": 8443, "guest_address": "192.168.122.9"}
FORWARD |= {"guest_port": 443}


@pytest.fixture
def config(config: Config) -> Config:
    return attrs.evolve(config, nat_gateway="user")


async def create(server: Server, project: dict[str, Any], status: int = 201, **properties: Any) -> Any:
    body = {"name": "N", "node_type": "nat", "compute_id": "local", "properties": properties}
    return await server.request("POST", f"/v2/projects/{project['project_id']}/nodes", body, status)


async def test_forwarded_ports_are_kept_beside_the_file_of_gns3(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}"
    shorter = {name: value for name, value in FORWARD.items() if name not in ("protocol", "host_address")}
    nat = await create(server, project, port_forwards=[shorter])
    assert nat["properties"]["port_forwards"] == [FORWARD]
    assert nat["properties"]["gateway"] == "user"
    changed = [{**FORWARD, "host_port": 8444}]
    body = {"properties": {"port_forwards": changed, "gateway": "bridge"}}  # what the server chose cannot be changed
    nat = await server.request("PUT", f"{path}/nodes/{nat['node_id']}", body, 200)
    assert (nat["properties"]["port_forwards"], nat["properties"]["gateway"]) == (changed, "user")
    # A client that sends the whole node back, or one of GNS3 that knows only its own property, changes nothing.
    for properties in (nat["properties"], {"ports_mapping": nat["properties"]["ports_mapping"]}):
        again = await server.request("PUT", f"{path}/nodes/{nat['node_id']}", {"properties": properties}, 200)
        assert again["properties"] == nat["properties"]
    folder = Path(project["path"])
    (saved,) = json.loads((folder / project["filename"]).read_text())["topology"]["nodes"]
    assert set(saved["properties"]) == {"ports_mapping"}
    beside = json.loads((folder / "project-files" / "gns3trio.json").read_text())
    assert beside["nodes"][nat["node_id"]]["properties"]["port_forwards"] == changed
    await server.request("POST", f"{path}/close", None, 204)
    await server.request("POST", f"{path}/open", None, 201)
    assert await server.request("GET", f"{path}/nodes/{nat['node_id']}", None, 200) == nat
    copy = await server.request("POST", f"{path}/duplicate", {"name": "copy"}, 201)
    (twin,) = await server.request("GET", f"/v2/projects/{copy['project_id']}/nodes", None, 200)
    assert twin["properties"]["port_forwards"] == changed


async def test_another_controller_sees_the_shape_of_gns3(server: Server, project: dict[str, Any]) -> None:
    nat = await create(server, project, port_forwards=[FORWARD])
    path = f"/v2/compute/projects/{project['project_id']}/nat/nodes/{nat['node_id']}"
    shown = await server.request("GET", path, None, 200)
    assert set(shown) == {"name", "node_id", "project_id", "status", "ports_mapping"}


async def test_a_lab_as_code_has_them(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}/topology"
    node = {"node_type": "nat", "properties": {"port_forwards": [FORWARD]}}
    await server.request("PUT", path, {"nodes": {"Internet": node}}, 200)
    document = await server.request("GET", path, None, 200)
    properties = document["nodes"]["Internet"]["properties"]
    assert properties["port_forwards"] == [FORWARD] and "gateway" not in properties
    plan = await server.request("PUT", path, document, 200)
    assert not any(plan.get("changes", [])), plan


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"host_port": 0}, "properties.port_forwards[0].host_port"),
        ({"guest_address": "10.0.0.1"}, "properties.port_forwards[0].guest_address"),
        ({"host_address": "::1"}, "properties.port_forwards[0].host_address"),
        ({"protocol": "sctp"}, "properties.port_forwards[0].protocol"),
        ({"colour": "red"}, "properties.port_forwards[0].colour"),
    ],
)
async def test_bad_ones_are_named(
    server: Server, project: dict[str, Any], change: dict[str, Any], complaint: str
) -> None:
    error = await create(server, project, 400, port_forwards=[{**FORWARD, **change}])
    assert complaint in error["message"]
    nat = await create(server, project)
    path = f"/v2/projects/{project['project_id']}/nodes/{nat['node_id']}"
    error = await server.request("PUT", path, {"properties": {"port_forwards": [{**FORWARD, **change}]}}, 400)
    assert complaint in error["message"]
    assert await server.request("GET", path, None, 200) == nat
    error = await create(server, project, 400, port_forwards=[FORWARD] * 65)
    assert "properties.port_forwards" in error["message"]


async def test_a_link_starts_a_gateway_and_its_end_ends_it(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}"
    nat = await create(server, project)
    hub = await server.request(
        "POST", f"{path}/nodes", {"name": "H", "node_type": "ethernet_hub", "compute_id": "local"}, 201
    )
    ends = [{"node_id": each["node_id"], "adapter_number": 0, "port_number": 0} for each in (nat, hub)]
    link = await server.request("POST", f"{path}/links", {"nodes": ends}, 201)
    assert (await server.request("GET", f"{path}/problems", None, 200))["links"] == []
    await server.request("DELETE", f"{path}/links/{link['link_id']}", None, 204)


class TestWithoutLibslirp:
    @pytest.fixture
    def config(self, config: Config) -> Config:
        return attrs.evolve(config, nat_gateway="auto", default_nat_interface="absent0", libslirp_path="/absent.so")

    async def test_a_new_node_says_what_to_install(self, server: Server, project: dict[str, Any]) -> None:
        error = await create(server, project, 409)
        assert "/absent.so" in error["message"] and "apt install libslirp0" in error["message"]
        assert await server.request("GET", f"/v2/projects/{project['project_id']}/nodes", None, 200) == []

    async def test_a_lab_that_has_one_opens(self, server: Server, project: dict[str, Any]) -> None:
        path = f"/v2/projects/{project['project_id']}"
        hub = await server.request(
            "POST", f"{path}/nodes", {"name": "H", "node_type": "ethernet_hub", "compute_id": "local"}, 201
        )
        await server.request("POST", f"{path}/close", None, 204)
        file = Path(project["path"]) / project["filename"]
        saved = json.loads(file.read_text())
        nat_id, link_id = str(uuid4()), str(uuid4())
        mapping = [{"name": "nat0", "port_number": 0, "type": "ethernet", "interface": "virbr0"}]
        node = {**saved["topology"]["nodes"][0], "node_id": nat_id, "node_type": "nat", "name": "N"}
        saved["topology"]["nodes"].append({**node, "properties": {"ports_mapping": mapping}})
        ends = [{"node_id": each, "adapter_number": 0, "port_number": 0} for each in (nat_id, hub["node_id"])]
        saved["topology"]["links"].append({"link_id": link_id, "nodes": ends, "filters": {}, "suspend": False})
        file.write_text(json.dumps(saved))
        await server.request("POST", f"{path}/open", None, 201)
        problems = await server.request("GET", f"{path}/problems", None, 200)
        (problem,) = problems["links"]
        assert problem["link_id"] == link_id and "apt install libslirp0" in problem["message"]


async def test_the_bridge_is_preferred_where_it_can_be_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nat_node, "exists", lambda name: name == "virbr0")
    monkeypatch.setattr(nat_node, "has_capability", lambda number: True)
    monkeypatch.setattr(nat_node, "TUN_DEVICE", "/dev/null")
    assert nat_node.can_join("virbr0") and not nat_node.can_join("absent0")
    monkeypatch.setattr(nat_node, "has_capability", lambda number: False)
    assert not nat_node.can_join("virbr0")
