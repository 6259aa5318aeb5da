"""What nodes have in GNS3 3.0 that nodes of GNS3 2.2 do not have. Measured with gns3-server 3.0.6."""

from collections.abc import Mapping

_USAGE = frozenset({"usage"})
# The properties by the type. GNS3 2.2 refuses a node with one of them.
ADDED_PROPERTIES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("vpcs", "ethernet_switch", "ethernet_hub", "cloud", "nat"), _USAGE),
    "docker": frozenset({"aux_type"}),
    "qemu": frozenset({"aux", "aux_type", "maxcpus", *(f"hd{letter}_disk_image_backed" for letter in "abcd")}),
}
