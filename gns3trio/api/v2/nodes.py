"""``/v2/projects/{project_id}/nodes``."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
from starlette.responses import Response

from gns3trio.api.access import Access
from gns3trio.api.disconnects import cancelled_on_disconnect
from gns3trio.api.handlers import nodes as handlers
from gns3trio.api.replies import shown_as
from gns3trio.api.routing import ApiRequest, RouteTable, WithHeaders
from gns3trio.api.v2 import replies
from gns3trio.api.v2.bodies import NodeCreate, NodeEngine, NodeUpdate, refuse_other
from gns3trio.api.v2.from_bodies import node_record_fields, record_changes, refuse_other_identity
from gns3trio.api.v2.list_pages import NODES_QUERY, TOTAL_HEADER, ListQuery, node_page
from gns3trio.api.v2.mesh import MeshBody, MeshResult, mesh_view
from gns3trio.api.v2.traffic import NodeTrafficReport, TrafficRequest, node_traffic_view
from gns3trio.api.v2.views import node_list_view, node_view, port_statistics_view, record_view
from gns3trio.compute.node_features import MacTable
from gns3trio.controller.nodes import mesh, traffic
from gns3trio.controller.nodes.creation import create_node_from_fields, with_computes
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import Conflict

routes = RouteTable("/v2/projects/{project_id}")


@routes.route("GET", "/nodes", reply=list[replies.Node | replies.SavedNode], query=NODES_QUERY, privilege="Node.Audit")
async def list_nodes(api: ApiRequest, project_id: UUID) -> orjson.Fragment | Iterator[dict[str, Any]] | WithHeaders:
    """The nodes of a project; for a closed project, those in its file.

    With parameters, some of them; the header ``Gns3trio-Total`` is the number of all that match.
    """
    project = api.controller.get_project(project_id)
    if query := ListQuery(api.http.query_params.multi_items(), NODES_QUERY):
        page = await node_page(project, query)
        return WithHeaders(page.views, {TOTAL_HEADER: str(page.total)})
    if project.status == "opened":
        return await node_list_view(project)
    return map(record_view, (await project.file.read()).nodes)


@routes.route("POST", "/nodes", status=201, reply=replies.Node, privilege="Node.Allocate")
async def create_node(api: ApiRequest, project_id: UUID, body: NodeCreate) -> orjson.Fragment:
    """Create a node. Its name is made unique in the project. An extension: the ``compute_id`` ``auto`` stands for the
    least loaded compute that offers the type (setting ``placement``).
    """
    project = api.controller.get_project(project_id)
    refuse_other(api.given(body), project_id=project_id)
    new = [node_record_fields(api, body, api.http.state.body, body.engine)]
    (fields,) = await with_computes(api.controller.placement, project.nodes, new)
    return node_view(await create_node_from_fields(project.nodes, fields))


@routes.route("GET", "/nodes/{node_id}", reply=replies.Node, privilege="Node.Audit")
async def get_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> orjson.Fragment:
    """One node, after earlier requests to it are done."""
    return node_view(await api.controller.get_project(project_id).nodes.idle(node_id))


@routes.route("PUT", "/nodes/{node_id}", reply=replies.Node, privilege="Node.Modify")
async def update_node(api: ApiRequest, project_id: UUID, node_id: UUID, body: NodeUpdate) -> orjson.Fragment:
    """Change the name, the appearance or properties of a node."""
    project = api.controller.get_project(project_id)
    async with project.nodes.lock(node_id) as node:
        refuse_other_identity(api, node, api.given(body))
        await project.nodes.update(node, record_changes(api, body))
        return node_view(node)


routes.route("DELETE", "/nodes/{node_id}", status=204, privilege="Node.Allocate")(handlers.delete_node)


@routes.route("POST", "/nodes/{node_id}/start", reply=replies.Node, privilege="Node.PowerMgmt")
async def start_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> orjson.Fragment:
    """Start a node. The reply shows it as started."""
    async with api.controller.get_project(project_id).nodes.acting(node_id, "start") as node:
        return node_view(node)


@routes.route("POST", "/nodes/{node_id}/stop", reply=replies.Node, privilege="Node.PowerMgmt")
async def stop_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> orjson.Fragment:
    """Stop a node. The reply shows it as stopped."""
    async with api.controller.get_project(project_id).nodes.acting(node_id, "stop") as node:
        return node_view(node)


@routes.route("POST", "/nodes/{node_id}/suspend", reply=replies.Node, privilege="Node.PowerMgmt")
async def suspend_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> orjson.Fragment:
    """Suspend a node. As in GNS3, this does nothing for types that cannot be suspended, such as VPCS."""
    async with api.controller.get_project(project_id).nodes.acting(node_id, "suspend") as node:
        return node_view(node)


@routes.route("POST", "/nodes/{node_id}/reload", reply=replies.Node, privilege="Node.PowerMgmt")
async def reload_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> orjson.Fragment:
    """Stop and start a node."""
    async with api.controller.get_project(project_id).nodes.acting(node_id, "reload") as node:
        return node_view(node)


routes.route("POST", "/nodes/{node_id}/console/reset", status=204, privilege="Node.Console")(handlers.reset_console)


@routes.route("GET", "/nodes/{node_id}/engine", reply=replies.NodeEngine, privilege="Node.Audit")
async def get_engine(api: ApiRequest, project_id: UUID, node_id: UUID) -> dict[str, Any]:
    """What runs a node; an extension."""
    async with api.controller.get_project(project_id).nodes.lock(node_id) as node:
        return _engine_view(node)


@routes.route("PUT", "/nodes/{node_id}/engine", reply=replies.NodeEngine, privilege="Node.Modify")
async def set_engine(api: ApiRequest, project_id: UUID, node_id: UUID, body: NodeEngine) -> dict[str, Any]:
    """Let another engine run a stopped node, or with null the server's default. Its files, ports and console stay; an
    extension.
    """
    project = api.controller.get_project(project_id)
    async with project.nodes.lock(node_id) as node:
        await project.nodes.set_engine(node, body.engine)
        return _engine_view(node)


def _engine_view(node: Node) -> dict[str, Any]:
    instance = node.require_instance()
    return {"engine": instance.engine, "is_default": instance.has_default_engine}


@routes.route("GET", "/nodes/{node_id}/statistics", reply=list[replies.PortStatistics], privilege="Node.Audit")
async def get_node_statistics(api: ApiRequest, project_id: UUID, node_id: UUID) -> list[dict[str, Any]]:
    """The counters of each port of a node since it was linked, with drops by reason, and rates as for its link; an
    extension.
    """
    async with api.controller.get_project(project_id).nodes.lock(node_id) as node:
        stats = api.context.link_stats
        return list(map(port_statistics_view, stats.of_node(stats.look(), node)))


@routes.route("POST", "/nodes/{node_id}/traffic", status=201, reply=NodeTrafficReport, privilege="Node.Console")
async def send_node_traffic(api: ApiRequest, project_id: UUID, node_id: UUID, body: TrafficRequest) -> dict[str, Any]:
    """Send UDP traffic from a built-in PC to another or to an address, and measure it. The reply comes at the end;
    ``node.traffic`` events report the progress. An extension.
    """
    nodes, changes = api.controller.get_project(project_id).nodes, api.controller.changes
    address = body.target()
    request = traffic.TrafficRequest(
        to=nodes.require(body.to_node_id) if body.to_node_id is not None else None,
        address=address,
        version=body.ip_version,
        spec=body.spec(),
        drain_seconds=body.drain_seconds,
    )
    node = nodes.require(node_id)
    report = await cancelled_on_disconnect(api, lambda: traffic.send_traffic(node, request, changes))
    return node_traffic_view(report)


@routes.route(
    "POST", "/mesh", status=201, reply=MeshResult, privilege="Node.Console", at="/projects/{project_id}/nodes"
)
async def run_project_mesh(api: ApiRequest, project_id: UUID, body: MeshBody) -> dict[str, Any]:
    """Send UDP traffic between many pairs of built-in PCs at once, and measure what each pair gets. The reply comes at
    the end; ``project.mesh`` events report the progress. An extension.
    """
    nodes, changes = api.controller.get_project(project_id).nodes, api.controller.changes
    request = body.request(nodes.require)
    report = await cancelled_on_disconnect(api, lambda: mesh.run_mesh(project_id, nodes.values(), request, changes))
    return await mesh_view(report)


@routes.route("GET", "/nodes/{node_id}/mac_table", reply=list[replies.SwitchMac], privilege="Node.Audit")
async def get_mac_table(api: ApiRequest, project_id: UUID, node_id: UUID) -> list[dict[str, Any]]:
    """The MAC address table of a switch; an extension."""
    async with api.controller.get_project(project_id).nodes.lock(node_id) as node:
        return [shown_as(replies.SwitchMac, entry) for entry in await _mac_table(node).list()]


@routes.route("DELETE", "/nodes/{node_id}/mac_table", status=204, privilege="Node.Modify")
async def clear_mac_table(api: ApiRequest, project_id: UUID, node_id: UUID) -> None:
    """Clear the MAC address table of a switch; an extension."""
    async with api.controller.get_project(project_id).nodes.lock(node_id) as node:
        await _mac_table(node).clear()


def _mac_table(node: Node) -> MacTable:
    table = node.require_instance().mac_table
    if table is None:
        raise Conflict(f"Node '{node.name}' is not an Ethernet switch: it has no address table")
    return table


@routes.route("POST", "/nodes/start", status=204, privilege="Node.PowerMgmt")
async def start_nodes(api: ApiRequest, project_id: UUID) -> Response:
    """Start every stopped node of the project. The header ``Gns3trio-Not-Started`` is the number of nodes that were
    skipped because they do not run here; ``GET .../problems`` gives the reasons.
    """
    project = api.controller.get_project(project_id)
    await project.nodes.for_all("start")
    return Response(status_code=204, headers={"Gns3trio-Not-Started": str(len(project.nodes.not_run()))})


routes.route("POST", "/nodes/stop", status=204, privilege="Node.PowerMgmt")(handlers.stop_nodes)
routes.route("POST", "/nodes/reload", status=204, privilege="Node.PowerMgmt")(handlers.reload_nodes)
routes.route("POST", "/nodes/suspend", status=204, privilege="Node.PowerMgmt")(handlers.suspend_nodes)
routes.route("POST", "/nodes/console/reset", status=204, privilege="Node.Console")(handlers.reset_consoles)
routes.websocket("/nodes/{node_id}/console/ws", access=Access.CONSOLE, privilege="Node.Console")(
    handlers.node_console_ws
)
