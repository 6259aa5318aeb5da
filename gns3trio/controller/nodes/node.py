"""A node of the controller: its record, and the compute's node (its instance) that runs it."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import attrs

from gns3trio.compute.actions import Action, StartCounts, act
from gns3trio.compute.emulators import why_not_run
from gns3trio.compute.interface import Compute, ComputeNode
from gns3trio.compute.node_traits import NodeTraits
from gns3trio.compute.node_types import node_types
from gns3trio.controller.gns3_format.records import NodeRecord
from gns3trio.controller.nodes.port_list import Port, list_ports, shown_port
from gns3trio.errors import Conflict
from gns3trio.mutex import Mutex


def drawn_as(node_type: str) -> dict[str, Any]:
    """The default appearance of a node type, as fields; empty means GNS3's default."""
    traits = node_types.get(node_type)
    return attrs.asdict(traits.drawn_as) if traits is not None and traits.drawn_as is not None else {}


class Revision:
    """The state of a node between two visible changes. ``shown`` is for those who show nodes: what each of them made of
    this state.
    """

    __slots__ = ("shown",)

    def __init__(self) -> None:
        self.shown: tuple[tuple[object, bytes], ...] = ()


class Node:
    """A node of an open project.

    ``lock`` serialises requests to this node in order of arrival. API requests that change the node hold it, and change
    the record with ``update``. ``deleted`` is set for requests that wait when the node is deleted.
    """

    def __init__(
        self, record: NodeRecord, project_id: UUID, console_host_of: Callable[[str], str], starts: StartCounts
    ) -> None:
        self.record = record
        self.project_id = project_id
        self._starts = starts
        self._console_host_of = console_host_of  # by the id of a compute
        self.lock = Mutex()
        self.deleted = False
        self.revision = Revision()  # a new object after each visible change of the node
        self.saved_mac_id: int | None = None  # the number of its MAC address in the project's file
        self.saved_engine: str | None = None  # likewise
        self.kept_because: str | None = None  # why the node has no instance, if its type is not the reason
        self.moving_to: str | None = None  # the name of the compute to which its files are being copied
        self.was_lost = False  # its compute lost it meanwhile
        self.former_computes: frozenset[str] = frozenset()  # where it was before, as clients may still believe
        self.linked_ports: frozenset[tuple[int, int]] = frozenset()  # (adapter, port), of a node without an instance
        self._instance: ComputeNode | None = None
        self._compute: Compute | None = None

    def update(self, fields: Mapping[str, Any]) -> None:
        """Replace the record by one with changed fields."""
        self.record = attrs.evolve(self.record, **fields)
        self.changed()

    def changed(self) -> None:
        """Note a visible change of the node."""
        self.revision = Revision()

    @property
    def console_host(self) -> str:
        """The host of its console. It changes when the node is moved, or its compute gets another address."""
        return self._console_host_of(self.record.compute_id)

    def attach(self, instance: ComputeNode, compute: Compute) -> None:
        """Set the instance of the node, and its compute."""
        self._instance, self._compute, self.kept_because = instance, compute, None
        self.sync()

    def detach(self, reason: str) -> None:
        """Its instance is gone, and why there is no other."""
        self._instance, self._compute, self.kept_because = None, None, reason
        self.changed()

    @property
    def mac_id(self) -> int | None:
        """The number of its MAC address, if it has one, or had one."""
        return self._instance.mac_id if self._instance is not None else self.saved_mac_id

    @property
    def node_id(self) -> UUID:
        """The id of the node."""
        return self.record.node_id

    @property
    def name(self) -> str:
        """The name of the node."""
        return self.record.name

    @property
    def traits(self) -> NodeTraits:
        """The traits of its type."""
        return node_types[self.record.node_type]

    @property
    def instance(self) -> ComputeNode | None:
        """The instance of the node; None if it does not run here."""
        return self._instance

    @property
    def chosen_engine(self) -> str | None:
        """The engine that was chosen for the node; None if the default of its compute runs it."""
        if self._instance is None:
            return self.saved_engine
        return self._instance.engine if not self._instance.has_default_engine else None

    @property
    def status(self) -> str:
        """The status: ``stopped``, ``started``, or ``suspended`` for types that can be."""
        return self._instance.status if self._instance else "stopped"

    def require_settled(self) -> None:
        """Raises Conflict while the node is being moved to another compute."""
        if self.moving_to is not None:
            raise Conflict(f"Node '{self.name}' is being moved to compute '{self.moving_to}': wait until it is there")

    def require_instance(self) -> ComputeNode:
        """The instance of the node. Raises Conflict with the reason if there is none."""
        if self._instance is None:
            raise Conflict(f"Node '{self.name}' does not run here: {self.problem}")
        return self._instance

    def require_compute(self) -> Compute:
        """The compute of the node's instance. Raises Conflict with the reason if there is none."""
        self.require_instance()
        assert self._compute is not None, "attached together"
        return self._compute

    async def act(self, action: Action) -> None:
        """Start, stop, suspend or reload the node. The caller holds its lock.

        A node that does not run here stays as it is when it is suspended, as in GNS3. Raises Conflict.
        """
        if action != "suspend" or self._instance is not None:
            await act(self.require_instance(), action, self._starts)

    @property
    def problem(self) -> str | None:
        """The reason why the node cannot run here, or cannot be reached; None if it can."""
        if self._instance is not None:
            return self._compute.trouble if self._compute is not None else None
        return self.kept_because or why_not_run(self.record.node_type)

    def ports(self) -> list[Port]:
        """The node's ports. If its compute does not tell them, those that GNS3 would give it, and other linked ones."""
        told = self._instance.ports() if self._instance is not None else []
        if told:
            return list(map(shown_port, told))
        ports = list_ports(self.record)
        listed = {(port.adapter_number, port.port_number) for port in ports}
        others = sorted(self.linked_ports - listed)
        return ports + [
            Port(adapter, port, f"Ethernet{adapter}/{port}", f"e{adapter}/{port}") for adapter, port in others
        ]

    def sync(self) -> None:
        """Copy the console and properties that the compute has assigned."""
        if self._instance is not None:
            self.update(
                {
                    "console": self._instance.console,
                    "console_type": self._instance.console_type,
                    "properties": self._instance.properties(),
                }
            )

    def rename(self, name: str) -> None:
        """Set the name. As in GNS3, the label follows it."""
        self.update({"name": name, "label": attrs.evolve(self.record.label, text=name)})
