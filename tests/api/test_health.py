"""``/health``, and the Grafana dashboard against the metrics that there are."""

import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from gns3trio import __version__
from gns3trio.api import health
from gns3trio.config import Config
from gns3trio.controller.storage import files as storage
from gns3trio.errors import Unavailable
from gns3trio.server import RunningServer, open_server
from gns3trio.watchdog import LONG_SECONDS
from tests.support.lab import ALL_DROPPED, Lab
from tests.support.plain_http import NO_TLS
from tests.support.server import Server

DASHBOARD = Path(__file__).parents[2] / "docs" / "grafana-dashboard.json"


async def test_a_healthy_server(server: Server) -> None:
    reply = await server.http.get("/health")
    assert reply.status_code == 200
    assert reply.json() == {"status": "ok", "problems": [], "gns3trio_version": __version__}
    assert reply.headers["cache-control"] == "no-store"


async def test_a_project_that_cannot_be_saved(
    server: Server, project: dict[str, Any], running: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = next(iter(running.controller.projects.values()))

    def refuse(files: Any) -> None:
        raise Unavailable("No space left on device")

    monkeypatch.setattr(opened.file._saver, "_write_in_thread", refuse)
    await server.request("POST", f"/v2/projects/{project['project_id']}/drawings", {"svg": "<svg></svg>"})
    with pytest.raises(Unavailable):
        await opened.file.flush()
    report = await server.request("GET", "/health", None, 503)
    assert report["status"] == "failing"
    assert report["problems"] == ["projects that cannot be saved: 1"]
    monkeypatch.setattr(opened.file._saver, "_write_in_thread", storage.write_all)
    await opened.file.flush()
    await server.request("GET", "/health", None, 200)


async def test_a_disk_that_is_nearly_full(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "MIN_FREE_BYTES", 1 << 62)
    report = await server.request("GET", "/health", None, 503)
    assert re.fullmatch(r"the disk for projects has only \d+ MiB left", report["problems"][0])


async def test_a_folder_that_is_gone(server: Server) -> None:
    server.config.projects_path.rename(server.config.projects_path.with_name("elsewhere"))
    report = await server.request("GET", "/health", None, 503)
    assert "the folder for projects is not there: No such file or directory" in report["problems"]
    server.config.projects_path.with_name("elsewhere").rename(server.config.projects_path)


@pytest.fixture
async def locked(config: Config) -> AsyncIterator[httpx.AsyncClient]:
    with_password = attrs.evolve(config, user="gns3", password="secret")
    async with open_server(with_password) as opened, httpx.AsyncClient(base_url=opened.urls[0], verify=NO_TLS) as http:
        yield http


async def test_it_needs_no_password(locked: httpx.AsyncClient) -> None:
    assert (await locked.get("/health")).status_code == 200
    assert (await locked.get("/v2/version")).status_code == 401


async def test_what_kept_the_loop_is_told(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    def keep_the_loop() -> None:
        time.sleep(LONG_SECONDS * 1.2)

    keep_the_loop()
    text = (await server.http.get("/metrics")).text
    longest, gaps = (
        re.search(rf"^gns3trio_loop_{name} (\S+)$", text, re.M) for name in ("longest_gap_seconds", "long_gaps_total")
    )
    assert longest is not None and float(longest[1]) > LONG_SECONDS
    assert gaps is not None and int(gaps[1]) >= 1
    assert "in keep_the_loop" in caplog.text


async def test_the_dashboard_asks_for_metrics_and_labels_that_exist(lab: Lab) -> None:
    await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0), filters=ALL_DROPPED)
    await lab.ping()
    text = (await lab.server.http.get("/metrics")).text
    names = {name + part for name in re.findall(r"^# TYPE (\w+)", text, re.M) for part in ("", "_bucket")}
    labels = {"instance", "job", *re.findall(r"[{,](\w+)=\"", text)}
    dashboard = json.loads(DASHBOARD.read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    queries += [variable["query"] for variable in dashboard["templating"]["list"]]
    used = {name for query in queries for name in re.findall(r"\b(?:gns3trio|process)_\w+", query)}
    assert used and used <= names
    assert {name for query in queries for name in re.findall(r"[{,] ?(\w+)=~?\"", query)} <= labels
    grouped = re.findall(r"(?:by|on|group_left) \(([^)]*)\)", " ".join(queries))
    assert {name.strip() for group in grouped for name in group.split(",")} <= labels
    assert f'project="lab",link="{lab.nodes[0]["name"]}:0 - {lab.nodes[1]["name"]}:0"' in text
    joins = [group for query in queries for group in re.findall(r"\bon \(([^)]*)\)", query)]
    assert joins and all("instance" in group.split(", ") for group in joins)  # ids are the same in a copied server
