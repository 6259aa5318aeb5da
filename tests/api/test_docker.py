"""Docker nodes through the routes of both controllers, with a real engine."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
import pytest

from gns3trio.api.v3.compute_api_views import FIELDS
from gns3trio.compute.nodes.docker import containers
from gns3trio.config import Config
from tests.support.docker_engine import BUSYBOX, DockerEngine
from tests.support.server import Server, node_path, started

Json = dict[str, Any]
PROPERTIES = {
    *("adapters", "aux", "console_http_path", "console_http_port", "console_resolution", "container_id", "cpus"),
    *("environment", "extra_hosts", "extra_volumes", "image", "mac_address", "memory", "start_command", "usage"),
}
GNS3_FIELDS = {
    *("name", "node_id", "project_id", "status", "node_directory", "console", "console_type"),
    *PROPERTIES - {"memory", "cpus"},
}


@pytest.fixture
def config(config: Config, docker_engine: DockerEngine, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Shells, which do not end when they are asked to, are killed at once."""
    monkeypatch.setattr(containers, "STOP_SECONDS", 0)
    return attrs.evolve(config, docker_socket=docker_engine.socket)


async def make(server: Server, project: Json, status: int = 201, **fields: Any) -> Json:
    """Create a node through the controller's route."""
    properties = {"image": BUSYBOX, **fields.pop("properties", {})}
    body = {"name": "D", "node_type": "docker", "compute_id": "local", "properties": properties, **fields}
    return dict(await server.request("POST", f"/v2/projects/{project['project_id']}/nodes", body, status))


async def test_a_node_of_this_controller(server: Server, project: Json, docker_engine: DockerEngine) -> None:
    custom = [{"adapter_number": 1, "port_name": "lan", "mac_address": "00:11:22:33:44:55"}]
    limits = {"memory": 64, "cpus": 0.5}
    node = await make(
        server,
        project,
        node_id="11223344-0000-0000-0000-000000000000",
        custom_adapters=custom,
        properties={"adapters": 2, "extra_volumes": ["/kept"], **limits},
    )
    properties = node["properties"]
    assert properties.keys() == PROPERTIES
    assert (properties["image"], properties["mac_address"]) == ("busybox:latest", "02:42:22:33:44:00")
    assert (properties["environment"], properties["console_http_port"]) == (None, 80)
    assert [(port["name"], port["mac_address"]) for port in node["ports"]] == [
        ("eth0", "02:42:22:33:44:00"),
        ("lan", "00:11:22:33:44:55"),
    ]
    assert (node["console_type"], node["command_line"], node["status"]) == ("telnet", None, "stopped")
    assert node["symbol"] == ":/symbols/computer.svg" and isinstance(properties["aux"], int)
    (name,) = docker_engine.containers()
    assert name.startswith("gns3trio.D") and ".11223344." in name
    (Path(node["node_directory"]) / "kept" / "file").write_text("x")

    own = node_path(project, node)
    for action, status in (("start", "started"), ("suspend", "suspended"), ("start", "started"), ("reload", "started")):
        assert (await server.request("POST", f"{own}/{action}", None, 200))["status"] == status
    error = await server.request("PUT", own, {"properties": {"adapters": 3}}, 409)
    assert "stop it first" in error["message"]
    await server.request("POST", f"{own}/stop", None, 200)
    changed = await server.request("PUT", own, {"properties": {"adapters": 3, "environment": "X=1"}, "name": "E"}, 200)
    assert len(changed["ports"]) == 3
    assert changed["properties"]["container_id"] != properties["container_id"]
    for wrong, status, word in (
        ({"properties": {"adapters": "2"}}, 400, "properties.adapters"),
        ({"properties": {"extra_volumes": ["x"]}}, 409, "must start with a '/'"),
        ({"console_type": "spice"}, 400, "console_type"),
        ({"console_type": "vnc"}, 409, "vnc"),
    ):
        error = await server.request("PUT", own, wrong, status)
        assert word in error["message"]

    copy = await server.request("POST", f"{own}/duplicate", {"x": 0, "y": 0}, 201)
    assert copy["properties"]["mac_address"] != properties["mac_address"]
    assert copy["properties"]["container_id"] != changed["properties"]["container_id"]
    assert (Path(copy["node_directory"]) / "kept" / "file").read_text() == "x"
    assert copy["properties"].items() >= limits.items()

    # Limits are ours: they are not in GNS3's file, and there again when the project is opened again.
    path = f"/v2/projects/{project['project_id']}"
    await server.request("POST", f"{path}/close", None, 204)
    assert docker_engine.containers() == []
    saved = json.loads((Path(project["path"]) / "lab.gns3").read_text())["topology"]["nodes"][0]
    assert saved["properties"].keys() == PROPERTIES - limits.keys()
    await server.request("POST", f"{path}/open", None, 201)
    again = await server.request("GET", own, None, 200)
    for each in (changed, again):
        del each["properties"]["container_id"]
    same = ("name", "properties", "custom_adapters", "console", "console_type", "ports")
    assert {key: again[key] for key in same} == {key: changed[key] for key in same}
    assert len(docker_engine.containers()) == 2
    await server.request("DELETE", own, None, 204)
    await server.request("DELETE", path, None, 204)
    assert docker_engine.containers() == [] and not Path(project["path"]).exists()


async def test_a_container_of_another_controller(server: Server, docker_engine: DockerEngine) -> None:
    """Replies have exactly the fields of GNS3's schema, and its statuses."""
    project_id = str(uuid4())
    await server.request("POST", "/v2/compute/projects", {"name": "far", "project_id": project_id}, 201)
    path = f"/v2/compute/projects/{project_id}/docker/nodes"
    body = {"name": "D1", "image": BUSYBOX, "console_type": "telnet", "adapters": 1}
    for wrong, status, word in (
        ({"adapters": 100}, 400, "adapters: "),
        ({"image": ""}, 400, "image: "),
        ({"surprise": 1}, 400, "surprise"),
        ({"extra_hosts": "nonsense"}, 409, "Can't apply `ExtraHosts`, wrong format: nonsense"),
        ({"console_type": "vnc"}, 409, "vnc"),
    ):
        error = await server.request("POST", path, {**body, **wrong}, status)
        assert word in error["message"]
    node = await server.request("POST", path, body, 201)
    assert node.keys() == GNS3_FIELDS
    own = f"{path}/{node['node_id']}"
    for action, status in (
        *(("start", "started"), ("pause", "suspended"), ("unpause", "started"), ("unpause", "started")),
        *(("suspend", "suspended"), ("start", "started"), ("reload", "started"), ("stop", "stopped")),
    ):
        await server.request("POST", f"{own}/{action}", None, 204)
        assert (await server.request("GET", own, None, 200))["status"] == status
    # A controller sends all that it knows.
    assert (await server.request("PUT", own, {**node, "environment": "X=1"}, 200)).keys() == GNS3_FIELDS
    # The copy of its files replaces those of another node, and follows none of the links that a container has left.
    files = Path(node["node_directory"])
    (files / "etc" / "network" / "interfaces").write_text("auto eth0\n")
    (files / "kept").mkdir()
    (files / "kept" / "file").write_text("x")
    other = await server.request("POST", path, {**body, "name": "D2"}, 201)
    there = Path(other["node_directory"])
    outside = there.parent.parent.parent / "outside"
    outside.mkdir()
    (there / "kept").symlink_to(outside)
    await server.request("POST", f"{own}/duplicate", {"destination_node_id": other["node_id"]}, 201)
    assert (there / "etc" / "network" / "interfaces").read_text() == "auto eth0\n"
    assert (there / "kept" / "file").read_text() == "x" and list(outside.iterdir()) == []
    await server.request("POST", f"{path}/{other['node_id']}/start", None, 204)
    error = await server.request("POST", f"{own}/duplicate", {"destination_node_id": other["node_id"]}, 409)
    assert "runs: stop it first" in error["message"]
    await server.request("DELETE", f"{path}/{other['node_id']}", None, 204)

    images = await server.request("GET", "/v2/compute/docker/images", None, 200)
    assert {"image": "busybox:latest"} in images
    assert await server.request("GET", "/v2/computes/local/docker/images", None, 200) == images
    await server.request("DELETE", own, None, 204)
    assert docker_engine.containers() == []


async def test_a_container_of_a_controller_of_gns3_3(server: Server, docker_engine: DockerEngine) -> None:
    project_id = str(uuid4())
    await server.request("POST", "/v3/compute/projects", {"name": "far", "project_id": project_id}, 201)
    path = f"/v3/compute/projects/{project_id}/docker/nodes"
    refused = await server.request("POST", path, {"name": "D1"}, 422)
    assert refused["detail"][0]["loc"] == ["body", "image"]
    node = await server.request("POST", path, {"name": "D1", "image": BUSYBOX, "adapters": 1, "usage": "a box"}, 201)
    assert node.keys() >= FIELDS["docker"].keys() and node["usage"] == "a box"
    own = f"{path}/{node['node_id']}"
    for action, status in (
        *(("start", "started"), ("pause", "suspended"), ("unpause", "started"), ("suspend", "suspended")),
        *(("start", "started"), ("reload", "started"), ("stop", "stopped")),
    ):
        await server.request("POST", f"{own}/{action}", None, 204)
        assert (await server.request("GET", own, None, 200))["status"] == status
    assert (await server.request("PUT", own, {**node, "environment": "X=1"}, 200)).keys() == node.keys()
    assert {"image": "busybox:latest"} in await server.request("GET", "/v3/compute/docker/images", None, 200)
    await server.request("DELETE", own, None, 204)
    assert docker_engine.containers() == []


async def test_templates_have_gns3s_fields_and_defaults(server: Server, project: Json) -> None:
    body = {"name": "Box", "template_type": "docker", "compute_id": "local", "image": "busybox:latest", "adapters": 3}
    template = await server.request("POST", "/v2/templates", {**body, "start_command": "sleep 9999"}, 201)
    assert (
        template.items()
        >= {
            **{"category": "guest", "default_name_format": "{name}-{0}", "symbol": ":/symbols/docker_guest.svg"},
            **{"console_type": "telnet", "console_auto_start": False, "console_http_port": 80, "extra_hosts": ""},
            **{"console_http_path": "/", "console_resolution": "1024x768", "environment": "", "mac_address": ""},
        }.items()
    )
    assert template["extra_volumes"] == [] and template["custom_adapters"] == []
    path = f"/v2/projects/{project['project_id']}/templates/{template['template_id']}"
    node = await server.request("POST", path, {"x": 0, "y": 0}, 201)
    assert (node["name"], node["symbol"]) == ("Box-1", ":/symbols/docker_guest.svg")
    assert node["properties"]["start_command"] == "sleep 9999" and len(node["ports"]) == 3
    for wrong, word in (
        ({"image": ""}, "image"),
        ({"adapters": 100}, "adapters"),
        ({"console_http_port": 0}, "console_http_port"),
        ({"console_resolution": "x"}, "console_resolution"),
        ({"custom_adapters": [{"adapter_number": -1}]}, "custom_adapters"),
        ({"surprise": 1}, "surprise"),
    ):
        error = await server.request("POST", "/v2/templates", {**body, **wrong}, 400)
        assert word in error["message"]


async def test_labs_travel(server: Server, project: Json, docker_engine: DockerEngine) -> None:
    """A portable project has the persistent files, and a topology document all properties that users choose."""
    properties = {"environment": "X=1", "extra_volumes": ["/kept"], "memory": 32}
    node = await make(server, project, properties=properties)
    (Path(node["node_directory"]) / "kept" / "file").write_text("x")
    path = f"/v2/projects/{project['project_id']}"
    exported = (await server.http.get(f"{path}/export")).content
    inside = f"project-files/docker/{node['node_id']}"
    assert {f"{inside}/kept/file", f"{inside}/etc/network/interfaces"} <= set(
        zipfile.ZipFile(io.BytesIO(exported)).namelist()
    )
    reply = await server.http.post(f"/v2/projects/{uuid4()}/import?name=copy", content=exported)
    assert reply.status_code == 201, reply.text
    copied = f"/v2/projects/{reply.json()['project_id']}"
    await server.request("POST", f"{copied}/open", None, 201)
    (copy,) = await server.request("GET", f"{copied}/nodes", None, 200)
    assert copy["properties"].items() >= {"environment": "X=1", "memory": 32}.items()
    assert (Path(copy["node_directory"]) / "kept" / "file").read_text() == "x"
    assert len(docker_engine.containers()) == 2

    document = (await server.http.get(f"{path}/topology")).text
    assert "environment" in document and "container_id" not in document and "aux" not in document
    reply = await server.http.put(f"{path}/topology", content=document, headers={"content-type": "application/yaml"})
    assert reply.status_code == 200, reply.text
    (same,) = await server.request("GET", f"{path}/nodes", None, 200)
    assert same["properties"] == node["properties"]


async def test_a_lab_without_its_engine(config: Config, docker_engine: DockerEngine, tmp_path: Path) -> None:
    """It opens all the same, and what is missing is told by the start."""
    async with started(config) as server:
        project = await server.request("POST", "/v2/projects", {"name": "lab"}, 201)
        node = await make(server, project, properties={"environment": "X=1"})
    async with started(attrs.evolve(config, docker_socket=tmp_path / "none")) as server:
        await server.request("POST", f"/v2/projects/{project['project_id']}/open", None, 201)
        error = await server.request("POST", f"{node_path(project, node)}/start", None, 409)
        assert "Docker is not available" in error["message"]
        error = await make(server, project, 409, name="E")
        assert "Docker is not available" in error["message"]
        kept = await server.request("GET", node_path(project, node), None, 200)
        assert kept["properties"]["environment"] == "X=1"
        await server.request("DELETE", node_path(project, node), None, 204)
    assert docker_engine.containers() == []
