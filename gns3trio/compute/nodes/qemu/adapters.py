"""The network adapters of a machine: their models and MAC addresses. Sans-IO."""

from collections.abc import Mapping
from typing import Any

from gns3trio.compute.nodes.qemu.command import Adapter
from gns3trio.compute.nodes.qemu.settings import CustomAdapter, QemuSettings
from gns3trio.convert import make_strict_converter, structure
from gns3trio.errors import Invalid

_converter = make_strict_converter(forbid_extra_keys=True)
# GNS3's name for one that QEMU calls otherwise.
_MODELS = {"virtio": "virtio-net-pci"}


def read_custom_adapters(value: list[dict[str, Any]]) -> dict[int, CustomAdapter]:
    """The adapters with something particular, by number; of several for one adapter the first is used. Raises
    Invalid.
    """
    try:
        read = structure(_converter, value, list[CustomAdapter])
    except Invalid as error:
        raise Invalid(f"custom_adapters{'' if str(error).startswith('[') else ': '}{error}") from None
    return {adapter.adapter_number: adapter for adapter in reversed(read)}


def machine_adapters(settings: QemuSettings, customs: Mapping[int, CustomAdapter]) -> list[Adapter]:
    """The adapters of a machine in order. As in GNS3, each has the MAC address that follows that of the one before."""
    adapters = []
    for number in range(settings.adapters):
        custom = customs.get(number)
        model = (custom.adapter_type if custom is not None else None) or settings.adapter_type
        mac = (custom.mac_address if custom is not None else None) or following_mac(settings.mac_address, number)
        adapters.append(Adapter(_MODELS.get(model, model), mac.lower()))
    return adapters


def following_mac(first: str, number: int) -> str:
    """The MAC address ``number`` after the first one."""
    digits = f"{(int(first.replace(':', ''), 16) + number) % 2**48:012x}"
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
