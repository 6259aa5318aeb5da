"""The HTML pages that GNS3 serves beside its web UI."""

from starlette.responses import HTMLResponse

from gns3trio import __version__
from gns3trio.api.access import Access
from gns3trio.api.content_policy import PLAIN_PAGE
from gns3trio.api.html_text import escape_html
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2.views import compute_view
from gns3trio.api.web_ui import INDEX
from gns3trio.compute.host import LOCAL_COMPUTE_ID

routes = RouteTable("", access=Access.LOGIN)

WEB_UI = "static/web-ui/bundled"  # the page below the root to which GNS3 redirects browsers

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }}
body {{ max-width: 50rem; margin: 2rem auto; padding: 0 1rem }}
th, td {{ text-align: left; padding: .2rem 1rem .2rem 0 }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
<p><a href="./">Projects</a> · <a href="compute">Compute</a> · <a href="v2/version">Version</a> ·
<a href="metrics">Metrics</a></p>
</body>
</html>
"""


def _page(title: str, body: str) -> HTMLResponse:
    page = _PAGE.format(title=escape_html(title), body=body)
    return HTMLResponse(page, headers={"content-security-policy": PLAIN_PAGE})


def _table(headings: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{escape_html(heading)}</th>" for heading in headings)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


@routes.route("GET", "/controller")
async def show_projects(api: ApiRequest) -> HTMLResponse:
    """The projects of this server."""
    rows = [
        [f'<a href="projects/{project.project_id}">{escape_html(project.settings.name)}</a>', project.status]
        for project in api.projects
    ]
    body = _table(["Project", "Status"], rows) if rows else "<p>There is no project yet.</p>"
    if (api.context.config.web_ui_folder / INDEX).is_file():
        body += f'<p><a href="{WEB_UI}">Open the GNS3 web UI</a></p>'
    return _page(f"gns3trio {__version__}", body)


@routes.route("GET", "/compute", "/debug")
async def show_compute(api: ApiRequest) -> HTMLResponse:
    """A page with the load of this server and its nodes."""
    shown = compute_view(api.controller.computes.state(LOCAL_COMPUTE_ID))
    rows = [[escape_html(str(name)), escape_html(str(value))] for name, value in shown.items()]
    return _page("Compute", _table(["Property", "Value"], rows))


@routes.route("GET", "/upload")
async def show_upload(api: ApiRequest) -> HTMLResponse:
    """A page instead of GNS3's upload of emulator images."""
    return _page("Upload", "<p>This server runs no emulator that needs an image.</p>")
