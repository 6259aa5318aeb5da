"""``/``: our page, and ``/docs``: the API viewer. Their files are part of this package.

The pages load nothing from other hosts, and their policy forbids it.
"""

import hashlib
import mimetypes
from pathlib import Path
from uuid import UUID

from starlette.responses import Response

from gns3trio import threads
from gns3trio.api.access import Access
from gns3trio.api.behind_proxy import relative_root
from gns3trio.api.content_policy import OWN_PAGE
from gns3trio.api.pages import WEB_UI
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.web_ui import INDEX
from gns3trio.classes import frozen
from gns3trio.errors import NotFound

routes = RouteTable("", access=Access.LOGIN)

_FOLDER = Path(__file__).parents[1] / "web"
_MEDIA_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS = {
    "content-security-policy": OWN_PAGE,
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",  # revalidate each time, so that no old page is used after an update of the server
}


@frozen
class _File:
    content: bytes
    etag: str
    media_type: str


_known: dict[str, _File] = {}  # they do not change while the server runs


async def _reply(api: ApiRequest, path: str) -> Response:
    file = await _file(path)
    headers = {**_HEADERS, "etag": file.etag}
    if file.etag in api.http.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=None, headers={**headers, "content-type": file.media_type})


async def _file(path: str) -> _File:
    if path not in _known:
        _known[path] = await threads.disk.run(_read, path)
    return _known[path]


async def _page(api: ApiRequest, path: str, links: str = "") -> Response:
    """A page with relative addresses, because it may be below the path of a reverse proxy."""
    text = (await _file(path)).content.decode().replace("<!-- web UI -->", links)
    page = text.replace("{root}", relative_root(api.http.scope))
    return Response(page, headers={**_HEADERS, "content-type": "text/html; charset=utf-8"})


def _read(path: str) -> _File:
    parts = path.split("/")
    place = _FOLDER.joinpath(*parts)
    try:
        if any(part in ("", ".", "..") for part in parts) or not place.is_file():
            raise NotFound(f"There is no file {path}")
        content = place.read_bytes()
    except OSError:  # the name is too long
        raise NotFound(f"There is no file {path}") from None
    suffix = "." + path.rpartition(".")[2]
    media_type = _MEDIA_TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "text/plain"
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    return _File(content, f'"{hashlib.sha256(content).hexdigest()[:16]}"', media_type)


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


@routes.route("GET", "/projects/{project_id}")
async def show_lab(api: ApiRequest, project_id: UUID) -> Response:
    """The page of one project."""
    api.controller.get_project(project_id)
    return await _index(api)


async def _index(api: ApiRequest) -> Response:
    has_web_ui = (api.context.config.web_ui_folder / INDEX).is_file()
    return await _page(api, "index.html", f'<a href="{{root}}{WEB_UI}">GNS3 web UI</a> ' if has_web_ui else "")


@routes.route("GET", "/docs")
async def show_docs(api: ApiRequest) -> Response:
    """The page that shows the API description."""
    return await _page(api, "docs.html")


@routes.route("GET", "/static/app/{path:path}")
async def get_page_file(api: ApiRequest, path: str) -> Response:
    """A file of the page."""
    return await _reply(api, path)
