"""Reads the start-up scripts of many nodes, which are in files."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from gns3trio.controller.as_code.undo import for_each
from gns3trio.controller.nodes.node import Node

Scripts = Mapping[UUID, str]  # the scripts of the nodes that have one


async def read_scripts(nodes: Iterable[Node]) -> Scripts:
    """Read the scripts of the nodes that run here, many at a time. Raises Unavailable."""
    scripts: dict[UUID, str] = {}

    async def read(node: Node) -> None:
        script = await node.require_instance().startup_script()
        if script is not None:
            scripts[node.node_id] = script

    await for_each((node for node in nodes if node.instance is not None and node.traits.script is not None), read)
    return scripts


def node_properties(node: Node, scripts: Scripts) -> dict[str, Any]:
    """The properties of a node, with its start-up script, if it has one."""
    properties = node.require_instance().properties()
    shown = {name: value for name, value in properties.items() if name != "startup_script"}
    script = scripts.get(node.node_id)
    return shown | ({} if script is None else {"startup_script": script})
