"""Built-in PCs: nodes of the type ``vpcs`` whose host is in the core (``forwarder/pc.py``), with VPCS's console.

A stopped one has its folder, its console's port and its MAC address; a started one a host in the core, too. Nothing
about it is a task but what its console runs.
"""

import logging
from contextlib import AbstractContextManager, nullcontext

import attrs
import trio

from gns3trio import threads
from gns3trio.compute.local.leases import ConsolePorts
from gns3trio.compute.local.link_ends import LinkEnds
from gns3trio.compute.local.traffic import LocalTrafficEndpoint
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.compute.node_traits import NodePort
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.compute.nodes.vpcs.base_node import BaseVpcsNode
from gns3trio.compute.nodes.vpcs.pc_console import PcConsole
from gns3trio.compute.nodes.vpcs.pc_macs import PcMacs, mac_address
from gns3trio.compute.nodes.vpcs.pc_session import NO_NAME, PcSession
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Forwarder, Port
from gns3trio.forwarder.pc import Pc, Pcs
from gns3trio.forwarder.pc_types import PcIdentity

log = logging.getLogger(__name__)

_PORT = (0, 0)
_PORTS = [NodePort(0, 0, "Ethernet0", "e0")]
_MAX_HOST_NAME = 63  # bytes


@attrs.define(kw_only=True)
class BuiltinPcServices:
    """What built-in PCs use of the compute. ``told_of_ports``: a warning about used up console ports was given."""

    nursery: trio.Nursery
    forwarder: Forwarder
    pcs: Pcs
    link_ends: LinkEnds
    console_ports: ConsolePorts
    macs: PcMacs = attrs.field(factory=PcMacs)
    told_of_ports: bool = False


def builtin_pc_services(services: LocalServices) -> BuiltinPcServices:
    """What built-in PCs use of this compute."""
    builtin = services.builtin
    return BuiltinPcServices(
        nursery=builtin.nursery,
        forwarder=builtin.forwarder,
        pcs=services.pcs,
        link_ends=builtin.link_ends,
        console_ports=builtin.console_ports,
    )


async def create_builtin_pc(services: BuiltinPcServices, spec: NodeSpec) -> "BuiltinPc":
    """Create a stopped PC with its folder and its console's port, which is missing if none is free.

    Raises Conflict, Invalid or Unavailable, and then leaves nothing behind.
    """
    return await BuiltinPc(services, spec).opened(spec)


class BuiltinPc(BaseVpcsNode):
    """A built-in PC. Calls that change it are serialised."""

    label = "PC"

    def __init__(self, services: BuiltinPcServices, spec: NodeSpec) -> None:
        super().__init__(
            spec,
            nursery=services.nursery,
            forwarder=services.forwarder,
            link_ends=services.link_ends,
            console_ports=services.console_ports,
        )
        self._services = services
        # Only while it runs:
        self._pc: Pc | None = None
        self._console: PcConsole | None = None

    @property
    def _device(self) -> Port | None:
        return self._pc.port if self._pc is not None else None

    def _lease_mac_id(self, mac_id: int | None) -> int:
        return self._services.macs.lease(self.node_id, mac_id)

    def traffic_endpoint(self) -> LocalTrafficEndpoint:
        """Its part in generated traffic, until it stops. Raises Conflict if it is not started."""
        if self._pc is None:
            raise Conflict(f"'{self.name}' is not started: it can send and receive no traffic")
        return LocalTrafficEndpoint(self._pc)

    # --- life ---

    def _take_console(self, console: int | None) -> None:
        try:
            super()._take_console(console)
        except Conflict as conflict:
            if not self._services.told_of_ports:
                self._services.told_of_ports = True
                text = f"{conflict}. '{self.name}', and PCs after it, have their console in the browser only"
                self._tell(NodeEvent("warning", text))
        else:
            self._services.told_of_ports = False

    async def close(self) -> None:
        """Stop the node and release its resources; the files stay."""
        async with self._changing:
            self._stop(None)
            await self._ports.close_all()
            self._node_console.release()
            if self._mac_id is not None:
                self._services.macs.release(self._mac_id)
                self._mac_id = None

    def stopping(self) -> AbstractContextManager[None]:
        """Do nothing: a start takes no time."""
        return nullcontext()

    async def start(self) -> None:
        """Start it; its script runs then. Does nothing if it is started. Raises Conflict."""
        async with self._changing:
            await self._start()

    async def stop(self) -> None:
        """Stop it. Does nothing if it is stopped."""
        async with self._changing:
            self._stop(None)

    async def suspend(self) -> None:
        """Do nothing: it cannot be suspended."""

    async def reload(self) -> None:
        """Stop and start it. Raises Conflict if it does not start again; it is stopped then."""
        async with self._changing:
            self._stop(None)
            await self._start()

    async def _start(self) -> None:
        if self._pc is not None:
            return
        mac_id = self._require_mac_id()
        script = await self._folder.script()
        name = self.name if len(self.name.split()) == 1 and len(self.name.encode()) <= _MAX_HOST_NAME else NO_NAME
        pc = self._services.pcs.open(PcIdentity(mac=mac_address(mac_id), name=name))
        session = PcSession(pc, name)
        console = PcConsole(
            self._services.nursery,
            self._node_console.hub,
            pc,
            session,
            files=self,
            quit=self._quit,
        )
        try:
            self._node_console.listen(self._services.nursery)
        except BaseException:
            pc.close()
            raise
        self._pc, self._console = pc, console
        self._patch()
        self.exit_reason = None
        self.status = "started"
        console.open(script)
        self._tell(NodeEvent("status"))

    def _quit(self) -> None:
        """Somebody typed ``quit``."""
        self._stop("exited with code 0")

    def _stop(self, reason: str | None) -> None:
        pc, self._pc = self._pc, None
        if pc is None:
            return
        self._unpatch()
        if self._console is not None:
            self._console.close()
            self._console = None
        self._node_console.stop_listening()
        pc.close()
        self.status = "stopped"
        self.exit_reason = reason
        self._tell(NodeEvent("status"))

    # --- files of the console ---

    async def read(self, names: tuple[str, ...]) -> str | None:
        """For the console: the first of these files."""
        return await threads.disk.run(self._folder.read_first, names)

    async def write(self, name: str, text: str) -> str | None:
        """For the console: write a file; returns why it cannot be."""
        return await threads.disk.run(self._folder.try_to_write, name, text)
