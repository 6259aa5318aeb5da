"""A node as the controller knows it: its place in the drawing, and the compute's node that runs it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import attrs
import trio

from gns3trio.compute.emulators import why_not_run
from gns3trio.compute.interface import Compute, ComputeNode
from gns3trio.compute.node_traits import NodeTraits
from gns3trio.compute.node_types import node_types
from gns3trio.controller.gns3_format.records import NodeRecord
from gns3trio.controller.nodes.port_list import Port, list_ports, shown_port
from gns3trio.errors import Conflict


def drawn_as(node_type: str) -> dict[str, Any]:
    """How a node of a type is drawn when the client does not say, by names of fields; empty: as GNS3 draws a node."""
    traits = node_types.get(node_type)
    return attrs.asdict(traits.drawn_as) if traits is not None and traits.drawn_as is not None else {}


class Node:
    """A node of an open project.

    ``lock`` makes requests to this node wait for each other, in order of arrival; whoever changes the node through
    the API holds it, and changes its record by ``update``. ``deleted`` tells a request that waited that the node is
    gone.
    """

    def __init__(self, record: NodeRecord, project_id: UUID, console_host: str) -> None:
        self.record = record
        self.project_id = project_id
        self.console_host = console_host
        self.lock = trio.Lock()
        self.deleted = False
        self.revision = object()  # another one after each change of what can be seen of the node
        self.kept_because: str | None = None  # why nothing runs the node, if not because of its type
        self.linked_ports: set[tuple[int, int]] = set()  # adapter and port, of a node that nothing runs
        self._instance: ComputeNode | None = None
        self._compute: Compute | None = None

    def update(self, fields: Mapping[str, Any]) -> None:
        """Put another record in the place of the present one, with other values by the names of its fields."""
        self.record = attrs.evolve(self.record, **fields)
        self.changed()

    def changed(self) -> None:
        """Something that can be seen of the node is another now."""
        self.revision = object()

    def attach(self, instance: ComputeNode, compute: Compute) -> None:
        """Give the node what runs it, and the compute that this is at."""
        self._instance, self._compute = instance, compute
        self.sync()

    @property
    def node_id(self) -> UUID:
        """The node's id."""
        return self.record.node_id

    @property
    def name(self) -> str:
        """The node's name."""
        return self.record.name

    @property
    def traits(self) -> NodeTraits:
        """What its type is."""
        return node_types[self.record.node_type]

    @property
    def instance(self) -> ComputeNode | None:
        """What runs the node; None for one that this server keeps but does not run."""
        return self._instance

    @property
    def status(self) -> str:
        """``started`` or ``stopped``."""
        return self._instance.status if self._instance else "stopped"

    def require_instance(self) -> ComputeNode:
        """What runs the node; raises Conflict that says why nothing does."""
        if self._instance is None:
            raise Conflict(f"Node '{self.name}' does not run here: {self.problem}")
        return self._instance

    def require_compute(self) -> Compute:
        """The compute that runs the node; raises Conflict that says why none does."""
        self.require_instance()
        assert self._compute is not None, "attached together"
        return self._compute

    @property
    def problem(self) -> str | None:
        """Why nothing runs the node; None for one that can run."""
        if self._instance is not None:
            return None
        return self.kept_because or why_not_run(self.record.node_type)

    def ports(self) -> list[Port]:
        """The node's ports; of a node that nothing runs those that GNS3 would give it, and others that are linked."""
        if self._instance is not None:
            return list(map(shown_port, self._instance.ports()))
        ports = list_ports(self.record)
        listed = {(port.adapter_number, port.port_number) for port in ports}
        others = sorted(self.linked_ports - listed)
        return ports + [
            Port(adapter, port, f"Ethernet{adapter}/{port}", f"e{adapter}/{port}") for adapter, port in others
        ]

    def sync(self) -> None:
        """Take over the console and properties that the compute really gave."""
        if self._instance is not None:
            self.update(
                {
                    "console": self._instance.console,
                    "console_type": self._instance.console_type,
                    "properties": self._instance.properties(),
                }
            )

    def rename(self, name: str) -> None:
        """Set the name; the label follows it, as in GNS3."""
        self.update({"name": name, "label": attrs.evolve(self.record.label, text=name)})
