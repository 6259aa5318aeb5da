"""``/v2/projects/{project_id}/nodes/{node_id}/move``: moving a node to another compute; an extension."""

from uuid import UUID

import orjson

from gns3trio.api.disconnects import cancelled_on_disconnect
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import replies
from gns3trio.api.v2.views import node_view
from gns3trio.classes import define
from gns3trio.controller.project.moving import move_node

routes = RouteTable("/v2/projects/{project_id}/nodes")


@define(kw_only=True)
class NodeMove:
    """The body of ``POST /projects/{project_id}/nodes/{node_id}/move``: where the node shall be."""

    compute_id: str


@routes.route("POST", "/{node_id}/move", reply=replies.Node, privilege="Node.Modify")
async def move(api: ApiRequest, project_id: UUID, node_id: UUID, body: NodeMove) -> orjson.Fragment:
    """Move a stopped node, or one that always runs, to another compute with its files and links, all or nothing. The
    reply comes when it is there. Meanwhile other requests that concern the node are answered with 409. An extension.
    """
    project = api.controller.get_project(project_id)
    node = project.nodes.require(node_id)

    async def run() -> None:
        async with project.whole_changes.one():
            await move_node(project, node, body.compute_id)

    await cancelled_on_disconnect(api, run)
    return node_view(node)
