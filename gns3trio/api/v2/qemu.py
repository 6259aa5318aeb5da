"""GNS3's routes for QEMU on this host: its programs, and disks among the images. ``/v2/compute/qemu`` is for
controllers on other hosts, ``/v2/computes/local/qemu`` for clients of this server.
"""

from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from attrs import field

from gns3trio import field_checks as v
from gns3trio.api import library_views
from gns3trio.api.access import Access
from gns3trio.api.compute_client import client_of
from gns3trio.api.disk_images import DISK_SIZE, DiskFormat, DiskOptions, create_disk_image
from gns3trio.api.handlers import qemu as handlers
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import library_replies
from gns3trio.api.v2.bodies import DiskResize
from gns3trio.classes import define
from gns3trio.compute.emulator_host import InstalledProgram, QemuHost
from gns3trio.controller.driven_nodes import driven_node
from gns3trio.errors import Conflict, Invalid
from gns3trio.limits import MAX_DISK_SIZE

routes = RouteTable("/v2")

_COMPUTE, _LOCAL = "/compute/qemu", "/computes/local/qemu"
_NODE = "/compute/projects/{project_id}/qemu/nodes/{node_id}"


@define(kw_only=True)
class Platforms:
    """The processors of which programs are asked for; none is all."""

    archs: list[str] = field(factory=list)


@define(kw_only=True)
class DiskCreate(DiskOptions):
    """The body of ``POST .../img``. ``size`` is in MiB, ``qemu_img`` any path of that program. The others are options
    of qemu-img for some of the formats.
    """

    qemu_img: str
    path: str = field(validator=v.min_len(1))
    format: DiskFormat
    size: int = field(validator=DISK_SIZE)


@define(kw_only=True)
class DiskUpdate:
    """The body of ``PUT .../img``: by how many MiB the disk is to grow."""

    qemu_img: str
    path: str = field(validator=v.min_len(1))
    extend: int = field(default=0, validator=v.and_(v.ge(0), v.le(MAX_DISK_SIZE)))


async def _host(api: ApiRequest) -> QemuHost:
    return await api.context.qemu_host()


# --- programs ---


@routes.route("GET", f"{_COMPUTE}/binaries", reply=list[library_replies.QemuBinary], access=Access.COMPUTE)
@routes.route("GET", f"{_LOCAL}/binaries", reply=list[library_replies.QemuBinary], access=Access.LOGIN)
async def list_binaries(api: ApiRequest, body: Platforms) -> list[dict[str, str]]:
    """The QEMU programs of this host, with their versions."""
    return list(map(_program_view, await (await _host(api)).programs(body.archs)))


@routes.route("GET", f"{_COMPUTE}/img-binaries", reply=list[library_replies.QemuBinary], access=Access.COMPUTE)
@routes.route("GET", f"{_LOCAL}/img-binaries", reply=list[library_replies.QemuBinary], access=Access.LOGIN)
async def list_image_tools(api: ApiRequest) -> list[dict[str, str]]:
    """The program qemu-img of this host, if it is installed."""
    return list(map(_program_view, await (await _host(api)).image_tools()))


def _program_view(program: InstalledProgram) -> dict[str, str]:
    return {"path": program.path, "version": program.version}


@routes.route("GET", f"{_COMPUTE}/capabilities", reply=library_views.QemuCapabilities, access=Access.COMPUTE)
@routes.route("GET", f"{_LOCAL}/capabilities", reply=library_views.QemuCapabilities, access=Access.LOGIN)
async def get_capabilities(api: ApiRequest) -> dict[str, Any]:
    """The processors that this host can run without emulation."""
    return {"kvm": (await _host(api)).accelerated()}


# --- disks ---


@routes.route("POST", f"{_COMPUTE}/img", status=201, access=Access.COMPUTE)
@routes.route("POST", f"{_LOCAL}/img", status=201, privilege="Image.Allocate", at="/images/qemu")
async def create_disk(api: ApiRequest, body: DiskCreate) -> None:
    """Make an empty disk among the images."""
    _require_tool(body.qemu_img)
    await create_disk_image(api, body.path, body.format, body.size, body)


_IMAGE_QUERY = {"path": "of the image, relative to the folder of images"}


@routes.route("GET", f"{_COMPUTE}/img", reply=library_replies.DiskInfo, query=_IMAGE_QUERY, access=Access.COMPUTE)
@routes.route(
    "GET", f"{_LOCAL}/img", reply=library_replies.DiskInfo, query=_IMAGE_QUERY, privilege="Image.Audit", at="/images"
)
async def get_disk(api: ApiRequest) -> dict[str, Any]:
    """What a disk among the images is: its format and sizes; an extension."""
    path = api.http.query_params.get("path", "")
    if not path:
        raise Invalid("path: is missing")
    info = await (await _host(api)).disk_info(path)
    return {
        "path": path,
        "format": info.format,
        "virtual_size": info.virtual_size,
        "disk_size": info.disk_size,
        "backing": info.backing,
        "snapshots": info.snapshots,
    }


def _require_tool(path: str) -> None:
    if not PurePosixPath(path).name.startswith("qemu-img"):
        raise Conflict(f"qemu_img: {path!r} is not qemu-img")


@routes.route("PUT", f"{_COMPUTE}/img", status=201, access=Access.COMPUTE)
@routes.route("PUT", f"{_LOCAL}/img", status=201, privilege="Image.Allocate", at="/images/qemu")
async def update_disk(api: ApiRequest, body: DiskUpdate) -> None:
    """Make a disk among the images larger."""
    _require_tool(body.qemu_img)
    await (await _host(api)).extend_disk(body.path, body.extend)


@routes.route("POST", f"{_NODE}/resize_disk", status=201, access=Access.COMPUTE)
async def resize_disk(api: ApiRequest, project_id: UUID, node_id: UUID, body: DiskResize) -> None:
    """Make a disk of a stopped machine larger."""
    async with driven_node(api.controller, client_of(api.http.scope), project_id, "qemu", node_id) as node:
        await node.instance.resize_disk(body.drive_name, body.extend)


routes.route("POST", f"{_NODE}/resume", status=204, access=Access.COMPUTE)(handlers.resume_node)
