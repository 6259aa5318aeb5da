"""A project that comes to life: what its file holds becomes nodes, links and drawings, whatever is wrong with it.

A part of ``Project``, which has the rest of what is used here.
"""

from abc import abstractmethod
from collections.abc import Iterable

import attrs

from gns3trio.controller.computes import LOCAL_COMPUTE_ID, NOT_DRIVEN
from gns3trio.controller.gns3_format.records import LinkRecord, NodeRecord, Topology
from gns3trio.controller.links.filters import NO_IMPAIRMENTS
from gns3trio.controller.project.drawings import Drawings
from gns3trio.controller.project.nodes import ProjectNodes
from gns3trio.errors import LabError
from gns3trio.slices import Slices

# Of what is wrong with a project's file.
_TOLD = 20


class ProjectReading(ProjectNodes):
    """How a project reads its file."""

    drawings: Drawings

    @abstractmethod
    def tell_of_other_files(self) -> None:
        """Warn of the project files beside this one."""

    async def _revive(self, topology: Topology) -> None:
        self.tell_of_other_files()
        self._tell_all(
            "warning", [*topology.problems, *await self.services.computes.add_those_of_file(topology.computes)]
        )
        self.services.compute.reserve_mac_ids(self.project_id, topology.mac_ids.values())
        slices = Slices()
        for record in self._with_possible_consoles(topology.nodes):
            await self._revive_node(record, topology.mac_ids.get(record.node_id))
            await slices.pause()
        self._give_ports_to_kept_nodes(topology.links)
        for link in topology.links:
            impairments = topology.impairments.get(link.link_id, NO_IMPAIRMENTS)
            if not await self.links.revive(link, impairments):
                topology.is_repaired = True
            await slices.pause()
        await self.drawings.revive(topology.drawings)

    def _tell_all(self, level: str, messages: list[str]) -> None:
        """A file may have any number of faults; the first ones say what they are like."""
        for message in messages[:_TOLD]:
            self.log(level, message)
        if len(messages) > _TOLD:
            self.log(level, f"and {len(messages) - _TOLD} more of the kind")

    def _with_possible_consoles(self, records: list[NodeRecord]) -> list[NodeRecord]:
        """As GNS3: a console outside the range of this server, such as one of the system's own ports, is none."""
        start, end = self.services.compute.console_range

        def moves(record: NodeRecord) -> bool:
            runs = record.compute_id == LOCAL_COMPUTE_ID and self.services.compute.runs(record.node_type)
            return runs and record.console is not None and not start <= record.console <= end

        moved = [record.name for record in records if moves(record)]
        if moved:
            self.log(
                "warning",
                f"{len(moved)} consoles, the first one that of node '{moved[0]}', get other ports: those of the file "
                f"are not in the range from {start} to {end}",
            )
        return [attrs.evolve(record, console=None) if moves(record) else record for record in records]

    async def _revive_node(self, record: NodeRecord, mac_id: int | None) -> None:
        """A node of the project's file. One that cannot run here is only kept, whatever the reason."""
        node = self.nodes[record.node_id] = self._new_node(record)
        if record.compute_id != LOCAL_COMPUTE_ID:
            node.kept_because = f"it is on the compute {record.compute_id!r}, and {NOT_DRIVEN}"
            self.log("warning", f"node '{node.name}' does not run: {node.kept_because}")
        elif self.services.compute.runs(record.node_type):
            try:
                node.attach(await self._create_instance(record, mac_id=mac_id))
            except LabError as error:  # a file made elsewhere, or by hand: no reason to lose sight of the whole project
                node.kept_because = str(error)
                self.log("error", f"node '{node.name}' ({node.node_id}) does not run: {error}")

    def _give_ports_to_kept_nodes(self, links: Iterable[LinkRecord]) -> None:
        """What their links tell of nodes that do not run here: clients look the ports of a link up."""
        for end in (end for link in links for end in link.nodes):
            node = self.nodes.get(end.node_id)
            if node is not None and node.instance is None:
                node.linked_ports.add((end.adapter_number, end.port_number))
