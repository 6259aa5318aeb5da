"""Clouds and NAT: what any machine can show, and the tests of ``namespace_*.py`` where namespaces can be made."""

import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest

from gns3trio.compute.local.interfaces import is_special, list_interfaces
from tests.api.conftest import config as config
from tests.api.conftest import project, running, server
from tests.own_network import REFUSALS, run_tests
from tests.support.server import Server

__all__ = ["config", "project", "running", "server"]
OPEN_BOTH = """
import os
from gns3trio.compute.local.devices import open_device
from gns3trio.errors import Conflict
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
for kind, interface in (("ethernet", "lo"), ("tap", "labtap")):
    try:
        open_device(None, kind, interface)
    except Conflict as error:
        print(error)
"""


@pytest.mark.parametrize("file", ["namespace_cloud.py", "namespace_cloud_api.py"])
def test_real_devices(file: str) -> None:
    run_tests(Path(__file__).with_name(file))


def test_a_missing_privilege_is_named() -> None:
    result = subprocess.run([sys.executable, "-c", OPEN_BOTH], capture_output=True, text=True, check=True)
    raw, tap = result.stdout.splitlines()
    assert "CAP_NET_RAW" in raw
    assert "setcap cap_net_raw+ep" in raw
    assert any(refusal in tap for refusal in REFUSALS)


@pytest.mark.parametrize(
    ("name", "special"),
    [("lo", True), ("docker0", True), ("virbr0", True), ("veth12ab", True), ("eth0", False), ("local0", False)],
)
def test_special_interfaces_are_known_by_their_whole_name(name: str, special: bool) -> None:
    assert is_special(name) is special


def test_the_interfaces_of_this_host() -> None:
    interfaces = {each.name: each for each in list_interfaces()}
    assert set(interfaces) == {name for _, name in socket.if_nameindex()}
    assert interfaces["lo"].ip_address in ("127.0.0.1", "")


async def test_interfaces_are_listed_in_threads(
    server: Server, project: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host may have thousands of them, and asking for one may wait."""
    listed, listing = [], psutil.net_if_addrs
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: (listed.append(threading.current_thread()), listing())[1])
    path = f"/v2/projects/{project['project_id']}/nodes"
    cloud = await server.request("POST", path, {"name": "C", "node_type": "cloud", "compute_id": "local"}, 201)
    changes = {"name": "D", "properties": {"remote_console_port": 24}}
    await server.request("PUT", f"{path}/{cloud['node_id']}", changes, 200)
    hosted = path.replace("/v2/", "/v2/compute/").replace("/nodes", f"/cloud/nodes/{cloud['node_id']}")
    assert (await server.request("GET", hosted, None, 200))["interfaces"]
    assert listed and threading.main_thread() not in listed


async def test_a_cloud_in_the_api(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}"
    ports = [{"name": "far", "port_number": 3, "type": "udp", "lport": 24900, "rhost": "127.0.0.1", "rport": 24901}]
    body = {"name": "Cloud{0}", "node_type": "cloud", "compute_id": "local", "properties": {"ports_mapping": ports}}
    cloud = await server.request("POST", f"{path}/nodes", body, 201)
    assert (cloud["name"], cloud["status"], cloud["symbol"]) == ("Cloud1", "started", ":/symbols/cloud.svg")
    assert (cloud["width"], cloud["height"], cloud["command_line"]) == (159, 71, None)
    assert cloud["properties"]["ports_mapping"] == [{**ports[0], "port_number": 0}]
    assert [port["short_name"] for port in cloud["ports"]] == ["far"]
    assert {"name": "lo", "type": "ethernet", "special": True} in cloud["properties"]["interfaces"]
    hub = await server.request(
        "POST", f"{path}/nodes", {**body, "name": "H", "node_type": "ethernet_hub", "properties": {}}, 201
    )
    other = await server.request("POST", f"{path}/nodes", body, 201)

    def ends(*nodes: dict[str, Any]) -> dict[str, Any]:
        return {"nodes": [{"node_id": n["node_id"], "adapter_number": 0, "port_number": 0} for n in nodes]}

    error = await server.request("POST", f"{path}/links", ends(cloud, other), 409)
    assert "cloud or NAT" in error["message"]
    link = await server.request("POST", f"{path}/links", ends(cloud, hub), 201)
    same = {"properties": cloud["properties"]}
    await server.request("PUT", f"{path}/nodes/{cloud['node_id']}", same, 200)
    for change, complaint in (
        ({"lport": 0}, "lport"),
        ({"rhost": "nowhere.example"}, "rhost"),
        ({"type": "wifi"}, "type"),
        ({"type": "tap"}, "interface"),
    ):
        wrong = {"properties": {"ports_mapping": [{**ports[0], **change}]}}
        error = await server.request("POST", f"{path}/nodes", {**body, **wrong}, 400)
        assert complaint in error["message"]
    await server.request("POST", f"{path}/close", None, 204)
    await server.request("POST", f"{path}/open", None, 201)
    assert await server.request("GET", f"{path}/links", None, 200) == [link]
    assert (await server.request("GET", f"{path}/nodes/{cloud['node_id']}", None, 200))["ports"] == cloud["ports"]
