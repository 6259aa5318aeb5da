"""``/v3/version``: the first routes that clients of GNS3 3 request. They need no password, because clients request them
before the login, and the Server header of every reply contains the version anyway.
"""

from typing import Any

from gns3trio.api import replies
from gns3trio.api.access import Access
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.versions import VersionCheck, check_version

routes = RouteTable("/v3")


@routes.route("GET", "/version", reply=replies.Version3, access=Access.ANYBODY)
async def get_version(api: ApiRequest) -> dict[str, Any]:
    """The GNS3 version of this server, in the shape of version 3 of the API."""
    config = api.context.config
    return {"controller_host": config.own_address, "local": config.local, "version": config.gns3_version}


@routes.route("POST", "/version", reply=VersionCheck, access=Access.ANYBODY)
async def post_version(api: ApiRequest, body: VersionCheck) -> dict[str, Any]:
    """Compare a client's version with the server's: 409 for GNS3 3."""
    check_version(api.context.config, body.version)
    return {"version": body.version}
