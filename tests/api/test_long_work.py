"""Files of any size: work on them keeps nobody else waiting, and ends when nobody waits for it any more."""

import os
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import trio

from gns3trio.config import Config
from gns3trio.server import open_server
from tests.support.plain_http import NO_TLS
from tests.support.server import Server

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
            async with httpx.AsyncClient(base_url=url, verify=NO_TLS) as http:
                project = (await http.post("/v2/projects", json={"name": "lab"})).json()
            make_huge(project["path"])
            asked = trio.Semaphore(0)
            for _ in range(4):
                nursery.start_soon(ask, url, path.format(id=project["project_id"]), asked)
            for _ in range(4):
                await asked.acquire()
            async with httpx.AsyncClient(base_url=url, verify=NO_TLS) as http:  # theirs have come before
                assert (await http.get("/v2/version")).status_code == 200
            nursery.cancel_scope.cancel()


def document(links: int) -> dict[str, Any]:
    """A topology with an expression for each link, of the kind that takes libpcap long; none is as another."""
    long = " or ".join(f"portrange {first}-{first + 9}" for first in range(10, 500, 12))
    ends = [
        {"ends": [f"S{n}:0", f"S{n + 1}:1"], "filters": {"bpf": [f"{long} or port {1000 + n}"]}} for n in range(links)
    ]
    return {"nodes": {f"S{n}": {"node_type": "ethernet_switch"} for n in range(links + 1)}, "links": ends}


async def test_an_expression_is_compiled_between_those_of_a_large_document(
    server: Server, project: dict[str, Any]
) -> None:
    path = f"/v2/projects/{project['project_id']}"
    nodes = [await server.request("POST", f"{path}/nodes", NODE, 201) for _ in range(2)]
    ends = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": 0} for node in nodes]
    link = await server.request("POST", f"{path}/links", {"nodes": ends}, 201)
    large = document(4000)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(server.http.put, f"{path}/topology?dry_run=true", json=large, timeout=None))
        with trio.fail_after(PATIENCE):
            for port in range(10):
                filters = {"filters": {"bpf": [f"tcp port {port + 1}"]}}
                await server.request("PUT", f"{path}/links/{link['link_id']}", filters, 201)
        nursery.cancel_scope.cancel()


async def test_a_wrong_expression_of_a_document_is_named(server: Server, project: dict[str, Any]) -> None:
    wrong = document(5)
    wrong["links"][3]["filters"]["bpf"] = ["tcp\nno such thing"]
    wrong["links"][4]["impairments"] = [{"type": "bpf", "expression": "nor this"}]
    error = await server.request("PUT", f"/v2/projects/{project['project_id']}/topology", wrong, 400)
    assert error["message"].startswith("links[3].filters.bpf: line 2: ")
