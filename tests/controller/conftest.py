"""A controller over computes in memory: no process, no socket. A test in which time passes uses ``autojump_clock``."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar, TypeVarTuple
from uuid import uuid4

import pytest
import trio

from gns3trio import threads
from gns3trio.config import Config
from gns3trio.controller.controller import Controller, open_controller
from gns3trio.controller.gns3_format.records import LinkEndRecord, LinkRecord, NodeRecord, ProjectSettings
from gns3trio.controller.links.link import Link
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.project import Project
from gns3trio.notifications.feed import ChangeFeed
from tests.support.memory_compute import MemoryCompute
from tests.support.told import Told as Told

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


@pytest.fixture
def threadless(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be done in a thread is done at once: a clock that jumps does not know of threads that work."""

    async def run(self: threads.Pool, function: Callable[[*Ts], T], *args: *Ts, abandon_on_cancel: bool = False) -> T:
        await trio.lowlevel.checkpoint()
        return function(*args)

    monkeypatch.setattr(threads.Pool, "run", run)
    monkeypatch.setattr(trio.from_thread, "check_cancelled", lambda: None)  # nobody can, meanwhile


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def compute() -> MemoryCompute:
    """The compute of the controller's own server."""
    return MemoryCompute(tunnel_host="192.0.2.7")


@pytest.fixture
def far_compute() -> MemoryCompute:
    """One on another host."""
    return MemoryCompute("far", "192.0.2.1")


@pytest.fixture
async def controller(
    tmp_path: Path, compute: MemoryCompute, far_compute: MemoryCompute, told: Told, threadless: None
) -> AsyncIterator[Controller]:
    config = Config(projects_path=tmp_path / "projects")
    config.projects_path.mkdir()
    async with open_controller(config, [compute, far_compute], ChangeFeed(told)) as opened:
        yield opened


@pytest.fixture
async def project(controller: Controller) -> Project:
    """An open project."""
    return await controller.create_project(ProjectSettings(name="lab"))


def record(name: str, node_type: str = "vpcs", compute_id: str = "local") -> NodeRecord:
    return NodeRecord(node_id=uuid4(), node_type=node_type, name=name, compute_id=compute_id)


async def make_nodes(project: Project, *names: str, compute_id: str = "local") -> list[Node]:
    """VPCS nodes with these names."""
    return [await project.nodes.create(record(name, compute_id=compute_id)) for name in names]


def link_record(first: Node, second: Node) -> LinkRecord:
    ends = [LinkEndRecord(node_id=node.node_id, adapter_number=0, port_number=0) for node in (first, second)]
    return LinkRecord(link_id=uuid4(), nodes=ends)


async def make_link(project: Project, first: Node, second: Node) -> Link:
    """A link between the first ports of two nodes."""
    return await project.links.create(link_record(first, second))


async def running(project: Project, *scripts: str, compute_id: str = "local") -> list[Node]:
    """Nodes that were started, with the addresses of these scripts."""
    nodes = await make_nodes(project, *(f"PC{n}" for n in range(1, len(scripts) + 1)), compute_id=compute_id)
    for node, script in zip(nodes, scripts, strict=True):
        await node.require_instance().set_startup_script(script)
        await node.require_instance().start()
    return nodes
