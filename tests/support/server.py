"""A running server, as tests address it."""

import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import httpx
import trio

from gns3trio.config import Config
from gns3trio.server import open_server
from tests.support.described import check_reply
from tests.support.plain_http import NO_TLS

VPCS = os.environ.get("GNS3TRIO_TEST_VPCS", shutil.which("vpcs") or "vpcs").split(":")[0]


# Larger ones are read in a thread.
LARGE_REPLY_BYTES = 1 << 20


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
        # The loop is the server's too.
        if len(reply.content) > LARGE_REPLY_BYTES:
            return await trio.to_thread.run_sync(_checked, method, path, reply)
        return _checked(method, path, reply)


def _checked(method: str, path: str, reply: httpx.Response) -> Any:
    """The value of a reply that is as GNS3 sends it, and as OpenAPI describes it."""
    value = reply.json() if reply.content else None
    if reply.headers.get("content-type") == "application/json":
        if not path.endswith("/topology"):
            check_sorted(reply.content)
        if reply.is_success:
            check_reply(method, path, reply.status_code, value)
    return value


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
    async with (
        open_server(config) as running,
        httpx.AsyncClient(base_url=running.urls[0], timeout=60, verify=NO_TLS) as http,
    ):
        yield Server(running.urls[0], config, http)
