"""``/v2/compute/.../ports/{port_number}/conditions``, an extension: what a link does to frames.

GNS3's controller uses ``PUT .../nio`` instead, which has its filters only.
"""

from uuid import UUID

from gns3trio.api.access import Access
from gns3trio.api.compute_client import client_of
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2.bodies import LinkConditions, LinkSuspension
from gns3trio.conditions import link_conditions
from gns3trio.controller.links.filters import checked_filters, require_impairments

routes = RouteTable("/v2/compute/projects/{project_id}", access=Access.COMPUTE)

_PORT = "/{node_type}/nodes/{node_id}/adapters/{adapter_number:number}/ports/{port_number:number}"


@routes.route("PUT", _PORT + "/conditions", status=204)
async def set_conditions(
    api: ApiRequest,
    project_id: UUID,
    node_type: str,
    node_id: UUID,
    adapter_number: int,
    port_number: int,
    body: LinkConditions,
) -> None:
    """Replace the conditions at an end of a link in one step; an extension."""
    impairments = tuple(each.impairment() for each in body.impairments)
    await require_impairments(impairments, api.http.state.body["impairments"])
    conditions = link_conditions.LinkConditions(
        filters=await checked_filters(body.filters), impairments=impairments, seed=body.seed, suspend=body.suspend
    )
    async with api.controller.hosted.locked_node(client_of(api.http.scope), project_id, node_type, node_id) as node:
        await node.link_end(adapter_number, port_number).apply(conditions, is_first=body.is_first)


@routes.route("PUT", _PORT + "/suspension", status=204)
async def set_suspension(
    api: ApiRequest,
    project_id: UUID,
    node_type: str,
    node_id: UUID,
    adapter_number: int,
    port_number: int,
    body: LinkSuspension,
) -> None:
    """Suspend an end of a link, or let frames pass its conditions again; an extension."""
    async with api.controller.hosted.locked_node(client_of(api.http.scope), project_id, node_type, node_id) as node:
        await node.link_end(adapter_number, port_number).suspend(body.suspend)
