"""Another server of ours on "another host": one of its own ports and folder, which can be stopped and started again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx
import trio

from gns3trio.config import Config
from gns3trio.server import open_server
from tests.support.server import VPCS, Server
from tests.support.udp import free_port

USER, PASSWORD = "lab", "far secret"


@attrs.define
class FarServer:
    """The server. ``server`` sends requests to it while it runs; it keeps its port."""

    config: Config
    _nursery: trio.Nursery
    server: Server | None = None
    _stopping: trio.Event = attrs.field(factory=trio.Event)
    _stopped: trio.Event = attrs.field(factory=trio.Event)

    @property
    def address(self) -> dict[str, Any]:
        """The body of a request that registers it as a compute."""
        return {
            "compute_id": "far",
            "name": "far",
            "protocol": "https" if self.config.ssl else "http",
            "host": "127.0.0.1",
            "port": self.config.port,
            "user": USER,
            "password": PASSWORD,
        }

    async def start(self) -> None:
        """Start it, as a new process would: without nodes."""
        self._stopping, self._stopped = trio.Event(), trio.Event()
        await self._nursery.start(self._run)

    async def _run(self, task_status: trio.TaskStatus[None]) -> None:
        async with (
            open_server(self.config) as running,
            httpx.AsyncClient(base_url=running.urls[0], auth=(USER, PASSWORD), timeout=30, verify=False) as http,
        ):
            self.config = attrs.evolve(self.config, port=int(running.urls[0].rpartition(":")[2]))
            self.server = Server(running.urls[0], self.config, http)
            task_status.started()
            await self._stopping.wait()
        self.server = None
        self._stopped.set()

    async def stop(self) -> None:
        """Stop it. It forgets all hosted projects."""
        self._stopping.set()
        await self._stopped.wait()

    async def get(self, path: str) -> Any:
        """Ask it something."""
        assert self.server is not None
        return await self.server.request("GET", path, None, 200)


@asynccontextmanager
async def far_server(folder: Path, **settings: Any) -> AsyncIterator[FarServer]:
    """Run it for as long as the ``async with`` lasts."""
    usual: dict[str, Any] = {
        "port": 0,
        "projects_path": folder,
        "vpcs_path": VPCS,
        "user": USER,
        "password": PASSWORD,
        "console_start_port_range": 28001,
        "console_end_port_range": 29000,
        "udp_start_port_range": 29001,
        "udp_end_port_range": 31000,
        "trunk_port": free_port(),
    }
    config = Config(**{**usual, **settings})
    async with trio.open_nursery() as nursery:
        far = FarServer(config, nursery)
        await far.start()
        yield far
        if far.server is not None:
            await far.stop()
