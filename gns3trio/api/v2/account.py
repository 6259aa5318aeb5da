"""``/v2/account``, an extension: who is logged in, and what that user may do."""

from typing import Any

from gns3trio.api.access import Access
from gns3trio.api.identity import login_of, user_of
from gns3trio.api.replies import Whole, reply_shape
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.controller.people.permits import canonical_path
from gns3trio.controller.people.privileges import PRIVILEGES
from gns3trio.errors import Conflict

routes = RouteTable("/v2")

_QUERY = {"path": "path of the API without its version, such as `/projects/{project_id}`; the default is `/`"}


@reply_shape
class Account(Whole):
    """The user who asks, with the privileges that this user has on a path. ``privileges_below`` are others, which the
    user has on some path below it. ``is_open``: the server asks nobody for a password, so everybody is the first
    administrator.
    """

    username: str
    is_superadmin: bool
    is_open: bool
    privileges: list[str]
    privileges_below: list[str]


@routes.route("GET", "/account", reply=Account, query=_QUERY, access=Access.LOGIN)
async def get_account(api: ApiRequest) -> dict[str, Any]:
    """Who is logged in, and what that user may do; an extension."""
    user, gate = user_of(api.http.scope), api.context.gate
    path = canonical_path(api.http.query_params.get("path", "/"))
    here = [name for name in PRIVILEGES if gate.permits.permits(user, name, path)]
    below = gate.permits.permitted_below(user, path)
    return {
        "username": user.username,
        "is_superadmin": user.is_superadmin,
        "is_open": gate.people.is_open,
        "privileges": here,
        "privileges_below": [name for name in PRIVILEGES if name in below and name not in here],
    }


@routes.route("POST", "/account/logout", status=204, access=Access.LOGIN)
async def log_out_here(api: ApiRequest) -> None:
    """End the token that comes with the request, and what was opened with it; an extension. 409 if the request has no
    token: who sends a password is logged in for this request only.
    """
    login = login_of(api.http.scope)
    if login is None or login.token_id is None:
        raise Conflict("there is no token to end: this request has none")
    await api.context.credentials.logins.end(login)
