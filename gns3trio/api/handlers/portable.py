"""What versions 2 and 3 have in common of the routes that copy whole projects."""

from pathlib import Path
from typing import Protocol
from uuid import UUID

from gns3trio.api.downloads import Download, attachment
from gns3trio.api.routing import ApiRequest
from gns3trio.api.v2.bodies import ProjectLoad
from gns3trio.controller.archives.portable import ExportOptions, duplicate_project, export_project, load_project
from gns3trio.controller.project.project import Project


class DuplicateBody(Protocol):
    """What the bodies of ``POST /projects/{project_id}/duplicate`` say of the copy."""

    @property
    def name(self) -> str | None: ...

    @property
    def project_id(self) -> UUID | None: ...

    @property
    def path(self) -> str | None: ...

    @property
    def reset_mac_addresses(self) -> bool: ...


async def loaded_project(api: ApiRequest, body: ProjectLoad) -> Project:
    """Open the project in a file of this host; returns it."""
    return await load_project(api.controller, Path(body.path))


async def duplicated_project(api: ApiRequest, project_id: UUID, body: DuplicateBody) -> Project:
    """Create a closed copy of a project; returns it."""
    return await duplicate_project(
        api.controller,
        api.controller.get_project(project_id),
        name=body.name,
        project_id=body.project_id,
        path=Path(body.path) if body.path else None,
        reset_mac_addresses=body.reset_mac_addresses,
    )


async def exported_project(api: ApiRequest, project_id: UUID, options: ExportOptions) -> Download:
    """A project as a portable archive."""
    project = api.controller.get_project(project_id)
    pieces = await export_project(api.controller, project, options)
    headers = {"content-disposition": attachment(f"{project.settings.name}.gns3project")}
    return Download(pieces, "application/gns3project", headers)
