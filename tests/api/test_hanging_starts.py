"""A program that hangs while it is started: whoever stops, deletes or closes does not wait for it."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
import httpx
import psutil
import pytest
import trio

from gns3trio.compute.nodes.parts import hanging_starts
from gns3trio.compute.nodes.vpcs import process as vpcs_process
from gns3trio.config import Config
from gns3trio.server import RunningServer, open_server
from tests.support.plain_http import NO_TLS
from tests.support.server import Server, node_path


def program(folder: Path, *, hangs_at_version: bool) -> Path:
    """A VPCS that stops itself, either when it is asked for its version or when it should boot."""
    path = folder / "vpcs"
    hang = "kill -STOP $$"
    at_version, at_boot = (hang, "") if hangs_at_version else ("", hang)
    version = "echo Virtual PC Simulator, version 0.8.3"
    path.write_text(f'#!/bin/sh\nif [ "$1" = -v ]; then {at_version}\n{version}; exit; fi\n{at_boot}\n')
    path.chmod(0o755)
    return path


@pytest.fixture(params=[False, True], ids=["hangs at boot", "hangs at -v"])
def config(request: pytest.FixtureRequest, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setattr(vpcs_process, "STOP_GRACE_SECONDS", 0.05)
    monkeypatch.setattr(hanging_starts, "HANGING_SECONDS", 0.05)
    monkeypatch.setattr(vpcs_process, "PROBE_SECONDS", 60)
    return attrs.evolve(config, vpcs_path=str(program(tmp_path, hangs_at_version=request.param)))


def hanging() -> list[psutil.Process]:
    """The programs that have stopped themselves."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if child.status() == psutil.STATUS_STOPPED]


async def until_one_hangs() -> None:
    with trio.fail_after(30):
        while not hanging():
            await trio.sleep(0.01)


async def start(server: Server, path: str, told: list[str]) -> None:
    """It fails, as somebody stops the node, or because that is gone then."""
    reply = await server.http.post(f"{path}/start", json={})
    assert reply.status_code in (403, 404, 409), reply.text
    told.append(reply.json()["message"])


ENDS = [
    ("POST", "{node}/stop", 200),
    ("DELETE", "{node}", 204),
    ("POST", "{project}/nodes/stop", 204),
    ("POST", "{project}/close", 204),
    ("DELETE", "{project}", 204),
    ("POST", "{compute}/stop", 204),
    ("DELETE", "{compute}", 204),
]


@pytest.mark.parametrize(("method", "what", "status"), ENDS)
async def test_who_ends_it_does_not_wait(
    server: Server, project: dict[str, Any], running: RunningServer, method: str, what: str, status: int
) -> None:
    body = {"name": "PC", "node_type": "vpcs", "compute_id": "local"}
    path = f"/v2/projects/{project['project_id']}"
    node = await server.request("POST", f"{path}/nodes", body, 201)
    paths = {
        "project": path,
        "node": node_path(project, node),
        "compute": f"/v2/compute/projects/{project['project_id']}/vpcs/nodes/{node['node_id']}",
    }
    told: list[str] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(start, server, paths["node"], told)
        await until_one_hangs()
        nursery.start_soon(start, server, paths["node"], told)  # one that waits for the first
        ((made,),) = (each.nodes.values() for each in running.controller.projects.values())
        while not made.lock.waiting:
            await trio.lowlevel.checkpoint()
        with trio.fail_after(30):
            await server.request(method, what.format(**paths), None, status)
    assert "was stopped before its start" in told[0] and len(told) == 2
    assert hanging() == []


async def test_a_hosted_node_of_another_controller(server: Server) -> None:
    hosted = f"/v2/compute/projects/{uuid4()}"
    await server.request("POST", "/v2/compute/projects", {"name": "far", "project_id": hosted[-36:]}, 201)
    node = await server.request("POST", f"{hosted}/vpcs/nodes", {"name": "PC"}, 201)
    told: list[str] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(start, server, f"{hosted}/vpcs/nodes/{node['node_id']}", told)
        await until_one_hangs()
        with trio.fail_after(30):
            await server.request("POST", f"{hosted}/close", None, 204)
    assert len(told) == 1 and hanging() == []


async def test_the_end_of_the_server(config: Config) -> None:
    """Those who wait for the start are told, and the server ends."""
    told: list[str] = []
    with trio.fail_after(30):
        async with (
            open_server(config) as running,
            httpx.AsyncClient(base_url=running.urls[0], timeout=60, verify=NO_TLS) as http,
        ):
            server = Server(running.urls[0], config, http)
            project = await server.request("POST", "/v2/projects", {"name": "lab"}, 201)
            body = {"name": "PC", "node_type": "vpcs", "compute_id": "local"}
            nodes = f"/v2/projects/{project['project_id']}/nodes"
            made = [await server.request("POST", nodes, body, 201) for _ in range(3)]
            async with trio.open_nursery() as nursery:
                for node in made:
                    nursery.start_soon(start, server, node_path(project, node), told)
                await until_one_hangs()
                (opened,) = running.controller.projects.values()
                while not all(node.lock.locked() for node in opened.nodes.values()):  # the requests have come
                    await trio.sleep(0.01)
                running.closing.set()
    assert len(told) == 3
    assert hanging() == []


async def test_one_that_goes_on_is_started_later(server: Server, project: dict[str, Any], config: Config) -> None:
    """Having been given up leaves nothing behind."""
    body = {"name": "PC", "node_type": "vpcs", "compute_id": "local"}
    node = await server.request("POST", f"/v2/projects/{project['project_id']}/nodes", body, 201)
    path = node_path(project, node)
    told: list[str] = []
    for _ in range(2):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(start, server, path, told)
            await until_one_hangs()
            await server.request("POST", f"{path}/stop", None, 200)
    assert len(told) == 2
    await server.request("PUT", path, {"name": "renamed"}, 200)
