"""``/v2/projects/{project_id}/captures``: the captures of all links of a project and their files; an extension."""

import re
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from gns3trio.api.replies import Whole, reply_shape
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import replies
from gns3trio.api.v2.views import capture_view
from gns3trio.controller.links.link import LinkCapture
from gns3trio.controller.storage.single_files import FolderFiles
from gns3trio.limits import MAX_LISTED_FILES
from gns3trio.project_layout import CAPTURES

routes = RouteTable("/v2/projects/{project_id}")

_NUMBERED = re.compile(r"(.*)_\d{5,}(\.[^.]*|)", re.DOTALL)


@reply_shape
class ProjectCapture(replies.Capture):
    """A capture with the id of its link."""

    link_id: UUID


@reply_shape
class CapturedFile(Whole):
    """A file of a capture. ``size`` is in bytes, ``modified`` in seconds since 1970. ``capture_id`` is the running
    capture that writes it, or has written it as a part of its ring; null if there is none.
    """

    name: str
    size: int
    modified: float
    capture_id: UUID | None


@reply_shape
class ProjectCaptures(Whole):
    """The running captures of a project, and the files of all its captures; ``is_whole`` if these are all files."""

    captures: list[ProjectCapture]
    files: list[CapturedFile]
    is_whole: bool


@routes.route("GET", "/captures", reply=ProjectCaptures, privilege="Link.Audit")
async def list_project_captures(api: ApiRequest, project_id: UUID) -> dict[str, Any]:
    """The captures of all links of a project that run, and the files of these and earlier ones. A file is downloaded
    from ``/files/project-files/captures/NAME``.
    """
    project = api.controller.get_project(project_id)
    listed = await FolderFiles(project.folder / CAPTURES).listed(MAX_LISTED_FILES)
    links = project.links.values() if project.status == "opened" else ()
    found = [(link, capture) for link in links for capture in link.captures.values()]
    writer_of = _writers(capture for _, capture in found)
    return {
        "captures": [{**capture_view(capture), "link_id": str(link.link_id)} for link, capture in found],
        "files": [
            {"name": file.path, "size": file.size, "modified": file.modified, "capture_id": writer_of(file.path)}
            for file in listed.files
        ],
        "is_whole": listed.is_whole,
    }


def _writers(captures: Iterable[LinkCapture]) -> Callable[[str], str | None]:
    """A function that tells which capture writes a file."""
    single: dict[str, str] = {}
    rings: dict[tuple[str, str], str] = {}
    for each in captures:
        name = each.file_name or ""
        if each.capture.spec.ring is None:
            single[name] = str(each.capture_id)
        else:
            stem, dot, suffix = name.rpartition(".")
            rings[(stem, dot + suffix) if stem else (name, "")] = str(each.capture_id)

    def writer_of(name: str) -> str | None:
        numbered = _NUMBERED.fullmatch(name)
        part_of = rings.get((numbered[1], numbered[2])) if numbered else None
        return single.get(name) or part_of

    return writer_of
