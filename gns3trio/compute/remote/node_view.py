"""A node as a compute shows it, checked: it may come from anybody. Sans-IO.

Beside the fields that all nodes have, the reply has the properties of the node's type.
"""

from collections.abc import Mapping
from typing import Any

from gns3trio.classes import frozen
from gns3trio.compute.gns3_3 import ADDED_PROPERTIES
from gns3trio.compute.node import NodeStatus
from gns3trio.free_form import PART, Misplaced
from gns3trio.limits import MAX_KEYS, MAX_PORT, MAX_TEXT
from gns3trio.printable import without_hidden

_STATUSES: Mapping[str, NodeStatus] = {"started": "started", "stopped": "stopped", "suspended": "suspended"}
_CONSOLE_TYPES = frozenset({"telnet", "vnc", "spice", "spice+agent", "http", "https", "none"})
_MAX_COMMAND_LINE = 64 * 1024
# Of all properties of a node together, by ``_cost``: a switch of 4096 ports has two thirds of it. Each event may bring
# others.
_MAX_PROPERTIES_COST = 768 * 1024
_COST_OF_VALUE = 16
# What is not a property of the type.
_COMMON = frozenset(
    {
        "command_line",
        "console",
        "console_type",
        "custom_adapters",
        "name",
        "node_directory",
        "node_id",
        "private_config_content",
        "project_id",
        "startup_config_content",
        "startup_script",
        "startup_script_path",
        "status",
    }
)


@frozen(kw_only=True)
class NodeView:
    """What a compute tells of a node."""

    status: NodeStatus
    console: int | None
    console_type: str | None
    command_line: str | None
    directory: str | None
    properties: Mapping[str, Any]


# That of a node of which nothing is known yet.
NO_VIEW = NodeView(status="stopped", console=None, console_type=None, command_line=None, directory=None, properties={})


def read_node(value: Any, node_type: str, before: NodeView | None = None) -> NodeView | None:
    """The node of a reply or event; None if it is none. What is missing there is as ``before``. What only nodes of GNS3
    3.0 have is left out: a node is the same wherever it runs.
    """
    if not isinstance(value, dict):
        return None
    known = before or NO_VIEW
    hidden = ADDED_PROPERTIES.get(node_type, frozenset())
    told = {name: each for name, each in value.items() if name not in hidden and _is_property(name, each)}
    status = value.get("status")
    return NodeView(
        status=_STATUSES.get(status, known.status) if isinstance(status, str) else known.status,
        console=_port(value["console"]) if "console" in value else known.console,
        console_type=_console_type(value["console_type"]) if "console_type" in value else known.console_type,
        command_line=_text(value.get("command_line"), _MAX_COMMAND_LINE, known.command_line),
        directory=_text(value.get("node_directory"), MAX_TEXT, known.directory),
        properties=_merged(known.properties, told),
    )


def _merged(before: Mapping[str, Any], told: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties with those that were told now. If they are too many or too large together, these are left out."""
    if all(name in before and before[name] == each for name, each in told.items()):
        return before
    merged = {**before, **told}
    return merged if len(merged) <= MAX_KEYS and _cost(merged) <= _MAX_PROPERTIES_COST else before


def _cost(value: Any) -> int:
    """The characters of a value, with sixteen more for each value in it: about what it costs in a project's file."""
    cost, waiting = 0, [value]
    while waiting:
        part = waiting.pop()
        cost += _COST_OF_VALUE
        if isinstance(part, str):
            cost += len(part)
        elif isinstance(part, dict):
            cost += sum(map(len, part))
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return cost


def _is_property(name: str, value: Any) -> bool:
    if name in _COMMON or len(name) > 100:
        return False
    try:
        PART.check(value)
    except Misplaced:
        return False
    return True


def _port(value: Any) -> int | None:
    return value if type(value) is int and 1 <= value <= MAX_PORT else None


def _console_type(value: Any) -> str | None:
    return value if isinstance(value, str) and value in _CONSOLE_TYPES else None


def _text(value: Any, most: int, otherwise: str | None) -> str | None:
    return without_hidden(value[:most]) if isinstance(value, str) else otherwise
