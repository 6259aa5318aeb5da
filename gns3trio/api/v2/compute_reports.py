"""``/v2/compute/reports/ws``, an extension: what GNS3's notifications have no place for, for controllers of ours.

The controller sends ``{"project_ids": [...]}``, again whenever that changes. The compute sends objects with the lists
``counters``, ``nodes`` and ``messages``, at most once per ``stats_interval`` unless there is much to tell. What is 0 is
left out of counters.
"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import trio
from starlette.websockets import WebSocket

from gns3trio.api.access import Access
from gns3trio.api.compute_client import client_of
from gns3trio.api.context import ApiContext
from gns3trio.api.routing import RouteTable
from gns3trio.api.sessions import Session, serve_session
from gns3trio.classes import define
from gns3trio.compute.clients import ComputeClient
from gns3trio.compute.hosted_reports import (
    MessageReport,
    NodeReport,
    PortNumbers,
    PortReport,
    Report,
    ReportedNode,
    Subscription,
)
from gns3trio.compute.interface import ComputeNode
from gns3trio.limits import MAX_TEXT, Bound
from gns3trio.traffic.counters import PortCounters

routes = RouteTable("/v2/compute", access=Access.COMPUTE)

_MAX_PROJECTS = 10_000
_TOTALS = (
    "refused",
    "rx_bytes",
    "rx_duplicated",
    "rx_frames",
    "rx_held",
    "tx_bytes",
    "tx_duplicated",
    "tx_frames",
    "tx_held",
)


@define(kw_only=True)
class Watched:
    """What a controller sends: its projects that are open on this compute."""

    project_ids: Annotated[list[UUID], Bound(_MAX_PROJECTS)]


@routes.websocket("/reports/ws")
async def send_reports(context: ApiContext, websocket: WebSocket) -> None:
    """Reports about nodes of the projects that the client names; an extension."""
    client = client_of(websocket.scope)
    await serve_session(websocket, context.closing, partial(_report, context, client))


async def _report(context: ApiContext, client: ComputeClient, session: Session) -> None:
    with context.controller.hosted.reports_to(client) as subscription:
        subscription.watch((await session.receive(Watched)).project_ids)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_watch, session, subscription)
            while True:
                await session.send(_reports_view(await subscription.receive()))
                if not subscription.has_news:
                    await trio.sleep(context.config.stats_interval)


async def _watch(session: Session, subscription: Subscription) -> None:
    while True:
        subscription.watch((await session.receive(Watched)).project_ids)


def _reports_view(reports: list[Report]) -> dict[str, Any]:
    view: dict[str, list[Any]] = {"counters": [], "messages": [], "nodes": []}
    for report in reports:
        match report:
            case PortReport(node, port, end, device):
                counters = {"device": _counters_view(device) if device is not None else None}
                view["counters"].append({**_ids(node), **_port(port), **counters, "end": _counters_view(end)})
            case NodeReport(node, troubles):
                view["nodes"].append({**_ids(node), **_node_view(node.instance, troubles)})
            case MessageReport(project, node_id, level, text):
                ids = {"node_id": str(node_id), "project_id": str(project.project_id)}
                view["messages"].append({**ids, "level": level, "message": text[:MAX_TEXT]})
    return view


def _node_view(instance: ComputeNode, troubles: Mapping[PortNumbers, str]) -> dict[str, Any]:
    return {
        "engine": instance.engine,
        "exit_reason": instance.exit_reason,
        "has_default_engine": instance.has_default_engine,
        "mac_id": instance.mac_id,
        "troubles": [{**_port(port), "trouble": trouble[:MAX_TEXT]} for port, trouble in troubles.items()],
    }


def _ids(node: ReportedNode) -> dict[str, str]:
    return {"node_id": str(node.node_id), "project_id": str(node.project.project_id)}


def _port(port: PortNumbers) -> dict[str, int]:
    return {"adapter_number": port[0], "port_number": port[1]}


def _counters_view(counters: PortCounters) -> dict[str, Any]:
    view: dict[str, Any] = {name: count for name in _TOTALS if (count := getattr(counters, name))}
    for name in ("rx_drops", "tx_drops"):
        if drops := {reason: count for reason, count in getattr(counters, name).items() if count}:
            view[name] = drops
    if counters.rx_offloaded:
        view["rx_offloaded"] = True
    return view
