"""Instances: the computes' nodes that run the nodes of a project. Creates and removes them, and
announces their events.
"""

import contextlib
from collections.abc import Iterable, Mapping
from typing import Protocol
from uuid import UUID

from gns3trio.classes import frozen
from gns3trio.compute.interface import Compute, ComputeNode
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.compute.node_types import node_types
from gns3trio.controller.changes import NodeChanged, NodeStatusChanged
from gns3trio.controller.context import ProjectContext
from gns3trio.controller.gns3_format.records import NodeRecord, check_node_type
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import Unavailable
from gns3trio.project_layout import node_folder


class LinksOfNodes(Protocol):
    """The links of a project, as far as events of nodes concern them."""

    def withdrawal_of(self, node_ids: Iterable[UUID]) -> contextlib.AbstractAsyncContextManager[None]:
        """Exclude the links of these nodes from saving, and delete them at the end of the block. If it raises, they are
        kept.
        """

    def forget_node(self, node_id: UUID) -> None:
        """Forget a node that was deleted."""

    def tell_problems_of(self, node_id: UUID) -> None:
        """Announce which links of a changed node stopped working, or work again."""

    async def node_stopped(self, node_id: UUID) -> None:
        """Called when a node has stopped."""


class Instances:
    """Creates and removes the instances of a project's nodes. ``nodes`` are the announced nodes."""

    def __init__(self, project: ProjectContext, nodes: Mapping[UUID, Node], links: LinksOfNodes) -> None:
        self._project = project
        self._nodes = nodes
        self._links = links

    async def create(
        self,
        compute: Compute,
        record: NodeRecord,
        startup_script: str | None = None,
        *,
        mac_id: int | None = None,
        engine: str | None = None,
    ) -> ComputeNode:
        """Create the instance of a node at a compute. Raises Conflict if the compute cannot provide it."""
        spec = self.spec(record, startup_script, mac_id=mac_id, engine=engine)
        await self.reserve_numbers_for(compute, [spec])
        return await compute.create_node(spec)

    def spec(
        self,
        record: NodeRecord,
        startup_script: str | None = None,
        *,
        mac_id: int | None = None,
        engine: str | None = None,
    ) -> NodeSpec:
        """What a compute has to know of a node. Raises Conflict for a type that cannot be one."""
        check_node_type(record.node_type)  # the type is also the name of a folder
        return NodeSpec(
            node_type=record.node_type,
            node_id=record.node_id,
            project_id=self._project.project_id,
            name=record.name,
            folder=node_folder(self._project.folder, record.node_type, record.node_id),
            console=record.console,
            console_type=record.console_type,
            properties=record.properties,
            startup_script=startup_script,
            mac_id=mac_id,
            engine=engine,
            project_name=self._project.settings.name,
            project_variables=self._project.settings.variables,
            custom_adapters=record.custom_adapters,
            emit=_Emitter(self, record.node_id),
        )

    async def reserve_numbers_for(self, compute: Compute, specs: Iterable[NodeSpec]) -> None:
        """Called before nodes are created: those that have no MAC address yet get other ones than nodes elsewhere."""
        if any(spec.mac_id is None and _is_numbered(spec.node_type) for spec in specs):
            await self._reserve_numbers_of_others(compute)

    async def _reserve_numbers_of_others(self, compute: Compute) -> None:
        """Nodes of one project on different computes get different MAC addresses, as far as the computes allow it."""
        if len(self._project.services.computes.driven()) < 2:
            return
        others = [
            node.instance.mac_id
            for node in self._nodes.values()
            if node.record.compute_id != compute.compute_id
            and node.instance is not None
            and node.instance.mac_id is not None
        ]
        await compute.reserve_mac_ids(self._project.project_id, others)

    async def close(self, node: Node, instance: ComputeNode) -> None:
        """Stop an instance. If its compute cannot be reached, the node stays there, and the project closes all the
        same.
        """
        try:
            await node.require_compute().close_node(instance)
        except Unavailable as error:
            self._project.log("error", f"node '{node.name}' is not closed on its compute: {error}")

    async def delete(self, node: Node, instance: ComputeNode) -> None:
        """Delete an instance and its files. If its compute cannot be reached, they stay there, and the project
        continues without.
        """
        try:
            await node.require_compute().delete_node(instance)
        except Unavailable as error:
            self._project.log("error", f"node '{node.name}' is not deleted on its compute: {error}")

    def tell(self, node_id: UUID, event: NodeEvent) -> None:
        """Announce an event of a node, of which its compute has told."""
        node = self._nodes.get(node_id)
        match event.kind:
            case "error" | "warning" | "info" as level:
                self._project.log(level, event.message)
                if node is not None:
                    self._links.tell_problems_of(node_id)
                return
        if node is None or node.instance is None:
            return  # it is being created or deleted, which is announced separately
        node.changed()
        self._project.publish(NodeStatusChanged(node) if event.kind == "status" else NodeChanged(node))
        if event.kind == "updated":  # its compute may have gone away, or be back
            self._links.tell_problems_of(node_id)
        if event.kind == "status" and node.status == "stopped":
            self._project.services.nursery.start_soon(self._links.node_stopped, node_id)


def _is_numbered(node_type: str) -> bool:
    traits = node_types.get(node_type)
    return traits is not None and traits.is_numbered


@frozen
class _Emitter:
    """What a compute calls for events of a node. There is one for each node, so it is small."""

    instances: Instances
    node_id: UUID

    def __call__(self, event: NodeEvent) -> None:
        self.instances.tell(self.node_id, event)
