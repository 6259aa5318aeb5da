"""Formats changes in the controller as events of API version 3. Changes that GNS3 3 does not know have none."""

from gns3trio.api.v3.compute_views import state_view
from gns3trio.api.v3.template_views import template_view
from gns3trio.api.v3.views import drawing_view, link_view, node_view, project_view, snapshot_view
from gns3trio.controller import changes as c
from gns3trio.controller.computes import ComputeState
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.project import Project
from gns3trio.machine import machine_load
from gns3trio.notifications.events import Event, log_event


def event_of(change: object) -> Event | None:
    """A change in the controller as an event; None if version 3 has no event for it."""
    match change:
        case c.NodeCreated(node):
            return _of_node("node.created", node)
        case c.NodeChanged(node):
            return _of_node("node.updated", node)
        case c.NodeDeleted(node):
            return _of_node("node.deleted", node)
        case c.LinkCreated(link):
            return Event("link.created", link_view(link), link.project_id)
        case c.LinkChanged(link):
            return Event("link.updated", link_view(link), link.project_id)
        case c.LinkDeleted(link):
            return Event("link.deleted", link_view(link), link.project_id)
        case c.DrawingCreated(project_id, drawing):
            return Event("drawing.created", drawing_view(project_id, drawing), project_id)
        case c.DrawingChanged(project_id, drawing, redrawn):
            view = drawing_view(project_id, drawing)
            if not redrawn:
                del view["svg"]  # as in GNS3: it may be large, and the subscribers have it already
            return Event("drawing.updated", view, project_id)
        case c.DrawingDeleted(project_id, drawing):
            return Event("drawing.deleted", drawing_view(project_id, drawing), project_id)
        case c.SnapshotRestored(snapshot):
            return Event("snapshot.restored", snapshot_view(snapshot), snapshot.project_id)
        case c.LogMessage(level, message, project_id):
            return log_event(level, message, project_id)
        case _:
            return _of_controller(change)


def _of_controller(change: object) -> Event | None:
    match change:
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
        case c.ComputeCreated(compute):
            return Event("compute.created", state_view(compute))
        case c.ComputeChanged(compute):
            return compute_event(compute)
        case c.ComputeDeleted(compute):
            return Event("compute.deleted", state_view(compute))
        case c.TemplateCreated(template, extras):
            return Event("template.created", template_view(template, extras))
        case c.TemplateChanged(template, extras):
            return Event("template.updated", template_view(template, extras))
        case c.TemplateDeleted(template):
            return Event("template.deleted", {"template_id": template["template_id"]})
        case _:
            return None


def compute_event(compute: ComputeState) -> Event:
    """The state of a compute."""
    return Event("compute.updated", state_view(compute))


def ping() -> Event:
    """The load of this host."""
    load = machine_load()
    shown = {
        "cpu_usage_percent": load.cpu_usage_percent,
        "memory_usage_percent": load.memory_usage_percent,
        "disk_usage_percent": load.disk_usage_percent,
    }
    return Event("ping", shown)


def _of_node(action: str, node: Node) -> Event:
    return Event(action, node_view(node), node.project_id)


def _of_project(action: str, project: Project) -> Event:
    """An event on the controller's stream, not the project's: watchers of all projects get it."""
    return Event(action, project_view(project), about=project.project_id)
