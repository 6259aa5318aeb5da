"""``/v3/access/users``: how users log in, and what they see and change of themselves."""

from typing import Annotated, Any

from starlette.responses import Response

from gns3trio.api.access import Access
from gns3trio.api.credentials import TooManyGuesses
from gns3trio.api.dialects import V3
from gns3trio.api.errors import error_response
from gns3trio.api.forms import FORM, read_form
from gns3trio.api.identity import user_of
from gns3trio.api.replies import Whole, reply_shape
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v3.access import replies
from gns3trio.api.v3.access.bodies import OwnUserUpdate, cleared
from gns3trio.api.v3.access.views import user_view
from gns3trio.classes import define
from gns3trio.errors import Invalid
from gns3trio.limits import Bound

routes = RouteTable("/v3/access/users")

# More than any name and password that this server lets somebody have; encoded in a form, each character may take 12.
_MAX_CREDENTIALS = 1024


@define(kw_only=True)
class Credentials:
    """The name and password of a user."""

    username: Annotated[str, Bound(_MAX_CREDENTIALS)]
    password: Annotated[str, Bound(_MAX_CREDENTIALS)]


@reply_shape
class Token(Whole):
    """What the user sends with each request from now on, as ``Authorization: Bearer`` or the parameter ``token``."""

    access_token: str
    token_type: str


@routes.route("POST", "/login", raw_body=True, body=Credentials, media_type=FORM, reply=Token, access=Access.ANYBODY)
async def log_in_by_form(api: ApiRequest) -> dict[str, str] | Response:
    """Get a token for a name and a password, sent as a form, as GNS3's web UI does."""
    form = await read_form(api)
    for name in ("username", "password"):
        if name not in form:
            raise Invalid(f"{name}: is missing")
        if len(form[name]) > _MAX_CREDENTIALS:
            raise Invalid(f"{name}: has {len(form[name])} characters, and may have {_MAX_CREDENTIALS}")
    return await _log_in(api, form["username"], form["password"])


@routes.route("POST", "/authenticate", reply=Token, access=Access.ANYBODY)
async def log_in(api: ApiRequest, body: Credentials) -> dict[str, str] | Response:
    """Get a token for a name and a password, sent as JSON, as GNS3's desktop GUI does."""
    return await _log_in(api, body.username, body.password)


@routes.route("GET", "/me", reply=replies.User, access=Access.LOGIN)
async def get_me(api: ApiRequest) -> dict[str, Any]:
    """The user who asks."""
    return user_view(api.controller.people.users.require(user_of(api.http.scope).user_id))


@routes.route("PUT", "/me", reply=replies.User, access=Access.LOGIN)
async def update_me(api: ApiRequest, body: OwnUserUpdate) -> dict[str, Any]:
    """Change the password, e-mail address or full name of the user who asks. Another password ends all its tokens."""
    fields = cleared(api.given(body), "email", "full_name")
    return user_view(await api.controller.people.users.update(user_of(api.http.scope).user_id, **fields))


async def _log_in(api: ApiRequest, username: str, password: str) -> dict[str, str] | Response:
    credentials, client = api.context.credentials, api.http.scope["client"] or ("", 0)
    try:
        login = await credentials.of_password(client, username, password)
    except TooManyGuesses as error:
        return error_response(V3, 429, str(error), {"Retry-After": str(error.seconds)})
    if login is None:
        return error_response(V3, 401, "Unauthorized: wrong user or password", {"WWW-Authenticate": "Bearer"})
    return {"access_token": await credentials.logins.issue(login), "token_type": "bearer"}
