"""Loads the engines of nodes of the type ``vpcs``, each with its first node.

The modules of an engine and its console take memory and a part of the start of a server that may never need them.
"""

from collections.abc import Callable

from gns3trio import threads
from gns3trio.compute.nodes.vpcs.engine import Engine, EngineHost
from gns3trio.compute.nodes.vpcs.services import VpcsServices
from gns3trio.compute.nodes.vpcs.settings import EngineName

MakeEngine = Callable[[VpcsServices, EngineHost], Engine]

_loaded: dict[EngineName, MakeEngine] = {}


async def load_engine(name: EngineName) -> MakeEngine:
    """What makes an engine of this name for a node. Raises NoThread."""
    if name not in _loaded:
        _loaded[name] = await threads.disk.run(_import, name)
    return _loaded[name]


def _import(name: EngineName) -> MakeEngine:
    if name == "builtin":
        from gns3trio.compute.nodes.vpcs.builtin_engine import BuiltinEngine

        return BuiltinEngine
    from gns3trio.compute.nodes.vpcs.process_engine import ProcessEngine

    return ProcessEngine
