"""``/health``: a health check for load balancers and monitors. It needs no password.

200 and ``{"status": "ok", ...}``, or 503 and ``"failing"`` with a list of problems, which names no projects.
"""

import os
import shutil
from collections.abc import Iterator

from starlette.responses import Response

from gns3trio import __version__, threads
from gns3trio.api import replies
from gns3trio.api.access import Access
from gns3trio.api.context import ApiContext
from gns3trio.api.routing import ApiRequest, JSONResponse, RouteTable

routes = RouteTable("")

# With less free space for projects, the next save may fail.
MIN_FREE_BYTES = 64 * 1024 * 1024


@routes.route("GET", "/health", reply=replies.Health, access=Access.ANYBODY)
async def get_health(api: ApiRequest) -> Response:
    """Check whether the server works; 503 if not."""
    problems = [*_problems(api.context), *await threads.disk.run(lambda: list(_disk_problems(api.context)))]
    body = {"status": "failing" if problems else "ok", "problems": problems, "gns3trio_version": __version__}
    return JSONResponse(body, 503 if problems else 200, {"cache-control": "no-store"})


def _problems(context: ApiContext) -> Iterator[str]:
    if context.closing.is_set():
        yield "the server is stopping"
    if unsaved := sum(project.file.is_failing for project in context.controller.projects.values()):
        yield f"projects that cannot be saved: {unsaved}"


def _disk_problems(context: ApiContext) -> Iterator[str]:
    folder = context.config.projects_path
    try:
        if not os.access(folder, os.W_OK):
            yield "the folder for projects cannot be written"
        if (free := shutil.disk_usage(folder).free) < MIN_FREE_BYTES:
            yield f"the disk for projects has only {free // 1024**2} MiB left"
    except OSError as error:
        yield f"the folder for projects is not there: {error.strerror}"
