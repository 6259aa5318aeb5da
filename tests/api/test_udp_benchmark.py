"""Measuring what is between two UDP ports through the API and the command line: relays of the test, or nothing."""

import json
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import attrs
import httpx
import pytest
import trio

from gns3trio import cli
from gns3trio.compute.local.leases import bind_udp
from gns3trio.config import Config
from gns3trio.controller.links.benchmark_limits import MOST_BENCHMARKS, one_of_few
from gns3trio.server import open_server
from tests.support.plain_http import NO_TLS
from tests.support.server import Server
from tests.support.udp import LOOPBACK, free_port
from tests.support.websockets import ws_events

PATH = "/v2/computes/local/benchmark"
# A relay in Python keeps up with this, and its sockets hold all frames of a trial while it does not run.
QUICK = {"trial_seconds": 0.2, "drain_seconds": 2.0, "frame_sizes": [64], "max_frames_per_second": 500}
ENDLESS = {**QUICK, "trial_seconds": 60.0, "tests": ["throughput"]}

Json = dict[str, Any]


def endpoint(lport: int, rport: int) -> Json:
    return {"lport": lport, "rhost": LOOPBACK, "rport": rport}


def direct_pair() -> Json:
    a, b = free_port(), free_port()
    return {"a": endpoint(a, b), "b": endpoint(b, a)}


@attrs.define
class Relay:
    """What it took at each side, and what it lost of that: every ``lose_every``-th, if that is set. Before the first it
    sends ``others`` datagrams of its own."""

    ends: Json
    lose_every: int = 0
    others: int = 0
    taken: dict[str, int] = attrs.field(factory=lambda: {"a": 0, "b": 0})
    lost: int = 0

    async def forward(self, side: str, come: trio.socket.SocketType, go: trio.socket.SocketType, lport: int) -> None:
        while True:
            datagram = await come.recv(65536)
            while self.others:
                self.others -= 1
                await go.sendto(bytes(self.others * 30), (LOOPBACK, lport))
            self.taken[side] += 1
            if self.lose_every and self.taken[side] % self.lose_every == 0:
                self.lost += 1
            else:
                await go.sendto(datagram, (LOOPBACK, lport))


@asynccontextmanager
async def open_relay(lose_every: int = 0, others: int = 0) -> AsyncIterator[Relay]:
    """It sends from other sockets than it takes at, as a tunnel of others may."""
    with ExitStack() as stack:
        to_a, to_b, out = (trio.socket.from_stdlib_socket(stack.enter_context(bind_udp(LOOPBACK, 0))) for _ in range(3))
        a, b = free_port(), free_port()
        ends = {"a": endpoint(a, to_a.getsockname()[1]), "b": endpoint(b, to_b.getsockname()[1])}
        relay = Relay(ends, lose_every, others)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(relay.forward, "a", to_a, out, b)
            nursery.start_soon(relay.forward, "b", to_b, out, a)
            yield relay
            nursery.cancel_scope.cancel()


async def measured(server: Server, body: Json) -> tuple[Json, list[Json]]:
    """The report, and the events of the trials."""
    trials: list[Json] = []
    reports: list[Json] = []
    async with ws_events(server, "/v2/notifications/ws") as stream, trio.open_nursery() as nursery:

        async def measure() -> None:
            reports.append(await server.request("POST", PATH, body, 201))

        nursery.start_soon(measure)
        with trio.fail_after(60):
            while not trials or trials[-1]["progress"] < 1.0:
                trials.append(await stream.until("udp.benchmark"))
    return reports[0], trials[:-1]


async def ports_in_use(server: Server) -> list[int]:
    usage = await server.request("GET", "/v2/computes/local/ports", None, 200)
    return list(usage["udp_ports"])


@pytest.mark.parametrize("direction", ["a_to_b", "b_to_a"])
async def test_a_relay_of_others(server: Server, direction: str) -> None:
    async with open_relay() as relay:
        body = {**QUICK, **relay.ends, "tests": ["throughput", "latency"], "direction": direction}
        report, trials = await measured(server, body)
    assert {name: report[name] for name in ("a", "b", "direction")} == {**relay.ends, "direction": direction}
    (result,) = report["results"]
    assert result["throughput"]["frames_per_second"] > 0 and result["throughput"]["loss_percent"] == 0
    assert result["latency"]["received"] > 0 and result["latency"]["min_us"] > 0
    sent = sum(trial["sent"] for trial in trials)
    assert relay.taken == ({"a": sent, "b": 0} if direction == "a_to_b" else {"a": 0, "b": sent})
    assert sum(trial["lost"] for trial in trials) == 0
    assert report["foreign_frames"] == 0
    assert all(
        {name: trial[name] for name in ("compute_id", "a", "b")} == {"compute_id": "local", **relay.ends}
        for trial in trials
    )
    assert await ports_in_use(server) == []


async def test_what_a_relay_loses_is_told(server: Server) -> None:
    async with open_relay(lose_every=4) as relay:
        body = {**QUICK, **relay.ends, "tests": ["throughput"], "max_loss_percent": 50.0}
        report, trials = await measured(server, body)
    assert relay.lost == relay.taken["a"] // 4 > 0
    assert sum(trial["lost"] for trial in trials) == relay.lost
    assert sum(trial["sent"] for trial in trials) == relay.taken["a"]
    assert 20 < report["results"][0]["throughput"]["loss_percent"] < 30


async def test_nothing_in_between(server: Server) -> None:
    report, trials = await measured(server, {**QUICK, **direct_pair(), "tests": ["loss", "burst"]})
    (result,) = report["results"]
    assert result["loss"][-1]["loss_percent"] == 0 and result["burst"]["frames"] > 0
    assert len(trials) == result["trials"]


async def test_nobody_at_the_other_end(server: Server) -> None:
    ends = {"a": endpoint(free_port(), free_port()), "b": endpoint(free_port(), free_port())}
    body = {**QUICK, **ends, "drain_seconds": 0.01, "trial_seconds": 0.05, "tests": ["loss"]}
    report, _ = await measured(server, body)
    points = [point for point in report["results"][0]["loss"] if point["sent_per_second"] > 0]
    assert {point["loss_percent"] for point in points} == {100.0}


async def test_datagrams_of_others_are_told(server: Server) -> None:
    async with open_relay(others=3) as relay:
        report, _ = await measured(server, {**QUICK, **relay.ends, "tests": ["throughput"]})
    assert report["foreign_frames"] == 3
    assert report["results"][0]["throughput"]["loss_percent"] == 0


GOOD = {"lport": 21001, "rhost": LOOPBACK, "rport": 21002}
FAR = {**GOOD, "lport": 21003}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"a": None}, "a: "),
        ({"a": {"lport": 21001, "rhost": LOOPBACK}}, "a.rport: required"),
        ({"b": {**GOOD, "lport": 0}}, "b.lport: must be >= 1: 0"),
        ({"a": {**GOOD, "rport": 65536}}, "a.rport: must be <= 65535: 65536"),
        ({"a": {**GOOD, "rhost": ""}}, "a.rhost: its length must be >= 1: 0"),
        ({"b": {**FAR, "rhost": "no..host"}}, "b.rhost: 'no..host' is not a host"),
        ({"b": {**FAR, "rhost": "224.0.0.1"}}, "b.rhost: '224.0.0.1' is not the address of a host"),
        ({"a": {**GOOD, "rhost": "255.255.255.255"}}, "a.rhost: "),
        ({"a": {**GOOD, "lport": 21003}}, "b.lport: 21003 is that of a"),
        ({"a": {**GOOD, "colour": 1}}, "a.colour: unknown field"),
        ({"burst_repetitions": 0}, "burst_repetitions: must be >= 1: 0"),
        ({"frame_sizes": [10]}, "frame_sizes[0]: 10"),
    ],
)
async def test_wrong_requests(server: Server, change: Json, complaint: str) -> None:
    body = {"a": GOOD, "b": FAR, **change}
    assert complaint in (await server.request("POST", PATH, body, 400))["message"]
    assert await ports_in_use(server) == []


async def test_a_port_that_is_in_use(server: Server) -> None:
    ends = direct_pair()
    with bind_udp(LOOPBACK, ends["b"]["lport"]):
        error = await server.request("POST", PATH, {**QUICK, **ends}, 409)
        assert error["message"] == f"b.lport: UDP port {ends['b']['lport']} is in use"
        assert await ports_in_use(server) == []
    project = "/v2/compute/projects/00000000-0000-0000-0000-000000000007"
    await server.request("POST", "/v2/compute/projects", {"name": "far", "project_id": project.rpartition("/")[2]}, 201)
    reserved = (await server.request("POST", f"{project}/ports/udp", {}, 201))["udp_port"]
    body = {**QUICK, **ends, "a": endpoint(reserved, ends["b"]["lport"])}
    assert f"a.lport: UDP port {reserved}" in (await server.request("POST", PATH, body, 409))["message"]
    assert await ports_in_use(server) == [reserved]


async def test_a_remote_that_the_kernel_refuses(server: Server) -> None:
    ends = direct_pair()
    ends["a"]["rhost"] = "127.255.255.255"  # the broadcast address of the loopback network
    error = await server.request("POST", PATH, {**QUICK, **ends}, 409)
    assert error["message"] == f"a: sending to 127.255.255.255:{ends['a']['rport']}: Permission denied"
    assert await ports_in_use(server) == []


async def test_another_compute(server: Server) -> None:
    await server.request("POST", "/v2/computes/elsewhere/benchmark", direct_pair(), 404)


async def test_it_counts_among_the_benchmarks(server: Server) -> None:
    with ExitStack() as stack:
        for _ in range(MOST_BENCHMARKS):
            stack.enter_context(one_of_few())
        error = await server.request("POST", PATH, direct_pair(), 503)
    assert f"{MOST_BENCHMARKS} benchmarks are running" in error["message"]
    assert await ports_in_use(server) == []


async def test_its_ports_are_free_when_the_client_leaves(server: Server) -> None:
    with bind_udp(LOOPBACK, 0) as far:
        ends = {"a": endpoint(free_port(), far.getsockname()[1]), "b": endpoint(free_port(), 9)}
        lports = sorted(end["lport"] for end in ends.values())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.request, "POST", PATH, {**ENDLESS, **ends})
            await trio.lowlevel.wait_readable(far)
            assert await ports_in_use(server) == lports
            nursery.cancel_scope.cancel()
    with trio.fail_after(50):  # the trial alone would have taken longer
        while await ports_in_use(server) != []:
            pass
    for lport in lports:
        bind_udp("0.0.0.0", lport).close()


async def test_it_ends_with_the_server(config: Config) -> None:
    replies: list[httpx.Response] = []
    with bind_udp(LOOPBACK, 0) as far:
        ends = {"a": endpoint(free_port(), far.getsockname()[1]), "b": endpoint(free_port(), 9)}
        async with (
            open_server(config) as running,
            httpx.AsyncClient(base_url=running.urls[0], timeout=30, verify=NO_TLS) as http,
        ):

            async def measure() -> None:
                replies.append(await http.post(PATH, json={**ENDLESS, **ends}))

            async with trio.open_nursery() as nursery:
                nursery.start_soon(measure)
                await trio.lowlevel.wait_readable(far)
                running.closing.set()
    assert replies[0].status_code == 503 and replies[0].json()["message"] == "the server stops"
    for end in ends.values():
        bind_udp("0.0.0.0", end["lport"]).close()


async def test_the_command(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = (f"{end['lport']}:{end['rhost']}:{end['rport']}" for end in direct_pair().values())
    words = ["bench-udp", a, b, "--url", server.url, "--seconds", "0.1", "--sizes", "64", "--max-rate", "500"]
    words += ["--tests", "throughput,burst", "--burst-repetitions", "2"]
    assert await trio.to_thread.run_sync(cli.main, words) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[0] == "64"
    assert await trio.to_thread.run_sync(cli.main, [*words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["a"]["lport"] == report["b"]["rport"] and report["results"][0]["burst"]["repetitions"] == 2
    with bind_udp(LOOPBACK, report["a"]["lport"]):
        assert await trio.to_thread.run_sync(cli.main, words) == 1
    assert "a.lport: UDP port" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["21001", "21001:21002", ":127.0.0.1:21002", "x:127.0.0.1:21002", "21001:127.0.0.1:"])
def test_a_malformed_endpoint(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench-udp", "21001:127.0.0.1:21002", text])
    assert ended.value.code == 2
    assert f"{text!r} is not LPORT:RHOST:RPORT" in capsys.readouterr().err
