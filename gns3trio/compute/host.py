"""Data about the host of a compute, and GNS3's id of the one on the controller's host."""

from typing import Literal

from gns3trio.classes import frozen

# GNS3's id of the compute on the controller's own server.
LOCAL_COMPUTE_ID = "local"
# Stands for whichever compute suits a new node best; an extension. No compute has this id.
ANY_COMPUTE_ID = "auto"


@frozen(kw_only=True)
class PortUsage:
    """The ports in use, and the first and last port of the range."""

    console_port_range: tuple[int, int]
    console_ports: list[int]
    udp_port_range: tuple[int, int]
    udp_ports: list[int]


@frozen(kw_only=True)
class HostInterface:
    """A network interface; addresses are empty if there are none. A ``special`` interface is not meant for labs."""

    name: str
    ip_address: str
    mac_address: str
    netmask: str
    special: bool
    type: Literal["ethernet", "tap"]
