"""What versions 2 and 3 have in common of the routes of nodes."""

from uuid import UUID

from starlette.websockets import WebSocket

from gns3trio.api.console import serve_console
from gns3trio.api.context import ApiContext
from gns3trio.api.routing import ApiRequest


async def delete_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> None:
    """Delete a node with its links and files."""
    project = api.controller.get_project(project_id)
    async with project.nodes.lock(node_id, to_stop=True) as node:
        await project.nodes.delete(node)


async def reset_console(api: ApiRequest, project_id: UUID, node_id: UUID) -> None:
    """Disconnect all clients of a node's console."""
    async with api.controller.get_project(project_id).nodes.lock(node_id) as node:
        await node.require_instance().reset_console()


async def stop_nodes(api: ApiRequest, project_id: UUID) -> None:
    """Stop every node of the project."""
    await api.controller.get_project(project_id).nodes.for_all("stop")


async def reload_nodes(api: ApiRequest, project_id: UUID) -> None:
    """Stop and start every node of the project."""
    await api.controller.get_project(project_id).nodes.for_all("reload")


async def suspend_nodes(api: ApiRequest, project_id: UUID) -> None:
    """Suspend every node of the project that can be suspended. As in GNS3, the others are not changed."""
    await api.controller.get_project(project_id).nodes.for_all("suspend")


async def reset_consoles(api: ApiRequest, project_id: UUID) -> None:
    """Disconnect all console clients of the project."""
    await api.controller.get_project(project_id).nodes.for_all("reset_console")


async def node_console_ws(context: ApiContext, websocket: WebSocket, project_id: UUID, node_id: UUID) -> None:
    """A node's console as a websocket."""
    node = context.controller.get_project(project_id).nodes.require(node_id)
    await serve_console(websocket, node.instance, context.closing)
