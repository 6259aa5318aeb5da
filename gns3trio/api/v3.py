"""``/v3``: what clients and controllers of GNS3 3 ask first. They are told our version, and then say that it differs.

Version 3 of the API is not served. The version needs no password: these clients ask before anybody logs in, and every
reply tells it by its Server header anyway.
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
    """Check a client's version: 409 for one of GNS3 3."""
    check_version(api.context.config, body.version)
    return {"version": body.version}


@routes.route("GET", "/compute/capabilities", reply=replies.Capabilities)
async def get_capabilities(api: ApiRequest) -> dict[str, Any]:
    """What a controller of GNS3 3 asks first: the version is that of GNS3 2.2, which it refuses."""
    return api.controller.computes.capabilities()
