"""A compute with Docker nodes, at the engine of the tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gns3trio.compute.local.node import LocalNode
from tests.support.docker_engine import BUSYBOX, DockerEngine
from tests.support.machines import Machines, Shell, open_machines

# A first process that ends when it is asked to; a shell does not.
COMMAND = "sh -c 'trap exit TERM; while :; do sh; done'"


class DockerLab(Machines):
    """Makes Docker nodes, and remembers what they told."""

    async def make(self, name: str, **properties: Any) -> LocalNode:
        """A new node with the image of busybox."""
        return await self.create(name, {"image": BUSYBOX, **properties}, node_type="docker")


@asynccontextmanager
async def open_docker_lab(folder: Path, engine: DockerEngine, **settings: Any) -> AsyncIterator[DockerLab]:
    """A compute whose nodes are containers of this engine."""
    async with open_machines(folder, docker_socket=engine.socket, **settings) as machines:
        yield DockerLab(machines.compute, folder)


async def at_prompt(shell: Shell) -> Shell:
    """The shell, when it answers."""
    await shell.run("true")
    return shell
