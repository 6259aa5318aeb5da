"""``/v3/compute``: the first route that a controller of GNS3 3 requests."""

from typing import Any

from gns3trio.api import replies
from gns3trio.api.access import Access
from gns3trio.api.routing import ApiRequest, RouteTable

routes = RouteTable("/v3/compute", access=Access.COMPUTE)


@routes.route("GET", "/capabilities", reply=replies.Capabilities)
async def get_capabilities(api: ApiRequest) -> dict[str, Any]:
    """The capabilities for a controller of GNS3 3, which rejects the version 2.2 in them."""
    return replies.shown_as(replies.Capabilities, api.controller.computes.capabilities())
