"""This host and its projects for other controllers: the handlers that the compute APIs of versions 2 and 3 share. Each
version registers them in its table.
"""

from typing import Any
from uuid import UUID

from starlette.websockets import WebSocket

from gns3trio.api.compute_client import client_of
from gns3trio.api.context import ApiContext
from gns3trio.api.host_views import interface_view, port_usage_view, statistics_view
from gns3trio.api.routing import ApiRequest
from gns3trio.api.streams import COMPUTE_PING_AFTER_SECONDS, V2_GREETING, Greeting, serve_notifications
from gns3trio.api.v2.compute_views import events_for
from gns3trio.compute.clients import OWN_USER
from gns3trio.compute.hosted_project import HostedProject
from gns3trio.controller.driven_nodes import lease_udp, own_project, require_hostable, sees_own_projects
from gns3trio.controller.project.project import Project
from gns3trio.notifications.hub import NotificationHub


async def get_statistics(api: ApiRequest) -> dict[str, Any]:
    """The load of this machine: CPU, memory, disk."""
    return statistics_view(await api.controller.hosted.compute.statistics())


async def get_interfaces(api: ApiRequest) -> list[dict[str, Any]]:
    """The network interfaces of this host."""
    return list(map(interface_view, await api.controller.hosted.compute.interfaces()))


async def get_ports(api: ApiRequest) -> dict[str, Any]:
    """The console and UDP ports in use, and their ranges."""
    return port_usage_view(await api.controller.hosted.compute.port_usage())


async def serve_compute_notifications(
    context: ApiContext,
    websocket: WebSocket,
    hub: NotificationHub,
    ping_after: float = COMPUTE_PING_AFTER_SECONDS,
    greeting: Greeting = V2_GREETING,
) -> None:
    """The events of nodes in hosted projects: those of this client, or while their controller has no such stream, of
    its user. A client with such a stream is a controller, which does not see the projects of others.
    """
    client, hosted = client_of(websocket.scope), context.controller.hosted
    topic = events_for(hosted, client)
    with hosted.controllers.listening(client):
        await serve_notifications(
            websocket, hub, topic, context.closing, ping_after=ping_after, greeting=greeting, of_compute=True
        )


# --- projects ---


def visible_projects(api: ApiRequest) -> list[HostedProject | Project]:
    """The open projects that the client may see: first those of other controllers, then those of this server's
    controller.
    """
    client = client_of(api.http.scope)
    ours = api.controller.projects.values() if sees_own_projects(api.controller, client) else ()
    own = [project for project in ours if project.status == "opened"]
    ids = {project.project_id for project in own}
    return [*(each for each in api.controller.hosted.of(client) if each.project_id not in ids), *own]


async def new_project(
    api: ApiRequest, project_id: UUID, name: str, variables: list[dict[str, Any]] | None
) -> HostedProject | Project:
    """Create a project for a controller. This server's controller may have it too, but no third one of the same user:
    it gets 409.
    """
    client = client_of(api.http.scope)
    if (own := own_project(api.controller, client, project_id)) is not None:
        return own
    require_hostable(api.controller, client, project_id)
    return await api.controller.hosted.create(client, project_id, name, variables)


def known_project(api: ApiRequest, project_id: UUID) -> HostedProject | Project:
    """One project of this compute. Raises NotFound."""
    client = client_of(api.http.scope)
    own = own_project(api.controller, client, project_id)
    return own if own is not None else api.controller.hosted.get(client, project_id)


async def change_project(api: ApiRequest, project_id: UUID, changes: dict[str, Any]) -> HostedProject | Project:
    """Change the variables of a project, and the name of one that another controller has."""
    project = known_project(api, project_id)
    if isinstance(project, Project):
        await project.update({name: value for name, value in changes.items() if name == "variables"})
        return project
    project.name = changes.get("name", project.name)
    project.variables = changes.get("variables", project.variables)
    return project


async def close_project(api: ApiRequest, project_id: UUID) -> None:
    """Stop the nodes of a project; their files stay."""
    client = client_of(api.http.scope)
    if (own := own_project(api.controller, client, project_id)) is not None:
        await api.controller.close_project(own)
        return
    await api.controller.hosted.close(api.controller.hosted.get(client, project_id))


async def delete_project(api: ApiRequest, project_id: UUID) -> None:
    """Stop the nodes of a project and delete their files; if it is closed, only delete the files.

    A project of this server's controller is a whole lab, which only its own controller may delete.
    """
    client = client_of(api.http.scope)
    if client.user == OWN_USER and (
        project_id in api.controller.projects or not api.controller.hosted.knows(project_id)
    ):
        api.controller.check_unused(project_id)
    await api.controller.hosted.delete(client, project_id)


async def lease_udp_port(api: ApiRequest, project_id: UUID) -> dict[str, int]:
    """Lease the lowest free UDP port for an end of a link."""
    return {"udp_port": await lease_udp(api.controller, client_of(api.http.scope), project_id)}
