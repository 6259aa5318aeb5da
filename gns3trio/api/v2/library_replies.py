"""The shapes of version 2 replies about what labs are made from, for OpenAPI: images, appliances, symbols, programs."""

from typing import Any
from uuid import UUID

from gns3trio.api.replies import Whole, reply_shape


@reply_shape
class BaseConfigName(Whole):
    """The name of a base configuration."""

    filename: str


@reply_shape
class BaseConfigText(BaseConfigName):
    """The text of a base configuration."""

    content: str
    template_id: UUID


@reply_shape
class QemuBinary(Whole):
    """A program of QEMU."""

    path: str
    version: str


@reply_shape
class ImageUpload(Whole):
    """An upload of an image in parts, of which ``offset`` bytes have arrived. ``upload_id`` is null once it is
    complete.
    """

    upload_id: str | None
    filename: str
    size: int
    md5sum: str | None
    offset: int
    complete: bool


@reply_shape
class DiskInfo(Whole):
    """A disk among the images. Sizes are in bytes: what its guest sees, and what it takes on this host. ``backing`` is
    the image below it, ``snapshots`` are the names of the states saved in it.
    """

    path: str
    format: str
    virtual_size: int
    disk_size: int | None
    backing: str | None
    snapshots: list[str]


@reply_shape
class ApplianceFile(Whole):
    """A file with an appliance. If it cannot be read, ``problem`` says why, and the others are null."""

    appliance_id: str | None
    file: str
    name: str | None
    template_type: str | None
    versions: list[str]
    problem: str | None


@reply_shape
class ApplianceImage(Whole):
    """An image that a version needs for a property of its nodes. ``path`` is its path among the images, null if it is
    missing.
    """

    property: str
    filename: str
    md5sum: str | None
    filesize: int | None
    compression: str | None
    download_url: str | None
    direct_download_url: str | None
    path: str | None


@reply_shape
class Appliance(ApplianceFile):
    """An appliance: ``appliance`` is the content of its file. ``images`` are those of the version asked for."""

    appliance: dict[str, Any]
    images: list[ApplianceImage]
