"""Nodes for the compute API: those of other controllers, and those of this server's own controller.

A GNS3 compute does not care who created a node. Here the compute API changes a node of our own controller through that
controller, so that the change is announced and saved. Scripts and tools of the server's own user may do so; for another
controller, and for other users, the projects of our own controller do not exist.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import trio

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.compute.actions import ENDS_A_RUN, Action, act
from gns3trio.compute.captures import Capture
from gns3trio.compute.clients import OWN_USER, ComputeClient
from gns3trio.compute.emulators import why_not_run
from gns3trio.compute.hosted import HostedProjects
from gns3trio.compute.hosted_project import HostedNode
from gns3trio.compute.interface import ComputeNode
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node_types import node_types
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.controller.archives.node_copy import copy_node_files, copy_through_computes
from gns3trio.controller.controller import Controller
from gns3trio.controller.links.link import Link, PortAddress
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.project import Project
from gns3trio.controller.storage.files import temporary_name
from gns3trio.controller.storage.project_swap import replaced_folder
from gns3trio.errors import Conflict, NotFound
from gns3trio.removal import discard_tree

_COMMON = frozenset({"name", "console", "console_type", "custom_adapters"})

PortNumbers = tuple[int, int]  # the numbers of an adapter and of a port on it


class DrivenNode(Protocol):
    """A node whose lock is held. A call that raises leaves the node unchanged."""

    @property
    def project_id(self) -> UUID:
        """The id of the project for the client."""

    @property
    def node_id(self) -> UUID:
        """The id of the node for the client."""

    @property
    def instance(self) -> ComputeNode:
        """The compute's node, which may have other ids."""

    @property
    def of_gns3_3(self) -> Mapping[str, Any]:
        """What only nodes of GNS3 3 have, and no node here uses."""

    def keep_of_gns3_3(self, properties: Mapping[str, Any]) -> None:
        """Change what only nodes of GNS3 3 have."""

    async def update(self, changes: dict[str, Any]) -> None:
        """Change ``name``, ``console``, ``console_type`` and properties. Raises Conflict or Invalid."""

    async def delete(self) -> None:
        """Stop the node, release its resources and delete its folder."""

    async def bind_nio(self, port: PortNumbers, nio: UdpNio) -> None:
        """Connect a port to a tunnel. Raises Conflict or Invalid."""

    async def update_nio(self, port: PortNumbers, nio: UdpNio) -> None:
        """Change the filters and the suspension of a port's tunnel. Raises Conflict if it has none, or Invalid."""

    async def unbind_nio(self, port: PortNumbers) -> None:
        """Disconnect a port from its tunnel; a capture there ends. Raises Conflict if it has none."""

    async def start_capture(self, port: PortNumbers, file_name: str, data_link_type: str) -> Path:
        """Capture the frames of a port into a file of the project; returns its path. Raises Conflict or Invalid."""

    async def stop_capture(self, port: PortNumbers) -> None:
        """Stop a capture. Does nothing if there is none."""

    def capture(self, port: PortNumbers) -> Capture | None:
        """The capture at a port."""


@frozen
class _Hosted:
    """A node of another controller."""

    _all: HostedProjects
    _node: HostedNode

    @property
    def project_id(self) -> UUID:
        return self._node.project_id

    @property
    def node_id(self) -> UUID:
        return self._node.node_id

    @property
    def instance(self) -> ComputeNode:
        return self._node.instance

    @property
    def of_gns3_3(self) -> Mapping[str, Any]:
        return self._node.of_gns3_3

    def keep_of_gns3_3(self, properties: Mapping[str, Any]) -> None:
        self._node.of_gns3_3 |= properties

    async def update(self, changes: dict[str, Any]) -> None:
        await self._all.update_node(self._node, changes)

    async def delete(self) -> None:
        await self._all.delete_node(self._node.project, self._node)

    async def bind_nio(self, port: PortNumbers, nio: UdpNio) -> None:
        await self._all.bind_nio(self._node, *port, nio)

    async def update_nio(self, port: PortNumbers, nio: UdpNio) -> None:
        await self._all.update_nio(self._node, *port, nio)

    async def unbind_nio(self, port: PortNumbers) -> None:
        await self._all.unbind_nio(self._node, *port)

    async def start_capture(self, port: PortNumbers, file_name: str, data_link_type: str) -> Path:
        return await self._all.start_capture(self._node.project, self._node, port, file_name, data_link_type)

    async def stop_capture(self, port: PortNumbers) -> None:
        await self._all.stop_capture(self._node, *port)

    def capture(self, port: PortNumbers) -> Capture | None:
        return self._node.captures.get(port)


@frozen
class _Own:
    """A node of this server's controller."""

    _project: Project
    _node: Node

    @property
    def project_id(self) -> UUID:
        return self._project.project_id

    @property
    def node_id(self) -> UUID:
        return self._node.node_id

    @property
    def instance(self) -> ComputeNode:
        return self._node.require_instance()

    @property
    def of_gns3_3(self) -> Mapping[str, Any]:
        return self._node.record.properties_of_3

    def keep_of_gns3_3(self, properties: Mapping[str, Any]) -> None:
        if properties:
            self._node.update({"properties_of_3": {**self._node.record.properties_of_3, **properties}})
            self._project.mark()

    async def update(self, changes: dict[str, Any]) -> None:
        common = {name: value for name, value in changes.items() if name in _COMMON}
        properties = {name: value for name, value in changes.items() if name not in _COMMON}
        if properties:
            common["properties"] = {**self._node.record.properties, **properties}
        await self._project.nodes.update(self._node, common)

    async def delete(self) -> None:
        await self._project.nodes.delete(self._node)

    async def bind_nio(self, port: PortNumbers, nio: UdpNio) -> None:
        await self._project.links.bind_nio(self._address(port), nio)

    async def update_nio(self, port: PortNumbers, nio: UdpNio) -> None:
        end = self.instance.link_end(*port)
        if end is None:
            raise self._not_connected(port)
        link = self._project.links.at(self._address(port))
        if link is not None:
            await self._project.links.update(link, {"filters": nio.filters, "suspend": nio.suspend})
        else:
            await end.apply(LinkConditions(filters=nio.filters, suspend=nio.suspend), is_first=True)

    async def unbind_nio(self, port: PortNumbers) -> None:
        if self.instance.link_end(*port) is None:
            raise self._not_connected(port)
        await self._project.links.unbind_nio(self._address(port))

    async def start_capture(self, port: PortNumbers, file_name: str, data_link_type: str) -> Path:
        link = self._link(port)
        await self._project.links.captures.start_gns3(link, data_link_type, file_name)
        path = link.gns3_capture.capture.path if link.gns3_capture is not None else None
        if path is None:
            raise Conflict(f"Port {port[0]}/{port[1]}: the capture has ended already")
        return path

    async def stop_capture(self, port: PortNumbers) -> None:
        link = self._project.links.at(self._address(port))
        if link is not None:
            await self._project.links.captures.stop_gns3(link)

    def capture(self, port: PortNumbers) -> Capture | None:
        link = self._project.links.at(self._address(port))
        return link.gns3_capture.capture if link is not None and link.gns3_capture is not None else None

    def _address(self, port: PortNumbers) -> PortAddress:
        return PortAddress(self._node.node_id, *port)

    def _link(self, port: PortNumbers) -> Link:
        link = self._project.links.at(self._address(port))
        if link is None:
            raise self._not_connected(port)
        return link

    def _not_connected(self, port: PortNumbers) -> Conflict:
        return Conflict(f"Port {port[0]}/{port[1]} of node '{self._node.name}' is not connected")


def own_project(controller: Controller, client: ComputeClient, project_id: UUID) -> Project | None:
    """The open project of this server's controller with this id, if the client may use it."""
    if not sees_own_projects(controller, client):
        return None
    project = controller.projects.get(project_id)
    return project if project is not None and project.status == "opened" else None


def sees_own_projects(controller: Controller, client: ComputeClient) -> bool:
    """Whether a client may use the projects of this server's controller: the server's own user may, unless it is
    another controller.
    """
    return client.user == OWN_USER and not controller.hosted.controllers.is_there(client)


def require_hostable(controller: Controller, client: ComputeClient, project_id: UUID) -> None:
    """Raises Conflict if another controller cannot create a project with this id here."""
    if client.user != OWN_USER:
        return
    controller.check_hostable(project_id)
    own = controller.projects.get(project_id)
    if own is not None and own.status == "opened" and not sees_own_projects(controller, client):
        raise Conflict(
            f"project_id: project {project_id} is open on this server itself. Close it there, duplicate the project to "
            "use both, or let this controller be a user of its own (setting compute_users)"
        )


def require_known(controller: Controller, client: ComputeClient, project_id: UUID) -> None:
    """Raises NotFound unless a controller, this server's or another one, has the project open for this client."""
    if own_project(controller, client, project_id) is None:
        controller.hosted.get(client, project_id)


async def lease_udp(controller: Controller, client: ComputeClient, project_id: UUID) -> int:
    """Lease a UDP port to a project. Raises NotFound, or Conflict if there is none left."""
    if own_project(controller, client, project_id) is not None:
        return await controller.hosted.compute.lease_udp(project_id)
    return await controller.hosted.lease_udp(controller.hosted.get(client, project_id))


def _own_node(
    controller: Controller, client: ComputeClient, project_id: UUID, node_id: UUID
) -> tuple[Project, Node] | None:
    project = own_project(controller, client, project_id)
    node = project.nodes.get(node_id) if project is not None else None
    return (project, node) if project is not None and node is not None else None


def own_instance(
    controller: Controller, client: ComputeClient, project_id: UUID, node_type: str, node_id: UUID
) -> ComputeNode | None:
    """The compute's node for a node in an open project of our own; None if there is none."""
    own = _own_node(controller, client, project_id, node_id)
    instance = own[1].instance if own is not None else None
    return instance if instance is not None and instance.node_type == node_type else None


@asynccontextmanager
async def driven_node(
    controller: Controller,
    client: ComputeClient,
    project_id: UUID,
    node_type: str,
    node_id: UUID,
    *,
    to_stop: bool = False,
) -> AsyncIterator[DrivenNode]:
    """A node of this type, locked, after all earlier requests to it are done. With ``to_stop``, a hanging start is
    abandoned.

    Raises NotFound if there is none that the client may use, or Conflict for an emulator's node.
    """
    if node_type in node_types and not controller.hosted.compute.runs(node_type):
        raise Conflict(f"{why_not_run(node_type)[:1].upper()}{why_not_run(node_type)[1:]}")
    own = _own_node(controller, client, project_id, node_id)
    if own is None:
        hosted = controller.hosted
        if own_project(controller, client, project_id) is not None and not hosted.knows(project_id):
            raise NotFound(f"Node ID {node_id} doesn't exist")
        async with hosted.locked_node(client, project_id, node_type, node_id, to_stop=to_stop) as hosted_node:
            yield _Hosted(hosted, hosted_node)
        return
    project, node = own
    if node.instance is None or node.instance.node_type != node_type:
        raise NotFound(f"Node ID {node_id} doesn't exist")
    async with project.nodes.lock(node_id, to_stop=to_stop):
        yield _Own(project, node)


@asynccontextmanager
async def driven_action(
    controller: Controller, client: ComputeClient, project_id: UUID, node_type: str, node_id: UUID, action: Action
) -> AsyncIterator[DrivenNode]:
    """Start, stop, suspend or reload a node. The body has the node as it is then, still locked.

    Raises as ``driven_node``, and Conflict if the node does not start.
    """
    to_stop = action in ENDS_A_RUN
    async with driven_node(controller, client, project_id, node_type, node_id, to_stop=to_stop) as node:
        await act(node.instance, action, controller.starts)
        yield node


async def resume_driven(
    controller: Controller, client: ComputeClient, project_id: UUID, node_type: str, node_id: UUID
) -> None:
    """Let a suspended node go on; do nothing for another. Raises as ``driven_action``."""
    async with driven_node(controller, client, project_id, node_type, node_id) as node:
        is_suspended = node.instance.status == "suspended"
    if is_suspended:
        async with driven_action(controller, client, project_id, node_type, node_id, "start"):
            pass


async def copy_files(source: ComputeNode, destination: ComputeNode) -> None:
    """Copy the files of a node to another one of its type: through their computes, or from folder to folder. Files that
    the other node had are gone then, as in GNS3. The start-up script gets the name of the other node. The caller holds
    the locks of both.

    Raises the errors of the computes; Conflict if the other node runs, or for a file that the server may not read;
    Unavailable if the disk reports an error.
    """
    if destination.status != "stopped" and not destination.always_runs:
        raise Conflict(f"destination_node_id: '{destination.name}' runs: stop it first")
    script = node_types[source.node_type].script
    if source.files is not None:
        await copy_through_computes(source, destination, script)
    elif source.directory is not None and destination.directory is not None:
        own = await destination.startup_script()
        place = destination.directory
        # A container may have left links in its folder, which a copy would follow.
        new = place.with_name(temporary_name())
        try:
            copied = await threads.copying.run(copy_node_files, source.directory, new, script)
            await threads.disk.run(lambda: new.mkdir(parents=True, exist_ok=True))
            async with replaced_folder(place, new):
                if script is not None and copied.script is not None:
                    own = script.rename(copied.script, destination.name)
                if own is not None:
                    await destination.set_startup_script(own)
        finally:
            with trio.CancelScope(shield=True):
                await threads.disk.run(discard_tree, new)
