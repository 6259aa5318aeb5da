"""The network adapters of a machine: their models and MAC addresses. Sans-IO."""

from collections.abc import Mapping

from gns3trio.compute.nodes.parts.custom_adapters import following_mac
from gns3trio.compute.nodes.qemu.command import Adapter
from gns3trio.compute.nodes.qemu.settings import CustomAdapter, QemuSettings

# GNS3's name for one that QEMU calls otherwise.
_MODELS = {"virtio": "virtio-net-pci"}


def machine_adapters(settings: QemuSettings, customs: Mapping[int, CustomAdapter]) -> list[Adapter]:
    """The adapters of a machine in order. As in GNS3, each has the MAC address that follows that of the one before."""
    adapters = []
    for number in range(settings.adapters):
        custom = customs.get(number)
        model = (custom.adapter_type if custom is not None else None) or settings.adapter_type
        mac = (custom.mac_address if custom is not None else None) or following_mac(settings.mac_address, number)
        adapters.append(Adapter(_MODELS.get(model, model), mac.lower()))
    return adapters
