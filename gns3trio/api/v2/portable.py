"""Routes that copy whole projects: duplicate, export, import, load."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

from attrs import field

from gns3trio import field_checks as v
from gns3trio.api.downloads import Download
from gns3trio.api.handlers import portable as handlers
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import replies
from gns3trio.api.v2.bodies import ProjectLoad, check_supplier, check_variables
from gns3trio.api.v2.views import project_view
from gns3trio.classes import define
from gns3trio.controller.archives.portable import ExportOptions, import_project
from gns3trio.controller.names import Name
from gns3trio.convert import parse_uuid
from gns3trio.errors import Conflict, Invalid
from gns3trio.limits import Int32

routes = RouteTable("/v2/projects")

_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


@define(kw_only=True)
class ProjectDuplicate:
    """The body of ``POST /projects/{project_id}/duplicate``; if ``name`` is null, the copy has the original's name.

    The second group are settings. As in GNS3, they are checked, but the copy has those of the original.
    """

    name: Name | None
    path: str | None = field(default=None, validator=v.optional(v.min_len(1)))
    project_id: UUID | None = None
    reset_mac_addresses: bool = False

    auto_close: bool = True
    auto_open: bool = False
    auto_start: bool = False
    scene_height: Int32 = 0
    scene_width: Int32 = 0
    zoom: Int32 = 0
    show_layers: bool = False
    snap_to_grid: bool = False
    show_grid: bool = False
    grid_size: Int32 = 0
    drawing_grid_size: Int32 = 0
    show_interface_labels: bool = False
    supplier: dict[str, Any] | None = field(default=None, validator=check_supplier)
    variables: list[dict[str, Any]] | None = field(default=None, validator=check_variables)


@routes.route("POST", "/load", status=201, reply=replies.Project, privilege="Project.Allocate")
async def post_load(api: ApiRequest, body: ProjectLoad) -> dict[str, Any]:
    """Open the project in a file of this host (setting `local`)."""
    return project_view(await handlers.loaded_project(api, body))


@routes.route(
    "POST",
    "/{project_id}/duplicate",
    status=201,
    reply=replies.Project,
    privilege="Project.Audit",
    also=(("Project.Allocate", "/projects"),),
)
async def post_duplicate(api: ApiRequest, project_id: UUID, body: ProjectDuplicate) -> dict[str, Any]:
    """Create a closed copy of a project."""
    return project_view(await handlers.duplicated_project(api, project_id, body))


def _flag(api: ApiRequest, name: str) -> bool:
    text = api.http.query_params.get(name, "no")
    try:
        return _FLAGS[text.lower()]
    except KeyError:
        raise Invalid(f"{name}: {text!r} is neither yes nor no") from None


def _level(api: ApiRequest) -> int | None:
    text = api.http.query_params.get("compression_level")
    if text is None or re.fullmatch("[0-9]{1,4}", text):
        return None if text is None else int(text)
    raise Invalid(f"compression_level: {text[:20]!r} is no level")


_EXPORT_QUERY = {
    "include_images": "`yes` or `no` (the default): with the images that nodes of this host use",
    "include_snapshots": "`yes` or `no` (the default)",
    "reset_mac_addresses": "`yes` or `no` (the default): a copy gets MAC addresses of its own",
    "keep_compute_ids": "`yes` or `no` (the default): nodes stay with the computes that they are on",
    "compression": "how files are packed: `none`, `zip` (the default), `bzip2`, `lzma`, or `zstd` (GNS3 3.0 only)",
    "compression_level": "0 to 9 of `zip`, 1 to 9 of `bzip2`, 1 to 22 of `zstd`",
}


@routes.route("GET", "/{project_id}/export", query=_EXPORT_QUERY, privilege="Project.Audit")
async def get_export(api: ApiRequest, project_id: UUID) -> Download:
    """A project as a portable archive."""
    options = ExportOptions(
        include_images=_flag(api, "include_images"),
        include_snapshots=_flag(api, "include_snapshots"),
        reset_mac_addresses=_flag(api, "reset_mac_addresses"),
        keep_compute_ids=_flag(api, "keep_compute_ids"),
        compression=api.http.query_params.get("compression", "zip"),
        compression_level=_level(api),
    )
    return await handlers.exported_project(api, project_id, options)


_IMPORT_QUERY = {"name": "of the new project; by default that in the archive", "path": "its folder (setting `local`)"}


@routes.route(
    "POST",
    "/{project_id}/import",
    status=201,
    raw_body=True,
    reply=replies.Project,
    query=_IMPORT_QUERY,
    privilege="Project.Allocate",
)
async def post_import(api: ApiRequest, project_id: str) -> dict[str, Any]:
    """Create a project with a new id from a portable archive, which is the body."""
    try:
        new_id = parse_uuid(project_id)
    except ValueError:
        raise Conflict(f"project_id: {project_id!r} is not a UUID") from None
    query = api.http.query_params
    path = query.get("path")
    project = await import_project(
        api.controller,
        new_id,
        api.http.stream(),
        name=query.get("name") or None,
        path=Path(path) if path else None,
    )
    return project_view(project)
