"""The contents of an open project: nodes, links and drawings, which are read from its file and saved into it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TypeVar
from uuid import UUID

import attrs

from gns3trio import garbage
from gns3trio.controller.changes import DrawingCreated, LogLevel, NodeCreated
from gns3trio.controller.context import ProjectContext
from gns3trio.controller.gns3_format.records import LinkRecord, NodeRecord, ProjectRecord
from gns3trio.controller.links.links import Links
from gns3trio.controller.links.many import revive_all
from gns3trio.controller.nodes.many import restore_all
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.nodes.nodes import Nodes
from gns3trio.controller.project.drawings import Drawings
from gns3trio.errors import Unavailable
from gns3trio.slices import Slices

# The most messages about errors in a project's file.
_TOLD = 20

_T = TypeVar("_T")


class Contents:
    """The contents of one project while it is open. They are empty at first."""

    def __init__(self, project: ProjectContext) -> None:
        self._project = project
        table: dict[UUID, Node] = {}
        self.links = Links(project, table)
        self.nodes = Nodes(project, table, self.links)
        self.drawings = Drawings(project)

    async def revive(self, saved: ProjectRecord) -> None:
        """Create the contents from the project's file. Errors in the file are reported, but never prevent opening."""
        computes = self._project.services.computes
        self._tell_all("warning", [*saved.problems, *await computes.add_those_of_file(saved.computes)])
        await self._reserve_mac_ids(saved)
        await computes.settle({node.compute_id for node in saved.nodes})
        slices = Slices()
        for record in self._with_possible_consoles(saved.nodes):
            await self.nodes.revive(record, saved.mac_ids.get(record.node_id), saved.engines.get(record.node_id))
            await slices.pause()
        elsewhere = [
            node
            for node in self.nodes.values()
            if computes.runs_elsewhere(node.record.compute_id, node.record.node_type)
        ]
        await restore_all(self._project, self.nodes, elsewhere)
        self._give_ports_to_kept_nodes(saved.links)
        if not await revive_all(self._project, self.links, saved.links, saved.impairments):
            saved.is_repaired = True
        await self.drawings.revive(saved.drawings)

    async def _reserve_mac_ids(self, saved: ProjectRecord) -> None:
        """Reserve the MAC address numbers of all nodes: at their computes, or at this server's compute for nodes that
        do not run.
        """
        computes = self._project.services.computes
        place = {node.node_id: node.compute_id for node in saved.nodes}
        for compute in computes.driven():
            numbers = [
                number
                for node_id, number in saved.mac_ids.items()
                if (computes.find(place.get(node_id, "")) or computes.own) is compute
            ]
            with suppress(Unavailable):  # its nodes are not created now either
                await compute.reserve_mac_ids(self._project.project_id, numbers)

    def _tell_all(self, level: LogLevel, messages: list[str]) -> None:
        """Report the first problems; a file may have any number of them."""
        for message in messages[:_TOLD]:
            self._project.log(level, message)
        if len(messages) > _TOLD:
            self._project.log(level, f"and {len(messages) - _TOLD} more of the kind")

    def _with_possible_consoles(self, records: list[NodeRecord]) -> list[NodeRecord]:
        """As in GNS3, remove console ports outside of the compute's range, such as ports of the system."""
        for compute in self._project.services.computes.driven():
            start, end = compute.console_range
            moved = {
                record.node_id: record.name
                for record in records
                if record.compute_id == compute.compute_id
                and compute.runs(record.node_type)
                and record.console is not None
                and not start <= record.console <= end
            }
            if moved:
                self._project.log(
                    "warning",
                    f"{len(moved)} consoles, the first one that of node '{next(iter(moved.values()))}', get other "
                    f"ports: those of the file are not in the range from {start} to {end}",
                )
            records = [attrs.evolve(record, console=None) if record.node_id in moved else record for record in records]
        return records

    def _give_ports_to_kept_nodes(self, links: Iterable[LinkRecord]) -> None:
        """Add the ports that links name to nodes that do not run here, because clients look them up."""
        linked: defaultdict[UUID, set[tuple[int, int]]] = defaultdict(set)
        for end in (end for link in links for end in link.nodes):
            node = self.nodes.get(end.node_id)
            if node is not None and node.instance is None:
                linked[end.node_id].add((end.adapter_number, end.port_number))
        for node_id, ports in linked.items():
            self.nodes[node_id].linked_ports = frozenset(ports)

    async def announce(self) -> None:
        """Publish the creation of all contents."""
        slices = Slices()
        for node in list(self.nodes.values()):
            if node.node_id in self.nodes:  # if it was not deleted meanwhile
                self._project.publish(NodeCreated(node))
            await slices.pause()
        for link in list(self.links.values()):
            if link.link_id in self.links:
                self.links.tell_created(link)
            await slices.pause()
        for drawing in list(self.drawings.values()):
            if drawing.drawing_id in self.drawings:
                self._project.publish(DrawingCreated(self._project.project_id, drawing))
            await slices.pause()

    def record(self, kept: ProjectRecord) -> ProjectRecord:
        """The current state in the form that is saved; ``kept`` contains the parts that nothing here changes."""
        return attrs.evolve(
            kept,
            settings=self._project.settings,
            nodes=[node.record for node in self.nodes.values() if not node.deleted],
            links=self.links.records(),
            drawings=self.drawings.records(),
            computes=self._project.services.computes.registered.for_file(
                {node.record.compute_id for node in self.nodes.values()}, kept.computes
            ),
            impairments=self.links.impairments(),
            mac_ids=self.mac_ids(kept),
            engines=self.engines(kept),
        )

    def mac_ids(self, kept: ProjectRecord) -> dict[UUID, int]:
        """The MAC address numbers of all nodes, also of nodes that cannot run now."""
        return self._of_nodes(lambda node: node.mac_id, kept.mac_ids)

    def engines(self, kept: ProjectRecord) -> dict[UUID, str]:
        """The engines that were chosen for nodes, also for nodes that cannot run now."""
        return self._of_nodes(lambda node: node.chosen_engine, kept.engines)

    def _of_nodes(self, value_of: Callable[[Node], _T | None], kept: Mapping[UUID, _T]) -> dict[UUID, _T]:
        """A value of each node that has one; the kept value for a node that cannot run now."""
        values = {}
        for node_id, node in self.nodes.items():
            value = value_of(node) if node.instance is not None else kept.get(node_id)
            if value is not None:
                values[node_id] = value
        return values

    async def release(self) -> None:
        """Stop all nodes and captures, release their resources, and empty the contents."""
        await self.links.stop_captures()
        await self.nodes.release()
        garbage.closed(self._project.project_id)
        for compute in self._project.services.computes.driven():
            try:
                await compute.release_project(self._project.project_id)
            except Unavailable as error:
                self._project.log("warning", f"compute {compute.compute_id} has not let the project go: {error}")
