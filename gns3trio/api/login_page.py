"""``/login`` and ``/logout``: how the users of our page log in."""

from urllib.parse import quote, urlsplit

from starlette.responses import Response

from gns3trio.api.access import Access
from gns3trio.api.behind_proxy import relative_root
from gns3trio.api.credentials import TooManyGuesses
from gns3trio.api.forms import read_form
from gns3trio.api.html_text import escape_html
from gns3trio.api.login_cookie import LOGIN, cookie_name, token_in_cookie
from gns3trio.api.page_files import page_reply
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.errors import Invalid

routes = RouteTable("", access=Access.ANYBODY)

_MAX_NEXT = 2000
_WRONG = (
    "The user or the password is wrong. Who has forgotten it gets another one from the administrator, who has the "
    "command gns3trio user reset-password on the server."
)
_ENDED = "Your login has ended. Please log in again."


@routes.route("GET", LOGIN, described=False)
async def show_login(api: ApiRequest) -> Response:
    """The page where a user logs in; ``next`` is the path of the page to which the user wants. With ``ended``, it says
    that the former login has ended.
    """
    query = api.http.query_params
    return await _form(api, query.get("next", ""), _ENDED if "ended" in query else "")


@routes.route("POST", LOGIN, raw_body=True, described=False)
async def log_in(api: ApiRequest) -> Response:
    """Log in with the form of that page, and go to the page to which the user wanted."""
    form = await read_form(api)
    for name in ("username", "password"):
        if name not in form:
            raise Invalid(f"{name}: is missing")
    credentials, client = api.context.credentials, api.http.scope["client"] or ("", 0)
    try:
        login = await credentials.of_password(client, form["username"], form["password"])
    except TooManyGuesses as error:
        return await _form(api, form.get("next", ""), f"Too many wrong passwords. Try again in {error.seconds} s.", 429)
    if login is None:
        return await _form(api, form.get("next", ""), _WRONG, 401)
    return _go(api, form.get("next", ""), await credentials.logins.issue(login))


@routes.route("POST", "/logout", described=False)
async def log_out(api: ApiRequest) -> Response:
    """End the token in the cookie, delete the cookie, and go to the page where one logs in."""
    scope = api.http.scope
    if (token := token_in_cookie(scope)) is not None:
        await api.context.credentials.end_token(scope["client"] or ("", 0), token)
    return _go(api, LOGIN, "")


def _go(api: ApiRequest, target: str, token: str) -> Response:
    """To a page of this server, whatever ``target`` is, with the token in a cookie, or without one."""
    own = quote(_own_path(target[:_MAX_NEXT]).lstrip("/"), safe="/:=")
    root = relative_root(api.http.scope)
    reply = Response(status_code=303, headers={"location": f"{root}{own}" or "./", "cache-control": "no-store"})
    reply.set_cookie(
        cookie_name(api.http.scope),
        token,
        max_age=None if token else 0,
        path=None,  # the browser's default: the folder of this page, perhaps below the path of a reverse proxy
        httponly=True,
        samesite="strict",
        secure=api.http.url.scheme == "https",
    )
    return reply


def _own_path(target: str) -> str:
    """The path in a target if it is of this server, else an empty text. What is no URL has no path either."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return ""
    return "" if parts.scheme or parts.netloc or "\\" in target else parts.path


async def _form(api: ApiRequest, target: str, problem: str, status: int = 200) -> Response:
    told = f'<p class="error" role="alert">{escape_html(problem)}</p>' if problem else ""
    marks = {"<!-- problem -->": told, "{next}": escape_html(target[:_MAX_NEXT])}
    reply = await page_reply(api, "login.html", marks, status)
    # Without a referrer, a browser sends the origin of a form as "null".
    reply.headers["referrer-policy"] = "same-origin"
    return reply
