"""The events that versions 2 and 3 have in common. They differ in how they show the objects."""

from collections.abc import Callable
from typing import Any, assert_never
from uuid import UUID

from gns3trio.classes import frozen
from gns3trio.controller import changes as c
from gns3trio.controller.archives.snapshots import Snapshot
from gns3trio.controller.links.link import Link
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.drawings import Drawing
from gns3trio.controller.project.project import Project
from gns3trio.notifications.events import Event, log_event

SharedChange = (
    c.NodeCreated
    | c.NodeChanged
    | c.NodeDeleted
    | c.LinkCreated
    | c.LinkChanged
    | c.LinkDeleted
    | c.DrawingCreated
    | c.DrawingChanged
    | c.DrawingDeleted
    | c.ProjectCreated
    | c.ProjectOpened
    | c.ProjectChanged
    | c.ProjectClosed
    | c.ProjectDeleted
    | c.SnapshotRestored
    | c.LogMessage
)


@frozen
class Views:
    """How a version shows objects."""

    node: Callable[[Node], Any]
    link: Callable[[Link], dict[str, Any]]
    drawing: Callable[[UUID, Drawing], dict[str, Any]]
    project: Callable[[Project], dict[str, Any]]
    snapshot: Callable[[Snapshot], dict[str, Any]]


def shared_event(change: SharedChange, views: Views) -> Event:
    """A change in the controller as an event of a version."""
    match change:
        case c.NodeCreated(node):
            return Event("node.created", views.node(node), node.project_id)
        case c.NodeChanged(node):
            return Event("node.updated", views.node(node), node.project_id)
        case c.NodeDeleted(node):
            return Event("node.deleted", views.node(node), node.project_id)
        case c.LinkCreated(link):
            return Event("link.created", views.link(link), link.project_id)
        case c.LinkChanged(link):
            return Event("link.updated", views.link(link), link.project_id)
        case c.LinkDeleted(link):
            return Event("link.deleted", views.link(link), link.project_id)
        case c.DrawingCreated(project_id, drawing):
            return Event("drawing.created", views.drawing(project_id, drawing), project_id)
        case c.DrawingChanged(project_id, drawing, redrawn):
            view = views.drawing(project_id, drawing)
            if not redrawn:
                del view["svg"]  # as in GNS3: it may be large, and the subscribers have it already
            return Event("drawing.updated", view, project_id)
        case c.DrawingDeleted(project_id, drawing):
            return Event("drawing.deleted", views.drawing(project_id, drawing), project_id)
        case c.ProjectCreated(project):
            return _of_project("project.created", project, views)
        case c.ProjectOpened(project):
            return _of_project("project.opened", project, views)
        case c.ProjectChanged(project):
            return _of_project("project.updated", project, views)
        case c.ProjectClosed(project):
            return _of_project("project.closed", project, views)
        case c.ProjectDeleted(project):
            return _of_project("project.deleted", project, views)
        case c.SnapshotRestored(snapshot):
            return Event("snapshot.restored", views.snapshot(snapshot), snapshot.project_id)
        case c.LogMessage(level, message, project_id):
            return log_event(level, message, project_id)
        case _:
            assert_never(change)


def _of_project(action: str, project: Project, views: Views) -> Event:
    """An event on the controller's stream, not the project's: watchers of all projects get it."""
    return Event(action, views.project(project), about=project.project_id)
