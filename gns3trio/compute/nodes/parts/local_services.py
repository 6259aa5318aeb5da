"""The services of this host's compute for the node types that it runs."""

import attrs

from gns3trio.compute.nodes.parts.builtin_node import BuiltinServices
from gns3trio.compute.nodes.vpcs.mac_ids import MacIds
from gns3trio.config import Config


@attrs.frozen
class LocalServices:
    """Services for node types. ``mac_ids`` assigns the numbers from which MAC addresses of VPCS nodes are derived."""

    config: Config
    builtin: BuiltinServices
    mac_ids: MacIds
