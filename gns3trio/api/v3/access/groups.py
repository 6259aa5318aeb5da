"""``/v3/access/groups``: groups of users."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from gns3trio.api.identity import require_may_change
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v3.access import replies
from gns3trio.api.v3.access.bodies import GroupCreate, GroupUpdate
from gns3trio.api.v3.access.views import group_view, user_view

routes = RouteTable("/v3/access/groups")


@routes.route("GET", "", reply=list[replies.UserGroup], privilege="Group.Audit")
async def list_user_groups(api: ApiRequest) -> Iterator[dict[str, Any]]:
    """All groups."""
    return map(group_view, api.controller.people.groups.list())


@routes.route("POST", "", status=201, reply=replies.UserGroup, privilege="Group.Allocate")
async def create_user_group(api: ApiRequest, body: GroupCreate) -> dict[str, Any]:
    """Create a group. Its members may do what access control entries that name the group allow."""
    return group_view(await api.controller.people.groups.create(body.name))


@routes.route("GET", "/{user_group_id}", reply=replies.UserGroup, privilege="Group.Audit")
async def get_user_group(api: ApiRequest, user_group_id: UUID) -> dict[str, Any]:
    """A group."""
    return group_view(api.controller.people.groups.require(user_group_id))


@routes.route("PUT", "/{user_group_id}", reply=replies.UserGroup, privilege="Group.Modify")
async def update_user_group(api: ApiRequest, user_group_id: UUID, body: GroupUpdate) -> dict[str, Any]:
    """Rename a group. 403 for a built-in one."""
    return group_view(await api.controller.people.groups.update(user_group_id, name=body.name))


@routes.route("DELETE", "/{user_group_id}", status=204, privilege="Group.Allocate")
async def delete_user_group(api: ApiRequest, user_group_id: UUID) -> None:
    """Delete a group, with the access control entries that name it. 403 for a built-in one, and for one that may give
    rights that the client may not.
    """
    require_may_change(api.http.scope, user_group_id)
    await api.controller.people.groups.delete(user_group_id)


@routes.route("GET", "/{user_group_id}/members", reply=list[replies.User], privilege="Group.Audit")
async def list_members(api: ApiRequest, user_group_id: UUID) -> Iterator[dict[str, Any]]:
    """The members of a group."""
    return map(user_view, api.controller.people.groups.members(user_group_id))


@routes.route("PUT", "/{user_group_id}/members/{user_id}", status=204, privilege="Group.Modify")
async def add_member(api: ApiRequest, user_group_id: UUID, user_id: UUID) -> None:
    """Add a user to a group. 400 if the user is in it; 403 if one of them may give rights that the client may not."""
    require_may_change(api.http.scope, user_group_id, user_id)
    await api.controller.people.groups.add_member(user_group_id, user_id)


@routes.route("DELETE", "/{user_group_id}/members/{user_id}", status=204, privilege="Group.Modify")
async def remove_member(api: ApiRequest, user_group_id: UUID, user_id: UUID) -> None:
    """Remove a user from a group. 404 if the user is not in it; 403 if one of them may give rights that the client may
    not.
    """
    require_may_change(api.http.scope, user_group_id, user_id)
    await api.controller.people.groups.remove_member(user_group_id, user_id)
