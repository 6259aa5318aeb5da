"""Empty disks among the images and in the folders of nodes, which several versions of the API make."""

from typing import Literal

from attrs import field

from gns3trio import field_checks as v
from gns3trio import threads
from gns3trio.api.routing import ApiRequest
from gns3trio.classes import define
from gns3trio.limits import MAX_DISK_SIZE

DiskFormat = Literal["qcow2", "qcow", "vpc", "vdi", "vmdk", "raw"]
DISK_SIZE = v.and_(v.ge(1), v.le(MAX_DISK_SIZE))
_OPTIONS = (
    *("preallocation", "cluster_size", "refcount_bits", "lazy_refcounts", "subformat", "static", "zeroed_grain"),
    "adapter_type",
)


@define(kw_only=True)
class DiskOptions:
    """Options of qemu-img for some of the formats."""

    preallocation: Literal["off", "metadata", "falloc", "full"] | None = None
    cluster_size: int | None = field(default=None, validator=v.optional(v.and_(v.ge(0), v.le(2**21))))
    refcount_bits: int | None = field(default=None, validator=v.optional(v.and_(v.ge(1), v.le(64))))
    lazy_refcounts: Literal["on", "off"] | None = None
    subformat: (
        Literal[
            "dynamic",
            "fixed",
            "streamOptimized",
            "twoGbMaxExtentSparse",
            "twoGbMaxExtentFlat",
            "monolithicSparse",
            "monolithicFlat",
        ]
        | None
    ) = None
    static: Literal["on", "off"] | None = None
    zeroed_grain: Literal["on", "off"] | None = None
    adapter_type: Literal["ide", "lsilogic", "buslogic", "legacyESX"] | None = None


async def create_disk_image(
    api: ApiRequest, path: str, disk_format: DiskFormat, size: int, options: DiskOptions
) -> None:
    """Make a disk of ``size`` MiB. Raises Conflict with the reason, Forbidden, or Unavailable if there is no room."""
    told = await tool_options(api, size, options)
    await (await api.context.qemu_host()).create_disk(path, disk_format, size, told)


async def tool_options(api: ApiRequest, size: int, options: DiskOptions) -> list[str]:
    """The options for qemu-img. Raises Conflict if the disk, of ``size`` MiB, is written at once and there is no room
    for it.
    """
    if _writes_all(options):
        await threads.disk.run(api.controller.images.of("qemu").room.require, size * 2**20)
    return [f"{name}={value}" for name in _OPTIONS if (value := getattr(options, name)) is not None]


def _writes_all(options: DiskOptions) -> bool:
    """Whether the disk takes all of its size at once."""
    fixed = ("fixed", "monolithicFlat", "twoGbMaxExtentFlat")
    return options.preallocation in ("falloc", "full") or options.static == "on" or options.subformat in fixed
