"""The engine of built-in PCs: the host is in the core (``forwarder/pc.py``), with VPCS's console.

Nothing about a PC is a task but what its console runs.
"""

from contextlib import AbstractContextManager, nullcontext

from gns3trio import threads
from gns3trio.compute.local.traffic import LocalTrafficEndpoint
from gns3trio.compute.nodes.vpcs.engine import EngineHost
from gns3trio.compute.nodes.vpcs.pc_console import PcConsole
from gns3trio.compute.nodes.vpcs.pc_macs import mac_address
from gns3trio.compute.nodes.vpcs.pc_session import NO_NAME, PcSession
from gns3trio.compute.nodes.vpcs.services import VpcsServices
from gns3trio.compute.nodes.vpcs.settings import EngineName
from gns3trio.errors import Conflict
from gns3trio.forwarder.pc import Pc, Pcs
from gns3trio.forwarder.pc_types import PcIdentity

_MAX_HOST_NAME = 63  # bytes


class BuiltinEngine:
    """Runs a node as a host in the core."""

    name: EngineName = "builtin"
    label = "PC"

    def __init__(self, services: VpcsServices, host: EngineHost) -> None:
        self._services = services
        self._host = host
        # Only while it runs:
        self._pc: Pc | None = None
        self._console: PcConsole | None = None

    def stopping(self) -> AbstractContextManager[None]:
        """Do nothing: a start takes no time."""
        return nullcontext()

    def _require_pcs(self) -> Pcs:
        services = self._services
        if services.pcs is None:
            services.pcs = Pcs(services.forwarder)
            services.nursery.start_soon(services.pcs.serve)
        return services.pcs

    async def start(self, mac_id: int) -> None:
        """Start it; its script runs then. Does nothing if it is started. Raises Conflict."""
        if self._pc is not None:
            return
        host = self._host
        script = await host.folder.script()
        name = host.name if len(host.name.split()) == 1 and len(host.name.encode()) <= _MAX_HOST_NAME else NO_NAME
        pc = self._require_pcs().open(PcIdentity(mac=mac_address(mac_id), name=name))
        console = PcConsole(
            self._services.nursery,
            host.node_console.hub,
            pc,
            PcSession(pc, name),
            files=self,
            quit=self._quit,
        )
        try:
            host.node_console.listen()
        except BaseException:
            pc.close()
            raise
        self._pc, self._console = pc, console
        host.began(pc.port)
        console.open(script)

    async def stop(self) -> None:
        """Stop it. Does nothing if it is stopped."""
        self._stop(None)

    def traffic_endpoint(self) -> LocalTrafficEndpoint:
        """Its part in generated traffic, until it stops. Raises Conflict if it is not started."""
        if self._pc is None:
            raise Conflict(f"'{self._host.name}' is not started: it can send and receive no traffic")
        return LocalTrafficEndpoint(self._pc)

    def _quit(self) -> None:
        """Somebody typed ``quit``."""
        self._stop("exited with code 0")

    def _stop(self, reason: str | None) -> None:
        pc, self._pc = self._pc, None
        if pc is None:
            return
        self._host.disconnect()
        if self._console is not None:
            self._console.close()
            self._console = None
        self._host.node_console.stop_listening()
        pc.close()
        self._host.ended(reason)

    # --- files of the console ---

    async def read(self, names: tuple[str, ...]) -> str | None:
        """For the console: the first of these files."""
        return await threads.disk.run(self._host.folder.read_first, names)

    async def write(self, name: str, text: str) -> str | None:
        """For the console: write a file; returns why it cannot be."""
        return await threads.disk.run(self._host.folder.try_to_write, name, text)
