"""A compute on another host, as the controller uses it.

``projects.py`` has which projects are open there, and what could not be told to a compute that was away.
"""

import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import trio
from httpcore2 import Response

from gns3trio import threads
from gns3trio.compute.extensions import BATCHES, ENGINES, LINK_CONDITIONS, REPORTS, TRIALS, TRUNK, USAGE
from gns3trio.compute.host import HostInterface, PortUsage
from gns3trio.compute.interface import (
    Capabilities,
    Compute,
    ComputeNode,
    ComputePort,
    Joint,
    LinkEnd,
    LinkProbe,
    PairJoint,
    PortPlace,
    TellNode,
)
from gns3trio.compute.nio import LeaseKind, TunnelLease, UdpNio
from gns3trio.compute.node import NodeSpec, NodeStatus
from gns3trio.compute.node_features import NodeUsage, TrafficFlow, TrafficRun
from gns3trio.compute.other_hosts import ComputeAddress, ComputeWatcher, EmulatorReply, OtherCompute
from gns3trio.compute.remote import host_views
from gns3trio.compute.remote.connection import Connection
from gns3trio.compute.remote.console import RemoteConsoleClient
from gns3trio.compute.remote.counters import RemoteCounters
from gns3trio.compute.remote.creation import NodeCreation
from gns3trio.compute.remote.dialect import Dialect
from gns3trio.compute.remote.events import Message, NodeTold
from gns3trio.compute.remote.http import CREATE_SECONDS, ComputeHttp
from gns3trio.compute.remote.idlepc import find_idlepc
from gns3trio.compute.remote.link_end import RemoteLinkEnd, has_filters
from gns3trio.compute.remote.node import RemoteNode, require_engine
from gns3trio.compute.remote.projects import RemoteProjects
from gns3trio.compute.remote.reports import NodeFacts, Reports
from gns3trio.compute.remote.transport import tls_context
from gns3trio.compute.remote.trials import RemoteTrialEnd, open_probe_end, open_udp_endpoint
from gns3trio.compute.remote.trunk_view import read_trunk
from gns3trio.compute.remote.usage_view import read_usage, read_usages
from gns3trio.compute.remote.wiring import RemoteWiring
from gns3trio.compute.split_probe import open_split_probe
from gns3trio.compute.trunks import Trunk
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.errors import Conflict, LabError, NotFound
from gns3trio.limits import MAX_PORT
from gns3trio.machine import MachineLoad, MachineStatistics
from gns3trio.memory import Memory, Total
from gns3trio.slices import for_all
from gns3trio.traffic.counters import PortCounters

log = logging.getLogger(__name__)

# Requests at a time when a compute returns and is asked for its nodes.
_ASKED_AT_ONCE = 16


class RemoteCompute:
    """The compute at an address. ``run`` keeps up the connection.

    ``spool_folder`` is on a disk of this host that has room for the files of nodes. ``memory`` limits the records that
    wait for clients of captures here.
    """

    def __init__(
        self, address: ComputeAddress, watcher: ComputeWatcher, spool_folder: Path, memory: Total | None = None
    ) -> None:
        self.spool_folder = spool_folder
        self.capture_memory = memory or Memory().captures
        self._watcher = watcher
        self._connection = Connection(address, self)
        self._nodes: dict[UUID, RemoteNode] = {}
        self._projects = RemoteProjects(self.reach, watcher.opened_at(address.compute_id))
        self._consoles: set[RemoteConsoleClient] = set()
        self._nursery: trio.Nursery | None = None
        self.counters_of_links = RemoteCounters()
        self._reports = Reports(self.counters_of_links, self)
        self._creation = NodeCreation(self, self._projects, self._nodes, self._reports.watch)
        self._wiring = RemoteWiring(self, self._projects, self._own)

    # --- the connection ---

    async def run(self) -> None:
        """Keep up the connection until cancelled."""
        async with trio.open_nursery() as self._nursery:
            await self._connection.run()

    @property
    def address(self) -> ComputeAddress:
        """Where it is."""
        return self._connection.address

    def move(self, address: ComputeAddress) -> None:
        """Connect anew, with another address."""
        self._connection.move(address)

    def hurry(self) -> None:
        """Wait less for it while it is silent."""
        self._connection.hurry()

    async def wait_tried(self) -> None:
        """Return when it is known whether it can be reached."""
        await self._connection.tried.wait()

    def reach(self) -> ComputeHttp:
        """The requests to it. Raises Unavailable."""
        return self._connection.reach()

    async def connected(self, http: ComputeHttp) -> None:
        """It is there, again perhaps: find out what it still has, and let it forget what was deleted meanwhile."""
        lost: dict[UUID, NodeStatus] = {}
        await self._projects.connected(http)
        await for_all(list(self._nodes.values()), partial(self._look_for, http, lost), _ASKED_AT_ONCE)
        await self._projects.delete_left_nodes(http)
        self.begin(partial(self._tell_returned, lost))
        if self.has_extension(REPORTS):
            self.begin(partial(self._reports.run, http))

    async def _look_for(self, http: ComputeHttp, lost: dict[UUID, NodeStatus], node: RemoteNode) -> None:
        if self._projects.is_open(node.project_id):
            try:
                node.take_again(await http.request("GET", node.path))
                await node.separate_left(http)
                return
            except NotFound:
                pass
            except LabError:
                return  # the connection is gone again, and all this is done at the next one
        if self._nodes.get(node.node_id) is node:
            del self._nodes[node.node_id]
            self._projects.forget_number(node.project_id, node.node_id)
            lost[node.node_id] = node.lose()

    async def _tell_returned(self, lost: Mapping[UUID, NodeStatus]) -> None:
        self._watcher.returned(self, lost)

    def state_changed(self) -> None:
        """It went away or came back."""
        self._watcher.changed(self)
        for node in list(self._nodes.values()):
            node.tell_changed()
        trouble = self.trouble
        if trouble is not None:
            for client in list(self._consoles):
                client.abandon(trouble)

    def node_told(self, event: NodeTold) -> None:
        """A node changed. Those of other controllers do not matter."""
        node = self._nodes.get(event.node_id)
        if node is not None and node.project_id == event.project_id:
            node.take_event(dict(event.view))

    def when_events_passed(self, passed: Callable[[], None]) -> None:
        """Call something when all events have come that it has sent until now."""
        self._connection.barrier.call(passed)

    def message_told(self, message: Message) -> None:
        """It has a message; those about projects of other controllers do not matter."""
        if message.project_id is None or message.project_id in self._projects:
            self._watcher.told(self, message.level, message.text, message.project_id)

    def node_reported(self, project_id: UUID, node_id: UUID, facts: NodeFacts) -> None:
        """A compute of ours reports what it knows of a node."""
        node = self._nodes.get(node_id)
        if node is not None and node.project_id == project_id:
            node.take_facts(facts)

    def warning_reported(self, project_id: UUID, level: Literal["warning", "info"], text: str) -> None:
        """A compute of ours has a warning, of which GNS3's notifications do not tell."""
        self.message_told(Message(level, text, project_id))

    # --- what it is ---

    @property
    def compute_id(self) -> str:
        """Its id in the controller."""
        return self.address.compute_id

    @property
    def capabilities(self) -> Capabilities:
        """What it can do, as it said last."""
        greeting = self._connection.greeting
        return Capabilities(
            node_types=greeting.node_types if greeting is not None else {},
            impairments=self.has_extension(LINK_CONDITIONS),
            benchmarks=self.has_extension(TRIALS),
            trunk=self.has_extension(TRUNK) and self.has_extension(BATCHES),
            platform=greeting.platform if greeting is not None else None,
            version=greeting.version if greeting is not None else None,
        )

    @property
    def own_version(self) -> str | None:
        """The version of a server of ours, as it said last; None for another one."""
        greeting = self._connection.greeting
        return greeting.own_version if greeting is not None else None

    @property
    def dialect(self) -> Dialect:
        """How it speaks, as it was seen last."""
        return self._connection.dialect

    def has_extension(self, name: str) -> bool:
        """Whether it has an extension of the compute API, as it said last."""
        greeting = self._connection.greeting
        return greeting is not None and name in greeting.extensions

    @property
    def trouble(self) -> str | None:
        """Why it cannot be reached."""
        error = self._connection.error
        return f"compute '{self.address.name}' cannot be reached: {error}" if error is not None else None

    @property
    def tunnel_host(self) -> str:
        """The address for tunnels from other computes."""
        return self.address.host

    @property
    def console_host(self) -> str:
        """The host of the consoles."""
        return self.address.host

    @property
    def console_range(self) -> tuple[int, int]:
        """The ports of its consoles; all of them as long as they are not known."""
        greeting = self._connection.greeting
        return greeting.console_range if greeting is not None else (1, MAX_PORT)

    def runs(self, node_type: str) -> bool:
        """Whether it offers the type. One that was never reached may."""
        greeting = self._connection.greeting
        return greeting is None or node_type in greeting.node_types

    # --- projects and nodes ---

    async def check_properties(self, node_type: str, properties: dict[str, Any], engine: str | None = None) -> None:
        """Only the compute can check properties: it does when the node is created."""
        self.reach()
        if engine is not None:
            require_engine(self.has_extension(ENGINES), node_type, engine)
        if not self.runs(node_type):
            raise Conflict(f"node_type: compute '{self.address.name}' does not run nodes of type {node_type}")

    async def create_node(self, spec: NodeSpec) -> RemoteNode:
        """Create a node there."""
        outcomes: list[ComputeNode | LabError] = []
        await self._creation.create([spec], lambda place, outcome: outcomes.append(outcome))
        (outcome,) = outcomes
        if isinstance(outcome, LabError):
            raise outcome
        return self._own(outcome)

    async def create_nodes(self, specs: Sequence[NodeSpec], told: TellNode) -> None:
        """As ``Compute.create_nodes``."""
        await self._creation.create(specs, told)

    async def close_node(self, node: ComputeNode) -> None:
        """Let a node go. It stops there with its project, which alone can be closed there."""
        self._drop(node)

    def _drop(self, node: ComputeNode) -> RemoteNode | None:
        own = self._nodes.get(node.node_id)
        if own is not node:
            return None
        own.lose()
        self._projects.forget_number(own.project_id, own.node_id)
        return self._nodes.pop(node.node_id, None)

    async def delete_node(self, node: ComputeNode) -> None:
        """Stop a node and delete its files."""
        own = self._drop(node)
        if own is None:
            return
        self._projects.leave_node(own.node_id, own.path)  # until it is done
        with suppress(NotFound):
            await self.reach().request("DELETE", own.path)
        self._projects.node_is_gone(own.node_id)

    async def reserve_mac_ids(self, project_id: UUID, numbers: Iterable[int]) -> None:
        """Nodes get others, unless they had these."""
        self._projects.reserve_numbers(project_id, numbers)

    async def release_project(self, project_id: UUID) -> None:
        """Close a project there, which stops its nodes and frees its ports."""
        for node_id, node in list(self._nodes.items()):
            if node.project_id == project_id:
                del self._nodes[node_id]
                for end in node.ends():
                    end.close()
        self._reports.forget(project_id)
        await self._projects.close(project_id)

    async def update_project(self, project_id: UUID, name: str, variables: list[dict[str, Any]] | None) -> None:
        """Pass them on, if the project is open there."""
        await self._projects.update(project_id, name, variables)

    async def find_idlepc(self, platform: str, image: str, ram: int) -> dict[str, Any]:
        """Let a router there look for an Idle-PC value. Raises what the compute says."""
        return await find_idlepc(self.reach(), platform, image, ram)

    async def discard_project(self, project_id: UUID) -> None:
        """Delete the files that it has of a project."""
        await self._projects.discard(project_id)

    # --- links ---

    async def connect(self, first: ComputePort, second: ComputePort, conditions: LinkConditions) -> None:
        """Connect two of its nodes."""
        (error,) = await self.join([PairJoint(first, second, conditions)])
        if error is not None:
            raise error

    async def lease_ends(self, project_id: UUID, kinds: Sequence[LeaseKind]) -> list[TunnelLease | LabError]:
        """As ``Compute.lease_ends``."""
        return await self._wiring.lease(project_id, kinds)

    async def join(self, joints: Sequence[Joint]) -> list[LabError | None]:
        """As ``Compute.join``."""
        return await self._wiring.join(joints)

    async def separate(self, ports: Sequence[ComputePort]) -> list[LabError | None]:
        """As ``Compute.separate``."""
        return await self._wiring.separate(ports)

    def knows_filters(self, node_type: str) -> bool:
        """As ``Compute.knows_filters``."""
        return self.has_extension(LINK_CONDITIONS) or has_filters(node_type)

    def _own(self, node: ComputeNode) -> RemoteNode:
        own = self._nodes.get(node.node_id)
        if own is None:
            raise NotFound(f"node {node.node_id} is none of compute '{self.address.name}'")
        return own

    async def lease_udp(self, project_id: UUID) -> int:
        """Lease a UDP port there."""
        return await self._wiring.lease_udp(project_id)

    def is_capturing_to(self, path: Path) -> bool:
        """Whether a capture at one of its nodes writes that file of the controller."""
        ends = [end for node in self._nodes.values() for end in node.ends()]
        return any(capture.is_writing(path) for end in ends for capture in end.captures)

    # --- what nodes begin ---

    def begin(self, run: Callable[[], Awaitable[None]]) -> None:
        """Run something in the background, for as long as this compute is used."""
        assert self._nursery is not None, "only a compute that runs can be reached"
        self._nursery.start_soon(self._contain, run)

    async def _contain(self, run: Callable[[], Awaitable[None]]) -> None:
        try:
            await run()
        except Exception:  # what a compute answers never ends this server
            log.exception("compute %s", self.compute_id)

    def open_console(self, client: RemoteConsoleClient, path: str) -> None:
        """Serve a client of a console."""
        trouble = self.trouble
        if trouble is not None:
            client.refuse(trouble)
            return
        self.begin(partial(self._serve_console, client, path))

    async def _serve_console(self, client: RemoteConsoleClient, path: str) -> None:
        self._consoles.add(client)
        try:
            context: ssl.SSLContext | None = await threads.disk.run(tls_context, self.address)
            await client.run(self.address, context, f"{self.dialect.prefix}/{path}")
        except LabError as error:
            client.refuse(str(error))
        finally:
            self._consoles.discard(client)

    @asynccontextmanager
    async def forward(
        self, method: str, path: str, content: AsyncIterator[bytes] | None, length: int | None
    ) -> AsyncIterator[EmulatorReply]:
        """Send a request to a route of an emulator."""
        http = self.reach()
        async with (
            http.raw(method, path, content, length, pause=CREATE_SECONDS) as answer,
            aclosing(http.pieces(answer)) as pieces,
        ):
            yield EmulatorReply(answer.status, _content_type(answer), pieces)

    # --- counters, of which only computes of ours tell ---

    async def wait_counted(self) -> None:
        """Wait until counters have changed since the last call."""
        await self.counters_of_links.wait()

    def counted(self) -> Mapping[int, PortCounters]:
        """As ``Compute.counted``."""
        return self.counters_of_links.counted()

    def counted_at(self, counter_id: int) -> PortPlace | None:
        """As ``Compute.counted_at``."""
        return self.counters_of_links.at(counter_id)

    def counters(self, ids: Iterable[int] | None = None) -> Mapping[int, PortCounters]:
        """The counters as told last."""
        return self.counters_of_links.of(ids)

    def probe(self, near: LinkEnd, far: LinkEnd) -> AbstractAsyncContextManager[LinkProbe]:
        """The source and the sink of a probe there."""
        return open_split_probe((self, near), (self, far))

    def probe_end(self, end: LinkEnd, role: Literal["source", "sink"]) -> AbstractAsyncContextManager[RemoteTrialEnd]:
        """One part of a probe at an end of a link there."""
        if not self.has_extension(TRIALS) or not isinstance(end, RemoteLinkEnd):
            raise Conflict(f"compute '{self.address.name}' cannot measure this link")
        return open_probe_end(self.reach(), end.port_path, role)

    def take_udp(self, nio: UdpNio) -> AbstractAsyncContextManager[RemoteTrialEnd]:
        """A UDP port of its host."""
        if not self.has_extension(TRIALS):
            raise Conflict(f"compute '{self.address.name}' cannot measure UDP paths")
        return open_udp_endpoint(self.reach(), nio)

    def run_traffic(self, flows: Sequence[TrafficFlow]) -> AbstractAsyncContextManager[TrafficRun]:
        """Raises Conflict."""
        raise Conflict(f"compute '{self.address.name}' generates no traffic")

    # --- the host ---

    async def usage(self, nodes: Sequence[ComputeNode]) -> list[NodeUsage | None]:
        """What nodes of one project take there; a compute of GNS3 does not tell."""
        if not nodes or not self.has_extension(USAGE):
            return [None] * len(nodes)
        path = f"projects/{nodes[0].project_id}/usage"
        told = read_usages(await self._connection.reach_if_lively().request("GET", path))
        return [told.get(node.node_id) for node in nodes]

    async def known_usage(self, nodes: Sequence[ComputeNode]) -> list[NodeUsage | None]:
        """None of them: they are in the metrics of their own server."""
        return [None] * len(nodes)

    async def programs_usage(self) -> NodeUsage | None:
        """What all programs take there."""
        http = self._connection.reach_if_lively()
        return read_usage(await http.request("GET", "usage")) if self.has_extension(USAGE) else None

    async def port_usage(self) -> PortUsage:
        """Its ports."""
        return host_views.read_ports(await self.reach().request("GET", "network/ports"))

    async def interfaces(self) -> list[HostInterface]:
        """Its interfaces."""
        return host_views.read_interfaces(await self.reach().request("GET", "network/interfaces"))

    async def trunk(self) -> Trunk:
        """The state of its trunk; GNS3's computes have none. A silent compute is not asked."""
        if not self.has_extension(TRUNK):
            self.reach()
            why = "it is none of gns3trio, or its setting trunk_port is 0"
            return Trunk(trouble=f"compute '{self.address.name}' has no trunk: {why}")
        return read_trunk(await self._connection.reach_if_lively().request("GET", "trunks"))

    def load(self) -> MachineLoad:
        """Its load, as told last."""
        return self._connection.load or MachineLoad()

    async def statistics(self) -> MachineStatistics:
        """Memory, CPU, load and disk. A silent compute is not asked: clients ask for those of all computes at once."""
        return host_views.read_statistics(await self._connection.reach_if_lively().request("GET", "statistics"))


def _content_type(answer: Response) -> str:
    for name, value in answer.headers:
        if name.lower() == b"content-type":
            return value[:200].decode("latin-1")
    return "application/octet-stream"


_IS_A_COMPUTE: tuple[type[Compute], type[OtherCompute]] = (RemoteCompute, RemoteCompute)
