"""``/v3/access/roles`` and ``/v3/access/privileges``."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from gns3trio.api.access import Access
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v3.access import replies
from gns3trio.api.v3.access.bodies import RoleCreate, RoleUpdate, cleared
from gns3trio.api.v3.access.views import privilege_view, privilege_views, role_view
from gns3trio.controller.people.privileges import Privilege
from gns3trio.controller.people.records import PRIVILEGE_IDS
from gns3trio.errors import NotFound

routes = RouteTable("/v3/access")


@routes.route("GET", "/privileges", reply=list[replies.Privilege], access=Access.LOGIN)
async def list_privileges(api: ApiRequest) -> Iterator[dict[str, Any]]:
    """All privileges that a role may contain."""
    since = api.controller.people.administrator.created_at
    return (privilege_view(name, since) for name in PRIVILEGE_IDS.values())


@routes.route("GET", "/roles", reply=list[replies.Role], privilege="Role.Audit")
async def list_roles(api: ApiRequest) -> Iterator[dict[str, Any]]:
    """All roles."""
    return map(role_view, api.controller.people.roles.list())


@routes.route("POST", "/roles", status=201, reply=replies.Role, privilege="Role.Allocate")
async def create_role(api: ApiRequest, body: RoleCreate) -> dict[str, Any]:
    """Create a role without privileges."""
    return role_view(await api.controller.people.roles.create(body.name, description=body.description or ""))


@routes.route("GET", "/roles/{role_id}", reply=replies.Role, privilege="Role.Audit")
async def get_role(api: ApiRequest, role_id: UUID) -> dict[str, Any]:
    """A role."""
    return role_view(api.controller.people.roles.require(role_id))


@routes.route("PUT", "/roles/{role_id}", reply=replies.Role, privilege="Role.Modify")
async def update_role(api: ApiRequest, role_id: UUID, body: RoleUpdate) -> dict[str, Any]:
    """Change the name or the description of a role. 403 for a built-in one."""
    fields = cleared(api.given(body), "description")
    return role_view(await api.controller.people.roles.update(role_id, **fields))


@routes.route("DELETE", "/roles/{role_id}", status=204, privilege="Role.Allocate")
async def delete_role(api: ApiRequest, role_id: UUID) -> None:
    """Delete a role, with the access control entries that name it. 403 for a built-in one."""
    await api.controller.people.roles.delete(role_id)


@routes.route("GET", "/roles/{role_id}/privileges", reply=list[replies.Privilege], privilege="Role.Audit")
async def list_role_privileges(api: ApiRequest, role_id: UUID) -> Iterator[dict[str, Any]]:
    """The privileges of a role."""
    return privilege_views(api.controller.people.roles.require(role_id))


@routes.route("PUT", "/roles/{role_id}/privileges/{privilege_id}", status=204, privilege="Role.Modify")
async def grant_privilege(api: ApiRequest, role_id: UUID, privilege_id: UUID) -> None:
    """Give a privilege to a role, also to a built-in one."""
    await api.controller.people.roles.grant(role_id, _privilege(privilege_id))


@routes.route("DELETE", "/roles/{role_id}/privileges/{privilege_id}", status=204, privilege="Role.Modify")
async def withdraw_privilege(api: ApiRequest, role_id: UUID, privilege_id: UUID) -> None:
    """Take a privilege from a role, also from a built-in one. 404 if the role does not have it."""
    await api.controller.people.roles.withdraw(role_id, _privilege(privilege_id))


def _privilege(privilege_id: UUID) -> Privilege:
    if privilege_id not in PRIVILEGE_IDS:
        raise NotFound(f"Privilege ID {privilege_id} doesn't exist")
    return PRIVILEGE_IDS[privilege_id]
