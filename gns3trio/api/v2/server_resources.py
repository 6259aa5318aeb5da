"""Routes of the server itself: statistics, stored settings of clients, shutdown, reload, debug."""

from typing import Any, ClassVar, Literal, get_args

from attrs import field

from gns3trio import field_checks as v
from gns3trio import threads
from gns3trio.api import host_views
from gns3trio.api.access import Access
from gns3trio.api.handlers import server_resources as handlers
from gns3trio.api.host_views import statistics_view
from gns3trio.api.replies import Capabilities, shown_as
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.server_values import (
    GNS3VM,
    IOU_LICENSE,
    require_local,
)
from gns3trio.api.v2 import host_replies
from gns3trio.classes import define
from gns3trio.controller.storage.files import write_in_folder
from gns3trio.counts import counted

routes = RouteTable("/v2")

Engine = Literal["vmware", "virtualbox", "remote", None]
_ENGINES = get_args(Engine)


@define(kw_only=True)
class Gns3VmSettings:
    """The body of ``PUT /gns3vm``. ``ram`` is in megabytes. Each version of the clients has different settings."""

    IGNORES_UNKNOWN_KEYS: ClassVar = True
    allocate_vcpus_ram: bool = True
    enable: bool = False
    engine: Engine = "vmware"
    headless: bool = False
    port: int = field(default=80, validator=v.PORT)
    ram: int = field(default=2048, validator=v.ge(0))
    vcpus: int = field(default=1, validator=v.ge(1))
    vmname: str | None = None
    when_exit: Literal["stop", "suspend", "keep"] = "stop"


@define(kw_only=True)
class IouLicense:
    """The body of ``PUT /iou_license``."""

    IGNORES_UNKNOWN_KEYS: ClassVar = True
    iourc_content: str = ""
    license_check: bool = True


routes.route("GET", "/statistics", reply=list[host_views.ComputeStatistics], access=Access.LOGIN)(
    handlers.get_statistics
)


@routes.route("GET", "/gns3vm", reply=Gns3VmSettings, access=Access.LOGIN)
async def get_gns3vm(api: ApiRequest) -> dict[str, Any]:
    """Settings of the GNS3 virtual machine, which are only stored for clients."""
    return _with_known_engine(GNS3VM.get(api.controller))


@routes.route("PUT", "/gns3vm", status=201, reply=Gns3VmSettings, privilege="Compute.Modify")
async def put_gns3vm(api: ApiRequest, body: Gns3VmSettings) -> dict[str, Any]:
    """Store the settings of the GNS3 virtual machine."""
    return _with_known_engine(await GNS3VM.change(api.controller, api.given(body)))


def _with_known_engine(settings: dict[str, Any]) -> dict[str, Any]:
    """A client of another version may have chosen an engine that version 2 does not have."""
    return settings if settings["engine"] in _ENGINES else {**settings, "engine": None}


routes.route("GET", "/gns3vm/engines", reply=list[host_replies.Gns3VmEngine], access=Access.LOGIN)(
    handlers.list_gns3vm_engines
)
routes.route("GET", "/gns3vm/engines/{engine}/vms", reply=list[dict[str, Any]], access=Access.LOGIN)(
    handlers.list_gns3vm_machines
)
routes.route("GET", "/iou_license", reply=IouLicense, access=Access.LOGIN)(handlers.get_iou_license)


@routes.route("PUT", "/iou_license", status=201, reply=IouLicense, privilege="Compute.Modify")
async def put_iou_license(api: ApiRequest, body: IouLicense) -> dict[str, Any]:
    """Store the licence of IOU."""
    return await IOU_LICENSE.change(api.controller, api.given(body))


routes.route("POST", "/shutdown", status=201, privilege="Compute.Modify")(handlers.shutdown)
routes.route("POST", "/reload", privilege="Compute.Modify")(handlers.reload_controller)


@routes.route("POST", "/debug", status=201, privilege="Compute.Modify")
async def write_debug_file(api: ApiRequest) -> None:
    """Write debug information into ``debug/controller.txt`` in the server's folder."""
    require_local(api.context.config.local)
    controller = api.controller
    capabilities = shown_as(Capabilities, controller.computes.capabilities())
    lines = [f"{name}: {value}" for name, value in capabilities.items()]
    lines += [f"{name}: {value}" for name, value in statistics_view(await controller.computes.own.statistics()).items()]
    for project in controller.projects.values():
        counts = ", ".join(counted(len(getattr(project, each)), each[:-1]) for each in ("nodes", "links", "drawings"))
        lines.append(f"project {project.project_id} {project.settings.name!r}: {project.status}, {counts}")
    folder = api.context.config.state_folder / "debug"
    await threads.disk.run(write_in_folder, folder, "controller.txt", "\n".join([*lines, ""]).encode())
