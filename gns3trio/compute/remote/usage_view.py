"""What a compute of ours tells of the usage of its nodes, checked. Sans-IO. What is wrong is not known."""

from typing import Any, cast
from uuid import UUID

from gns3trio.compute.node_features import NodeUsage
from gns3trio.compute.remote.host_views import size_of
from gns3trio.convert import as_uuid
from gns3trio.limits import MAX_INTEGER, MAX_NODES

# A machine with thousands of processors for a thousand years.
_MOST_SECONDS, _MOST_PERCENT = 1e14, 1e6


def read_usages(value: Any) -> dict[UUID, NodeUsage]:
    """The usage of a project's nodes, by id."""
    listed = value if isinstance(value, list) else []
    usages = dict[UUID, NodeUsage]()
    for each in listed[:MAX_NODES]:
        if isinstance(each, dict) and (node_id := as_uuid(each.get("node_id"))) is not None:
            usages[node_id] = read_usage(each)
    return usages


def read_usage(value: Any) -> NodeUsage:
    """The usage of a node, or of all."""
    told = value if isinstance(value, dict) else {}
    return NodeUsage(
        processes=size_of(told.get("processes")),
        cpu_seconds=_number(told.get("cpu_seconds"), _MOST_SECONDS),
        cpu_percent=_number(told.get("cpu_percent"), _MOST_PERCENT),
        memory_bytes=_size(told.get("memory_bytes")),
        configured_memory_bytes=_size(told.get("configured_memory_bytes")),
        disk_bytes=_size(told.get("disk_bytes")),
        disk_is_whole=told.get("disk_is_whole") is not False,
    )


def _size(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value <= MAX_INTEGER else None


def _number(value: Any, most: float) -> float | None:
    if type(value) not in (int, float) or not 0 <= cast(float, value) <= most:  # NaN is not between them
        return None
    return float(cast(float, value))
