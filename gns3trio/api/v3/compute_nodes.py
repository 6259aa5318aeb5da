"""``/v3/compute/projects/{project_id}/<node type>/nodes``: nodes that a controller of GNS3 3 controls."""

from typing import Annotated, Any, Literal
from uuid import UUID

from attrs import field

from gns3trio import field_checks as v
from gns3trio.api import compute_nodes as shared
from gns3trio.api.access import Access
from gns3trio.api.compute_nodes import NODE, PORT, Duplicate, locked
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import replies as v2_replies
from gns3trio.api.v2.bodies import check_adapters
from gns3trio.api.v2.compute_views import driven_node_view
from gns3trio.api.v3 import compute_api_replies as replies
from gns3trio.api.v3.compute_api_views import DESCRIPTIONS, descriptions, known_properties, node_view
from gns3trio.classes import define
from gns3trio.compute.nio import UdpNio
from gns3trio.controller.driven_nodes import DrivenNode
from gns3trio.controller.names import Name
from gns3trio.limits import MAX_FREE_TEXT, Bound, Int32, Script

_MOST_CPUS = 255

routes = RouteTable("/v3/compute/projects/{project_id}", access=Access.COMPUTE)


@define(kw_only=True)
class NodeUpdate:
    """``PUT``: the common fields, and the properties of the node's type beside them. Null stands for no change."""

    name: Name | None = None
    console: int | None = field(default=None, validator=v.optional(v.PORT))
    console_type: str | None = None
    startup_script: Script | None = None
    custom_adapters: list[dict[str, Any]] | None = field(default=None, validator=v.optional(check_adapters))
    usage: Annotated[str, Bound(MAX_FREE_TEXT)] | None = None
    maxcpus: int | None = field(default=None, validator=v.optional(v.and_(v.ge(1), v.le(_MOST_CPUS))))


@define(kw_only=True)
class NodeCreate(NodeUpdate):
    """The body of ``POST .../nodes``."""

    name: Name
    node_id: UUID | None = None


@define(kw_only=True)
class Nio:
    """``POST`` and ``PUT .../nio``. TAP and Ethernet NIOs are rejected with a message."""

    type: Literal["nio_udp", "nio_tap", "nio_ethernet"]
    lport: Int32 = 0
    rhost: str = ""
    rport: Int32 = 0
    filters: dict[str, Any] | None = None
    suspend: bool | None = None
    tap_device: str | None = None
    ethernet_device: str | None = None


def _view(node: DrivenNode) -> dict[str, Any]:
    return node_view(node.instance.node_type, {**driven_node_view(node), **node.of_gns3_3})


async def _described(
    api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID, body: NodeUpdate
) -> dict[str, Any]:
    """A node that was made or changed, after what only describes it was stored."""
    async with locked(api, project_id, node_type, node_id) as node:
        sent = {name: getattr(body, name) for name in descriptions(node_type)}
        node.keep_of_gns3_3({name: value for name, value in sent.items() if value is not None})
        return _view(node)


@routes.route("POST", "/{node_type}/nodes", status=201, reply=dict[str, Any])
async def create_node(api: ApiRequest, project_id: UUID, node_type: str, body: NodeCreate) -> dict[str, Any]:
    """Create a node. Its name is not made unique."""
    wanted = shared.NodeCreate(
        name=body.name,
        node_id=body.node_id,
        console=body.console,
        console_type=body.console_type,
        startup_script=body.startup_script,
        custom_adapters=body.custom_adapters or [],
    )
    properties = shared.properties_in(known_properties(node_type, api.http.state.body))
    made = await shared.new_node(api, project_id, node_type, wanted, properties)
    return await _described(api, project_id, node_type, UUID(made["node_id"]), body)


@routes.route("GET", NODE, reply=dict[str, Any])
async def get_node(api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID) -> dict[str, Any]:
    """One node of a project."""
    async with locked(api, project_id, node_type, node_id) as node:
        return _view(node)


@routes.route("PUT", NODE, reply=dict[str, Any])
async def update_node(
    api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID, body: NodeUpdate
) -> dict[str, Any]:
    """Change the name, the console or properties of a node."""
    given = {name: value for name, value in api.given(body).items() if value is not None and name not in DESCRIPTIONS}
    changes = {**given, **shared.properties_in(known_properties(node_type, api.http.state.body))}
    await shared.change_node(api, project_id, node_type, node_id, changes)
    return await _described(api, project_id, node_type, node_id, body)


@routes.route("POST", NODE + "/duplicate", status=201, reply=dict[str, Any])
async def duplicate_node(
    api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID, body: Duplicate
) -> dict[str, Any]:
    """Copy the files of a node into the folder of another one of its type, and return that."""
    copy = await shared.copy_node(api, project_id, node_type, node_id, body.destination_node_id)
    return node_view(node_type, copy)


@routes.route("POST", NODE + "/start", status=204)
async def start_node(api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID) -> None:
    """Start a node."""
    await shared.start_node(api, project_id, node_type, node_id)


routes.route("DELETE", NODE, status=204)(shared.delete_node)
routes.route("POST", NODE + "/stop", status=204)(shared.stop_node)
routes.route("POST", NODE + "/suspend", status=204)(shared.suspend_node)
routes.route("POST", NODE + "/reload", status=204)(shared.reload_node)
routes.route("POST", NODE + "/console/reset", status=204)(shared.reset_console)
routes.websocket(NODE + "/console/ws", access=Access.COMPUTE_CONSOLE)(shared.console_ws)


# --- ports ---


async def _udp(body: Nio) -> UdpNio:
    return await shared.udp_nio(
        body.type, body.lport, body.rhost, body.rport, body.filters or {}, suspend=bool(body.suspend)
    )


def _shown(body: Nio) -> dict[str, Any]:
    return {name: getattr(body, name) for name in ("type", "lport", "rhost", "rport", "suspend", "filters")}


@routes.route("POST", PORT + "/nio", status=201, reply=replies.Nio)
async def bind_nio(
    api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID, adapter_number: int, port_number: int, body: Nio
) -> dict[str, Any]:
    """Connect a port to a UDP tunnel."""
    nio = await _udp(body)
    async with locked(api, project_id, node_type, node_id) as node:
        await node.bind_nio((adapter_number, port_number), nio)
    return _shown(body)


@routes.route("PUT", PORT + "/nio", status=201, reply=replies.Nio)
async def update_nio(
    api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID, adapter_number: int, port_number: int, body: Nio
) -> dict[str, Any]:
    """Change the filters and the suspension of a port's tunnel."""
    nio = await _udp(body)
    async with locked(api, project_id, node_type, node_id) as node:
        await node.update_nio((adapter_number, port_number), nio)
    return _shown(body)


routes.route("DELETE", PORT + "/nio", status=204)(shared.unbind_nio)
routes.route("POST", PORT + "/capture/start", reply=v2_replies.CaptureFile)(shared.start_capture)
routes.route("POST", PORT + "/capture/stop", status=204)(shared.stop_capture)
routes.route("GET", PORT + "/capture/stream")(shared.stream_capture)
