"""``/v3``: the server itself: its version, its load, what it stores for clients, its end."""

from typing import Any, Literal, get_args

from attrs import field

from gns3trio import field_checks as v
from gns3trio.api import host_views, replies
from gns3trio.api.access import Access
from gns3trio.api.handlers import server_resources as handlers
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.server_values import (
    GNS3VM,
    IOU_LICENSE,
)
from gns3trio.api.v2 import host_replies
from gns3trio.api.versions import VersionCheck, check_version
from gns3trio.classes import define

routes = RouteTable("/v3")

Engine = Literal["vmware", "virtualbox", "hyper-v", "none"]
_ENGINES = get_args(Engine)
_NO_ENGINE = "none"


@define(kw_only=True)
class Gns3VmSettings:
    """The body of ``PUT /gns3vm``. ``ram`` is in megabytes. What is left out, or null, stays as it is."""

    allocate_vcpus_ram: bool | None = None
    enable: bool | None = None
    engine: Engine | None = None
    headless: bool | None = None
    port: int | None = field(default=None, validator=v.optional(v.PORT))
    ram: int | None = field(default=None, validator=v.optional(v.ge(0)))
    vcpus: int | None = field(default=None, validator=v.optional(v.ge(1)))
    vmname: str | None = None
    when_exit: Literal["stop", "suspend", "keep"] | None = None


@define(kw_only=True)
class IouLicense:
    """The body of ``PUT /iou_license``."""

    iourc_content: str
    license_check: bool


# Clients ask for the version before they log in, and the Server header of every reply contains it anyway.
@routes.route("GET", "/version", reply=replies.Version3, access=Access.ANYBODY)
async def get_version(api: ApiRequest) -> dict[str, Any]:
    """The version of GNS3 3 that this server stands for (setting `gns3_3_version`)."""
    config = api.context.config
    return {"controller_host": config.own_address, "local": config.local, "version": config.gns3_3_version}


@routes.route("POST", "/version", reply=VersionCheck, access=Access.ANYBODY)
async def post_version(api: ApiRequest, body: VersionCheck) -> dict[str, Any]:
    """Compare a client's version with the server's: 409 if they differ."""
    check_version(body.version, api.context.config.gns3_3_version)
    return {"version": body.version}


routes.route("POST", "/reload", status=204, privilege="Compute.Modify")(handlers.reload_controller)
routes.route("POST", "/shutdown", status=204, privilege="Compute.Modify")(handlers.shutdown)
routes.route("GET", "/statistics", reply=list[host_views.ComputeStatistics], access=Access.LOGIN)(
    handlers.get_statistics
)
routes.route("GET", "/iou_license", reply=IouLicense, access=Access.LOGIN)(handlers.get_iou_license)


@routes.route("PUT", "/iou_license", status=201, reply=IouLicense, privilege="Compute.Modify")
async def put_iou_license(api: ApiRequest, body: IouLicense) -> dict[str, Any]:
    """Store the licence of IOU."""
    return await IOU_LICENSE.change(api.controller, api.given(body))


@routes.route("GET", "/gns3vm", reply=Gns3VmSettings, access=Access.LOGIN)
async def get_gns3vm(api: ApiRequest) -> dict[str, Any]:
    """Settings of the GNS3 virtual machine, which are only stored for clients."""
    return _with_known_engine(GNS3VM.get(api.controller))


@routes.route("PUT", "/gns3vm", reply=Gns3VmSettings, privilege="Compute.Modify")
async def put_gns3vm(api: ApiRequest, body: Gns3VmSettings) -> dict[str, Any]:
    """Store the settings of the GNS3 virtual machine."""
    given = {name: value for name, value in api.given(body).items() if value is not None or name == "vmname"}
    return _with_known_engine(await GNS3VM.change(api.controller, given))


def _with_known_engine(settings: dict[str, Any]) -> dict[str, Any]:
    """A client of another version may have chosen an engine that version 3 does not have."""
    return settings if settings["engine"] in _ENGINES else {**settings, "engine": _NO_ENGINE}


routes.route("GET", "/gns3vm/engines", reply=list[host_replies.Gns3VmEngine], access=Access.LOGIN)(
    handlers.list_gns3vm_engines
)
routes.route("GET", "/gns3vm/engines/{engine}/vms", reply=list[dict[str, Any]], access=Access.LOGIN)(
    handlers.list_gns3vm_machines
)
