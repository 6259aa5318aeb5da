"""``/v2/projects/{project_id}/arrange`` and ``.../positions``: where nodes are drawn, many at once; an extension."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any
from uuid import UUID

from gns3trio.api.disconnects import cancelled_on_disconnect
from gns3trio.api.encoded_lists import LongReply
from gns3trio.api.replies import Whole
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.classes import define
from gns3trio.controller.nodes.places import Place
from gns3trio.controller.project.arranging import arrange, place_nodes
from gns3trio.layout.arrange import Layout
from gns3trio.limits import MAX_NODES, Bound, Int32

routes = RouteTable("/v2/projects/{project_id}")

_NODES = "/projects/{project_id}/nodes"


@define(kw_only=True)
class ArrangeRequest:
    """``layout``: in rows by the distance from the core of the lab, by forces between nodes, or on circles. Without
    ``nodes``, all are arranged. With ``dry_run``, none is moved.
    """

    layout: Layout = "layered"
    nodes: Annotated[list[UUID], Bound(MAX_NODES)] | None = None
    dry_run: bool = False


@define(kw_only=True)
class Position(Whole):
    """Where a node is drawn: its upper left corner."""

    node_id: UUID
    x: Int32
    y: Int32


@define(kw_only=True)
class Positions(Whole):
    """Nodes and where they are drawn."""

    nodes: Annotated[list[Position], Bound(MAX_NODES)]


@define(kw_only=True)
class Moved(Positions):
    """Nodes that were moved, and the ids of those that are ``missing``."""

    missing: list[UUID]


@routes.route("POST", "/arrange", reply=Positions, privilege="Node.Modify", at=_NODES)
async def arrange_nodes(api: ApiRequest, project_id: UUID, body: ArrangeRequest) -> LongReply:
    """Arrange all nodes of a project, or some, so that none covers another; an extension. Locked nodes stay. The same
    lab is always arranged in the same way. The reply has the nodes that were arranged.
    """
    project = api.controller.get_project(project_id)
    arranged = await cancelled_on_disconnect(
        api, lambda: arrange(project, body.layout, body.nodes, dry_run=body.dry_run)
    )
    return LongReply({"nodes": _views((node.node_id, place) for node, place in arranged)})


@routes.route("PUT", "/positions", reply=Moved, privilege="Node.Modify", at=_NODES)
async def put_positions(api: ApiRequest, project_id: UUID, body: Positions) -> LongReply:
    """Move many nodes in one step, even locked ones; an extension. Nodes that are not there any more are named in the
    reply.
    """
    places = {each.node_id: (each.x, each.y) for each in body.nodes}
    there = await place_nodes(api.controller.get_project(project_id), places)
    missing = [str(node_id) for node_id in places.keys() - there]
    return LongReply(
        {"missing": sorted(missing), "nodes": _views((each, places[each]) for each in places if each in there)}
    )


def _views(places: Iterable[tuple[UUID, Place]]) -> Iterator[dict[str, Any]]:
    return ({"node_id": str(node_id), "x": x, "y": y} for node_id, (x, y) in places)
