"""``.../audit``, extensions: who changed what."""

from typing import Any
from uuid import UUID

from gns3trio.api.identity import has_privilege, user_of
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import host_replies
from gns3trio.controller.people.audit_trail import Wanted
from gns3trio.convert import parse_uuid
from gns3trio.errors import Invalid

routes = RouteTable("/v2")

MAX_ENTRIES = 1000
_DEFAULT_LIMIT = 100
_QUERY = {
    "limit": f"at most so many entries, 1 to {MAX_ENTRIES}; the default is {_DEFAULT_LIMIT}",
    "user": "only what this user changed",
    "action": "only what has these words as its `action`",
    "target": "only what concerns what has this name, such as a node or a user",
    "before": "only entries before this time, as it stands in an entry; for the next page",
}


@routes.route(
    "GET",
    "/audit",
    reply=list[host_replies.AuditEntry],
    query={**_QUERY, "project_id": "only what concerns this project"},
    privilege="User.Audit",
)
async def get_audit(api: ApiRequest) -> list[dict[str, Any]]:
    """The newest changes of this server, the newest first; an extension."""
    project_id = api.http.query_params.get("project_id")
    try:
        return await _entries(api, None if project_id is None else parse_uuid(project_id))
    except ValueError as error:
        raise Invalid(f"project_id: {error}") from None


@routes.route(
    "GET",
    "/projects/{project_id}/audit",
    reply=list[host_replies.AuditEntry],
    query=_QUERY,
    privilege="Project.Audit",
)
async def get_project_audit(api: ApiRequest, project_id: UUID) -> list[dict[str, Any]]:
    """The newest changes of a project, the newest first; an extension. Who may neither change the project
    (`Project.Modify`) nor see the users (`User.Audit`) gets its own entries only; who may not see the users gets no
    addresses.
    """
    api.controller.get_project(project_id)
    scope = api.http.scope
    sees_users = has_privilege(scope, "User.Audit", "/audit")
    sees_others = sees_users or has_privilege(scope, "Project.Modify", f"/projects/{project_id}")
    entries = await _entries(api, project_id, of=None if sees_others else user_of(scope).username)
    return entries if sees_users else [{**entry, "address": ""} for entry in entries]


async def _entries(api: ApiRequest, project_id: UUID | None, *, of: str | None = None) -> list[dict[str, Any]]:
    """The entries that the query wants; only those ``of`` a user, if one is given."""
    query = api.http.query_params
    user = query.get("user")
    if of is not None and user not in (None, of):
        return []
    limit = query.get("limit", str(_DEFAULT_LIMIT))
    if not (limit.isascii() and limit.isdigit() and len(limit) <= 4 and 1 <= int(limit) <= MAX_ENTRIES):
        raise Invalid(f"limit: is a number from 1 to {MAX_ENTRIES}")
    return await api.controller.audit.read(
        Wanted(
            limit=int(limit),
            user=user if of is None else of,
            project_id=project_id,
            before=query.get("before"),
            action=query.get("action"),
            target=query.get("target"),
        )
    )
