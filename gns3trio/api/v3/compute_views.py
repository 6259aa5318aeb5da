"""Formats computes for version 3 of the API, for replies and events."""

from typing import Any

from gns3trio.api.replies import Whole, reply_shape
from gns3trio.controller.computes import Computes, ComputeState, Gns3Capabilities

_HIDDEN = "**********"


@reply_shape
class Capabilities(Whole):
    """What a compute can run, and the size of its host: memory and disk in bytes, 0 where they are unknown."""

    version: str | None
    node_types: list[str]
    platform: str | None
    cpus: int
    memory: int
    disk_size: int


@reply_shape
class RegisteredCompute(Whole):
    """A compute as it was registered. Its password is never told."""

    protocol: str
    host: str
    port: int
    user: str
    password: str | None
    name: str
    created_at: str | None
    updated_at: str | None
    compute_id: str


@reply_shape
class Compute(RegisteredCompute):
    """A compute, and its state."""

    connected: bool
    cpu_usage_percent: float | None
    memory_usage_percent: float | None
    disk_usage_percent: float | None
    last_error: str | None
    capabilities: Capabilities | None


def registered_view(compute: ComputeState, *, has_password: bool) -> dict[str, Any]:
    """A compute in lists."""
    return {
        "protocol": compute.protocol,
        "host": compute.host,
        "port": compute.port,
        "user": compute.user or "",
        "password": _HIDDEN if has_password else None,
        "name": compute.name,
        "created_at": compute.created_at,
        "updated_at": compute.updated_at,
        "compute_id": compute.compute_id,
    }


def whole_view(computes: Computes, compute: ComputeState) -> dict[str, Any]:
    """A compute that was just registered, or that of this server. One that has not answered has no capabilities."""
    view = {**registered_view(compute, has_password=computes.has_password(compute.compute_id)), **state_view(compute)}
    return view if compute.capabilities is not None else {**view, "capabilities": None}


def state_view(compute: ComputeState) -> dict[str, Any]:
    """A compute in events."""
    load = compute.load
    return {
        "compute_id": compute.compute_id,
        "name": compute.name,
        "host": compute.host,
        "port": compute.port,
        "protocol": compute.protocol,
        "user": compute.user or "",
        "connected": compute.capabilities is not None,
        "last_error": compute.error,
        "cpu_usage_percent": load.cpu_usage_percent if load is not None else None,
        "memory_usage_percent": load.memory_usage_percent if load is not None else None,
        "disk_usage_percent": load.disk_usage_percent if load is not None else None,
        "capabilities": capabilities_view(compute.capabilities),
    }


def capabilities_view(can: Gns3Capabilities | None) -> dict[str, Any]:
    """What a compute can run; nothing if that is unknown."""
    if can is None:
        return {"version": None, "node_types": [], "platform": None, "cpus": 0, "memory": 0, "disk_size": 0}
    return {
        "version": can.version_3,
        "node_types": [name for name in can.node_types if name not in _GONE_TYPES],
        "platform": can.platform,
        "cpus": can.size.cpus,
        "memory": can.size.memory,
        "disk_size": can.size.disk_size,
    }


# Types that GNS3 3 does not have.
_GONE_TYPES = frozenset({"traceng"})
