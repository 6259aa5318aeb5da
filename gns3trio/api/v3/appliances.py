"""``/v3/appliances``: what their files say, and templates from them."""

import re
from typing import Annotated, Any
from uuid import UUID

from starlette.responses import Response

from gns3trio import threads
from gns3trio.api.routing import ApiRequest, JSONResponse, RouteTable
from gns3trio.api.v3.bodies import AppliancesQuery
from gns3trio.classes import define
from gns3trio.controller.library.appliance_format import MAX_VERSION_NAME, Appliance, default_symbol
from gns3trio.controller.library.appliances import ApplianceFile
from gns3trio.encoding import dumps
from gns3trio.errors import Conflict, Refused
from gns3trio.limits import Bound

routes = RouteTable("/v3/appliances")

_LIST_QUERY = {
    "update": "accepted; nothing is downloaded, and the folder is read each time anyway",
    "symbol_theme": "accepted; all themes look the same",
}
_IDLEPC = re.compile("0x[0-9a-f]{8}")


def _check_idlepc(text: str) -> None:
    if not _IDLEPC.fullmatch(text):
        raise ValueError(f"{text!r} is not like 0x60606040")


@define(kw_only=True)
class ApplianceVersion:
    """The body of ``POST /appliances/{appliance_id}/version``. ``images`` are the names of files by property."""

    name: Annotated[str, Bound(MAX_VERSION_NAME, 1)]
    idlepc: Annotated[str, Bound(10, check=_check_idlepc)] | None = None
    images: dict[str, str | None] | None = None


@routes.route("GET", "", reply=list[dict[str, Any]], query=_LIST_QUERY, privilege="Appliance.Audit")
async def list_appliances(api: ApiRequest) -> Response:
    """The appliances in the folder of the setting `appliances_path`. Files that cannot be read are left out."""
    api.query(AppliancesQuery)  # there is no source of newer ones
    found = [file for file in await api.controller.appliances.all() if file.appliance is not None]
    return await threads.parsers.run(lambda: JSONResponse(list(map(_view, found))))


@routes.route("GET", "/{appliance_id}", reply=dict[str, Any], privilege="Appliance.Audit")
async def get_appliance(api: ApiRequest, appliance_id: UUID) -> dict[str, Any]:
    """An appliance: all that its file says."""
    return _view(await api.controller.appliances.get(appliance_id))


@routes.route("POST", "/{appliance_id}/version", status=201, reply=dict[str, Any], privilege="Appliance.Allocate")
async def add_version(api: ApiRequest, appliance_id: UUID, body: ApplianceVersion) -> dict[str, Any]:
    """Add a version to an appliance. It is written into its file."""
    version: dict[str, Any] = {"name": body.name}
    if body.idlepc is not None:
        version["idlepc"] = body.idlepc
    if body.images is not None:
        version["images"] = {name: image for name, image in body.images.items() if image is not None}

    def with_version(appliance: Appliance) -> bytes:
        if body.name in appliance.versions:
            raise Conflict(f"name: {appliance.name!r} has a version {body.name!r} already")
        document = appliance.document
        return dumps({**document, "versions": [*document.get("versions", []), version]})

    return _view(await api.controller.appliances.rewrite(appliance_id, with_version))


@routes.route(
    "POST",
    "/{appliance_id}/install",
    status=204,
    query={"version": "which version; not needed if there is only one"},
    privilege="Appliance.Allocate",
)
async def install_appliance(api: ApiRequest, appliance_id: UUID) -> None:
    """Make a template of a version. Its images must be here; 409 names those that are not."""
    appliance = _of(await api.controller.appliances.get(appliance_id))
    version = api.http.query_params.get("version") or None
    if version is None and len(appliance.versions) > 1:
        raise Refused(f"version: {appliance.name!r} has several, choose one: {', '.join(appliance.versions[:50])}")
    await api.controller.appliances.install(appliance, version)


def _of(file: ApplianceFile) -> Appliance:
    assert file.appliance is not None, "those that cannot be read are not found"
    return file.appliance


def _view(file: ApplianceFile) -> dict[str, Any]:
    document = _of(file).document
    symbol = document.get("symbol") or default_symbol(document.get("category"))
    return {"builtin": False, **document, "appliance_id": str(file.appliance_id), "symbol": symbol}
