"""Routes of the server itself: statistics, stored settings of clients, shutdown, reload, debug."""

import contextlib
from typing import Any, ClassVar, Literal

import trio
from attrs import field

from gns3trio import field_checks as v
from gns3trio import threads
from gns3trio.api.replies import Capabilities, shown_as
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import host_replies
from gns3trio.api.v2.compute_views import statistics_view
from gns3trio.classes import define
from gns3trio.compute.interface import Compute
from gns3trio.controller.storage.files import write_in_folder
from gns3trio.errors import ComputeAway, Forbidden, NotFound
from gns3trio.machine import MachineStatistics

routes = RouteTable("/v2")

# How long the statistics of all computes may take.
STATISTICS_SECONDS = 3.0

GNS3VM_DEFAULTS: dict[str, Any] = {
    "allocate_vcpus_ram": True,
    "enable": False,
    "engine": "vmware",
    "headless": False,
    "port": 80,
    "ram": 2048,
    "vcpus": 1,
    "vmname": None,
    "when_exit": "stop",
}
IOU_LICENSE_DEFAULTS: dict[str, Any] = {"iourc_content": "", "license_check": True}
# The engines that the GNS3 GUI offers in its settings. This server does not start virtual machines.
_ENGINES = (
    ("vmware", "VMware", True, True),
    ("virtualbox", "VirtualBox", True, True),
    ("remote", "Remote", False, False),
)


@define(kw_only=True)
class Gns3VmSettings:
    """The body of ``PUT /gns3vm``. ``ram`` is in megabytes. Each version of the clients has different settings."""

    IGNORES_UNKNOWN_KEYS: ClassVar = True
    allocate_vcpus_ram: bool = True
    enable: bool = False
    engine: Literal["vmware", "virtualbox", "remote", None] = "vmware"
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


@routes.route("GET", "/statistics", reply=list[host_replies.ComputeStatistics])
async def get_statistics(api: ApiRequest) -> list[dict[str, Any]]:
    """The load of each connected compute that answers within three seconds."""
    known = api.controller.computes
    computes = [(compute, known.state(compute.compute_id).name) for compute in known.driven()]
    found: dict[str, MachineStatistics] = {}

    async def ask(compute: Compute) -> None:
        with contextlib.suppress(ComputeAway):
            found[compute.compute_id] = await compute.statistics()

    with trio.move_on_after(STATISTICS_SECONDS):
        async with trio.open_nursery() as nursery:
            for compute, _ in computes:
                nursery.start_soon(ask, compute)
    return [
        {
            "compute_id": compute.compute_id,
            "compute_name": name,
            "statistics": statistics_view(found[compute.compute_id]),
        }
        for compute, name in computes
        if compute.compute_id in found
    ]


async def _store(api: ApiRequest, name: str, defaults: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    stored: dict[str, Any] = await api.controller.state.change(
        name, defaults, lambda old: {**defaults, **old, **changes}
    )
    return stored


@routes.route("GET", "/gns3vm", reply=Gns3VmSettings)
async def get_gns3vm(api: ApiRequest) -> dict[str, Any]:
    """Settings of the GNS3 virtual machine, which are only stored for clients."""
    return {**GNS3VM_DEFAULTS, **api.controller.state.get("gns3vm", GNS3VM_DEFAULTS)}


@routes.route("PUT", "/gns3vm", status=201, reply=Gns3VmSettings)
async def put_gns3vm(api: ApiRequest, body: Gns3VmSettings) -> dict[str, Any]:
    """Store the settings of the GNS3 virtual machine."""
    return await _store(api, "gns3vm", GNS3VM_DEFAULTS, api.given(body))


@routes.route("GET", "/gns3vm/engines", reply=list[host_replies.Gns3VmEngine])
async def list_gns3vm_engines(api: ApiRequest) -> list[dict[str, Any]]:
    """The programs that could run the GNS3 virtual machine."""
    return [
        {
            "engine_id": engine,
            "name": name,
            "description": f"{name}: settings are stored, this server starts no virtual machine",
            "support_when_exit": support,
            "support_headless": support,
            "support_ram": ram,
        }
        for engine, name, support, ram in _ENGINES
    ]


@routes.route("GET", "/gns3vm/engines/{engine}/vms", reply=list[dict[str, Any]])
async def list_gns3vm_machines(api: ApiRequest, engine: str) -> list[dict[str, Any]]:
    """The virtual machines of an engine: always none."""
    if engine not in [engine_id for engine_id, *_ in _ENGINES]:
        raise NotFound(f"Engine {engine} doesn't exist")
    return []


@routes.route("GET", "/iou_license", reply=IouLicense)
async def get_iou_license(api: ApiRequest) -> dict[str, Any]:
    """The licence of IOU, which is only stored for clients."""
    return {**IOU_LICENSE_DEFAULTS, **api.controller.state.get("iou_license", IOU_LICENSE_DEFAULTS)}


@routes.route("PUT", "/iou_license", status=201, reply=IouLicense)
async def put_iou_license(api: ApiRequest, body: IouLicense) -> dict[str, Any]:
    """Store the licence of IOU."""
    return await _store(api, "iou_license", IOU_LICENSE_DEFAULTS, api.given(body))


def _require_local(api: ApiRequest) -> None:
    if not api.context.config.local:
        raise Forbidden("Only a server with the setting 'local' does this")


@routes.route("POST", "/shutdown", status=201)
async def shutdown(api: ApiRequest) -> None:
    """Close all projects and stop the server (setting `local`)."""
    _require_local(api)
    api.context.closing.set()


@routes.route("POST", "/reload")
async def reload_controller(api: ApiRequest) -> None:
    """Search the projects folder again: add new projects, and remove those that have vanished."""
    await api.controller.reload()


@routes.route("POST", "/debug", status=201)
async def write_debug_file(api: ApiRequest) -> None:
    """Write debug information into ``debug/controller.txt`` in the server's folder."""
    _require_local(api)
    controller = api.controller
    capabilities = shown_as(Capabilities, controller.computes.capabilities())
    lines = [f"{name}: {value}" for name, value in capabilities.items()]
    lines += [f"{name}: {value}" for name, value in statistics_view(await controller.computes.own.statistics()).items()]
    for project in controller.projects.values():
        counts = f"{len(project.nodes)} nodes, {len(project.links)} links, {len(project.drawings)} drawings"
        lines.append(f"project {project.project_id} {project.settings.name!r}: {project.status}, {counts}")
    folder = api.context.config.state_folder / "debug"
    await threads.disk.run(write_in_folder, folder, "controller.txt", "\n".join([*lines, ""]).encode())
