"""Reads the properties of a QEMU node. Sans-IO."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import attrs

from gns3trio.compute.local.registry import structure_properties
from gns3trio.compute.nodes.qemu.options import check_options
from gns3trio.compute.nodes.qemu.settings import QemuSettings
from gns3trio.errors import Invalid


def read_settings(properties: Mapping[str, Any], *, unsafe_options: bool = False) -> QemuSettings:
    """The settings in these properties; as in GNS3, null is the default. Raises Invalid with the name of the field, or
    Conflict for forbidden ``options``.
    """
    given = {name: value for name, value in properties.items() if value is not None}
    settings = structure_properties(given, QemuSettings)
    check_options(settings.options, unsafe=unsafe_options)
    if settings.hdc_disk_image and settings.cdrom_image:
        raise Invalid("properties.cdrom_image: a machine has either a CD-ROM or the disk hdc")
    return settings


def as_properties(settings: QemuSettings) -> dict[str, Any]:
    """The properties in the form that is shown and saved."""
    return attrs.asdict(settings)


def default_mac(node_id: UUID) -> str:
    """The MAC address that GNS3 gives to the first adapter of a node."""
    digits = node_id.hex
    return f"0c:{digits[2:4]}:{digits[4:6]}:{digits[6:8]}:00:00"
