"""Built-in PCs around the real core, and their consoles over real TCP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import attrs
import trio

from gns3trio.compute.local.leases import ConsolePorts, UdpPorts
from gns3trio.compute.local.link_ends import LinkEnds
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.compute.nodes.vpcs.node import VpcsNode, create_vpcs
from gns3trio.compute.nodes.vpcs.process import VpcsProgramFinder
from gns3trio.compute.nodes.vpcs.services import VpcsServices
from gns3trio.console.acceptor import open_console_acceptor
from gns3trio.forwarder.captures import open_captures
from gns3trio.forwarder.forwarder import open_forwarder
from tests.compute.conftest import CONSOLE_RANGE, LOOPBACK, PROGRAMS, PROJECT, UDP_RANGE, Console, open_console


@attrs.define
class BuiltinLab:
    """Makes PCs, and remembers what they told."""

    services: VpcsServices
    folder: Path
    events: list[tuple[str, NodeEvent]] = attrs.field(factory=list)
    nodes: list[VpcsNode] = attrs.field(factory=list)

    async def create(
        self, name: str, startup_script: str | None = None, console: int | None = None, mac_id: int | None = None
    ) -> VpcsNode:
        node_id = uuid4()
        spec = NodeSpec(
            node_type="vpcs",
            node_id=node_id,
            project_id=PROJECT,
            name=name,
            folder=self.folder / str(node_id),
            console=console,
            console_type="telnet",
            properties={},
            startup_script=startup_script,
            mac_id=mac_id,
            emit=lambda event: self.events.append((name, event)),
        )
        node = await create_vpcs(self.services, spec)
        self.nodes.append(node)
        return node

    async def start(self, name: str, startup_script: str | None = None) -> VpcsNode:
        node = await self.create(name, startup_script)
        await node.start()
        return node

    async def connect(self, a: VpcsNode, b: VpcsNode) -> None:
        near, far = (self.services.link_ends.udp_ports.reserve(PROJECT) for _ in range(2))
        await a.bind_nio(0, 0, UdpNio(lport=near, rhost=LOOPBACK, rport=far))
        await b.bind_nio(0, 0, UdpNio(lport=far, rhost=LOOPBACK, rport=near))


@asynccontextmanager
async def open_builtin_lab(folder: Path, console_range: tuple[int, int] = CONSOLE_RANGE) -> AsyncIterator[BuiltinLab]:
    """A lab; its PCs are closed at the end."""
    async with (
        open_forwarder() as forwarder,
        open_captures(forwarder) as captures,
        open_console_acceptor() as acceptor,
        trio.open_nursery() as nursery,
    ):
        lab = BuiltinLab(
            VpcsServices(
                nursery=nursery,
                forwarder=forwarder,
                link_ends=LinkEnds(forwarder, UdpPorts(*UDP_RANGE), captures),
                console_ports=ConsolePorts([LOOPBACK], *console_range),
                console_acceptor=acceptor,
                programs=VpcsProgramFinder(PROGRAMS[0]),
                default_engine="builtin",
            ),
            folder,
        )
        try:
            yield lab
        finally:
            with trio.CancelScope(shield=True):
                for node in lab.nodes:
                    await node.close()
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def console_of(node: VpcsNode) -> AsyncIterator[Console]:
    """A telnet connection to its console, at its prompt."""
    async with open_console(node) as console:
        yield console
