"""The services of this host's compute for the node types that it runs."""

from gns3trio.classes import frozen
from gns3trio.compute.nodes.parts.builtin_node import BuiltinServices
from gns3trio.config import Config


@frozen
class LocalServices:
    """Services for node types, with the settings of the server."""

    config: Config
    builtin: BuiltinServices
