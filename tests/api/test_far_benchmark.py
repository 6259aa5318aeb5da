"""Measuring links and UDP paths on another host of ours, and links between hosts."""

import socket
from typing import Any

import pytest
import trio

from gns3trio.api.v2 import compute as compute_api
from gns3trio.compute import split_trials
from gns3trio.traffic.trials import ClockReading
from tests.support.far_server import FarServer
from tests.support.lab import Lab
from tests.support.pings import PATIENCE
from tests.support.server import Server
from tests.support.websockets import ws_events

Json = dict[str, Any]
QUICK = {"trial_seconds": 0.1, "drain_seconds": 0.5, "frame_sizes": [64], "max_frames_per_second": 2000}


async def link_of(lab: Lab, *computes: str) -> str:
    """The path of a link of two switches."""
    await lab.server.request("PUT", lab.path, {"auto_close": False}, 200)
    ends = [(await lab.node("ethernet_switch", compute_id=compute), 0) for compute in computes]
    return f"{lab.path}/links/{(await lab.link(*ends))['link_id']}"


@pytest.mark.parametrize("computes", [("local", "far"), ("far", "local"), ("far", "far")])
async def test_a_link_with_a_delay_and_a_loss_in_one_direction(
    server: Server, project: Json, far: FarServer, registered: Json, computes: tuple[str, str]
) -> None:
    lab = Lab(server, project, [])
    path = await link_of(lab, *computes)
    impairments = [
        {"type": "delay", "direction": "a_to_b", "milliseconds": 20},
        {"type": "loss", "direction": "b_to_a", "percent": 100},
    ]
    await server.request("PUT", f"{path}/impairments", {"impairments": impairments, "seed": 1}, 200)
    async with ws_events(server, f"{lab.path}/notifications/ws") as events:
        body = {**QUICK, "tests": ["throughput", "latency"]}
        report = await server.request("POST", f"{path}/benchmark", body, 201)
        event = await events.until("link.benchmark")
    assert event["test"] == "throughput" and event["sent"] > 0
    (result,) = report["results"]
    assert result["throughput"]["frames_per_second"] > 0
    assert result["latency"]["min_us"] >= 20_000 and result["latency"]["received"] > 0
    assert report["latency_error_us"] == 0 and report["foreign_frames"] == 0
    report = await server.request("POST", f"{path}/benchmark", {**QUICK, "tests": ["loss"], "direction": "b_to_a"}, 201)
    assert {point["loss_percent"] for point in report["results"][0]["loss"]} == {100.0}
    await server.request("POST", f"{path}/benchmark", {**QUICK, "tests": ["burst"]}, 201)  # nothing is left of a probe


async def test_clocks_of_two_hosts_are_compared(
    server: Server, project: Json, far: FarServer, registered: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the clock of the other host were a day ahead. The latencies are as exact as the comparison."""
    compare = split_trials.compare_clocks

    async def compare_with_another(end: split_trials.HasClock) -> tuple[str, int, int]:
        clock, ahead, error = await compare(end)
        return f"{clock} of {type(end).__name__}", ahead, error

    monkeypatch.setattr(split_trials, "compare_clocks", compare_with_another)
    lab = Lab(server, project, [])
    path = await link_of(lab, "local", "far")
    impairments = [{"type": "delay", "direction": "a_to_b", "milliseconds": 50}]
    await server.request("PUT", f"{path}/impairments", {"impairments": impairments, "seed": 1}, 200)
    report = await server.request("POST", f"{path}/benchmark", {**QUICK, "tests": ["latency"]}, 201)
    error = report["latency_error_us"]
    assert 0 < error < 50_000
    assert report["results"][0]["latency"]["min_us"] >= 50_000 - error


async def test_the_offset_of_a_clock_is_that_of_the_quickest_answer() -> None:
    class Ahead:
        """A clock that is an hour ahead, and answers at once but the first time."""

        asked = 0

        async def read_clock(self) -> ClockReading:
            self.asked += 1
            if self.asked == 1:
                await trio.sleep(0.2)
            return ClockReading(clock="x", nanoseconds=split_trials.time.monotonic_ns() + 3_600_000_000_000)

    clock, ahead, error = await split_trials.compare_clocks(Ahead())
    assert clock == "x" and abs(ahead - 3_600_000_000_000) <= error < 100_000_000


async def test_a_udp_path_of_another_host(server: Server, far: FarServer, registered: Json) -> None:
    ends = {"a": {"lport": 30001, "rhost": "127.0.0.1", "rport": 30002}}
    ends["b"] = {"lport": 30002, "rhost": "127.0.0.1", "rport": 30001}
    body = {**QUICK, **ends, "tests": ["throughput", "latency"]}
    report = await server.request("POST", "/v2/computes/far/benchmark", body, 201)
    (result,) = report["results"]
    assert result["throughput"]["frames_per_second"] > 0 and result["latency"]["received"] > 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", 0))
        body["a"] = {**ends["a"], "lport": taken.getsockname()[1]}
        error = await server.request("POST", "/v2/computes/far/benchmark", body, 409)
    assert error["message"].startswith("a: compute 'far': lport: ")


async def test_a_host_that_goes_away_or_cannot_measure(
    server: Server, project: Json, far: FarServer, registered: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Lab(server, project, [])
    path = await link_of(lab, "local", "far")
    messages: list[str] = []

    async def measure() -> None:
        body = {**QUICK, "tests": ["burst"], "burst_repetitions": 50}
        messages.append((await server.request("POST", f"{path}/benchmark", body, 409))["message"])

    async with ws_events(server, f"{lab.path}/notifications/ws") as events, trio.open_nursery() as nursery:
        nursery.start_soon(measure)
        with trio.fail_after(PATIENCE):
            await events.until("link.benchmark")
        await far.stop()
    assert "far" in messages[0]
    monkeypatch.setattr(compute_api, "EXTENSIONS", ())
    await far.start()
    with trio.fail_after(PATIENCE):
        while "cannot measure" not in (await server.request("POST", f"{path}/benchmark", QUICK, 409))["message"]:
            await trio.sleep(0.05)
