"""Version 1 and ``vms``, over the same state as version 2."""

from typing import Any
from uuid import uuid4

import pytest
import trio

from tests.support.api_v1 import lease, nio, vm_path, wire
from tests.support.projects import all_of_projects
from tests.support.server import Server

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def vms(server: Server, project: dict[str, Any]) -> list[dict[str, Any]]:
    """Two VPCS, one made through ``vms`` and one through version 1."""
    p = project["project_id"]
    first = await server.request("POST", f"/v2/projects/{p}/vms", {"name": "VPCS 1", "vm_type": "vpcs"}, 201)
    second = await server.request("POST", f"/v1/projects/{p}/vpcs/vms", {"name": "VPCS 2"}, 201)
    return [first, second]


async def test_names_are_kept_and_consoles_follow_each_other(server: Server, vms: list[dict[str, Any]]) -> None:
    assert [vm["name"] for vm in vms] == ["VPCS 1", "VPCS 2"]
    assert [vm["console"] for vm in vms] == [22000, 22001]
    assert vms[0]["vm_type"] == "vpcs"
    nodes = await server.request("GET", f"/v2/projects/{vms[0]['project_id']}/nodes", None, 200)
    assert [node["node_id"] for node in nodes] == [vm["vm_id"] for vm in vms]
    assert (await server.request("GET", vm_path(vms[0]), None, 200))["name"] == "VPCS 1"
    duplicate = {"name": "VPCS 2"}
    assert (await server.request("POST", f"/v1/projects/{vms[0]['project_id']}/vpcs/vms", duplicate, 201))[
        "name"
    ] == "VPCS 2"


async def test_udp_ports_follow_each_other(server: Server, project: dict[str, Any]) -> None:
    assert [await lease(server, project["project_id"]) for _ in range(3)] == [24001, 24002, 24003]


async def test_a_tunnel_made_by_hand_is_a_link_that_survives(server: Server, vms: list[dict[str, Any]]) -> None:
    await wire(server, vms)
    path = f"/v2/projects/{vms[0]['project_id']}"
    (link,) = await server.request("GET", f"{path}/links", None, 200)
    assert {end["node_id"] for end in link["nodes"]} == {vm["vm_id"] for vm in vms}
    await server.request("POST", f"{path}/close", None, 204)
    await server.request("POST", f"{path}/open", None, 201)
    assert await server.request("GET", f"{path}/links", None, 200) == [link]
    assert (await server.request("POST", f"{vm_path(vms[0])}/start", {}, 200))["status"] == "started"
    await server.request("DELETE", f"{vm_path(vms[1])}/adapters/0/ports/0/nio", None, 204)
    await server.request("DELETE", f"{vm_path(vms[1])}/adapters/0/ports/0/nio", None, 204)
    assert await server.request("GET", f"{path}/links", None, 200) == []


async def test_a_nio_that_is_bound_again(server: Server, vms: list[dict[str, Any]]) -> None:
    await wire(server, vms)
    path = f"/v2/projects/{vms[0]['project_id']}/links"
    (link,) = await server.request("GET", path, None, 200)
    await server.request("PUT", f"{path}/{link['link_id']}", {"suspend": True, "filters": {"delay": [9]}}, 201)
    changed = await server.request("GET", path, None, 200)
    port = f"{vm_path(vms[0])}/adapters/0/ports/0/nio"
    for rhost in ("", "127.0.0.1"):  # the same, and the same in other words
        await server.request("POST", port, {**nio(24001, 24002), "rhost": rhost}, 201)
        assert await server.request("GET", path, None, 200) == changed
    await server.request("PUT", vm_path(vms[0]), {"startup_script": "ip 10.0.0.1/24\n"}, 200)
    await server.request("POST", f"{vm_path(vms[0])}/start", {}, 200)
    with trio.fail_after(30):
        while True:
            crossed = await server.request("GET", f"{path}/{link['link_id']}/statistics", None, 200)
            lost = [crossed[direction]["drops"]["suspended"] for direction in ("a_to_b", "b_to_a")]
            assert crossed["a_to_b"]["frames"] == crossed["b_to_a"]["frames"] == 0
            if any(lost):  # VPCS asks at its start whether somebody has its address
                break


async def is_blocked(server: Server, path: str, vms: list[dict[str, Any]]) -> bool:
    """Whether the only link keeps back what a VPCS sends when it gets its address."""
    await server.request("PUT", vm_path(vms[0]), {"startup_script": "ip 10.0.0.1/24\n"}, 200)
    for vm in reversed(vms):
        await server.request("POST", f"{vm_path(vm)}/start", {}, 200)
    (link,) = await server.request("GET", path, None, 200)
    with trio.fail_after(30):
        while True:
            crossed = await server.request("GET", f"{path}/{link['link_id']}/statistics", None, 200)
            directions = [crossed["a_to_b"], crossed["b_to_a"]]
            lost = any(way["drops"]["suspended"] or way["drops"]["filter"] for way in directions)
            if lost or any(way["frames"] for way in directions):
                return lost


@pytest.mark.parametrize(
    "change", [{"suspend": True}, {"filters": {"frequency_drop": [-1]}}], ids=["suspend", "filter"]
)
@pytest.mark.parametrize("unbound", [0, 1])
@pytest.mark.parametrize("by", ["delete", "elsewhere"])
async def test_what_a_link_did_to_frames_ends_with_it(
    server: Server, vms: list[dict[str, Any]], change: dict[str, Any], unbound: int, by: str
) -> None:
    await wire(server, vms)
    path = f"/v2/projects/{vms[0]['project_id']}/links"
    (link,) = await server.request("GET", path, None, 200)
    await server.request("PUT", f"{path}/{link['link_id']}", change, 201)
    port = f"{vm_path(vms[unbound])}/adapters/0/ports/0/nio"
    here, there = (24001, 24002) if unbound == 0 else (24002, 24001)
    if by == "delete":
        await server.request("DELETE", port, None, 204)
    else:
        await server.request("POST", port, nio(await lease(server, vms[0]["project_id"]), there), 201)
    assert await server.request("GET", path, None, 200) == []
    await server.request("POST", port, nio(here, there), 201)
    assert not await is_blocked(server, path, vms)


async def test_a_nio_that_leads_elsewhere_ends_the_link(server: Server, vms: list[dict[str, Any]]) -> None:
    await wire(server, vms)
    path = f"/v2/projects/{vms[0]['project_id']}/links"
    (link,) = await server.request("GET", path, None, 200)
    third = await lease(server, vms[0]["project_id"])
    port = f"{vm_path(vms[0])}/adapters/0/ports/0/nio"
    await server.request("POST", port, nio(third, 24002), 201)
    assert await server.request("GET", path, None, 200) == []
    other = f"{vm_path(vms[1])}/adapters/0/ports/0/nio"
    await server.request("POST", other, nio(24002, third), 201)
    (again,) = await server.request("GET", path, None, 200)
    assert again["link_id"] != link["link_id"]
    await server.request("POST", other, nio(24002, 24001), 201)  # to the port that was the first one's
    assert await server.request("GET", path, None, 200) == []
    await server.request("DELETE", port, None, 204)
    await server.request("DELETE", other, None, 204)


@pytest.mark.parametrize("by", ["elsewhere", "itself", "delete"])
async def test_version_1_at_one_end_of_a_link_of_version_2(server: Server, vms: list[dict[str, Any]], by: str) -> None:
    """The link is none any more, and its other end is free for another one."""
    path = f"/v2/projects/{vms[0]['project_id']}"
    ends = [{"node_id": vm["vm_id"], "adapter_number": 0, "port_number": 0} for vm in vms]
    await server.request("POST", f"{path}/links", {"nodes": ends}, 201)
    port = f"{vm_path(vms[0])}/adapters/0/ports/0/nio"
    lport = await lease(server, vms[0]["project_id"])
    if by == "delete":
        await server.request("DELETE", port, None, 204)
    else:
        await server.request("POST", port, nio(lport, lport if by == "itself" else 24009), 201)
    assert await server.request("GET", f"{path}/links", None, 200) == []
    hub = {"name": "HUB", "node_type": "ethernet_hub", "compute_id": "local"}
    hub = await server.request("POST", f"{path}/nodes", hub, 201)
    again = [ends[1], {"node_id": hub["node_id"], "adapter_number": 0, "port_number": 0}]
    link = await server.request("POST", f"{path}/links", {"nodes": again}, 201)
    assert await server.request("GET", f"{path}/links", None, 200) == [link]


async def test_a_start_without_nio_is_refused(server: Server, vms: list[dict[str, Any]]) -> None:
    assert "NIO" in (await server.request("POST", f"{vm_path(vms[0])}/start", {}, 409))["message"]
    await wire(server, vms)
    assert (await server.request("POST", f"{vm_path(vms[0])}/start", {}, 200))["status"] == "started"
    await server.request("POST", f"{vm_path(vms[0])}/reload", {}, 204)
    await server.request("POST", f"{vm_path(vms[0])}/stop", {}, 204)
    assert (await server.request("GET", vm_path(vms[0]), None, 200))["status"] == "stopped"


@pytest.mark.parametrize(
    ("body", "status", "complaint"),
    [
        ({"type": "nio_udp", "lport": 0, "rhost": "", "rport": 1}, 400, "lport"),
        ({"type": "nio_udp", "lport": 24001, "rport": 1}, 400, "rhost"),
        ({"type": "nio_tap", "tap_device": "tap0"}, 400, "type"),
        ({"type": "nio_udp", "lport": 24001, "rhost": "no.such.host.invalid", "rport": 1}, 400, "rhost"),
        ({}, 400, "type"),
    ],
)
async def test_a_refused_nio_leaves_nothing(
    server: Server, vms: list[dict[str, Any]], body: dict[str, Any], status: int, complaint: str
) -> None:
    path = f"{vm_path(vms[0])}/adapters/0/ports/0/nio"
    assert complaint in (await server.request("POST", path, body, status))["message"]
    await server.request("POST", f"{vm_path(vms[0])}/start", {}, 409)  # still without a NIO
    assert await lease(server, vms[0]["project_id"]) == 24001  # the port was not kept


async def test_a_port_in_use_and_a_port_that_is_not_there_are_409(server: Server, vms: list[dict[str, Any]]) -> None:
    await wire(server, vms)
    await server.request("POST", f"{vm_path(vms[0])}/adapters/0/ports/0/nio", nio(24002, 24001), 409)
    await server.request("POST", f"{vm_path(vms[0])}/adapters/0/ports/1/nio", nio(24010, 24011), 409)


async def test_projects_of_version_1(server: Server) -> None:
    first = await server.request("POST", "/v1/projects", {"name": "old"}, 201)
    assert first.keys() == {"location", "name", "path", "project_id", "temporary"}
    await server.request("POST", "/v1/projects", {"name": "old"}, 201)  # names need not be unique
    assert (await server.request("POST", "/v1/projects", {}, 201))["name"]
    assert len(await server.request("GET", "/v1/projects", None, 200)) == 3
    path = f"/v1/projects/{first['project_id']}"
    assert (await server.request("PUT", path, {"name": "new"}, 200))["name"] == "new"
    await server.request("PUT", path, {"path": "/elsewhere"}, 403)
    await server.request("POST", f"{path}/commit", {}, 204)
    await server.request("POST", f"{path}/close", {}, 204)
    await server.request("GET", path, None, 404)
    assert (await server.request("GET", f"/v2{path[3:]}", None, 200))["status"] == "closed"
    again = await server.request("POST", "/v1/projects", {"project_id": first["project_id"]}, 201)
    assert again["name"] == "new"
    await server.request("DELETE", path, None, 204)
    await server.request("GET", f"/v2{path[3:]}", None, 404)


async def test_a_temporary_project_is_gone_when_it_closes(server: Server) -> None:
    project = await server.request("POST", "/v1/projects", {"name": "short", "temporary": True}, 201)
    await server.request("POST", f"/v1/projects/{project['project_id']}/close", {}, 204)
    await server.request("GET", f"/v2/projects/{project['project_id']}", None, 404)
    with trio.fail_after(30):  # its files go in the background
        while all_of_projects(server.config):
            await trio.sleep(0.01)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/projects/nope", 400),
        ("GET", f"/v1/projects/{UNKNOWN}", 404),
        ("POST", f"/v1/projects/{UNKNOWN}/ports/udp", 404),
        ("GET", "/v1/version", 200),
        ("POST", "/v1/version", 400),
    ],
)
async def test_statuses(server: Server, method: str, path: str, status: int) -> None:
    await server.request(method, path, None, status)


async def test_vm_routes_of_version_1(server: Server, vms: list[dict[str, Any]]) -> None:
    p = vms[0]["project_id"]
    await server.request("GET", f"/v1/projects/{p}/vpcs/vms", None, 405)
    await server.request("GET", f"/v1/projects/{p}/vpcs/vms/nope", None, 400)
    await server.request("GET", f"/v1/projects/{p}/vpcs/vms/{UNKNOWN}", None, 404)
    await server.request("POST", f"/v1/projects/{p}/vpcs/vms", {"name": "x", "vm_type": "vpcs"}, 400)
    changed = await server.request("PUT", vm_path(vms[1]), {"name": "New Name", "startup_script": "echo %h"}, 200)
    assert (changed["name"], changed["startup_script"]) == ("New Name", "echo New Name")
    await server.request("DELETE", vm_path(vms[1]), None, 204)
    await server.request("DELETE", vm_path(vms[1]), None, 404)


async def test_the_vms_alias(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}/vms"
    vm_id = str(uuid4())
    vm = await server.request("POST", path, {"name": "A B", "vm_type": "vpcs", "vm_id": vm_id}, 201)
    assert (vm["vm_id"], vm["name"], vm["compute_id"]) == (vm_id, "A B", "local")
    assert await server.request("GET", path, None, 200) == [vm]
    assert (await server.request("PUT", f"{path}/{vm_id}", {"name": "C D"}, 201))["name"] == "C D"
    for action, status in [("start", "started"), ("suspend", "started"), ("reload", "started"), ("stop", "stopped")]:
        assert (await server.request("POST", f"{path}/{vm_id}/{action}", None, 201))["status"] == status
    await server.request("DELETE", f"{path}/{vm_id}", None, 201)
    await server.request("GET", f"{path}/{vm_id}", None, 404)
