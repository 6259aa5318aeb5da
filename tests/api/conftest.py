"""A whole server in the test's own trio loop: real core, real sockets, real VPCS, its own ports and folder."""

import gc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gns3trio.config import Config
from gns3trio.server import RunningServer, open_server
from tests.loop import MOST_WORK_SECONDS, loop_goes_on
from tests.support.far_server import FarServer, far_server
from tests.support.lab import Lab, make_pair, open_lab
from tests.support.plain_http import NO_TLS
from tests.support.quick_passwords import quick_passwords as quick_passwords
from tests.support.server import VPCS, Server
from tests.support.udp import free_port


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(
        port=0,
        projects_path=tmp_path / "projects",
        vpcs_path=VPCS,
        console_start_port_range=22000,
        console_end_port_range=24000,
        udp_start_port_range=24001,
        udp_end_port_range=28000,
        trunk_port=free_port(),
        stats_interval=0.05,
    )


@pytest.fixture
async def running(config: Config) -> AsyncIterator[RunningServer]:
    # A search for garbage does not go through the objects of ten thousand tests: for 0.3 s, in which no thread runs.
    gc.freeze()
    async with open_server(config) as opened, loop_goes_on(opened.watchdog, MOST_WORK_SECONDS):
        yield opened
    gc.unfreeze()


@pytest.fixture
async def server(running: RunningServer, config: Config) -> AsyncIterator[Server]:
    (url,) = running.urls
    async with httpx.AsyncClient(base_url=url, timeout=30, verify=NO_TLS) as http:
        yield Server(url, config, http)


@pytest.fixture
async def project(server: Server) -> dict[str, Any]:
    """An open project."""
    return await server.request("POST", "/v2/projects", {"name": "lab"}, 201)


@pytest.fixture
async def pair(server: Server, project: dict[str, Any]) -> Lab:
    """Two VPCS that do not run: to start them with addresses takes four seconds."""
    return await make_pair(server, project)


@pytest.fixture
async def lab(server: Server, project: dict[str, Any]) -> AsyncIterator[Lab]:
    async with open_lab(server, project) as opened:
        yield opened


@pytest.fixture
async def far(tmp_path: Path) -> AsyncIterator[FarServer]:
    """Another server of ours, on another host."""
    async with far_server(tmp_path / "far") as opened:
        yield opened


@pytest.fixture
async def registered(server: Server, far: FarServer) -> dict[str, Any]:
    """It is a compute of the server."""
    compute = await server.request("POST", "/v2/computes", far.address, 201)
    assert compute["connected"], compute
    return dict(compute)
