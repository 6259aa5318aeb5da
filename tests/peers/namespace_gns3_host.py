"""gns3-server 2.2, unmodified, on a host of its own that is cut off, stopped, or killed under a running lab of ours."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import trio

from benchmarks.stand_ins import build
from tests.pcap_reader import read_capture
from tests.peers.hosts import gns3_command
from tests.support.hosts import PATIENCE, PORT, Host, Network, open_network, serve_impatiently
from tests.support.hosts_lab import NOBODY, HostsLab, cut, freeze, heal, make_lab, thaw
from tests.support.pings import script

IPV4 = b"\x08\x00"
# VPCS loses what comes while it executes something, such as its script. Only our own servers wait for its prompt.
SECONDS = 5.0


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[Network]:
    async with open_network(tmp_path) as opened:
        yield opened


@pytest.fixture
async def far(network: Network, tmp_path: Path) -> Host:
    """The host with gns3-server."""
    (tmp_path / "stand_ins").mkdir()
    home = tmp_path / "home"
    command = gns3_command(home, PORT, build(tmp_path / "stand_ins"), "0.0.0.0")
    environment = {"HOME": str(home)}
    return await network.add("far", lambda host: command, environment=environment, user="lab", password="secret")


@pytest.fixture
async def lab(network: Network, far: Host) -> HostsLab:
    near = await network.add("near", serve_impatiently, vpcs_engine="builtin")
    compute = await near.server.request("POST", "/v2/computes", far.as_compute, 201)
    assert compute["connected"], compute
    return await make_lab(near, far, switch_on="local")  # its own is Dynamips, which is not there


async def kill(far: Host) -> None:
    await far.kill()


async def start(far: Host) -> None:
    await far.start()


@pytest.mark.parametrize(
    ("goes", "returns"),
    [(cut, heal), (freeze, thaw), (kill, start)],
    ids=["the network is cut", "its server is stopped", "its server is killed"],
)
async def test_a_lab_outlives_the_absence_of_gns3_server(
    lab: HostsLab, far: Host, goes: Callable[[Host], Awaitable[None]], returns: Callable[[Host], Awaitable[None]]
) -> None:
    pair = [await lab.lab.node("vpcs", name=f"FAR{n}", compute_id="far", **script(n)) for n in (4, 5)]
    inside = await lab.lab.link((pair[0], 0), (pair[1], 0))
    await lab.server.request("POST", f"{lab.path}/nodes/start", None, 204)
    capture = f"{lab.path}/links/{inside['link_id']}/start_capture"
    assert (await lab.server.request("POST", capture, {}, 201))["capturing"]
    await goes(far)
    reason = await lab.until_away()
    assert reason.startswith("compute 'far' cannot be reached: ")
    assert await lab.act(lab.far[0], "stop", 409) == reason
    assert {each["name"] for each in (await lab.problems())["nodes"]} == {"FAR2", "FAR3", "FAR4", "FAR5"}
    await lab.act(lab.near, "reload", 200)
    await returns(far)
    await lab.until_back()
    await lab.until_started(lab.far[0])
    await lab.ping(lab.far[0], "10.0.0.1", again_after=SECONDS)
    await lab.until_started(pair[1])
    again = await lab.server.request("POST", capture, {}, 201)
    assert again["capturing"]
    await lab.ping(pair[1], "10.0.0.4", again_after=SECONDS)
    file = Path(again["capture_file_path"])
    with trio.fail_after(PATIENCE):  # its records come a little later
        while not (
            file.stat().st_size and any(each.data[12:14] == IPV4 for each in read_capture(file.read_bytes()).packets)
        ):
            await trio.sleep(0.1)
    await lab.server.request("POST", capture.replace("start_", "stop_"), None, 201)


async def test_a_link_that_was_deleted_meanwhile_passes_nothing(lab: HostsLab, far: Host) -> None:
    pair = [await lab.lab.node("vpcs", name=f"FAR{n}", compute_id="far", **script(n)) for n in (4, 5)]
    inside = await lab.lab.link((pair[0], 0), (pair[1], 0))
    await lab.server.request("POST", f"{lab.path}/nodes/start", None, 204)
    await lab.ping(pair[1], "10.0.0.4", again_after=SECONDS)
    far.cut()
    await lab.until_away()
    await lab.server.request("DELETE", f"{lab.path}/links/{inside['link_id']}", None, 204)
    far.heal()
    await lab.until_back()
    await lab.ping(pair[1], "10.0.0.4", NOBODY, again_after=SECONDS)
    await lab.lab.link((pair[0], 0), (pair[1], 0))
    await lab.ping(pair[1], "10.0.0.4", again_after=SECONDS)
