"""Measuring a link of a running lab through the API and the command line."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
import trio

from gns3trio import cli
from tests.api.conftest import Server
from tests.api.test_links import Lab, lab
from tests.api.test_notifications import ws_events

__all__ = ["lab"]
QUICK_BURST = {"tests": ["burst"], "trial_seconds": 0.05, "drain_seconds": 0.01, "frame_sizes": [64], "resolution": 0.5}
QUICK = {"trial_seconds": 0.1, "drain_seconds": 0.3, "frame_sizes": [64], "max_frames_per_second": 4000}


async def builtin_link(server: Server, project: dict[str, Any]) -> tuple[Lab, str]:
    lab = Lab(server, project, [])
    link = await lab.link((await lab.node("ethernet_hub"), 0), (await lab.node("ethernet_switch"), 0))
    return lab, f"{lab.path}/links/{link['link_id']}"


async def test_a_delayed_link_between_running_nodes(lab: Lab) -> None:
    link = await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0), filters={"delay": [20]})
    path = f"{lab.path}/links/{link['link_id']}"
    async with ws_events(lab.server, f"{lab.path}/notifications/ws") as stream:
        body = {**QUICK, "tests": ["throughput", "latency"], "direction": "b_to_a"}
        report = await lab.server.request("POST", f"{path}/benchmark", body, 201)
        event = await stream.until("link.benchmark")
    assert event["link_id"] == link["link_id"] and event["test"] == "throughput" and event["frame_size"] == 64
    (result,) = report["results"]
    assert result["throughput"]["frames_per_second"] > 0
    assert result["latency"]["min_us"] >= 20_000 and result["latency"]["received"] > 0
    assert report["nodes_were_sending"] is False and report["foreign_frames"] == 0
    assert len(await lab.ping()) == 3  # nothing is left of the probe
    (console_output,) = [await lab.server.request("GET", f"{path}/statistics", None, 200)]
    assert console_output["a_to_b"]["drops"]["unlinked"] == 0


async def test_loss_and_a_sending_node_are_seen(lab: Lab) -> None:
    link = await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0))
    path = f"{lab.path}/links/{link['link_id']}"
    impairments = {"impairments": [{"type": "loss", "percent": 50.0, "direction": "a_to_b"}], "seed": 1}
    await lab.server.request("PUT", f"{path}/impairments", impairments, 200)
    reports: list[dict[str, Any]] = []

    async def measure() -> None:
        body = {**QUICK, "tests": ["loss"]}
        reports.append(await lab.server.request("POST", f"{path}/benchmark", body, 201))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(measure)
        nursery.start_soon(lab.ping)
    (report,) = reports
    losses = [point["loss_percent"] for point in report["results"][0]["loss"]]
    assert min(losses) > 40
    assert min(losses) < 60  # a busy machine loses more at the high rates
    assert report["nodes_were_sending"] is True and report["foreign_frames"] >= 1


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"frame_sizes": [10]}, "frame_sizes[0]: 10"),
        ({"tests": ["speed"]}, "tests[0]"),
        ({"trial_seconds": 0}, "trial_seconds"),
        ({"colour": 1}, "colour"),
    ],
)
async def test_wrong_requests(server: Server, project: dict[str, Any], body: dict[str, Any], complaint: str) -> None:
    _, path = await builtin_link(server, project)
    assert complaint in (await server.request("POST", f"{path}/benchmark", body, 400))["message"]


async def test_one_benchmark_at_a_time(server: Server, project: dict[str, Any]) -> None:
    _, path = await builtin_link(server, project)
    statuses: list[int] = []

    async def measure() -> None:
        reply = await server.http.post(f"{path}/benchmark", json={**QUICK, "tests": ["burst"]})
        statuses.append(reply.status_code)

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(measure)
    assert sorted(statuses) == [201, 409, 409]
    await server.request("PUT", path, {"suspend": True}, 201)
    assert "is suspended" in (await server.request("POST", f"{path}/benchmark", QUICK, 409))["message"]


async def test_a_link_that_is_deleted_meanwhile(server: Server, project: dict[str, Any]) -> None:
    lab, path = await builtin_link(server, project)
    replies: list[Any] = []

    async def measure() -> None:
        replies.append(await server.request("POST", f"{path}/benchmark", {**QUICK, "tests": ["loss"]}, 409))

    async with ws_events(server, f"{lab.path}/notifications/ws") as stream, trio.open_nursery() as nursery:
        nursery.start_soon(measure)
        await stream.until("link.benchmark")
        await server.request("DELETE", path, None, 204)
    assert "while it was measured" in replies[0]["message"]


async def test_it_ends_when_its_client_leaves(server: Server, project: dict[str, Any]) -> None:
    _, path = await builtin_link(server, project)

    async def measure() -> None:
        await server.http.post(f"{path}/benchmark", json={**QUICK, "trial_seconds": 20.0, "tests": ["throughput"]})

    async def frames() -> int:
        return int((await server.request("GET", f"{path}/statistics", None, 200))["a_to_b"]["frames"])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(measure)
        with trio.fail_after(10):
            while await frames() == 0:
                pass
        nursery.cancel_scope.cancel()
    with trio.fail_after(10):  # the trial alone would have taken twice as long
        while (await server.http.post(f"{path}/benchmark", json=QUICK_BURST)).status_code != 201:
            pass


async def test_the_command(
    server: Server, project: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab, path = await builtin_link(server, project)
    words = ["bench-link", project["project_id"], path.rpartition("/")[2], "--url", server.url, "--seconds", "0.1"]
    words += ["--sizes", "64,512", "--tests", "throughput,latency", "--max-rate", "2000"]
    picture = tmp_path / "link.svg"
    assert await trio.to_thread.run_sync(cli.main, [*words, "--plot", str(picture)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["bytes", "frames/s"] and [line.split()[0] for line in lines[1:]] == ["64", "512"]
    ElementTree.parse(picture)
    assert await trio.to_thread.run_sync(cli.main, [*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["results"][1]["frame_size"] == 512
    words[2] = lab.project["project_id"]
    assert await trio.to_thread.run_sync(cli.main, words) == 3
    assert "there is no link" in capsys.readouterr().err
