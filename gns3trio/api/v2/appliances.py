"""``/v2/appliances``: GNS3's list, and what is ours beside it: adding, examining and installing appliances."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from gns3trio import threads
from gns3trio.api.errors import BodyTooLarge
from gns3trio.api.routing import ApiRequest, JSONResponse, RouteTable
from gns3trio.api.v2 import library_replies
from gns3trio.classes import define
from gns3trio.controller.library.appliance_format import MAX_APPLIANCE_BYTES
from gns3trio.controller.library.appliances import ApplianceFile, FoundImage
from gns3trio.sizes import size_text

routes = RouteTable("/v2")

_LIST_QUERY = {
    "update": "`yes`: accepted; nothing is downloaded, and the folder is read each time anyway",
    "symbol_theme": "accepted; all themes look the same",
}


@define(kw_only=True)
class ApplianceInstall:
    """The body of ``POST /appliances/{appliance_id}/install``. Without ``version``, the only one."""

    version: str | None = None


@routes.route("GET", "/appliances", reply=list[dict[str, Any]], query=_LIST_QUERY, privilege="Appliance.Audit")
async def list_appliances(api: ApiRequest) -> Response:
    """The appliances in the folder of the setting `appliances_path`. Files that cannot be read are left out."""
    found = [file.appliance.document for file in await api.controller.appliances.all() if file.appliance is not None]
    return await threads.parsers.run(lambda: JSONResponse([_listed(document) for document in found]))


def _listed(document: dict[str, Any]) -> dict[str, Any]:
    return {**{name: value for name, value in document.items() if name != "appliance_id"}, "builtin": False}


@routes.route(
    "GET", "/appliance_files", reply=list[library_replies.ApplianceFile], privilege="Appliance.Audit", at="/appliances"
)
async def list_files(api: ApiRequest) -> list[dict[str, Any]]:
    """The files of appliances with their ids and versions, and why some cannot be read; an extension."""
    return [_file_view(file) for file in await api.controller.appliances.all()]


def _file_view(file: ApplianceFile) -> dict[str, Any]:
    appliance = file.appliance
    return {
        "appliance_id": str(file.appliance_id) if appliance is not None else None,
        "file": file.file_name,
        "name": appliance.name if appliance is not None else None,
        "template_type": appliance.template_type if appliance is not None else None,
        "versions": appliance.versions if appliance is not None else [],
        "problem": file.problem,
    }


@routes.route(
    "POST",
    "/appliance_files",
    status=201,
    raw_body=True,
    reply=library_replies.ApplianceFile,
    privilege="Appliance.Allocate",
    at="/appliances",
)
async def add_file(api: ApiRequest) -> dict[str, Any]:
    """Add an appliance; the body is the content of its file. One of the same name is replaced. An extension."""
    data = bytearray()
    async for piece in api.http.stream():
        data += piece
        if len(data) > MAX_APPLIANCE_BYTES:
            raise BodyTooLarge(f"an appliance has at most {size_text(MAX_APPLIANCE_BYTES)}")
    return _file_view(await api.controller.appliances.add(bytes(data)))


_VERSION_QUERY = {"version": "of which images are looked for; by default the only one"}


@routes.route(
    "GET",
    "/appliances/{appliance_id}",
    reply=library_replies.Appliance,
    query=_VERSION_QUERY,
    privilege="Appliance.Audit",
)
async def get_appliance(api: ApiRequest, appliance_id: UUID) -> dict[str, Any]:
    """An appliance: all that its file says, and which images of a version are here; an extension."""
    file = await api.controller.appliances.get(appliance_id)
    assert file.appliance is not None, "those that cannot be read are not found"
    version = api.http.query_params.get("version") or None
    images: list[FoundImage] = []
    if version is not None or len(file.appliance.versions) == 1:
        images = await api.controller.appliances.images_of(file.appliance, version)
    return {**_file_view(file), "appliance": file.appliance.document, "images": list(map(_image_view, images))}


def _image_view(found: FoundImage) -> dict[str, Any]:
    image = found.needed.image
    return {
        "property": found.needed.property,
        "filename": image.filename,
        "md5sum": image.md5,
        "filesize": image.filesize,
        "compression": image.compression,
        "download_url": image.download_url,
        "direct_download_url": image.direct_download_url,
        "path": found.path,
    }


@routes.route(
    "POST", "/appliances/{appliance_id}/install", status=201, reply=dict[str, Any], privilege="Appliance.Allocate"
)
async def install_appliance(api: ApiRequest, appliance_id: UUID, body: ApplianceInstall) -> dict[str, Any]:
    """Make a template of a version. Its images must be here; 409 names those that are not. An extension."""
    file = await api.controller.appliances.get(appliance_id)
    assert file.appliance is not None, "those that cannot be read are not found"
    return dict(await api.controller.appliances.install(file.appliance, body.version))
