"""Files of projects that another controller controls: the handlers that the compute APIs of versions 2 and 3 share."""

from pathlib import Path
from uuid import UUID

import trio

from gns3trio import threads
from gns3trio.api.compute_client import client_of
from gns3trio.api.disconnects import cancelled_on_disconnect
from gns3trio.api.downloads import Download, uploaded_file
from gns3trio.api.routing import ApiRequest
from gns3trio.controller.driven_nodes import own_project, require_known, sees_own_projects
from gns3trio.controller.project.files import write_project_file
from gns3trio.controller.storage.single_files import list_files, open_file, write_file


def _folder(api: ApiRequest, project_id: UUID) -> Path:
    """The folder of the files. Raises NotFound."""
    client = client_of(api.http.scope)
    own = own_project(api.controller, client, project_id)
    return own.folder if own is not None else api.controller.hosted.get(client, project_id).folder


async def list_project_files(api: ApiRequest, project_id: UUID) -> list[dict[str, str]]:
    """The files of a project: path below its folder, and MD5 of the content."""
    folder = _folder(api, project_id)
    checkpoint = trio.from_thread.check_cancelled
    return await cancelled_on_disconnect(api, lambda: threads.copying.run(list_files, folder, checkpoint))


async def get_project_file(api: ApiRequest, project_id: UUID, path: str) -> Download:
    """A file of a project."""
    file = await threads.disk.run(open_file, _folder(api, project_id), path)
    return uploaded_file(file, path)


async def post_project_file(api: ApiRequest, project_id: UUID, path: str) -> None:
    """Write a file of a project; the body is its content. Missing folders are created."""
    client = client_of(api.http.scope)
    require_known(api.controller, client, project_id)
    own = api.controller.projects.get(project_id) if sees_own_projects(api.controller, client) else None
    if own is not None:
        await api.controller.keep_file(own, path)
        await write_project_file(own, path, api.http.stream(), make_folders=True)
    else:
        await write_file(api.controller.hosted.get(client, project_id).folder, path, api.http.stream())
