"""``/v3/access/acl``: access control entries."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v3.access import replies
from gns3trio.api.v3.access.bodies import AceBody
from gns3trio.api.v3.access.endpoints import endpoints
from gns3trio.api.v3.access.views import ace_view
from gns3trio.compute.images import FOLDERS
from gns3trio.errors import Refused

routes = RouteTable("/v3/access/acl")


@routes.route("GET", "/endpoints", status=201, reply=list[replies.Endpoint], privilege="ACE.Audit")
async def list_endpoints(api: ApiRequest) -> Iterator[dict[str, Any]]:
    """The paths of what exists, for which entries can be made. The status is that of GNS3, whose web UI expects it."""
    images = [image for emulator in FOLDERS for image in await api.controller.images.of(emulator).list()]
    return endpoints(api.controller, images)


@routes.route("GET", "", reply=list[replies.Ace], privilege="ACE.Audit")
async def list_aces(api: ApiRequest) -> Iterator[dict[str, Any]]:
    """All entries."""
    return map(ace_view, api.controller.people.aces.list())


@routes.route("POST", "", status=201, reply=replies.Ace, privilege="ACE.Allocate")
async def create_ace(api: ApiRequest, body: AceBody) -> dict[str, Any]:
    """Create an entry, which gives a role to a user or a group on a path and, if it propagates, on all paths below; or
    denies it. 400 for a path that is none of the API, or if there is not exactly the id that ``ace_type`` names.
    """
    return ace_view(await api.controller.people.aces.create(**_fields(api, body)))


@routes.route("GET", "/{ace_id}", reply=replies.Ace, privilege="ACE.Audit")
async def get_ace(api: ApiRequest, ace_id: UUID) -> dict[str, Any]:
    """An entry."""
    return ace_view(api.controller.people.aces.require(ace_id))


@routes.route("PUT", "/{ace_id}", reply=replies.Ace, privilege="ACE.Modify")
async def update_ace(api: ApiRequest, ace_id: UUID, body: AceBody) -> dict[str, Any]:
    """Replace an entry."""
    return ace_view(await api.controller.people.aces.update(ace_id, **_fields(api, body)))


@routes.route("DELETE", "/{ace_id}", status=204, privilege="ACE.Allocate")
async def delete_ace(api: ApiRequest, ace_id: UUID) -> None:
    """Delete an entry."""
    await api.controller.people.aces.delete(ace_id)


def _fields(api: ApiRequest, body: AceBody) -> dict[str, Any]:
    """What an entry is made of. Raises Refused for a path at which the API has nothing."""
    if body.path != "/" and not api.http.app.has_path(body.path):
        raise Refused(f"path: the API has no path like {body.path!r}")
    return {
        "ace_type": body.ace_type,
        "path": body.path,
        "role_id": body.role_id,
        "user_id": body.user_id,
        "group_id": body.group_id,
        "propagate": body.propagate is not False,
        "allowed": body.allowed is not False,
    }
