"""The pages that tell a browser's user what is wrong, where programs get JSON."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from gns3trio.api.behind_proxy import relative_root
from gns3trio.api.content_policy import PLAIN_PAGE
from gns3trio.api.html_text import escape_html
from gns3trio.api.login_cookie import LOGIN

_WITHOUT_PAGES = ("/v1/", "/v2/", "/v3/", "/static/")
# The pages that send a form.
_FORMS = (LOGIN, "/logout")
_MOST_TEXT = 2000  # it may repeat what was sent

_TITLES = {
    401: "Log in to go on",
    403: "This is not allowed",
    404: "There is nothing here",
    429: "Please wait a moment",
}
_REQUEST_TITLE, _SERVER_TITLE = "This does not work", "The server cannot do this now"
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>TITLE · gns3trio</title>
<link rel="icon" href="{root}static/app/icon.svg">
<link rel="stylesheet" href="{root}static/app/style.css">
</head>
<body>
<header class="bar">
  <a class="brand" href="{root}">
    <img src="{root}static/app/icon.svg" alt="" width="22" height="22"><span>gns3trio</span>
  </a>
</header>
<main><section class="projects">
  <h1>TITLE</h1>
  <p>MESSAGE</p>
  <p class="buttons">BUTTONS</p>
</section></main>
</body>
</html>
"""


def wants_page(request: Request) -> bool:
    """Whether a browser displays the reply, and the path belongs neither to the API nor to a file."""
    path = request.url.path
    if path.startswith(_WITHOUT_PAGES) or not (
        request.method == "GET" or (request.method == "POST" and path in _FORMS)
    ):
        return False
    kinds = [kind.partition(";")[0].strip() for kind in request.headers.get("accept", "").split(",")]
    return next((kind == "text/html" for kind in kinds if kind in ("text/html", "application/json", "*/*")), False)


def error_page(status: int, message: str, request: Request, headers: Mapping[str, str] | None = None) -> Response:
    """A page with the message, and the ways from there."""
    title = _TITLES.get(status, _SERVER_TITLE if status >= 500 else _REQUEST_TITLE)
    ways = [("{root}login", "Log in")] if status in (401, 403, 429) else []
    buttons = "".join(f'<a class="button" href="{url}">{text}</a>' for url, text in (*ways, ("{root}", "Projects")))
    page = _PAGE.replace("TITLE", title).replace("BUTTONS", buttons).replace("{root}", relative_root(request.scope))
    text = message if len(message) <= _MOST_TEXT else f"{message[:_MOST_TEXT]}..."
    return Response(
        page.replace("MESSAGE", escape_html(text)),
        status,
        {
            **(headers or {}),
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": PLAIN_PAGE,
            "cache-control": "no-store",
        },
    )
