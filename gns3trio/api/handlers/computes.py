"""What versions 2 and 3 have in common of the routes of computes."""

from typing import Any

from gns3trio.api.host_views import interface_view, port_usage_view
from gns3trio.api.routing import ApiRequest


async def get_compute_ports(api: ApiRequest, compute_id: str) -> dict[str, Any]:
    """The console and UDP ports in use, and their ranges."""
    return port_usage_view(await api.controller.computes.require(compute_id).port_usage())


async def get_compute_interfaces(api: ApiRequest, compute_id: str) -> list[dict[str, Any]]:
    """The network interfaces of the compute's host."""
    return list(map(interface_view, await api.controller.computes.require(compute_id).interfaces()))
