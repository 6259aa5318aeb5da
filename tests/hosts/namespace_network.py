"""Networks between hosts that are slow, lose packets, or take no large ones."""

import re

import pytest
import trio

from tests import rtnetlink
from tests.support.hosts import Host, Network
from tests.support.hosts_lab import HostsLab
from tests.support.lab import read_match
from tests.support.websockets import console

PATIENCE = 60


@pytest.fixture
async def near(network: Network) -> Host:
    """A controller that waits as long as usual for a compute: its packets get lost here."""
    return await network.add("near", vpcs_engine="builtin")


async def pings(lab: HostsLab, size: int, count: int = 3) -> list[float]:
    """The round-trip times in ms of pings of so many bytes from NEAR to FAR2."""
    async with console(lab.server, lab.lab.project, lab.near) as opened:
        await opened.send_message(f"ping 10.0.0.2 -c {count} -l {size}\r".encode())
        with trio.fail_after(PATIENCE):
            said = await read_match(opened, rb"-c %d -l %d\s.*\sNEAR> " % (count, size))
    return [float(each) for each in re.findall(rb"icmp_seq=\d+ ttl=\d+ time=([\d.]+) ms", said)]


async def connected(lab: HostsLab) -> bool:
    compute = await lab.server.request("GET", "/v2/computes/far", None, 200)
    return bool(compute["connected"])


async def test_delay_and_loss(lab: HostsLab, far: Host) -> None:
    """A lab lives with a bad network: what is asked comes late, the compute stays."""
    far.impair(delay=[100, 20], packet_loss=[5])
    assert all(time >= 150 for time in await pings(lab, 56, 5))
    pc = await lab.lab.node("vpcs", name="LATE", compute_id="far")
    hub = await lab.lab.node("ethernet_hub", name="HUB")
    await lab.lab.link((pc, 0), (hub, 0))
    await lab.act(pc, "start", 200)
    await lab.act(lab.far[0], "reload", 200)
    assert await connected(lab)
    far.impair()
    await lab.ping(lab.far[0], "10.0.0.1")
    assert min(await pings(lab, 56)) < 100


@pytest.mark.parametrize("mtu", [1500, 1280])
async def test_frames_that_are_larger_than_the_mtu_of_the_hosts_pass(
    lab: HostsLab, near: Host, far: Host, mtu: int
) -> None:
    """A frame of a lab has up to 1514 bytes, and its tunnel adds more: IP cuts it in pieces."""
    for number, host in enumerate((near, far), 1):
        host.run(rtnetlink.set_mtu, f"host{number}", mtu)
    assert len(await pings(lab, 1400, 5)) == 5
    assert len(await pings(lab, 1472, 5)) == 5
    assert await connected(lab)


async def test_a_way_that_drops_large_packets_lets_small_ones_pass(lab: HostsLab, far: Host) -> None:
    far.impair(bpf=["udp and greater 1000"])
    assert len(await pings(lab, 56)) == 3
    assert await pings(lab, 1400) == []
    assert await connected(lab)
    far.impair()
    assert len(await pings(lab, 1400)) == 3
