"""``/v2/compute/.../nodes/{node_id}/engine``, an extension: what runs a node that has a choice."""

from typing import Annotated, Any
from uuid import UUID

from attrs import field

from gns3trio import field_checks as v
from gns3trio.api.access import Access
from gns3trio.api.compute_client import client_of
from gns3trio.api.replies import Whole
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.classes import define
from gns3trio.limits import MAX_ENGINE, Bound

routes = RouteTable("/v2/compute/projects/{project_id}", access=Access.COMPUTE)


@define(kw_only=True)
class EngineChoice:
    """The body of ``PUT .../engine``: null is the compute's default. ``mac_id`` is the number of the MAC address that
    the node should get; without one it keeps its own if the engine can have it.
    """

    engine: Annotated[str, Bound(MAX_ENGINE)] | None
    mac_id: int | None = field(default=None, validator=v.optional(v.ge(0)))


@define(kw_only=True)
class ChosenEngine(Whole):
    """What runs a node now, whether that is the compute's default, and the number of its MAC address."""

    engine: str | None
    has_default_engine: bool
    mac_id: int | None


@routes.route("PUT", "/{node_type}/nodes/{node_id}/engine", reply=ChosenEngine)
async def choose_engine(
    api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID, body: EngineChoice
) -> dict[str, Any]:
    """Let another engine run a stopped node; an extension."""
    async with api.controller.hosted.locked_node(client_of(api.http.scope), project_id, node_type, node_id) as node:
        instance = node.instance
        await instance.set_engine(body.engine, body.mac_id)
        return {
            "engine": instance.engine,
            "has_default_engine": instance.has_default_engine,
            "mac_id": instance.mac_id,
        }
