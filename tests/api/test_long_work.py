"""Files of any size: work on them keeps nobody else waiting, and ends when nobody waits for it any more."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import trio

from gns3trio.config import Config
from gns3trio.server import open_server
from tests.api.conftest import Server

# Nothing of it is on the disk, and to read it takes minutes.
HUGE_BYTES = 64 << 30
PATIENCE = 60
NODE = {"name": "SW", "node_type": "ethernet_switch", "compute_id": "local"}


def make_huge(folder: str) -> None:
    with open(Path(folder) / "huge", "xb") as file:
        os.truncate(file.fileno(), HUGE_BYTES)


async def ask(url: str, path: str, asked: trio.Semaphore) -> None:
    """Ask for something that takes long, until cancelled."""
    address = urlsplit(url)
    async with await trio.open_tcp_stream(address.hostname or "", address.port or 0) as client:
        await client.send_all(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        asked.release()
        while await client.receive_some():
            pass


LONG = {"sums": "/v2/compute/projects/{id}/files", "archives": "/v2/projects/{id}/export?compression=lzma"}


@pytest.mark.parametrize("path", LONG.values(), ids=LONG)
async def test_many_of_them_leave_the_disk_to_others(server: Server, project: dict[str, Any], path: str) -> None:
    make_huge(project["path"])
    asked = trio.Semaphore(0)
    async with trio.open_nursery() as nursery:
        for _ in range(60):
            nursery.start_soon(ask, server.url, path.format(id=project["project_id"]), asked)
        for _ in range(60):
            await asked.acquire()
        with trio.fail_after(PATIENCE):
            for _ in range(20):
                await server.request("POST", f"/v2/projects/{project['project_id']}/nodes", NODE, 201)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("path", LONG.values(), ids=LONG)
async def test_the_server_stops_meanwhile(config: Config, path: str) -> None:
    with trio.fail_after(PATIENCE):
        async with open_server(config) as running, trio.open_nursery() as nursery:
            (url,) = running.urls
            async with httpx.AsyncClient(base_url=url) as http:
                project = (await http.post("/v2/projects", json={"name": "lab"})).json()
            make_huge(project["path"])
            asked = trio.Semaphore(0)
            for _ in range(4):
                nursery.start_soon(ask, url, path.format(id=project["project_id"]), asked)
            for _ in range(4):
                await asked.acquire()
            async with httpx.AsyncClient(base_url=url) as http:  # theirs have come before
                assert (await http.get("/v2/version")).status_code == 200
            nursery.cancel_scope.cancel()
