"""Completes the settings of a machine: its program, its MAC address, and what its images are."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

import attrs

from gns3trio import threads
from gns3trio.compute.nodes.qemu.found import platform_of
from gns3trio.compute.nodes.qemu.properties import default_mac
from gns3trio.compute.nodes.qemu.services import QemuServices
from gns3trio.compute.nodes.qemu.settings import IMAGES, QemuSettings
from gns3trio.errors import Conflict


async def require_images(services: QemuServices, settings: QemuSettings, names: Iterable[str]) -> None:
    """Raises Conflict if one of these images is missing, Forbidden if it is none."""
    for name in names:
        if image := getattr(settings, name):
            md5sum = getattr(settings, f"{name}_md5sum")
            await threads.disk.run(services.images.find, image, md5sum, f"properties.{name}")


async def completed(services: QemuServices, settings: QemuSettings, node_id: UUID) -> QemuSettings:
    """The settings with what GNS3 adds: the program's path, the MAC address, and the images' checksums."""
    changes: dict[str, Any] = {}
    with suppress(Conflict):  # which its start tells
        path = services.programs.path_of(settings.qemu_path, settings.platform)
        changes = {"qemu_path": path, "platform": platform_of(path)}
    if not settings.mac_address:
        changes["mac_address"] = default_mac(node_id)
    for name in IMAGES:
        image, md5sum = getattr(settings, name), getattr(settings, f"{name}_md5sum")
        if not image:
            changes[f"{name}_md5sum"] = None
            continue
        changes[name] = services.images.relative(image, f"properties.{name}")
        if md5sum is None:
            changes[f"{name}_md5sum"] = await services.images.checksum(services.images.folder / changes[name])
    return attrs.evolve(settings, **changes)


def unknown_checksums(names: Iterable[str]) -> dict[str, Any]:
    """Changes of settings: the checksums of these images are not known."""
    return {f"{name}_md5sum": None for name in names}
