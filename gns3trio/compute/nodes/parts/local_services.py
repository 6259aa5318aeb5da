"""What the compute of this host gives to every type of node that it runs."""

import attrs

from gns3trio.compute.nodes.parts.builtin_node import BuiltinServices
from gns3trio.compute.nodes.vpcs.mac_ids import MacIds
from gns3trio.config import Config


@attrs.frozen
class LocalServices:
    """``mac_ids`` are the numbers that MAC addresses of VPCS nodes are made of."""

    config: Config
    builtin: BuiltinServices
    mac_ids: MacIds
