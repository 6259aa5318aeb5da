"""A compute with Docker nodes, at the engine of the tests."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import trio

from gns3trio.compute.local.node import LocalNode
from gns3trio.console.telnet import Data, telnet_client
from tests.support.docker_engine import BUSYBOX, Container, DockerEngine
from tests.support.machines import Machines, Shell, open_machines, open_shell


class DockerLab(Machines):
    """Makes Docker nodes of the engine's image of busybox, and remembers what they told."""

    def __init__(self, machines: Machines, engine: DockerEngine) -> None:
        super().__init__(machines.compute, machines.folder)
        self.engine = engine

    async def make(self, name: str, *, console_type: str | None = None, **properties: Any) -> LocalNode:
        """A new node."""
        wanted = {"image": BUSYBOX, **properties}
        return await self.create(name, wanted, node_type="docker", console_type=console_type)

    async def make_with_image(self, name: str, image: str) -> None:
        """As ``make``, for a task."""
        await self.make(name, image=image)

    async def make_saved(self, name: str, **properties: Any) -> LocalNode:
        """A node of a project's file, which is not checked."""
        wanted = {"image": BUSYBOX, **properties}
        return await self.compute.create_node(self.spec(name, wanted, node_type="docker"))

    async def start(self, name: str, *, console_type: str | None = None, **properties: Any) -> LocalNode:
        """A new node that runs."""
        node = await self.make(name, console_type=console_type, **properties)
        await node.start()
        assert node.status == "started"
        return node

    def container(self, node: LocalNode) -> Container:
        """The container of a node, as the engine shows it."""
        return Container(self.engine, node.properties()["container_id"])


@asynccontextmanager
async def open_docker_lab(folder: Path, engine: DockerEngine, **settings: Any) -> AsyncIterator[DockerLab]:
    """A compute whose nodes are containers of this engine."""
    async with open_machines(folder, **{"docker_socket": engine.socket, **settings}) as machines:
        yield DockerLab(machines, engine)


@asynccontextmanager
async def open_prompt(node: LocalNode) -> AsyncIterator[Shell]:
    """The shell of a container, which answers."""
    with open_shell(node) as shell:
        await shell.run("true")
        yield shell


async def ask(port: int, typed: bytes, answer: bytes) -> None:
    """Connect to a telnet port of this host, type something, and wait for this answer."""
    telnet = telnet_client()
    said = b""
    with trio.move_on_after(60):
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            await stream.send_all(typed)
            while answer not in said:
                received = bytes(await stream.receive_some())
                assert received, said
                said += b"".join(each.data for each in telnet.receive_data(received) if isinstance(each, Data))
    assert answer in said, said


class Cut:
    """A unix socket that leads to that of an engine, and can be cut: then it is as if the engine was away."""

    def __init__(self, path: Path, engine: DockerEngine) -> None:
        self.path = path
        self.is_silent = False  # then it accepts connections, and does not answer
        self._engine = engine
        self._scope = trio.CancelScope()

    async def open(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until it is cut."""
        with trio.CancelScope() as self._scope, _listening(self.path) as listening:
            sock = trio.socket.from_stdlib_socket(listening)
            task_status.started()
            async with trio.open_nursery() as connections:
                while True:
                    client, _ = await sock.accept()
                    connections.start_soon(self._serve, trio.SocketStream(client))

    def cut(self) -> None:
        """End all connections, and refuse others."""
        self._scope.cancel()

    async def _serve(self, client: trio.SocketStream) -> None:
        if self.is_silent:
            await trio.sleep_forever()
        server = await trio.open_unix_socket(str(self._engine.socket))
        async with client, server, trio.open_nursery() as nursery:
            nursery.start_soon(_pass_on, client, server)
            nursery.start_soon(_pass_on, server, client)


async def _pass_on(source: trio.SocketStream, target: trio.SocketStream) -> None:
    try:
        while data := await source.receive_some():
            await target.send_all(data)
        await target.send_eof()
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        await trio.aclose_forcefully(source)
        await trio.aclose_forcefully(target)


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.setblocking(False)
        listening.bind(str(path))
        listening.listen()
        try:
            yield listening
        finally:
            path.unlink()
