"""A whole server in the test's own trio loop: real core, real sockets, real VPCS, its own ports and folder."""

import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from gns3trio.config import Config
from gns3trio.server import RunningServer, open_server
from tests.api.described import check_reply
from tests.loop import MOST_WORK_SECONDS, loop_goes_on

VPCS = os.environ.get("GNS3TRIO_TEST_VPCS", shutil.which("vpcs") or "vpcs").split(":")[0]


@attrs.frozen
class Server:
    """A running server and a client of it."""

    url: str
    config: Config
    http: httpx.AsyncClient

    async def request(self, method: str, path: str, body: Any = None, status: int | None = None) -> Any:
        """Send a request as a GNS3 2.2 client does; returns the JSON reply, if any.

        Checks the status when given, that keys are sorted, and that a reply of success is as OpenAPI describes it.
        """
        reply = await self.http.request(method, path, json=body)
        if status is not None:
            assert reply.status_code == status, reply.text
        if reply.headers.get("content-type") == "application/json" and not path.endswith("/topology"):
            check_sorted(reply.content)
        if reply.is_success and reply.headers.get("content-type") == "application/json":
            check_reply(method, path, reply.status_code, reply.json())
        return reply.json() if reply.content else None


def check_sorted(text: bytes) -> None:
    """As GNS3 sends its objects: some clients know where one ends by its last key."""

    def check(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        assert keys == sorted(keys)
        return dict(pairs)

    json.loads(text, object_pairs_hook=check)


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
        stats_interval=0.05,
    )


@pytest.fixture
async def running(config: Config) -> AsyncIterator[RunningServer]:
    async with open_server(config) as opened:
        with loop_goes_on(opened.watchdog, MOST_WORK_SECONDS):
            yield opened


@pytest.fixture
async def server(running: RunningServer, config: Config) -> AsyncIterator[Server]:
    (url,) = running.urls
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        yield Server(url, config, http)


@pytest.fixture
async def project(server: Server) -> dict[str, Any]:
    """An open project."""
    return await server.request("POST", "/v2/projects", {"name": "lab"}, 201)


def node_path(project: dict[str, Any], node: dict[str, Any]) -> str:
    """The path of a node in version 2."""
    return f"/v2/projects/{project['project_id']}/nodes/{node['node_id']}"
