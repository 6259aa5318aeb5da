"""The trunk between two hosts, on a network that is cut, slow or narrow."""

from typing import Any

import trio

from tests.support.hosts import Host, Network
from tests.support.hosts_lab import NO_PROBLEMS, HostsLab
from tests.support.pings import PATIENCE, until
from tests.support.server import Server
from tests.support.websockets import ws_events

Json = dict[str, Any]
TRUNK = 3080
INTERFACE_MTU = 1500
ETHERNET_BYTES = 14


async def until_peer(server: Server, **wanted: Any) -> Json:
    """Wait until the trunk of the controller has one peer, and that is as wanted."""

    def is_so(trunk: Json) -> bool:
        return len(trunk["peers"]) == 1 and trunk["peers"][0].items() >= wanted.items()

    return dict((await until(server, "/v2/computes/local/trunks", is_so))["peers"][0])


async def test_what_is_known_of_the_way(lab: HostsLab, near: Host, far: Host) -> None:
    peer = await until_peer(lab.server, state="up", mtu=INTERFACE_MTU)
    assert (peer["compute_id"], peer["address"], peer["links"]) == ("far", far.address, 1)
    assert peer["largest_frame"] == INTERFACE_MTU - 36 and peer["interface_mtu"] == INTERFACE_MTU
    other = await until(lab.server, "/v2/computes/far/trunks", lambda trunk: trunk["peers"][0]["mtu"] is not None)
    assert (other["peers"][0]["compute_id"], other["peers"][0]["address"]) == ("local", near.address)
    far.impair(delay=[60, 0])
    await until(lab.server, "/v2/computes/local/trunks", lambda trunk: trunk["peers"][0]["round_trip_ms"] > 100)
    far.impair(packet_loss=[50])
    await until(lab.server, "/v2/computes/local/trunks", lambda trunk: trunk["peers"][0]["loss_percent"] > 0)


async def test_frames_that_are_too_large_for_the_network_come_through(lab: HostsLab) -> None:
    """An Ethernet frame of full size, and the headers around it: IP splits them."""
    await until_peer(lab.server, mtu=INTERFACE_MTU)
    await lab.ping(lab.near, "10.0.0.2 -l 1400")
    whole = await until_peer(lab.server, fragmented_frames=0)
    await lab.ping(lab.near, "10.0.0.2 -l 1472")
    await until(lab.server, "/v2/computes/local/trunks", lambda trunk: trunk["peers"][0]["fragmented_frames"] > 0)
    assert whole["sent_frames"] > 0


async def test_a_narrow_way_is_found_and_told(lab: HostsLab, far: Host) -> None:
    """Larger packets vanish without a word, as on tunnels that are wrongly set up."""
    await until_peer(lab.server, mtu=INTERFACE_MTU)
    async with ws_events(lab.server, f"{lab.path}/notifications/ws") as events:
        far.impair(bpf=[f"greater {1300 + ETHERNET_BYTES + 1}"])
        with trio.fail_after(PATIENCE):
            while "packets of more than 1300 bytes" not in (message := (await events.until("log.warning"))["message"]):
                pass
    assert f"({far.address})" in message or far.address in message
    peer = await until_peer(lab.server, mtu=1300)
    assert (peer["state"], peer["interface_mtu"], peer["largest_frame"]) == ("up", INTERFACE_MTU, 1264)
    await lab.ping(lab.near, "10.0.0.2 -l 1200")


async def test_a_trunk_that_a_firewall_drops_is_told_once(lab: HostsLab, network: Network, far: Host) -> None:
    """The compute itself can be reached, so nothing else would tell why frames are lost."""
    warnings: list[str] = []
    async with ws_events(lab.server, f"{lab.path}/notifications/ws") as events:
        far.impair(bpf=[f"udp port {TRUNK}"])
        down = await until_peer(lab.server, state="down")
        assert f"{far.address} does not answer at UDP port {TRUNK}" in down["reason"]
        await until(lab.server, f"{lab.path}/problems", lambda problems: len(problems["links"]) == 1)
        far.impair()
        await until_peer(lab.server, state="up", reason=None)
        with trio.fail_after(PATIENCE):
            while not ((event := await events.next())["action"] == "log.info" and "works again" in str(event)):
                if event["action"] == "log.warning":
                    warnings.append(event["event"]["message"])
    assert [f"no frame passes the trunk to {far.address}" in each for each in warnings] == [True], warnings
    await lab.ping(lab.near, "10.0.0.2")
    await until(lab.server, f"{lab.path}/problems", lambda problems: problems == NO_PROBLEMS)
