"""What would need an emulator says which one, with 409."""

from typing import Any
from uuid import uuid4

import pytest
from trio_websocket import ConnectionRejected, open_websocket_url

from gns3trio.compute.emulators import EMULATOR_OF_TYPE
from tests.support.server import Server

Json = dict[str, Any]


@pytest.mark.parametrize(
    ("method", "path", "emulator"),
    [
        ("POST", "/v2/computes/local/virtualbox/images/disk.vdi", "VirtualBox"),
        ("GET", "/v2/compute/iou/whatever", "IOU"),
        ("PUT", "{project}/iou/nodes/{id}/adapters/0/ports/0/nio", "IOU"),
        ("GET", "/v2/compute/virtualbox/vms", "VirtualBox"),
        ("GET", "/v2/computes/local/vmware/vms", "VMware"),
        ("POST", "/v2/computes/local/auto_idlepc", "Dynamips"),
        ("POST", "{project}/traceng/nodes", "TraceNG"),
        ("DELETE", "{project}/atm_switch/nodes/{id}", "Dynamips"),
        ("GET", "{project}/iou/nodes/{id}/adapters/0/ports/0/pcap", "IOU"),
        ("GET", "{project}/vmware/nodes/{id}/console/ws", "VMware"),
        ("GET", "/v2/projects/{own}/nodes/{node}/dynamips/auto_idlepc", "Dynamips"),
        ("GET", "/v2/projects/{own}/nodes/{node}/dynamips/idlepc_proposals", "Dynamips"),
    ],
)
async def test_the_emulator_is_named(server: Server, project: Json, method: str, path: str, emulator: str) -> None:
    body = {"name": "PC1", "node_type": "vpcs", "compute_id": "local"}
    node = await server.request("POST", f"/v2/projects/{project['project_id']}/nodes", body, 201)
    known = {"own": project["project_id"], "node": node["node_id"], "id": str(uuid4())}
    place = path.format(project=f"/v2/compute/projects/{project['project_id']}", **known)
    error = await server.request(method, place, {}, 409)
    assert f"does not run {emulator}" in error["message"]


@pytest.mark.parametrize(("node_type", "emulator"), EMULATOR_OF_TYPE.items())
async def test_a_node_that_cannot_be_made(server: Server, project: Json, node_type: str, emulator: str) -> None:
    body = {"name": "x", "node_type": node_type, "compute_id": "local"}
    error = await server.request("POST", f"/v2/projects/{project['project_id']}/nodes", body, 409)
    assert node_type in error["message"] and emulator in error["message"]
    url = f"{server.url.replace('http', 'ws')}/v2/compute/projects/{uuid4()}/{node_type}/nodes/{uuid4()}/console/ws"
    with pytest.raises(ConnectionRejected) as rejected:
        async with open_websocket_url(url):
            pass
    assert rejected.value.status_code == 409 and rejected.value.body is not None
    assert emulator.encode() in rejected.value.body


async def test_an_image_is_not_read_into_memory(server: Server) -> None:
    """It may be larger than what a request of the API may hold."""
    image = bytes(20 * 1024 * 1024)
    for path in ("/v2/compute/vmware/images/disk.img", "/v2/computes/local/vmware/images/disk.img"):
        reply = await server.http.post(path, content=image)
        assert reply.status_code == 409
        assert "VMware" in reply.json()["message"]


async def test_what_is_no_emulator(server: Server, project: Json) -> None:
    for path in ("/v2/compute/toaster/images", "/v2/computes/local/toaster/images", "/v2/computes/local/vpcs/vms"):
        await server.request("GET", path, None, 404)
    for emulator in ("dynamips", "iou", "qemu"):
        assert await server.request("GET", f"/v2/compute/{emulator}/images", None, 200) == []
        assert await server.request("GET", f"/v2/computes/local/{emulator}/images", None, 200) == []
    await server.request("GET", "/v2/computes/local/vmware/images", None, 409)
    own = f"/v2/compute/projects/{project['project_id']}"
    await server.request("POST", f"{own}/toaster/nodes", {"name": "x"}, 404)
    reply = await server.http.get(f"{own}/vpcs/nodes/{uuid4()}/start")
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
