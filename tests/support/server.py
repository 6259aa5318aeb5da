"""A running server, as tests address it."""

import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import httpx

from gns3trio.config import Config
from gns3trio.server import open_server
from tests.support.described import check_reply

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


def node_path(project: dict[str, Any], node: dict[str, Any]) -> str:
    """The path of a node in version 2."""
    return f"/v2/projects/{project['project_id']}/nodes/{node['node_id']}"


@asynccontextmanager
async def started(config: Config) -> AsyncIterator[Server]:
    """A server that has just been started."""
    async with open_server(config) as running, httpx.AsyncClient(base_url=running.urls[0], timeout=60) as http:
        yield Server(running.urls[0], config, http)
