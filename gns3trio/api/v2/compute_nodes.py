"""``/v2/compute/projects/{project_id}/<node type>/nodes``: nodes that another controller controls."""

from typing import Any, Literal
from uuid import UUID

from attrs import field

from gns3trio.api.access import Access
from gns3trio.api.compute_nodes import (
    NODE,
    PORT,
    Duplicate,
    NodeCreate,
    NodeUpdate,
    change_node,
    console_ws,
    copy_node,
    delete_node,
    get_node,
    locked,
    new_node,
    properties_in,
    reload_node,
    reset_console,
    start_capture,
    start_node,
    stop_capture,
    stop_node,
    stream_capture,
    suspend_node,
    udp_nio,
    unbind_nio,
)
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import replies
from gns3trio.classes import define
from gns3trio.compute.nio import UdpNio
from gns3trio.limits import Int32

routes = RouteTable("/v2/compute/projects/{project_id}", access=Access.COMPUTE)


@define(kw_only=True)
class Nio:
    """``POST`` and ``PUT .../nio``. TAP and Ethernet NIOs are rejected with a message."""

    type: Literal["nio_udp", "nio_tap", "nio_ethernet"]
    lport: Int32 = 0
    rhost: str = ""
    rport: Int32 = 0
    filters: dict[str, Any] = field(factory=dict)
    suspend: bool = False
    tap_device: str | None = None
    ethernet_device: str | None = None


@routes.route("POST", "/{node_type}/nodes", status=201, reply=dict[str, Any])
async def create_node(api: ApiRequest, project_id: UUID, node_type: str, body: NodeCreate) -> dict[str, Any]:
    """Create a node. Its name is not made unique."""
    return await new_node(api, project_id, node_type, body, properties_in(api.http.state.body))


@routes.route("PUT", NODE, reply=dict[str, Any])
async def update_node(
    api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID, body: NodeUpdate
) -> dict[str, Any]:
    """Change the name, the console or properties of a node."""
    changes = {**api.given(body), **properties_in(api.http.state.body)}
    return await change_node(api, project_id, node_type, node_id, changes)


@routes.route("POST", NODE + "/duplicate", status=201, reply=bool)
async def duplicate_node(api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID, body: Duplicate) -> bool:
    """Copy the files of a node into the folder of another one of its type."""
    await copy_node(api, project_id, node_type, node_id, body.destination_node_id)
    return True


async def _udp(body: Nio) -> UdpNio:
    return await udp_nio(body.type, body.lport, body.rhost, body.rport, body.filters, body.suspend)


@routes.route("POST", PORT + "/nio", status=201, reply=Nio)
async def bind_nio(
    api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID, adapter_number: int, port_number: int, body: Nio
) -> dict[str, Any]:
    """Connect a port to a UDP tunnel."""
    nio = await _udp(body)
    async with locked(api, project_id, node_type, node_id) as node:
        await node.bind_nio((adapter_number, port_number), nio)
    return {"type": body.type, "lport": nio.lport, "rhost": nio.rhost, "rport": nio.rport}


@routes.route("PUT", PORT + "/nio", status=201, reply=Nio)
async def update_nio(
    api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID, adapter_number: int, port_number: int, body: Nio
) -> dict[str, Any]:
    """Change the filters and the suspension of a port's tunnel."""
    nio = await _udp(body)
    async with locked(api, project_id, node_type, node_id) as node:
        await node.update_nio((adapter_number, port_number), nio)
    return dict(api.http.state.body)


routes.route("GET", NODE, reply=dict[str, Any])(get_node)
routes.route("DELETE", NODE, status=204)(delete_node)
routes.route("POST", NODE + "/start", reply=dict[str, Any])(start_node)
routes.route("POST", NODE + "/stop", status=204)(stop_node)
routes.route("POST", NODE + "/suspend", status=204)(suspend_node)
routes.route("POST", NODE + "/reload", status=204)(reload_node)
routes.route("POST", NODE + "/console/reset", status=204)(reset_console)
routes.websocket(NODE + "/console/ws", access=Access.COMPUTE_CONSOLE)(console_ws)
routes.route("DELETE", PORT + "/nio", status=204)(unbind_nio)
routes.route("POST", PORT + "/start_capture", reply=replies.CaptureFile)(start_capture)
routes.route("POST", PORT + "/stop_capture", status=204)(stop_capture)
routes.route("GET", PORT + "/pcap")(stream_capture)
