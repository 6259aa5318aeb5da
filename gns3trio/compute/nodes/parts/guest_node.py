"""The common part of machines and containers: systems that run apart from the core.

The core reaches their adapters through a device for each.
"""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from gns3trio import threads
from gns3trio.compute.local.link_ends import LinkEnds, LocalLinkEnd
from gns3trio.compute.node import NodeEvent, NodeSpec, NodeStatus
from gns3trio.compute.node_features import MacTable, NodeDisks, NodeFiles, TrafficEndpoint
from gns3trio.compute.node_traits import NodePort
from gns3trio.compute.nodes.parts.hanging_starts import HangingStarts, changing_soon
from gns3trio.compute.nodes.parts.node_ports import NodePorts, PortedNode, PortKey
from gns3trio.errors import Conflict, Invalid, path_error
from gns3trio.forwarder.forwarder import Forwarder, Patch, Port
from gns3trio.mutex import Mutex

log = logging.getLogger(__name__)


class GuestRun(Protocol):
    """A run of a machine or container, from its start to its end."""

    async def pause(self) -> None:
        """Suspend it. Raises Conflict."""

    async def go_on(self) -> None:
        """Let it go on after ``pause``. Raises Conflict."""


AnyRun = TypeVar("AnyRun", bound=GuestRun)


class GuestNode(PortedNode, Generic[AnyRun]):
    """The base of machines and containers. Calls that change a node are serialised by ``_changing``. It can be closed
    while it is being started.
    """

    node_type = ""
    label = ""  # in messages, before the node's name
    kind = ""  # in messages: "a ..."
    always_runs = False
    mac_table: MacTable | None = None
    files: NodeFiles | None = None
    disks: NodeDisks | None = None
    mac_id: int | None = None
    engine: str | None = None
    has_default_engine = True

    def __init__(self, forwarder: Forwarder, link_ends: LinkEnds, spec: NodeSpec) -> None:
        self.node_id: UUID = spec.node_id
        self.project_id: UUID = spec.project_id
        self.name: str = spec.name
        self.status: NodeStatus = "stopped"
        self.exit_reason: str | None = None
        self.directory: Path = spec.folder
        self._forwarder = forwarder
        self._emit: Callable[[NodeEvent], None] = spec.emit
        self._changing = Mutex()
        self._starts = HangingStarts()
        self._ports = NodePorts(self, link_ends, self._changing)
        self._closed = False
        # Only while it runs:
        self._run: AnyRun | None = None
        self._devices: Sequence[Port] = ()  # of the adapters, in their order
        self._joints: dict[PortKey, Patch] = {}

    # --- what each type implements ---

    @property
    def _adapter_count(self) -> int:
        raise NotImplementedError

    async def _start_guest(self) -> None:
        """Start it, which is stopped. Raises Conflict."""
        raise NotImplementedError

    async def _stop(self) -> None:
        """Stop it, if it runs. Raises Conflict."""
        raise NotImplementedError

    def _show_carrier(self, adapter_number: int, up: bool) -> None:
        """Called when an adapter, whose device is there, has been connected to a link, or disconnected."""

    # --- what it is ---

    def ports(self) -> list[NodePort]:
        """None: their names follow from the record of the node."""
        return []

    def tell(self, event: NodeEvent) -> None:
        """Report an event of the node."""
        try:
            self._emit(event)
        except Exception:  # an error in a listener must not stop the node
            log.exception("%s %s: an event was not taken", self.label, self.node_id)

    def _require_unlinked(self, adapter_count: int) -> None:
        """Raises Conflict if an adapter that would no longer exist is linked."""
        for adapter, _ in self._ports.link_ends:
            if adapter >= adapter_count:
                raise Conflict(f"properties.adapters: adapter {adapter} of '{self.name}' is linked")

    @asynccontextmanager
    async def while_stopped(self) -> AsyncIterator[None]:
        """While the ``with`` lasts, it cannot be started. Raises Conflict if it runs."""
        async with self._changing:
            if self._run is not None:
                raise Conflict(f"'{self.name}' runs: stop it first")
            yield

    def _require_stopped(self, field: str) -> None:
        """Raises Conflict for a field that cannot change now."""
        if self._run is not None:
            raise Conflict(f"{field}: '{self.name}' runs: stop it first")

    async def _make_folder(self) -> None:
        """Raises Conflict."""
        try:
            await threads.disk.run(lambda: self.directory.mkdir(parents=True, exist_ok=True))
        except OSError as error:
            raise path_error(f"{self.directory} cannot be used", error) from None

    # --- life ---

    def _stopping(self) -> AbstractAsyncContextManager[None]:
        """Change the node, and do not wait long for its start."""
        return changing_soon(self._changing, self.stopping())

    def stopping(self) -> AbstractContextManager[None]:
        """While the ``with`` lasts, a start that is already running is abandoned after a few seconds."""
        return self._starts.stopping()

    async def start(self) -> None:
        """Start it, or let it go on if it is suspended. Does nothing if it is started. Raises Conflict, also if it is
        to be stopped meanwhile.
        """
        async with self._changing:
            await self._start()

    async def _start(self) -> None:
        if self._closed:
            raise Conflict(f"{self.label} '{self.name}' has been deleted")
        if self._run is None:
            await self._start_guest()
        elif self.status == "suspended":
            await self._run.go_on()
            self._become("started")

    async def stop(self) -> None:
        """Stop it. Does nothing if it is stopped. Raises Conflict if that is not possible."""
        async with self._stopping():
            await self._stop()

    async def suspend(self) -> None:
        """Suspend it. Does nothing if it is not started. Raises Conflict."""
        async with self._changing:
            if self._run is not None and self.status == "started":
                await self._run.pause()
                self._become("suspended")

    def _become(self, status: NodeStatus) -> None:
        if self._run is not None and self.status != status:
            self.status = status
            self.tell(NodeEvent("status"))

    # --- called by the run ---

    def plug(self, devices: Sequence[Port]) -> None:
        """The adapters are there: connect them to their links."""
        self._devices = devices
        for key in self._ports.link_ends:
            self._patch(key)

    def unplug(self) -> None:
        """Disconnect the adapters, if they are connected. They are about to go."""
        for key in list(self._joints):
            self._unpatch(key)
        self._devices = ()

    def _has_begun(self, run: AnyRun) -> None:
        self._run = run
        self.exit_reason = None
        self.status = "started"
        self.tell(NodeEvent("status"))

    def _has_ended(self, reason: str | None, error: str | None) -> None:
        """``reason`` is why it ended by itself, ``error`` is for the user."""
        self._run = None
        self.status = "stopped"
        self.exit_reason = reason
        self.tell(NodeEvent("status"))
        if error is not None:
            self.tell(NodeEvent("error", error))

    # --- ports ---

    def require_port(self, key: PortKey) -> None:
        """Raises Conflict if there is no such port, or the node has been deleted."""
        if key[1] != 0 or not 0 <= key[0] < self._adapter_count:
            raise Conflict(f"Port {key[0]}/{key[1]} doesn't exist on {self.label} '{self.name}'")
        if self._closed:
            raise Conflict(f"{self.label} '{self.name}' has been deleted")

    async def attach(self, key: PortKey, link_end: LocalLinkEnd) -> None:
        """Connect an adapter, if the node runs, to the end of a new link."""
        self._patch(key)

    async def end(self, key: PortKey, link_end: LocalLinkEnd) -> None:
        """Disconnect an adapter from the end of the link, and close that."""
        link_end.close()  # which also ends the patch
        self._unpatch(key)

    def _patch(self, key: PortKey) -> None:
        """Connect an adapter and the end of its link if both exist."""
        link_end = self._ports.link_ends.get(key)
        if link_end is not None and key[0] < len(self._devices):
            device = self._devices[key[0]]
            self._joints[key] = self._forwarder.connect(device, link_end.port)
            link_end.device = device
            self._show_carrier(key[0], True)

    def _unpatch(self, key: PortKey) -> None:
        joint = self._joints.pop(key, None)
        if joint is not None:
            joint.close()
            self._show_carrier(key[0], False)
        link_end = self._ports.link_ends.get(key)
        if link_end is not None:
            link_end.device = None

    # --- what it has not ---

    async def set_engine(self, engine: str | None, mac_id: int | None = None) -> None:
        """Raises Invalid: there is no choice."""
        if engine is not None:
            raise Invalid(f"engine: a {self.kind} has no choice of engines")

    def traffic_endpoint(self) -> TrafficEndpoint:
        """Raises Conflict: the server does not reach into the guest."""
        raise Conflict(f"{self.label} '{self.name}' cannot send or receive generated traffic: built-in PCs can")

    async def startup_script(self) -> str | None:
        """None: it has no start-up script."""
        return None

    async def set_startup_script(self, text: str) -> None:
        """Raises Conflict: it has none."""
        raise Conflict(f"A {self.kind} has no start-up script")
