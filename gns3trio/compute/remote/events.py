"""The events of a compute's notification stream. Sans-IO.

Each message is ``{"action": ..., "event": {...}, "project_id": ...}``. A ``ping`` comes at once, and after every second
without another event; it has the load of the machine.
"""

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from gns3trio.classes import frozen
from gns3trio.errors import Invalid
from gns3trio.json_text import read_json
from gns3trio.machine import MachineLoad
from gns3trio.printable import without_hidden

# A node with the configuration of a large router has some 100 kB.
MAX_EVENT_BYTES = 1024 * 1024
_MAX_VALUES = 20_000
_MAX_MESSAGE = 2000

Level = Literal["error", "warning", "info"]
_LEVELS: Mapping[str, Level] = {"log.error": "error", "log.warning": "warning", "log.info": "info"}


@frozen
class Ping:
    """The compute is there, and so busy."""

    load: MachineLoad


@frozen
class NodeTold:
    """A node changed; ``view`` is as in a reply."""

    project_id: UUID
    node_id: UUID
    view: Mapping[str, Any]


@frozen
class Message:
    """Something for users to read."""

    level: Level
    text: str
    project_id: UUID | None


def read_event(text: str | bytes) -> Ping | NodeTold | Message | None:
    """What a message means; None for one that does not matter here. Raises Invalid if it is none."""
    data = text.encode(errors="replace") if isinstance(text, str) else text
    value = read_json(data, most=_MAX_VALUES)
    if not isinstance(value, dict) or not isinstance(event := value.get("event"), dict):
        raise Invalid("is not an event")
    action, project_id = value.get("action"), _uuid(value.get("project_id"))
    if action == "ping":
        return Ping(_load(event))
    if action == "node.updated":
        project_id, node_id = project_id or _uuid(event.get("project_id")), _uuid(event.get("node_id"))
        return NodeTold(project_id, node_id, event) if project_id is not None and node_id is not None else None
    if isinstance(action, str) and action in _LEVELS and isinstance(message := event.get("message"), str):
        return Message(_LEVELS[action], without_hidden(message[:_MAX_MESSAGE]), project_id)
    return None


def _load(event: Mapping[str, Any]) -> MachineLoad:
    return MachineLoad(
        cpu_usage_percent=percent(event.get("cpu_usage_percent")),
        memory_usage_percent=percent(event.get("memory_usage_percent")),
    )


def percent(value: Any) -> float:
    """A number from 0 to 100; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(min(max(value, 0), 100))


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
