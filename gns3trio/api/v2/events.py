"""Formats changes in the controller as events of API version 2."""

from typing import Any, assert_never

from gns3trio.api.shared_events import SharedChange, Views, shared_event
from gns3trio.api.v2.benchmarks import endpoint_view, trial_view
from gns3trio.api.v2.mesh import mesh_progress_view
from gns3trio.api.v2.traffic import traffic_progress_view
from gns3trio.api.v2.views import (
    compute_view,
    drawing_view,
    impairments_view,
    link_statistics_view,
    link_view,
    node_view,
    project_view,
    snapshot_view,
)
from gns3trio.controller import changes as c
from gns3trio.controller.links.link import Link
from gns3trio.notifications.events import Event

_VIEWS = Views(node=node_view, link=link_view, drawing=drawing_view, project=project_view, snapshot=snapshot_view)


def event_of(change: object) -> Event | None:
    """A change in the controller as an event; None if version 2 has no event for it."""
    return _event(change) if isinstance(change, c.Change) else None


def _event(change: c.Change) -> Event:
    if isinstance(change, SharedChange):
        return shared_event(change, _VIEWS)
    match change:
        case c.NodeTraffic(report):
            node, progress = report.node, traffic_progress_view(report)
            return Event("node.traffic", {"project_id": str(node.project_id), **progress}, node.project_id)
        case c.MeshTraffic(progress):
            return Event("project.mesh", mesh_progress_view(progress), progress.project_id)
        case c.LinkImpairmentsChanged(link):
            return _of_link("link.impairments", link, {**_ids(link), **impairments_view(link)})
        case c.LinkProblemChanged(link, problem):
            return _of_link("link.problem", link, {**_ids(link), "message": problem})
        case c.LinkTraffic(link, statistics):
            return _of_link("link.stats", link, link_statistics_view(statistics))
        case c.LinkMeasured(link, trial):
            return _of_link("link.benchmark", link, {**_ids(link), **trial_view(trial)})
        case c.ComputeCreated(compute):
            return Event("compute.created", compute_view(compute))
        case c.ComputeChanged(compute):
            return Event("compute.updated", compute_view(compute))
        case c.ComputeDeleted(compute):
            return Event("compute.deleted", compute_view(compute))
        case c.UdpMeasured(compute_id, a, b, trial):
            ends = {"a": endpoint_view(a), "b": endpoint_view(b)}
            return Event("udp.benchmark", {"compute_id": compute_id, **ends, **trial_view(trial)})
        case c.TemplateCreated(template, _):
            return Event("template.created", template)
        case c.TemplateChanged(template, _):
            return Event("template.updated", template)
        case c.TemplateDeleted(template):
            return Event("template.deleted", template)
        case _:
            assert_never(change)


def _of_link(action: str, link: Link, payload: dict[str, Any]) -> Event:
    return Event(action, payload, link.project_id)


def _ids(link: Link) -> dict[str, str]:
    return {"link_id": str(link.link_id), "project_id": str(link.project_id)}
