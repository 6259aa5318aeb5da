"""``/``: our page, and ``/docs``: the API viewer."""

from uuid import UUID

from starlette.responses import Response

from gns3trio.api.access import Access
from gns3trio.api.html_text import escape_html
from gns3trio.api.identity import user_of
from gns3trio.api.page_files import file_reply, page_reply
from gns3trio.api.pages import WEB_UI
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.web_ui import INDEX

routes = RouteTable("", access=Access.LOGIN)


@routes.route("GET", "/")
async def show_page(api: ApiRequest) -> Response:
    """The page with the list of projects."""
    return await _index(api)


@routes.route("GET", "/hosts")
async def show_hosts(api: ApiRequest) -> Response:
    """The page of the hosts that run nodes."""
    return await _index(api)


@routes.route("GET", "/images")
async def show_images(api: ApiRequest) -> Response:
    """The page of images and appliances."""
    return await _index(api)


@routes.route("GET", "/templates")
async def show_templates(api: ApiRequest) -> Response:
    """The page of templates and symbols."""
    return await _index(api)


@routes.route("GET", "/people")
async def show_people(api: ApiRequest) -> Response:
    """The page of users, groups, roles, pools and permissions, and of what was changed."""
    return await _index(api)


@routes.route("GET", "/projects/{project_id}")
async def show_lab(api: ApiRequest, project_id: UUID) -> Response:
    """The page of one project."""
    api.controller.get_project(project_id)
    return await _index(api)


@routes.route("GET", "/projects/{project_id}/nodes/{node_id}/console")
async def show_console(api: ApiRequest, project_id: UUID, node_id: UUID) -> Response:
    """The page of the console of one node, for a window of its own."""
    api.controller.get_project(project_id)
    return await _index(api)


async def _index(api: ApiRequest) -> Response:
    has_web_ui = (api.context.config.web_ui_folder / INDEX).is_file()
    link = f'<a href="{{root}}{WEB_UI}">GNS3 web UI</a> ' if has_web_ui else ""
    marks = {"<!-- web UI -->": link, "{user}": escape_html(user_of(api.http.scope).username)}
    return await page_reply(api, "index.html", marks)


@routes.route("GET", "/docs")
async def show_docs(api: ApiRequest) -> Response:
    """The page that shows the API description."""
    return await page_reply(api, "docs.html", {})


@routes.route("GET", "/static/app/{path:path}", access=Access.ANYBODY)
async def get_page_file(api: ApiRequest, path: str) -> Response:
    """A file of the page, which everybody may have: the page where users log in needs them."""
    return await file_reply(api, path)
