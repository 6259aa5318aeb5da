"""What GNS3's notifications have no place for, about nodes of other controllers: counters of links, troubles, warnings.

A controller of ours subscribes, and names its projects. What changes is noted only, each port and node once, and is
read when it is sent. So a slow controller gets fewer reports with newer contents, and costs no memory.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, Protocol
from uuid import UUID

import trio

from gns3trio.classes import frozen
from gns3trio.compute.interface import Compute, ComputeNode, PortPlace
from gns3trio.slices import Slices
from gns3trio.traffic.counters import PortCounters

# Messages that wait for a controller. The oldest give way: whoever is so slow has others to read.
_MOST_MESSAGES = 200
# Ports or nodes in one report.
AT_ONCE = 256
_NOTHING = PortCounters()


class ReportedProject(Protocol):
    """A hosted project: its id for its controller, and the one at the compute."""

    project_id: UUID
    inner_id: UUID


class ReportedNode(Protocol):
    """A hosted node, with its id for its controller."""

    @property
    def project(self) -> ReportedProject:
        """Its project."""

    node_id: UUID
    instance: ComputeNode


PortNumbers = tuple[int, int]  # of an adapter, and of a port on it


@frozen
class PortReport:
    """The counters at a linked port: of the link's end, and of the port behind it, if there is one."""

    node: ReportedNode
    port: PortNumbers
    end: PortCounters
    device: PortCounters | None


@frozen
class NodeReport:
    """A node, as far as GNS3's shape of a node does not tell. ``troubles`` are those of linked ports, by their
    numbers.
    """

    node: ReportedNode
    troubles: Mapping[PortNumbers, str]


@frozen
class MessageReport:
    """Something for the users of a project to read."""

    project: ReportedProject
    node_id: UUID
    level: Literal["warning", "info"]
    text: str


# Whether a controller may have reports about a project, and the nodes of its projects with these ids.
Hears = Callable[[ReportedProject], bool]
NodesOf = Callable[[Collection[UUID]], Iterable[ReportedNode]]
Report = PortReport | NodeReport | MessageReport


class Subscription:
    """One controller. Use ``HostedReports.subscribe``."""

    def __init__(self, reports: "HostedReports", hears: Hears, nodes_of: NodesOf) -> None:
        self._reports = reports
        self._hears_project = hears
        self._nodes_of = nodes_of
        self._projects: frozenset[UUID] = frozenset()
        self._ports: dict[tuple[ReportedNode, PortNumbers], None] = {}
        self._nodes: dict[ReportedNode, None] = {}
        self._messages: deque[MessageReport] = deque(maxlen=_MOST_MESSAGES)
        # What is reported next. Meanwhile the others collect the news.
        self._next_ports: deque[tuple[ReportedNode, PortNumbers]] = deque()
        self._next_nodes: deque[ReportedNode] = deque()
        self._news = trio.Event()

    def watch(self, project_ids: Collection[UUID]) -> None:
        """From now on, report about these projects. Everything is reported once of those that are new."""
        added = frozenset(project_ids) - self._projects
        self._projects = frozenset(project_ids)
        for node in self._nodes_of(added):
            self.note_node(node)

    def _hears(self, project: ReportedProject) -> bool:
        return project.project_id in self._projects and self._hears_project(project)

    def note_node(self, node: ReportedNode) -> None:
        """A node has changed."""
        if self._hears(node.project):
            self._nodes[node] = None
            self._news.set()

    def note_port(self, node: ReportedNode, port: PortNumbers) -> None:
        """Counters have changed."""
        if self._hears(node.project):
            self._ports[node, port] = None
            self._news.set()

    def note_message(self, message: MessageReport) -> None:
        """A node has something to say."""
        if self._hears(message.project):
            self._messages.append(message)
            self._news.set()

    async def receive(self) -> list[Report]:
        """Wait for news; returns some of them. The counters at the ports of reported nodes are news, too."""
        await self._news.wait()
        slices, found = Slices(), list[Report]()
        if not self._next_nodes:
            self._next_nodes.extend(self._nodes)
            self._nodes.clear()
        while self._messages and len(found) < AT_ONCE:
            found.append(self._messages.popleft())
        while self._next_nodes and len(found) < AT_ONCE:
            found.append(self._look_at(self._next_nodes.popleft()))
            await slices.pause()
        if not self._next_ports:
            self._next_ports.extend(self._ports)
            self._ports.clear()
        while self._next_ports and len(found) < AT_ONCE:
            if (port := self._reports.read(*self._next_ports.popleft())) is not None:
                found.append(port)
            await slices.pause()
        if not (self._messages or self._nodes or self._ports or self._next_nodes or self._next_ports):
            self._news = trio.Event()
        return found

    @property
    def has_news(self) -> bool:
        """Whether ``receive`` returns at once."""
        return self._news.is_set()

    def _look_at(self, node: ReportedNode) -> NodeReport:
        troubles = {}
        for port in node.instance.ports():
            numbers = port.adapter_number, port.port_number
            if node.instance.link_end(*numbers) is None:
                continue
            self._ports[node, numbers] = None
            if (trouble := node.instance.port_trouble(*numbers)) is not None:
                troubles[numbers] = trouble
        return NodeReport(node, troubles)


class HostedReports:
    """Notes what changes for all controllers. ``find`` returns the node at a place of the compute."""

    def __init__(self, compute: Compute, find: Callable[[PortPlace], ReportedNode | None]) -> None:
        self._compute = compute
        self._find = find
        self._subscriptions: set[Subscription] = set()

    @contextmanager
    def subscribe(self, hears: Hears, nodes_of: NodesOf) -> Iterator[Subscription]:
        """A controller that gets reports while the ``with`` lasts."""
        subscription = Subscription(self, hears, nodes_of)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def node_changed(self, node: ReportedNode) -> None:
        """A hosted node has changed."""
        for subscription in self._subscriptions:
            subscription.note_node(node)

    def message(self, message: MessageReport) -> None:
        """A hosted node has something to say."""
        for subscription in self._subscriptions:
            subscription.note_message(message)

    def counted(self, compute: Compute, counter_ids: Iterable[int]) -> None:
        """Counters of a compute have changed. Only one reads them there, and tells it here."""
        if compute is not self._compute or not self._subscriptions:
            return
        for counter_id in counter_ids:
            place = compute.counted_at(counter_id)
            node = self._find(place) if place is not None else None
            if place is not None and node is not None:
                for subscription in self._subscriptions:
                    subscription.note_port(node, (place.adapter_number, place.port_number))

    def read(self, node: ReportedNode, port: PortNumbers) -> PortReport | None:
        """The present counters at a port; None if no link is there any more."""
        end = node.instance.link_end(*port)
        if end is None or end.counter_ids is None:
            return None
        own, device = end.counter_ids
        counters = self._compute.counters([own] if device is None else [own, device])
        of_device = counters.get(device, _NOTHING) if device is not None else None
        return PortReport(node, port, counters.get(own, _NOTHING), of_device)
