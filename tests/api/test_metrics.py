"""``/metrics``: what the server was asked to do, and that large labs do not drown it in series."""

import re
from collections import Counter
from typing import Any

import attrs
import httpx
import pytest

from gns3trio.compute.actions import StartCounts
from gns3trio.config import Config
from gns3trio.errors import Conflict
from gns3trio.notifications.events import Event
from gns3trio.notifications.hub import MAX_QUEUED_EVENTS, NotificationHub
from gns3trio.notifications.topics import EVERYTHING
from gns3trio.server import open_server
from tests.support.lab import Lab
from tests.support.plain_http import NO_TLS
from tests.support.server import Server

_SAMPLE = re.compile(r"(\w+?)(_bucket|_sum|_count)?(?:\{(.*)\})? (\S+)")


async def read(http: httpx.AsyncClient) -> str:
    return (await http.get("/metrics")).text


def value(text: str, name: str, **labels: str) -> float:
    """The value of the only sample with these labels; 0 if there is none."""
    found = [
        float(each.rpartition(" ")[2])
        for each in text.splitlines()
        if each.startswith((f"{name}{{", f"{name} ")) and all(f'{k}="{v}"' in each for k, v in labels.items())
    ]
    assert len(found) < 2, found
    return sum(found)


async def test_the_format_is_as_prometheus_wants_it(lab: Lab) -> None:
    """Each family once with its help and type, its samples behind them; counters and units as its linter says."""
    await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0))
    text = await read(lab.server.http)
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    helps = dict(re.findall(r"^# HELP (\S+) (.+)$", text, re.M))
    assert kinds.keys() == helps.keys()
    assert Counter(re.findall(r"^# TYPE (\S+)", text, re.M)).most_common(1)[0][1] == 1
    family = ""
    series = Counter[str]()
    for line in text.splitlines():
        if line.startswith("# "):
            family = line.split()[2]
            continue
        found = _SAMPLE.fullmatch(line)
        assert found is not None, line
        histogram = kinds[family] == "histogram"
        assert (found[1] if histogram else found[1] + (found[2] or "")) == family, line
        assert (found[2] is not None) == histogram, line
        series[line.rpartition(" ")[0]] += 1
    assert max(series.values()) == 1
    for name, kind in kinds.items():
        assert name.endswith("_total") == (kind == "counter"), name
        assert not re.search(r"_(milliseconds|ms|kilobytes|percent|count|sum|bucket)$", name), name


async def test_requests_are_counted_by_route_and_kind_of_status(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}"
    for _ in range(3):
        await server.request("GET", path, None, 200)
    await server.request("GET", f"{path}/nodes/x", None, 404)
    for unknown in ("/nowhere", "/v2/nowhere", "/v2/else/where"):
        await server.http.get(unknown)
    await server.http.request("BREW", path)
    text = await read(server.http)
    name = "gns3trio_http_requests_total"
    assert value(text, name, method="GET", route="/v2/projects/{project_id}", status="2xx") == 3
    assert value(text, name, method="GET", route="other", status="4xx") == 3
    assert value(text, name, method="other", route="other", status="4xx") == 1
    assert "BREW" not in text and "nowhere" not in text
    assert value(text, "gns3trio_http_requests_unanswered") == 1  # this one
    counts = [value(text, "gns3trio_http_request_seconds_bucket", api="v2", le=f"{limit}") for limit in (0.005, 5)]
    every = value(text, "gns3trio_http_request_seconds_bucket", api="v2", le="+Inf")
    assert counts[0] <= counts[1] <= every == value(text, "gns3trio_http_request_seconds_count", api="v2") >= 6
    assert value(text, "gns3trio_http_request_seconds_sum", api="v2") > 0


async def test_a_link_at_rest_has_few_series_and_a_large_lab_none(
    server: Server, pair: Lab, config: Config, tmp_path_factory: pytest.TempPathFactory
) -> None:
    await pair.link((pair.nodes[0], 0), (pair.nodes[1], 0))
    text = await read(server.http)
    assert len(re.findall(r"^gns3trio_(?:link|port)_\w+\{", text, re.M)) <= 15
    assert "reason=" not in text
    assert (value(text, "gns3trio_links"), value(text, "gns3trio_link_metrics_left_out")) == (1, 0)
    config = attrs.evolve(config, metrics_links=0, projects_path=tmp_path_factory.mktemp("other"))
    async with (
        open_server(config) as running,
        httpx.AsyncClient(base_url=running.urls[0], timeout=30, verify=NO_TLS) as http,
    ):
        other = Server(running.urls[0], config, http)
        project = await other.request("POST", "/v2/projects", {"name": "lab"}, 201)
        nodes = {f"H{each}": {"node_type": "ethernet_hub"} for each in range(2)}
        document = {"nodes": nodes, "links": [{"ends": ["H0", "H1"]}]}
        await other.request("PUT", f"/v2/projects/{project['project_id']}/topology", document, 200)
        text = await read(http)
        assert (value(text, "gns3trio_links"), value(text, "gns3trio_link_metrics_left_out")) == (1, 1)
        assert not re.findall(r"^gns3trio_(?:link|port)_\w+\{", text, re.M)


async def test_starts_are_counted(server: Server, lab: Lab) -> None:
    assert value(await read(server.http), "gns3trio_node_starts_total", node_type="vpcs") == 2
    node = f"{lab.path}/nodes/{lab.nodes[0]['node_id']}"
    await server.request("POST", f"{node}/start", {}, 200)  # it runs already
    await server.request("POST", f"{node}/reload", {}, 200)
    assert value(await read(server.http), "gns3trio_node_starts_total", node_type="vpcs") == 3
    assert value(await read(server.http), "gns3trio_node_failed_starts_total") == 0


def test_a_start_that_fails_is_counted_as_that() -> None:
    starts = StartCounts()
    with pytest.raises(Conflict), starts.counting("qemu"):
        raise Conflict("no memory")
    assert (starts.started, starts.failed) == ({}, {"qemu": 1})


async def test_what_slow_clients_miss_is_counted() -> None:
    hub = NotificationHub()
    with hub.subscribe(EVERYTHING):
        for _ in range(100):
            hub.publish(Event("ping", {}))
        passed_over = hub.counts.passed_over
        assert passed_over == 100 - 64
        for _ in range(MAX_QUEUED_EVENTS + 1):
            hub.publish(Event("log.info", {"message": "x"}))
    assert (hub.counts.passed_over, hub.counts.lost) == (passed_over, 1)
