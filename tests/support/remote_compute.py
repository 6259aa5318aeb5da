"""The connection of a controller to a compute of another host that is made of single answers."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import attrs
import trio

from gns3trio.compute.node import NodeEvent, NodeSpec, NodeStatus
from gns3trio.compute.other_hosts import ComputeAddress, OtherCompute
from gns3trio.compute.remote.compute import RemoteCompute
from tests.support.fake_compute import FakeCompute
from tests.support.opened_in_memory import OpenedInMemory

PROJECT, PATIENCE = uuid4(), 20


@attrs.define
class Watcher:
    """What the compute told the controller."""

    changes: int = 0
    returns: list[dict[UUID, NodeStatus]] = attrs.field(factory=list)
    messages: list[tuple[str, str, UUID | None]] = attrs.field(factory=list)
    moved: trio.Event = attrs.field(factory=trio.Event)
    opened: OpenedInMemory = attrs.field(factory=OpenedInMemory)

    def _tell(self) -> None:
        self.moved.set()
        self.moved = trio.Event()

    def opened_at(self, compute_id: str) -> OpenedInMemory:
        return self.opened

    def changed(self, compute: OtherCompute) -> None:
        self.changes += 1
        self._tell()

    def returned(self, compute: OtherCompute, lost: Mapping[UUID, NodeStatus]) -> None:
        self.returns.append(dict(lost))
        self._tell()

    def told(self, compute: OtherCompute, level: str, message: str, project_id: UUID | None) -> None:
        self.messages.append((level, message, project_id))
        self._tell()

    async def until(self, is_so: Callable[[], bool]) -> None:
        with trio.fail_after(PATIENCE):
            while not is_so():
                with trio.move_on_after(0.05):  # what it asks is seen only at the fake
                    await self.moved.wait()


@asynccontextmanager
async def connected(fake: FakeCompute, folder: Path) -> AsyncIterator[tuple[RemoteCompute, Watcher]]:
    """A connection to it that was tried once."""
    address = ComputeAddress(compute_id="far", name="far", protocol="http", host="127.0.0.1", port=fake.port)
    watcher = Watcher()
    compute = RemoteCompute(address, watcher, folder)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(compute.run)
        with trio.fail_after(PATIENCE):
            await compute.wait_tried()
        yield compute, watcher
        nursery.cancel_scope.cancel()


def spec(emit: Callable[[NodeEvent], None] = lambda event: None) -> NodeSpec:
    return NodeSpec(
        node_type="vpcs",
        node_id=uuid4(),
        project_id=PROJECT,
        name="PC1",
        folder=Path(),
        console=None,
        console_type=None,
        properties={},
        startup_script=None,
        emit=emit,
    )
