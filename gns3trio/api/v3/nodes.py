"""``/v3/projects/{project_id}/nodes``."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
from starlette.responses import Response
from starlette.websockets import WebSocket

from gns3trio.api.access import Access
from gns3trio.api.console import require_screen, serve_console
from gns3trio.api.context import ApiContext
from gns3trio.api.forwarding import forwarded_for_node
from gns3trio.api.handlers import nodes as handlers
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2.bodies import NodeDuplicate
from gns3trio.api.v2.from_bodies import node_record_fields, record_changes
from gns3trio.api.v2.replies import Link
from gns3trio.api.v3 import replies
from gns3trio.api.v3.bodies import NodeAction, NodeCreate, NodeUpdate
from gns3trio.api.v3.from_bodies import as_record_fields
from gns3trio.api.v3.views import link_view, node_list_view, node_view, record_view
from gns3trio.controller.archives.node_copy import duplicate_node
from gns3trio.controller.links.isolation import suspend_links_of
from gns3trio.controller.nodes.creation import create_node_from_fields, with_computes
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import Conflict, Refused

routes = RouteTable("/v3/projects/{project_id}/nodes")


@routes.route("GET", "", reply=list[replies.Node | replies.SavedNode], privilege="Node.Audit")
async def list_nodes(api: ApiRequest, project_id: UUID) -> orjson.Fragment | Iterator[dict[str, Any]]:
    """The nodes of a project; for a closed project, those in its file."""
    project = api.controller.get_project(project_id)
    if project.status == "opened":
        return await node_list_view(project)
    return map(record_view, (await project.file.read()).nodes)


@routes.route("POST", "", status=201, reply=replies.Node, privilege="Node.Allocate")
async def create_node(api: ApiRequest, project_id: UUID, body: NodeCreate) -> orjson.Fragment:
    """Create a node, or return the existing one with that id. Its name is made unique in the project."""
    project = api.controller.get_project(project_id)
    fields = node_record_fields(api, body, api.given(body), body.engine)
    fields = as_record_fields(body.node_type, fields, api.given(body), {})
    (placed,) = await with_computes(api.controller.placement, project.nodes, [fields])
    return node_view(await create_node_from_fields(project.nodes, placed))


@routes.route("GET", "/{node_id}", reply=replies.Node, privilege="Node.Audit")
async def get_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> orjson.Fragment:
    """One node, after earlier requests to it are done."""
    return node_view(await api.controller.get_project(project_id).nodes.idle(node_id))


@routes.route("PUT", "/{node_id}", reply=replies.Node, privilege="Node.Modify")
async def update_node(api: ApiRequest, project_id: UUID, node_id: UUID, body: NodeUpdate) -> orjson.Fragment:
    """Change the name, the appearance or properties of a node."""
    project = api.controller.get_project(project_id)
    async with project.nodes.lock(node_id) as node:
        given, record = api.given(body), node.record
        changes = as_record_fields(record.node_type, record_changes(api, body), given, record.properties_of_3)
        _require_stopped_to_rename(node, changes.get("name", node.name))
        await project.nodes.update(node, changes)
        return node_view(node)


def _require_stopped_to_rename(node: Node, name: str) -> None:
    """Raises Conflict for another name of a running node, as in GNS3 3."""
    is_running = node.status != "stopped" and not (node.instance is not None and node.instance.always_runs)
    if name != node.name and is_running:
        raise Conflict(f"name: node '{node.name}' is running, and can be renamed when it is stopped")


routes.route("DELETE", "/{node_id}", status=204, privilege="Node.Allocate")(handlers.delete_node)


@routes.route("POST", "/{node_id}/duplicate", status=201, reply=replies.Node, privilege="Node.Allocate")
async def post_duplicate(api: ApiRequest, project_id: UUID, node_id: UUID, body: NodeDuplicate) -> orjson.Fragment:
    """Create a copy of a stopped node."""
    project = api.controller.get_project(project_id)
    async with project.nodes.lock(node_id) as node:
        return node_view(await duplicate_node(project, node, x=body.x, y=body.y, z=body.z))


# --- life ---


@routes.route("POST", "/{node_id}/start", status=204, privilege="Node.PowerMgmt")
async def start_node(api: ApiRequest, project_id: UUID, node_id: UUID, body: NodeAction) -> None:
    """Start a node."""
    async with api.controller.get_project(project_id).nodes.acting(node_id, "start"):
        pass


@routes.route("POST", "/{node_id}/stop", status=204, privilege="Node.PowerMgmt")
async def stop_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> None:
    """Stop a node."""
    async with api.controller.get_project(project_id).nodes.acting(node_id, "stop"):
        pass


@routes.route("POST", "/{node_id}/suspend", status=204, privilege="Node.PowerMgmt")
async def suspend_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> None:
    """Suspend a node. As in GNS3, this does nothing for types that cannot be suspended, such as VPCS."""
    async with api.controller.get_project(project_id).nodes.acting(node_id, "suspend"):
        pass


@routes.route("POST", "/{node_id}/reload", status=204, privilege="Node.PowerMgmt")
async def reload_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> None:
    """Stop and start a node."""
    async with api.controller.get_project(project_id).nodes.acting(node_id, "reload"):
        pass


@routes.route("POST", "/start", status=204, privilege="Node.PowerMgmt")
async def start_nodes(api: ApiRequest, project_id: UUID) -> None:
    """Start every stopped node of the project."""
    await api.controller.get_project(project_id).nodes.for_all("start")


routes.route("POST", "/stop", status=204, privilege="Node.PowerMgmt")(handlers.stop_nodes)
routes.route("POST", "/suspend", status=204, privilege="Node.PowerMgmt")(handlers.suspend_nodes)
routes.route("POST", "/reload", status=204, privilege="Node.PowerMgmt")(handlers.reload_nodes)


# --- links ---


@routes.route("GET", "/{node_id}/links", reply=list[Link], privilege="Link.Audit")
async def list_node_links(api: ApiRequest, project_id: UUID, node_id: UUID) -> list[dict[str, Any]]:
    """The links of a node."""
    project = api.controller.get_project(project_id)
    return [link_view(link) for link in project.links.of_node(project.nodes.require(node_id).node_id)]


@routes.route("POST", "/{node_id}/isolate", status=204, privilege="Link.Modify")
async def isolate_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> None:
    """Suspend all links of a node."""
    project = api.controller.get_project(project_id)
    await suspend_links_of(project.links, project.nodes.require(node_id).node_id, True)


@routes.route("POST", "/{node_id}/unisolate", status=204, privilege="Link.Modify")
async def unisolate_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> None:
    """Let frames pass all links of a node again."""
    project = api.controller.get_project(project_id)
    await suspend_links_of(project.links, project.nodes.require(node_id).node_id, False)


# --- consoles ---


routes.route("POST", "/{node_id}/console/reset", status=204, privilege="Node.Console")(handlers.reset_console)
routes.route("POST", "/console/reset", status=204, privilege="Node.Console")(handlers.reset_consoles)
routes.websocket("/{node_id}/console/ws", access=Access.CONSOLE, privilege="Node.Console")(handlers.node_console_ws)


@routes.websocket("/{node_id}/console/vnc", access=Access.CONSOLE, privilege="Node.Console")
async def node_screen_ws(context: ApiContext, websocket: WebSocket, project_id: UUID, node_id: UUID) -> None:
    """A node's screen as a websocket: the bytes of VNC (RFC 6143). 403 for a node with another console."""
    node = context.controller.get_project(project_id).nodes.require(node_id)
    require_screen(node.instance)
    await serve_console(websocket, node.instance, context.closing)


# --- emulators ---


@routes.route("GET", "/{node_id}/dynamips/auto_idlepc", reply=dict[str, Any], privilege="Node.Audit")
async def find_idlepc(api: ApiRequest, project_id: UUID, node_id: UUID) -> Response:
    """Find an Idle-PC value for a Dynamips router on another host. This server itself runs none."""
    return _of_router(api, project_id, node_id, "auto_idlepc")


@routes.route("GET", "/{node_id}/dynamips/idlepc_proposals", reply=list[str], privilege="Node.Audit")
async def propose_idlepc(api: ApiRequest, project_id: UUID, node_id: UUID) -> Response:
    """The Idle-PC values that a Dynamips router on another host proposes. This server itself runs none."""
    return _of_router(api, project_id, node_id, "idlepc_proposals")


def _of_router(api: ApiRequest, project_id: UUID, node_id: UUID, action: str) -> Response:
    node = api.controller.get_project(project_id).nodes.require(node_id)
    if node.record.node_type != "dynamips":
        reason = "only Dynamips routers have Idle-PC values"
        raise Refused(f"Node '{node.name}' is of type {node.record.node_type}: {reason}")
    return forwarded_for_node(api, node, "dynamips", action)
