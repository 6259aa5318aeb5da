"""A compute's services around real VPCS and the real forwarder, and a console client over real TCP."""

import os
import re
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import attrs
import pytest
import trio

from gns3trio.compute.interface import ComputeNode
from gns3trio.compute.local.leases import ConsolePorts, UdpPorts
from gns3trio.compute.local.link_ends import LinkEnds
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.compute.nodes.vpcs.node import VpcsNode, create_vpcs
from gns3trio.compute.nodes.vpcs.process import VpcsProgramFinder
from gns3trio.compute.nodes.vpcs.services import VpcsServices
from gns3trio.console.acceptor import open_console_acceptor
from gns3trio.console.telnet import Data, telnet_client
from gns3trio.forwarder.captures import open_captures
from gns3trio.forwarder.forwarder import open_forwarder

LOOPBACK = "127.0.0.1"
PROJECT = UUID(int=1)
# VPCS versions to test with: paths separated by colons.
PROGRAMS = os.environ.get("GNS3TRIO_TEST_VPCS", shutil.which("vpcs") or "vpcs").split(":")
# A console that says nothing for so long is broken; a ping of VPCS waits one second.
SILENCE_SECONDS = 60.0

_BLOCK = 1000


def _own_block() -> socket.socket:
    """Hold the last port of a block of ports that no other run of these tests uses.

    Above the defaults, so that a server on this machine does not matter.
    """
    for first in range(12000, 32000, _BLOCK):
        guard = socket.socket()
        try:
            guard.bind((LOOPBACK, first + _BLOCK - 1))
        except OSError:
            guard.close()
        else:
            return guard
    raise AssertionError("no free block of ports")


_guard = _own_block()
_last = _guard.getsockname()[1]
CONSOLE_RANGE = (_last - _BLOCK + 1, _last - _BLOCK // 2)
UDP_RANGE = (_last - _BLOCK // 2 + 1, _last - 1)


class Console:
    """A telnet client."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._telnet = telnet_client()
        self._unread = b""

    async def read_until(self, expected: bytes) -> bytes:
        """What the node printed up to and with ``expected``."""
        while expected not in self._unread:
            data = await self._receive()
            assert data is not None, f"the console was closed; before, it said {self._unread!r}"
            self._unread += data
        before, _, self._unread = self._unread.partition(expected)
        return before + expected

    async def read_to_end(self) -> bytes:
        """What the node printed until the console is closed."""
        while (data := await self._receive()) is not None:
            self._unread += data
        rest, self._unread = self._unread, b""
        return rest

    async def _receive(self) -> bytes | None:
        with trio.fail_after(SILENCE_SECONDS):
            received = await self._stream.receive_some()
        if not received:
            return None
        events = self._telnet.receive_data(received)
        if answers := self._telnet.take_answers():
            await self._stream.send_all(answers)
        return b"".join(event.data for event in events if isinstance(event, Data))

    async def type(self, text: str) -> None:
        """Type ``text``."""
        await self._stream.send_all(self._telnet.send(text.encode()))

    async def run(self, command: str, until: bytes = b"> ") -> str:
        """Type a command at the prompt; returns what it printed, up to ``until``: the next prompt."""
        await self.type(command + "\r")
        await self.read_until(command.encode())
        return (await self.read_until(until)).decode()


@asynccontextmanager
async def open_console(node: ComputeNode) -> AsyncIterator[Console]:
    """A telnet connection to a node's console, at its prompt."""
    assert node.console is not None
    async with await trio.open_tcp_stream(LOOPBACK, node.console) as stream:
        console = Console(stream)
        await console.read_until(b"> ")
        yield console


@attrs.define
class Lab:
    """Makes nodes and remembers what they told."""

    services: VpcsServices
    folder: Path
    nodes: list[VpcsNode] = attrs.field(factory=list)
    events: list[tuple[str, NodeEvent]] = attrs.field(factory=list)
    _changed: trio.Event = attrs.field(factory=trio.Event)

    async def create(
        self,
        name: str,
        *,
        console: int | None = None,
        console_type: str | None = "telnet",
        startup_script: str | None = None,
    ) -> VpcsNode:
        node_id = uuid4()
        spec = NodeSpec(
            node_type="vpcs",
            node_id=node_id,
            project_id=PROJECT,
            name=name,
            folder=self.folder / str(node_id),
            console=console,
            console_type=console_type,
            properties={},
            startup_script=startup_script,
            emit=lambda event: self._emitted(name, event),
        )
        node = await create_vpcs(self.services, spec)
        self.nodes.append(node)
        return node

    def _emitted(self, name: str, event: NodeEvent) -> None:
        self.events.append((name, event))
        self._changed.set()
        self._changed = trio.Event()

    async def wait_for(self, name: str, event: NodeEvent) -> None:
        """Return when the node has told ``event``."""
        with trio.fail_after(SILENCE_SECONDS):
            while (name, event) not in self.events:
                await self._changed.wait()

    async def wait_stopped(self, node: VpcsNode) -> None:
        """Return when the node has stopped by itself."""
        with trio.fail_after(SILENCE_SECONDS):
            while node.status != "stopped":
                await self._changed.wait()

    async def connect(self, a: VpcsNode, b: VpcsNode) -> None:
        """Join two nodes with a tunnel."""
        near, far = (self.services.link_ends.udp_ports.reserve(PROJECT) for _ in range(2))
        await a.bind_nio(0, 0, UdpNio(lport=near, rhost=LOOPBACK, rport=far))
        await b.bind_nio(0, 0, UdpNio(lport=far, rhost=LOOPBACK, rport=near))

    async def close(self) -> None:
        async with trio.open_nursery() as nursery:
            for node in self.nodes:
                nursery.start_soon(node.close)


@asynccontextmanager
async def open_services(program: str) -> AsyncIterator[VpcsServices]:
    """What nodes need. Nodes that run still are stopped at the end."""
    async with (
        open_forwarder() as forwarder,
        open_captures(forwarder) as captures,
        open_console_acceptor() as acceptor,
        trio.open_nursery() as nursery,
    ):
        yield VpcsServices(
            nursery=nursery,
            forwarder=forwarder,
            link_ends=LinkEnds(forwarder, UdpPorts(*UDP_RANGE), captures),
            console_ports=ConsolePorts([LOOPBACK], *CONSOLE_RANGE),
            console_acceptor=acceptor,
            programs=VpcsProgramFinder(program),
            default_engine="process",
        )
        nursery.cancel_scope.cancel()


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> str:
    """A VPCS program; a test with it runs once for each version."""
    return str(request.param)


@pytest.fixture
async def lab(program: str, tmp_path: Path) -> AsyncIterator[Lab]:
    """A lab of VPCS nodes; nothing of it may be left at the end."""
    async with open_services(program) as services:
        lab = Lab(services, tmp_path)
        yield lab
        await lab.close()
    services.link_ends.udp_ports.release_project(PROJECT)
    assert processes_in(tmp_path) == []
    assert services.console_ports.leased == services.link_ends.udp_ports.leased == frozenset()


def processes_in(folder: Path) -> list[int]:
    """The processes whose working directory is below ``folder``: every VPCS of a test, whoever its parent is."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                directory = os.readlink(entry / "cwd")
            except OSError:
                continue  # it has ended, or it is not ours
            if Path(directory).is_relative_to(folder):
                found.append(int(entry.name))
    return found


def process_of(node: VpcsNode) -> int:
    """The process id of a node that runs."""
    (pid,) = processes_in(node.directory)
    return pid


def kill(node: VpcsNode) -> None:
    """End a node's process as a crash would."""
    os.kill(process_of(node), signal.SIGKILL)


def count_replies(ping: str) -> int:
    """How many replies are in the output of VPCS's ``ping``."""
    return len(re.findall(r"icmp6?_seq=\d+ ttl=64 time=", ping))


async def ping_peer(console: Console, within_ms: int = 10_000) -> str:
    """What VPCS says of a ping to the node at the other end of the link, by default in the time of a busy machine.

    VPCS answers for any link-local address and has one at once, while it tests a new IPv4 address for three seconds.
    """
    return await console.run(f"ping fe80::250:79ff:fe66:68ff -c 1 -w {within_ms}")


async def can_reach_peer(console: Console, within_ms: int = 10_000) -> bool:
    """Whether the node at the other end of the link answers in time."""
    said = await ping_peer(console, within_ms)
    print(said)  # for whoever expected something else
    return count_replies(said) == 1
