"""Projects that open, start and close by themselves."""

import logging
import re
from typing import Any

import httpx
import pytest
import trio

from gns3trio.config import Config
from gns3trio.controller.project import auto_options as auto_options
from gns3trio.server import RunningServer, open_server
from tests.support.lab import create
from tests.support.plain_http import NO_TLS
from tests.support.server import Server


async def test_projects_open_and_start_by_themselves(config: Config) -> None:
    async with open_server(config) as running, httpx.AsyncClient(base_url=running.urls[0], verify=NO_TLS) as http:
        server = Server(running.urls[0], config, http)
        project = await server.request(
            "POST", "/v2/projects", {"name": "a", "auto_open": True, "auto_start": True}, 201
        )
        await create(server, project)
    async with open_server(config) as running, httpx.AsyncClient(base_url=running.urls[0], verify=NO_TLS) as http:
        server = Server(running.urls[0], config, http)
        path = f"/v2/projects/{project['project_id']}"
        with trio.fail_after(30):
            while (await server.request("GET", path, None, 200))["status"] != "opened":
                await trio.sleep(0.01)
            while (await server.request("GET", f"{path}/nodes", None, 200))[0]["status"] != "started":
                await trio.sleep(0.01)


async def watch(server: Server, project: dict[str, Any]) -> None:
    """Be a client of the project's notifications for the time of the first event."""
    path = f"/v2/projects/{project['project_id']}/notifications"
    async with server.http.stream("GET", path) as stream:
        async for _ in stream.aiter_raw():
            return


async def test_a_project_closes_when_its_last_client_has_left(
    server: Server,
    project: dict[str, Any],
    running: RunningServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "gns3trio")
    monkeypatch.setattr(auto_options, "AUTO_CLOSE_SECONDS", 0.05)
    stays = await server.request("POST", "/v2/projects", {"name": "stays", "auto_close": False}, 201)
    await watch(server, stays)
    path = f"/v2/projects/{project['project_id']}"
    async with server.http.stream("GET", f"{path}/notifications") as stream:
        events = stream.aiter_raw()
        await anext(events)
        await watch(server, project)
        attendance = running.controller.attendance
        with trio.fail_after(30):
            while sum(attendance.present.values()) > 1:
                await trio.sleep(0.01)
        await trio.sleep(0.1)  # twice as long as a project waits that nobody watches
        assert (await server.request("GET", path, None, 200))["status"] == "opened"
    with trio.fail_after(30):
        while (await server.request("GET", path, None, 200))["status"] != "closed":
            await trio.sleep(0.01)
    (told,) = (each.getMessage() for each in caplog.records if "auto_close" in each.getMessage())
    assert "project lab: it is closed" in told and re.search(r"left: 127\.0\.0\.1 \(python-httpx/", told)
    assert (await server.request("GET", f"/v2/projects/{stays['project_id']}", None, 200))["status"] == "opened"
