"""``/v3/access/users``: users, but for logging in and for the user's own page."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from gns3trio.api.identity import require_may_change, user_of
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v3.access import replies
from gns3trio.api.v3.access.bodies import UserCreate, UserUpdate, cleared
from gns3trio.api.v3.access.views import group_view, user_view
from gns3trio.errors import Forbidden

routes = RouteTable("/v3/access/users")


@routes.route("GET", "", reply=list[replies.User], privilege="User.Audit")
async def list_users(api: ApiRequest) -> Iterator[dict[str, Any]]:
    """All users."""
    return map(user_view, api.controller.people.users.list())


@routes.route("POST", "", status=201, reply=replies.User, privilege="User.Allocate")
async def create_user(api: ApiRequest, body: UserCreate) -> dict[str, Any]:
    """Create a user. 400 for a name or an e-mail address in use; 409 as long as the first password of the server was
    not changed, because everybody is the administrator then.
    """
    user = await api.controller.people.users.create(
        body.username,
        body.password,
        email=body.email or "",
        full_name=body.full_name or "",
        is_active=body.is_active,
    )
    return user_view(user)


@routes.route("GET", "/{user_id}", reply=replies.User, privilege="User.Audit")
async def get_user(api: ApiRequest, user_id: UUID) -> dict[str, Any]:
    """A user."""
    return user_view(api.controller.people.users.require(user_id))


@routes.route("PUT", "/{user_id}", reply=replies.User, privilege="User.Modify")
async def update_user(api: ApiRequest, user_id: UUID, body: UserUpdate) -> dict[str, Any]:
    """Change what is given. Another password ends the user's tokens. Only the first administrator changes itself, and
    who may give rights is only changed by who may give them too: who may change users could otherwise become it.
    """
    people = api.controller.people
    if user_id == people.administrator.user_id and not user_of(api.http.scope).is_superadmin:
        raise Forbidden("only the first administrator may change the first administrator")
    require_may_change(api.http.scope, user_id)
    fields = cleared(api.given(body), "email", "full_name")
    return user_view(await api.controller.people.users.update(user_id, **fields))


@routes.route("DELETE", "/{user_id}", status=204, privilege="User.Allocate")
async def delete_user(api: ApiRequest, user_id: UUID) -> None:
    """Delete a user, with the access control entries that name the user. 403 for the first administrator, and for who
    may give rights that the client may not.
    """
    require_may_change(api.http.scope, user_id)
    await api.controller.people.users.delete(user_id)


@routes.route("GET", "/{user_id}/groups", reply=list[replies.UserGroup], privilege="Group.Audit")
async def list_groups_of_user(api: ApiRequest, user_id: UUID) -> Iterator[dict[str, Any]]:
    """The groups of a user."""
    return map(group_view, api.controller.people.groups.of(user_id))
