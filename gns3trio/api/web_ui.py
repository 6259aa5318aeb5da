"""``/static/web-ui``: the GNS3 web UI, from the folder into which ``gns3trio web-ui install`` has installed it.

It is a single-page application: a path that is not one of its files gets its index page.
"""

import mimetypes
from pathlib import PurePosixPath

from starlette.responses import RedirectResponse, Response

from gns3trio import threads
from gns3trio.api.access import Access
from gns3trio.api.content_policy import BINARY, WEB_UI
from gns3trio.api.downloads import Download, file_download
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.controller.storage.single_files import OpenFile, open_file
from gns3trio.errors import Forbidden, NotFound

# The web UI asks for a user itself; its files are GNS3's, and no secret.
routes = RouteTable("/static/web-ui", access=Access.ANYBODY)

INDEX = "index.html"
# The names of all other files contain a hash of their content.
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


@routes.route("GET", "")
async def go_to_web_ui(api: ApiRequest) -> Response:
    """Redirect to the web UI's page for this server; its start page is an empty list of servers."""
    return RedirectResponse("web-ui/bundled")


@routes.route("GET", "/", described=False)
async def go_to_web_ui_from_its_folder(api: ApiRequest) -> Response:
    """Redirect to the web UI's page for this server."""
    return RedirectResponse("bundled")


@routes.route("GET", "/{path:path}")
async def get_web_ui_file(api: ApiRequest, path: str) -> Download:
    """A file of the web UI."""
    folder = api.context.config.web_ui_folder

    def find() -> OpenFile:
        try:
            return open_file(folder, path)
        except (NotFound, Forbidden):
            return open_file(folder, INDEX)

    try:
        file = await threads.disk.run(find)
    except NotFound:
        raise NotFound("The GNS3 web UI is not installed here: run 'gns3trio web-ui install'") from None
    name = PurePosixPath(file.name).name
    media_type = "application/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0]
    reply = file_download(file, media_type or BINARY)
    reply.headers["content-security-policy"] = WEB_UI
    has_hash = name != INDEX and name.count(".") >= 2
    reply.headers["cache-control"] = _FOR_EVER if has_hash else _ASK_AGAIN
    return reply
