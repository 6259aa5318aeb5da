"""Formats projects and nodes for ``/v2/compute``, for replies and events."""

from typing import Any
from uuid import UUID

from gns3trio.api.replies import shown_as
from gns3trio.api.v2 import host_replies
from gns3trio.compute.clients import ComputeClient
from gns3trio.compute.hosted import HostedProjects
from gns3trio.compute.hosted_project import (
    HostedChange,
    HostedNode,
    HostedNodeChanged,
    HostedNodeDeleted,
    HostedProject,
    HostedProjectFailed,
)
from gns3trio.compute.interface import ComputeNode
from gns3trio.compute.node_types import node_types
from gns3trio.compute.trunks import Trunk
from gns3trio.controller.driven_nodes import DrivenNode
from gns3trio.controller.project.project import Project
from gns3trio.notifications.events import Event
from gns3trio.notifications.topics import Topic


def instance_view(instance: ComputeNode) -> dict[str, Any]:
    """A node with the properties that its type has in GNS3. The start-up script is a file here, not a property."""
    traits = node_types[instance.node_type]
    hidden = {"startup_script", *traits.own_properties, *traits.untold_properties}
    properties = {name: value for name, value in instance.properties().items() if name not in hidden}
    view: dict[str, Any] = {
        "name": instance.name,
        "node_id": str(instance.node_id),
        "project_id": str(instance.project_id),
        "status": instance.status,
        **properties,
    }
    if instance.directory is not None:
        view["node_directory"] = str(instance.directory)
    if instance.command_line is not None:
        view["command_line"] = instance.command_line
    if instance.console_type is not None:
        view |= {"console": instance.console, "console_type": instance.console_type}
    return view


def driven_node_view(node: HostedNode | DrivenNode) -> dict[str, Any]:
    """A node with the ids that it has for the client."""
    ids = {"project_id": str(node.project_id), "node_id": str(node.node_id)}
    return {**instance_view(node.instance), **ids}


def hosted_project_view(project: HostedProject) -> dict[str, Any]:
    """A project that another controller controls."""
    return {"name": project.name, "project_id": str(project.project_id), "variables": project.variables}


def own_project_view(project: Project) -> dict[str, Any]:
    """A project of this server's controller."""
    name, variables = project.settings.name, project.settings.variables
    return {"name": name, "project_id": str(project.project_id), "variables": variables}


def trunk_view(trunk: Trunk) -> dict[str, Any]:
    """The trunk of a host, and the hosts at its other ends."""
    peers = [shown_as(host_replies.TrunkPeer, peer) for peer in trunk.peers]
    return {"port": trunk.port, "trouble": trunk.trouble, "peers": peers, "dropped": dict(trunk.dropped)}


def compute_event_of(change: object) -> Event | None:
    """A change as an event for another controller; None if it does not concern that controller."""
    if not isinstance(change, HostedChange):
        return None
    match change:
        case HostedProjectFailed(project, message):
            action, payload = "log.error", {"message": message}
        case HostedNodeChanged(node):
            action, payload, project = "node.updated", driven_node_view(node), node.project
        case HostedNodeDeleted(node):
            action, payload, project = "node.deleted", driven_node_view(node), node.project
    return Event(action, payload, project.project_id, about=project.inner_id, names_project=True)


def events_for(hosted: HostedProjects, client: ComputeClient, project_id: UUID | None = None) -> Topic:
    """The events of hosted projects for a client; with ``project_id``, of that project only."""

    def wants(event: Event) -> bool:
        return (project_id is None or event.project_id == project_id) and hosted.is_heard_by(client, event.about)

    return Topic(f"hosted for {client}", wants)
