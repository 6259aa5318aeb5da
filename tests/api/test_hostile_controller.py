"""A controller that means harm, or is broken, costs the other controllers of a compute nothing."""

import gc
import socket
import struct
import weakref
from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import attrs
import httpx
import orjson
import pytest
import trio

from gns3trio.compute.clients import ComputeClient
from gns3trio.compute.hosted import MOST_NODES, MOST_PROJECTS
from gns3trio.config import Config
from gns3trio.limits import MAX_ITEMS, MAX_NODES
from gns3trio.server import RunningServer, open_server
from tests.loop import MOST_WORK_SECONDS, loop_goes_on
from tests.support.plain_http import NO_TLS
from tests.support.server import Server

Json = dict[str, Any]
PATIENCE = 60
UPGRADE = (
    "GET /v2/compute/notifications/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Basic %s\r\n\r\n"
)
_ALICE = "YWxpY2U6YQ=="  # alice:a


@attrs.frozen
class Two:
    """A server, which alice attacks while bob works."""

    running: RunningServer
    alice: httpx.AsyncClient
    bob: Server


@pytest.fixture
async def two(config: Config) -> AsyncIterator[Two]:
    config = attrs.evolve(config, user="lab", password="x", compute_users=("alice:a", "bob:b"))
    async with open_server(config) as running:
        (url,) = running.urls
        async with (
            httpx.AsyncClient(base_url=url, auth=("alice", "a"), timeout=PATIENCE, verify=NO_TLS) as alice,
            httpx.AsyncClient(base_url=url, auth=("bob", "b"), timeout=PATIENCE, verify=NO_TLS) as bob,
            loop_goes_on(running.watchdog, MOST_WORK_SECONDS),
        ):
            yield Two(running, alice, Server(url, config, bob))


async def bob_works(two: Two) -> None:
    """A project, a switch and its end."""
    project = await two.bob.request("POST", "/v2/compute/projects", {"name": "lab"}, 201)
    path = f"/v2/compute/projects/{project['project_id']}"
    node = await two.bob.request("POST", f"{path}/ethernet_switch/nodes", {"name": "SW"}, 201)
    assert await two.bob.request("GET", f"{path}/ethernet_switch/nodes/{node['node_id']}", None, 200) == node
    await two.bob.request("DELETE", path, None, 204)


async def test_streams_that_are_opened_and_abandoned(two: Two) -> None:
    """Some end in order, some in the middle of their request, some are cut off; none counts as a controller then."""
    target = urlsplit(two.bob.url)
    assert target.hostname is not None and target.port is not None
    alice = ComputeClient("alice", "127.0.0.1")
    controllers = two.running.controller.hosted.controllers

    async def open_and_leave(number: int) -> None:
        stream = await trio.open_tcp_stream(str(target.hostname), int(target.port or 0))
        request = (UPGRADE % _ALICE).encode()
        async with stream:
            await stream.send_all(request[: len(request) // 2] if number % 4 == 0 else request)
            if number % 4:
                assert b" 101 " in await stream.receive_some(4096)
            if number % 4 == 1:
                await stream.send_eof()
                while await stream.receive_some(4096):
                    pass
            if number % 4 == 2:
                linger = struct.pack("ii", 1, 0)  # closing resets the connection
                stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            for number in range(80):
                nursery.start_soon(open_and_leave, number)
            await bob_works(two)
        while controllers.is_listening(alice):
            await trio.sleep(0.01)
    await bob_works(two)


async def test_bodies_that_are_too_large_or_too_deep(two: Two) -> None:
    project = (await two.alice.post("/v2/compute/projects", json={"name": "lab"})).json()
    nodes = f"/v2/compute/projects/{project['project_id']}/vpcs/nodes"
    statuses: list[int] = []

    async def send(content: bytes) -> None:
        statuses.append((await two.alice.post(nodes, content=content)).status_code)

    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            for content in (
                b'{"name": "' + b"x" * (17 << 20) + b'"}',
                b"[" * 1_000_000,
                b'{"name": "x", "properties": ' + b'{"a":' * 100_000,
                b'{"name": "' + b"\xff" * 1000 + b'"}',
                b'{"name": "x", "startup_script": "' + b"x" * (9 << 20) + b'"}',
                b"\0" * 100_000,
            ):
                nursery.start_soon(send, content)
            await bob_works(two)
    assert set(statuses) <= {400, 413, 503} and len(statuses) == 6
    assert (await two.alice.get("/v2/compute/projects")).json() == [project]


async def test_a_user_has_only_so_many_projects(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gns3trio.compute.hosted.MOST_PROJECTS", 20)
    statuses: list[int] = []

    async def create() -> None:
        body = {"name": "lab", "project_id": str(uuid4())}
        statuses.append((await two.alice.post("/v2/compute/projects", json=body)).status_code)

    async with trio.open_nursery() as nursery:
        for _ in range(30):
            nursery.start_soon(create)
    assert sorted(statuses) == [201] * 20 + [409] * 10
    await bob_works(two)
    assert MOST_PROJECTS > 1000


async def test_a_user_has_only_so_many_nodes(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """In all projects together. Those that are deleted, or closed with their project, do not count."""
    monkeypatch.setattr("gns3trio.compute.hosted.MOST_NODES", 20)

    async def create(number: int) -> tuple[str, list[Json]]:
        body = {"name": "lab", "project_id": str(uuid4())}
        project = (await two.alice.post("/v2/compute/projects", json=body)).json()["project_id"]
        hubs = [
            {"node_type": "ethernet_hub", "node_id": str(uuid4()), "name": "H", "properties": {}} for _ in range(number)
        ]
        made = await two.alice.post(f"/v2/compute/projects/{project}/batch/create", json={"nodes": hubs})
        return f"/v2/compute/projects/{project}", made.json()["nodes"]

    first, made = await create(15)
    _, others = await create(10)
    assert [part["status"] for part in made + others] == [201] * 20 + [409] * 5
    assert others[-1]["message"] == "this compute has 20 nodes of this user, and can have no more"
    await bob_works(two)
    assert (await two.alice.delete(f"{first}/ethernet_hub/nodes/{made[0]['node_id']}")).status_code == 204
    assert (await two.alice.post(f"{first}/close")).status_code == 204
    _, made = await create(20)
    assert [part["status"] for part in made] == [201] * 15 + [409] * 5
    assert MOST_NODES >= MAX_NODES


async def test_many_nodes_that_end_together(two: Two) -> None:
    """They do not keep the loop from others: the fixture watches it."""
    project = (await two.alice.post("/v2/compute/projects", json={"name": "lab", "project_id": str(uuid4())})).json()
    path = f"/v2/compute/projects/{project['project_id']}"
    for _ in range(6):
        hub = {"node_type": "ethernet_hub", "name": "H", "properties": {}}
        hubs = [{**hub, "node_id": str(uuid4())} for _ in range(MAX_ITEMS)]
        made = await two.alice.post(f"{path}/batch/create", content=orjson.dumps({"nodes": hubs}))
        assert {part["status"] for part in orjson.loads(made.content)["nodes"]} == {201}
    assert gc.get_freeze_count() > 0  # or each search for garbage goes through all of them
    async with loop_goes_on(two.running.watchdog, 0.2):
        assert (await two.alice.delete(path)).status_code == 204
    assert (await two.alice.get("/v2/compute/projects")).json() == []


@pytest.mark.parametrize("node_type", ["ethernet_hub", "cloud"])
async def test_nodes_that_end_are_no_work_for_the_garbage_collection(two: Two, node_type: str) -> None:
    """That of thousands would hold up everybody at one go."""
    project = (await two.alice.post("/v2/compute/projects", json={"name": "lab"})).json()
    path = f"/v2/compute/projects/{project['project_id']}"
    assert (await two.alice.post(f"{path}/{node_type}/nodes", json={"name": "N"})).status_code == 201
    (hosted,) = two.running.controller.hosted.all()
    (is_there,) = [weakref.ref(node.instance) for node in hosted.nodes.values()]
    del hosted
    gc.disable()
    try:
        assert (await two.alice.delete(path)).status_code == 204
        assert is_there() is None
    finally:
        gc.enable()


async def test_a_project_that_is_opened_and_closed_by_many_at_once(two: Two) -> None:
    project_id = str(uuid4())
    path = f"/v2/compute/projects/{project_id}"
    statuses: list[int] = []

    async def send(method: str, path: str, body: Json | None) -> None:
        statuses.append((await two.alice.request(method, path, json=body)).status_code)

    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            for number in range(40):
                body = {"name": "lab", "project_id": project_id}
                nursery.start_soon(send, "POST", "/v2/compute/projects", body)
                nursery.start_soon(send, "POST", f"{path}/ethernet_hub/nodes", {"name": f"H{number}"})
                nursery.start_soon(send, "POST", f"{path}/ports/udp", {})
                nursery.start_soon(partial(send, "POST", f"{path}/close", None))
            await bob_works(two)
        await two.alice.post(f"{path}/close")
    assert set(statuses) <= {201, 204, 404}
    ports = await two.bob.request("GET", "/v2/compute/network/ports", None, 200)
    assert (ports["console_ports"], ports["udp_ports"]) == ([], [])
