"""``/openapi.json``: the OpenAPI description of the API."""

from starlette.responses import Response

from gns3trio.api.access import Access
from gns3trio.api.openapi import JSON
from gns3trio.api.routing import ApiRequest, RouteTable

# Clients of GNS3 3 read it before they log in; the source code of this server says the same.
routes = RouteTable("", access=Access.ANYBODY)


@routes.route("GET", "/openapi.json")
async def get_openapi(api: ApiRequest) -> Response:
    """The OpenAPI 3.1 document of this API."""
    return Response(api.http.app.describe(), media_type=None, headers={"content-type": JSON})
