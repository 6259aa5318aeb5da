"""Links with ends on another host of ours: what they can do there as here."""

from typing import Any

import pytest
import trio

from gns3trio.api.v2 import compute as compute_api
from tests.support.far_lab import NOBODY, REPLY, TIMEOUT, far_pcs
from tests.support.far_server import FarServer
from tests.support.lab import Lab
from tests.support.pings import PATIENCE, ping, script, until
from tests.support.server import Server, node_path
from tests.support.websockets import console, ws_events

Json = dict[str, Any]
IMPAIRED = [{"type": "loss", "direction": "b_to_a", "percent": 100}]


async def impair(lab: Lab, link: Json, impairments: list[Json], status: int = 200) -> Json:
    path = f"{lab.path}/links/{link['link_id']}/impairments"
    return dict(await lab.server.request("PUT", path, {"impairments": impairments, "seed": 5}, status))


async def test_impairments_wherever_the_ends_are(
    server: Server, project: Json, far: FarServer, registered: Json
) -> None:
    """They act in one direction, on a link of the other host and on one between hosts, also after opening anew."""
    lab = Lab(server, project, [])
    near = await lab.node("vpcs", name="NEAR", **script(1))
    first, second = await far_pcs(lab, 2, 3)
    switch = await lab.node("ethernet_switch", name="SW", compute_id="far")
    across = await lab.link((switch, 0), (near, 0))
    there = await lab.link((switch, 1), (first, 0))
    await lab.link((switch, 2), (second, 0))
    await server.request("POST", f"{lab.path}/nodes/start", None, 204)
    await ping(server, project, first, "10.0.0.1", REPLY)
    for link in (across, there):
        shown = await impair(lab, link, IMPAIRED)
        assert (shown["seed"], shown["impairments"][0]["direction"]) == (5, "b_to_a")
        await ping(server, project, first, "10.0.0.1", TIMEOUT)
        await lab.update(link, {"suspend": True})
        await lab.update(link, {"suspend": False})
        await ping(server, project, first, "10.0.0.1", TIMEOUT)
        await impair(lab, link, [{**IMPAIRED[0], "percent": 0}])
        await ping(server, project, first, "10.0.0.1", REPLY)
    error = await impair(lab, there, [{"type": "bpf", "expression": "no such"}], 400)
    assert "impairments[0].expression" in error["message"]
    for link in (across, there):
        await impair(lab, link, IMPAIRED)
    await server.request("POST", f"{lab.path}/close", None, 204)
    await server.request("POST", f"{lab.path}/open", None, 201)
    await server.request("POST", f"{lab.path}/nodes/start", None, 204)
    await ping(server, project, second, "10.0.0.1", NOBODY)
    await ping(server, project, second, "10.0.0.2", NOBODY)
    for link in (across, there):
        await impair(lab, link, [])
    await ping(server, project, second, "10.0.0.1", REPLY)
    await ping(server, project, second, "10.0.0.2", REPLY)


async def test_what_a_gns3_compute_cannot_do_is_told(
    server: Server, project: Json, far: FarServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server without our extensions has GNS3's filters; the end here can have the impairments of a link."""
    monkeypatch.setattr(compute_api, "EXTENSIONS", ())
    await server.request("POST", "/v2/computes", far.address, 201)
    lab = Lab(server, project, [])
    near = await lab.node("vpcs", name="NEAR", **script(1))
    (first,) = await far_pcs(lab, 2)
    switch = await lab.node("ethernet_switch", name="SW", compute_id="far")
    across = await lab.link((switch, 0), (near, 0))
    there = await lab.link((switch, 1), (first, 0))
    await server.request("POST", f"{lab.path}/nodes/start", None, 204)
    await ping(server, project, first, "10.0.0.1", REPLY)
    await impair(lab, across, IMPAIRED)
    await ping(server, project, first, "10.0.0.1", TIMEOUT)
    await impair(lab, across, [])
    error = await impair(lab, there, IMPAIRED, 409)
    assert "impairments: " in error["message"] and "GNS3's filters only" in error["message"]
    await ping(server, project, first, "10.0.0.1", REPLY)


async def test_counters_wherever_the_ends_are(server: Server, project: Json, far: FarServer, registered: Json) -> None:
    """They come by themselves: in events, statistics of links and nodes, and metrics."""
    lab = Lab(server, project, [])
    await server.request("PUT", lab.path, {"auto_close": False}, 200)
    near = await lab.node("vpcs", name="NEAR", **script(1))
    (first,) = await far_pcs(lab, 2)
    switch = await lab.node("ethernet_switch", name="SW", compute_id="far")
    across = await lab.link((switch, 0), (near, 0))
    there = await lab.link((switch, 1), (first, 0))
    await server.request("POST", f"{lab.path}/nodes/start", None, 204)
    async with ws_events(server, f"{lab.path}/notifications/ws") as events:
        await ping(server, project, first, "10.0.0.1", REPLY)
        seen: dict[str, Json] = {}
        with trio.fail_after(PATIENCE):
            while not all(
                stats["a_to_b"]["frames"] and stats["b_to_a"]["frames"] for stats in seen.values()
            ) or seen.keys() != {across["link_id"], there["link_id"]}:
                event = await events.until("link.stats")
                seen[event["link_id"]] = event
    for link in (across, there):
        path = f"{lab.path}/links/{link['link_id']}/statistics"
        stats = await until(server, path, lambda shown: shown["a_to_b"]["frames_per_second"] == 0)
        assert all(stats[way]["bytes"] >= 60 * stats[way]["frames"] > 0 for way in ("a_to_b", "b_to_a"))
    ports = await server.request("GET", f"{node_path(project, switch)}/statistics", None, 200)
    assert [port["in"]["frames"] > 0 and port["out"]["frames"] > 0 for port in ports] == [True, True]
    metrics = (await server.http.get("/metrics")).text
    for link in (across, there):
        lines = [
            line
            for line in metrics.splitlines()
            if link["link_id"] in line and line.startswith("gns3trio_link_frames_total")
        ]
        assert lines and all(float(line.split()[-1]) > 0 for line in lines), lines

    await impair(lab, there, [{"type": "loss", "direction": "b_to_a", "percent": 100}])
    await ping(server, project, first, "10.0.0.1", TIMEOUT)
    path = f"{lab.path}/links/{there['link_id']}/statistics"
    await until(server, path, lambda shown: shown["b_to_a"]["drops"]["filter"] > 0)

    before = await server.request("GET", path, None, 200)
    await far.stop()
    await until(server, "/v2/computes/far", lambda shown: not shown["connected"])
    assert (await server.request("GET", path, None, 200))["a_to_b"]["frames"] == before["a_to_b"]["frames"]
    await far.start()
    await runs_again(far, first)
    await until(server, f"{lab.path}/problems", lambda problems: problems == {"file": [], "links": [], "nodes": []})
    await impair(lab, there, [])
    await ping(server, project, first, "10.0.0.1", REPLY)
    await until(server, path, lambda shown: shown["b_to_a"]["frames"] > 0)  # they have begun anew


async def runs_again(far: FarServer, node: Json) -> None:
    """Wait until the other host, which was started anew, runs the node."""
    path = f"/v2/compute/projects/{node['project_id']}/vpcs/nodes/{node['node_id']}"
    assert far.server is not None
    with trio.fail_after(PATIENCE):
        while (await far.server.http.get(path)).json().get("status") != "started":
            await trio.sleep(0.05)


async def test_a_link_between_hosts_is_told_of_once_at_a_time(
    server: Server, project: Json, far: FarServer, registered: Json
) -> None:
    """Both hosts count its frames, and only one of them causes an event in each interval."""
    lab = Lab(server, project, [])
    near = await lab.node("vpcs", name="NEAR", **script(1))
    (first,) = await far_pcs(lab, 2)
    await lab.link((near, 0), (first, 0))
    await server.request("POST", f"{lab.path}/nodes/start", None, 204)
    await ping(server, project, near, "10.0.0.2", REPLY)
    async with console(server, project, near) as opened, ws_events(server, f"{lab.path}/notifications/ws") as events:
        await opened.send_message(b"ping 10.0.0.2 -c 100 -i 10\r")
        intervals = [(await events.until("link.stats"))["interval"] for _ in range(10)]
    assert min(sorted(intervals)[2:]) >= server.config.stats_interval / 2


async def test_warnings_of_nodes_there_are_told(
    server: Server, project: Json, far: FarServer, registered: Json
) -> None:
    """GNS3's notifications have no place for warnings: here, that a node has another console than it was to have."""
    lab = Lab(server, project, [])
    (first,) = await far_pcs(lab, 2)
    async with ws_events(server, f"{lab.path}/notifications/ws") as events:
        second = await lab.node("vpcs", name="FAR3", compute_id="far", console=first["console"])
        with trio.fail_after(PATIENCE):
            warning = await events.until("log.warning")
    assert second["console"] != first["console"]
    assert "compute 'far'" in warning["message"] and "FAR3" in warning["message"]
