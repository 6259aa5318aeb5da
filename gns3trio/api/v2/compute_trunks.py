"""``/v2/compute/trunks``, an extension: the trunk of this host, over which links to other hosts run."""

from typing import Any

from gns3trio.api.access import Access
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import host_replies
from gns3trio.api.v2.compute_views import trunk_view

routes = RouteTable("/v2/compute", access=Access.COMPUTE)


@routes.route("GET", "/trunks", reply=host_replies.Trunk)
async def get_trunk(api: ApiRequest) -> dict[str, Any]:
    """The trunk of this host: the other hosts that its links lead to, with delay, loss and MTU; an extension."""
    return trunk_view(await api.controller.hosted.compute.trunk())
