"""A compute that goes away under a running lab, in every way in which hosts go away, and comes back."""

from collections.abc import Awaitable, Callable

import pytest

from tests.support.hosts import Host, Network, serve_unaware
from tests.support.hosts_lab import NO_PROBLEMS, NOBODY, HostsLab, cut, freeze, heal, make_lab, thaw
from tests.support.pings import script
from tests.support.server import node_path


async def work_goes_on_without(lab: HostsLab) -> None:
    """What does not need the compute works; what does is rejected at once, with its name and the reason."""
    reason = await lab.until_away()
    assert "compute 'far' cannot be reached: " in reason
    problems = await lab.problems()
    assert {each["name"] for each in problems["nodes"]} == {"FAR2", "FAR3", "SW"}
    assert lab.across["link_id"] in {each["link_id"] for each in problems["links"]}
    for message in (
        await lab.act(lab.far[0], "stop", 409),
        (await lab.server.request("PUT", node_path(lab.lab.project, lab.far[0]), {"name": "X"}, 409))["message"],
        (await lab.lab.server.request("GET", "/v2/computes/far/ports", None, 409))["message"],
    ):
        assert reason in message
    await lab.act(lab.near, "reload", 200)
    hub = await lab.lab.node("ethernet_hub", name="HUB")
    pc = await lab.lab.node("vpcs", name="NEAR4")
    link = await lab.lab.link((hub, 0), (pc, 0))
    await lab.lab.update(link, {"filters": {"delay": [10, 0]}})
    statistics = await lab.server.request("GET", "/v2/statistics", None, 200)
    assert "local" in {each["compute_id"] for each in statistics}
    error = await lab.server.request("GET", f"{lab.path}/topology", None, 409)  # its start-up scripts are there
    assert reason in error["message"]


@pytest.mark.parametrize(
    ("goes", "returns"), [(cut, heal), (freeze, thaw)], ids=["the network is cut", "its server is stopped"]
)
async def test_nodes_of_a_compute_that_was_silent_go_on(
    lab: HostsLab, far: Host, goes: Callable[[Host], Awaitable[None]], returns: Callable[[Host], Awaitable[None]]
) -> None:
    await goes(far)
    await work_goes_on_without(lab)
    assert "it was silent for 4 s" in await lab.until_away()
    assert (await lab.node(lab.far[0]))["status"] == "started"
    await lab.server.request("DELETE", node_path(lab.lab.project, lab.far[1]), None, 204)
    await returns(far)
    await lab.until_back()
    assert (await lab.node(lab.far[0]))["status"] == "started"
    await lab.ping(lab.far[0], "10.0.0.1")
    there = f"/v2/compute/projects/{lab.lab.project['project_id']}/vpcs/nodes"
    for node, status in zip(lab.far, (200, 404), strict=True):
        await far.server.request("GET", f"{there}/{node['node_id']}", None, status)


async def test_nodes_of_a_compute_that_was_killed_are_created_and_started_again(lab: HostsLab, far: Host) -> None:
    await far.kill()
    await work_goes_on_without(lab)
    await lab.server.request("DELETE", node_path(lab.lab.project, lab.far[1]), None, 204)
    await far.start()
    await lab.until_back()
    await lab.until_started(lab.far[0])
    await lab.ping(lab.far[0], "10.0.0.1")


async def test_links_that_were_deleted_meanwhile_pass_nothing_and_are_made_anew(lab: HostsLab, far: Host) -> None:
    await lab.ping(lab.far[1], "10.0.0.2")
    far.cut()
    await lab.until_away()
    for link in (lab.there, lab.across):
        await lab.server.request("DELETE", f"{lab.path}/links/{link['link_id']}", None, 204)
    far.heal()
    await lab.until_back()
    for address in ("10.0.0.2", "10.0.0.1"):
        await lab.ping(lab.far[1], address, NOBODY)
    await lab.lab.link((lab.far[0], 0), (lab.switch, 1))
    await lab.lab.link((lab.near, 0), (lab.switch, 0))
    await lab.ping(lab.far[1], "10.0.0.2")
    await lab.ping(lab.far[0], "10.0.0.1")


async def test_a_project_is_closed_and_opened_without_its_compute(lab: HostsLab, far: Host) -> None:
    far.cut()
    await lab.until_away()
    await lab.server.request("POST", f"{lab.path}/close", None, 204)
    await lab.server.request("POST", f"{lab.path}/open", None, 201)
    assert {each["name"] for each in (await lab.problems())["nodes"]} == {"FAR2", "FAR3", "SW"}
    far.heal()
    await lab.until_back()
    assert (await lab.node(lab.far[0]))["status"] == "stopped"
    await lab.server.request("POST", f"{lab.path}/nodes/start", None, 204)
    await lab.ping(lab.far[0], "10.0.0.1")
    assert await lab.problems() == NO_PROBLEMS


async def test_a_server_stops_although_a_compute_is_silent(network: Network) -> None:
    """Also before it has noticed: some kill a server that needs more than ten seconds."""
    near = await network.add("near", serve_unaware, vpcs_engine="builtin")
    far = await network.add("far", vpcs_engine="builtin")
    await near.server.request("POST", "/v2/computes", far.as_compute, 201)
    lab = await make_lab(near, far)
    far.freeze()
    await near.end()
    assert "compute far has not let the project go: compute 'far': it was silent for 5 s" in near.log.read_text()
    far.thaw()
    await near.start()
    await lab.server.request("POST", f"{lab.path}/open", None, 201)
    await lab.server.request("POST", f"{lab.path}/nodes/start", None, 204)
    await lab.ping(lab.far[0], "10.0.0.1")


async def test_a_third_host_goes_on(network: Network, lab: HostsLab, far: Host) -> None:
    """A link between two computes needs both, and nothing else of the second one needs the first."""
    third = await network.add("third", vpcs_engine="builtin")
    await lab.server.request("POST", "/v2/computes", third.as_compute, 201)
    pcs = [await lab.lab.node("vpcs", name=f"THIRD{n}", compute_id="third", **script(n)) for n in (4, 5, 6)]
    across = await lab.lab.link((pcs[0], 0), ((await lab.lab.node("ethernet_switch", compute_id="far")), 0))
    await lab.lab.link((pcs[1], 0), (pcs[2], 0))
    await lab.server.request("POST", f"{lab.path}/nodes/start", None, 204)
    far.cut()
    await lab.until_away()
    problems = await lab.problems()
    assert across["link_id"] in {each["link_id"] for each in problems["links"]}
    assert not {each["name"] for each in problems["nodes"]} & {"THIRD4", "THIRD5", "THIRD6"}
    await lab.ping(pcs[1], "10.0.0.6")
    await lab.act(pcs[0], "reload", 200)
    await lab.server.request("DELETE", f"{lab.path}/links/{across['link_id']}", None, 204)
    far.heal()
    await lab.until_back()
