"""A node as a compute shows it, checked: it may come from anybody. Sans-IO.

Beside the fields that all nodes have, the reply has the properties of the node's type.
"""

from collections.abc import Mapping
from typing import Any

from gns3trio.classes import frozen
from gns3trio.compute.node import NodeStatus
from gns3trio.free_form import PART, Misplaced
from gns3trio.limits import MAX_PORT, MAX_TEXT
from gns3trio.printable import without_hidden

_STATUSES: Mapping[str, NodeStatus] = {"started": "started", "stopped": "stopped", "suspended": "suspended"}
_CONSOLE_TYPES = frozenset({"telnet", "vnc", "spice", "spice+agent", "http", "https", "none"})
_MAX_COMMAND_LINE = 64 * 1024
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


def read_node(value: Any, before: NodeView | None = None) -> NodeView | None:
    """The node of a reply or event; None if it is none. What is missing there is as ``before``."""
    if not isinstance(value, dict):
        return None
    known = before or NO_VIEW
    status = value.get("status")
    return NodeView(
        status=_STATUSES.get(status, known.status) if isinstance(status, str) else known.status,
        console=_port(value["console"]) if "console" in value else known.console,
        console_type=_console_type(value["console_type"]) if "console_type" in value else known.console_type,
        command_line=_text(value.get("command_line"), _MAX_COMMAND_LINE, known.command_line),
        directory=_text(value.get("node_directory"), MAX_TEXT, known.directory),
        properties={**known.properties, **{name: each for name, each in value.items() if _is_property(name, each)}},
    )


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
