"""Formats changes in the controller as events of API version 2."""

from typing import Any, assert_never

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
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.project import Project
from gns3trio.notifications.events import Event, log_event


def event_of(change: object) -> Event | None:
    """A change in the controller as an event; None if version 2 has no event for it."""
    return _event(change) if isinstance(change, c.Change) else None


def _event(change: c.Change) -> Event:
    match change:
        case c.NodeCreated(node):
            return _of_node("node.created", node)
        case c.NodeChanged(node):
            return _of_node("node.updated", node)
        case c.NodeDeleted(node):
            return _of_node("node.deleted", node)
        case c.NodeTraffic(report):
            node, progress = report.node, traffic_progress_view(report)
            return Event("node.traffic", {"project_id": str(node.project_id), **progress}, node.project_id)
        case c.MeshTraffic(progress):
            return Event("project.mesh", mesh_progress_view(progress), progress.project_id)
        case c.LinkCreated(link):
            return _of_link("link.created", link, link_view(link))
        case c.LinkChanged(link):
            return _of_link("link.updated", link, link_view(link))
        case c.LinkDeleted(link):
            return _of_link("link.deleted", link, link_view(link))
        case c.LinkImpairmentsChanged(link):
            return _of_link("link.impairments", link, {**_ids(link), **impairments_view(link)})
        case c.LinkProblemChanged(link, problem):
            return _of_link("link.problem", link, {**_ids(link), "message": problem})
        case c.LinkTraffic(link, statistics):
            return _of_link("link.stats", link, link_statistics_view(statistics))
        case c.LinkMeasured(link, trial):
            return _of_link("link.benchmark", link, {**_ids(link), **trial_view(trial)})
        case c.DrawingCreated(project_id, drawing):
            return Event("drawing.created", drawing_view(project_id, drawing), project_id)
        case c.DrawingChanged(project_id, drawing, redrawn):
            view = drawing_view(project_id, drawing)
            if not redrawn:
                del view["svg"]  # as in GNS3: it may be large, and the subscribers have it already
            return Event("drawing.updated", view, project_id)
        case c.DrawingDeleted(project_id, drawing):
            return Event("drawing.deleted", drawing_view(project_id, drawing), project_id)
        case c.LogMessage(level, message, project_id):
            return log_event(level, message, project_id)
        case c.ProjectCreated(project):
            return _of_project("project.created", project)
        case c.ProjectOpened(project):
            return _of_project("project.opened", project)
        case c.ProjectChanged(project):
            return _of_project("project.updated", project)
        case c.ProjectClosed(project):
            return _of_project("project.closed", project)
        case c.ProjectDeleted(project):
            return _of_project("project.deleted", project)
        case c.SnapshotRestored(snapshot):
            return Event("snapshot.restored", snapshot_view(snapshot), snapshot.project_id)
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


def _of_node(action: str, node: Node) -> Event:
    return Event(action, node_view(node), node.project_id)


def _of_link(action: str, link: Link, payload: dict[str, Any]) -> Event:
    return Event(action, payload, link.project_id)


def _ids(link: Link) -> dict[str, str]:
    return {"link_id": str(link.link_id), "project_id": str(link.project_id)}


def _of_project(action: str, project: Project) -> Event:
    """An event on the controller's stream, not the project's: watchers of all projects get it."""
    return Event(action, project_view(project), about=project.project_id)
