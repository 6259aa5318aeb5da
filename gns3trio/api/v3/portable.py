"""Routes of version 3 that copy whole projects: duplicate, export, import, load."""

from typing import Any
from uuid import UUID

from gns3trio.api.downloads import Download
from gns3trio.api.handlers import portable as handlers
from gns3trio.api.identity import require_privilege
from gns3trio.api.multipart import file_of
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2.bodies import ProjectLoad
from gns3trio.api.v3 import replies
from gns3trio.api.v3.bodies import ExportQuery, ProjectDuplicate
from gns3trio.api.v3.views import project_view
from gns3trio.controller.archives.portable import ExportOptions, import_project

routes = RouteTable("/v3/projects")


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


_FLAG = "`true` or `false` (the default)"
_EXPORT_QUERY = {
    "include_images": f"{_FLAG}: with the images that nodes of this host use",
    "include_snapshots": _FLAG,
    "reset_mac_addresses": f"{_FLAG}: a copy gets MAC addresses of its own",
    "keep_compute_ids": f"{_FLAG}: nodes stay with the computes that they are on",
    "compression": "how files are packed: `none`, `zip`, `bzip2`, `lzma` or `zstd` (the default)",
    "compression_level": "0 to 9 for `zip`, 1 to 9 for `bzip2`, 1 to 22 for `zstd`",
}


@routes.route("GET", "/{project_id}/export", query=_EXPORT_QUERY, privilege="Project.Audit")
async def get_export(api: ApiRequest, project_id: UUID) -> Download:
    """A project as a portable archive."""
    query = api.query(ExportQuery)
    options = ExportOptions(
        include_images=query.include_images,
        include_snapshots=query.include_snapshots,
        reset_mac_addresses=query.reset_mac_addresses,
        keep_compute_ids=query.keep_compute_ids,
        compression=query.compression,
        compression_level=query.compression_level,
    )
    return await handlers.exported_project(api, project_id, options)


_IMPORT_QUERY = {"name": "of the new project; by default that in the archive"}


@routes.route(
    "POST",
    "/{project_id}/import",
    status=201,
    raw_body=True,
    reply=replies.Project,
    query=_IMPORT_QUERY,
    privilege="Project.Allocate",
)
async def post_import(api: ApiRequest, project_id: UUID) -> dict[str, Any]:
    """Create a closed project from a portable archive, which is the body, or the file in a form. If there is a project
    with that id, it is the reply.
    """
    known = api.controller.projects.get(project_id)
    if known is not None:
        async for _ in api.http.stream():  # a connection goes on only after the whole body
            pass
        require_privilege(api.http.scope, "Project.Audit", f"/projects/{project_id}")
        return project_view(known)
    data = file_of(api.http.stream(), api.http.headers.get("content-type", ""))
    name = api.http.query_params.get("name") or None
    return project_view(await import_project(api.controller, project_id, data, name=name))
