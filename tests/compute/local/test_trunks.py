"""The trunk of a host: leases of VNIs, peers that come and go with their links, and the state that users see."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

import attrs
import pytest
import trio

from gns3trio.compute.interface import PortPlace
from gns3trio.compute.local.leases import UdpPorts, bind_udp
from gns3trio.compute.local.link_ends import LinkEnds, LocalLinkEnd
from gns3trio.compute.local.trunk_nio import TrunkLinkNio
from gns3trio.compute.local.trunk_watch import TrunkWatch
from gns3trio.compute.local.trunks import LocalTrunk, open_trunk
from gns3trio.compute.nio import LOOPBACK, TrunkNio
from gns3trio.compute.node import NodeEvent
from gns3trio.compute.trunks import Trunk, TrunkPeer
from gns3trio.conditions.link_conditions import NO_CONDITIONS, LinkConditions
from gns3trio.errors import Conflict, Invalid, Unavailable
from gns3trio.forwarder.captures import open_captures
from gns3trio.forwarder.forwarder import open_forwarder
from tests.compute.conftest import UDP_RANGE
from tests.support.device import Device
from tests.support.udp import free_port

PROJECT, OTHER_PROJECT = UUID(int=1), UUID(int=2)
SECONDS = 60.0


@attrs.frozen
class Host:
    """A forwarder with a trunk."""

    ends: LinkEnds
    trunk: LocalTrunk

    async def open(
        self,
        vni_in: int,
        rport: int,
        vni_out: int,
        before: LocalLinkEnd | None = None,
        conditions: LinkConditions = NO_CONDITIONS,
        at: PortPlace | None = None,
        is_first: bool = True,
    ) -> LocalLinkEnd:
        """The end of a link to a trunk on this machine."""
        nio = TrunkLinkNio(TrunkNio(vni_in, "localhost", rport, vni_out), None, conditions, is_first=is_first)
        await nio.resolve()
        nio.lease(self.ends, PROJECT, before)
        if before is not None:
            before.close()
        return nio.open(self.ends, at)

    def device(self, end: LocalLinkEnd) -> Device:
        return Device(self.ends.forwarder, end)

    async def peer_that(self, state: str, told: Callable[[], object] = lambda: True) -> TrunkPeer:
        """Its only peer, once that is in a state, and its MTU is known if it is up, and ``told`` returns something."""
        with trio.fail_after(SECONDS):
            while True:
                (peer,) = self.trunk.state().peers
                if peer.state == state and (state != "up" or peer.mtu is not None) and told():
                    return peer
                await trio.sleep(0.01)


@asynccontextmanager
async def host(udp_port: int | None = None) -> AsyncIterator[Host]:
    async with AsyncExitStack() as stack:
        forwarder = await stack.enter_async_context(open_forwarder(workers=2, stats_interval=0.01))
        captures = await stack.enter_async_context(open_captures(forwarder))
        trunk = stack.enter_context(open_trunk(forwarder, free_port() if udp_port is None else udp_port))
        yield Host(LinkEnds(forwarder, UdpPorts(*UDP_RANGE), captures, trunk), trunk)


def lease(where: Host, project_id: UUID = PROJECT) -> tuple[int, int]:
    """The trunk's UDP port, and a VNI."""
    leased = where.trunk.reserve(project_id)
    return leased.port, leased.vni


async def test_a_link_between_two_hosts() -> None:
    async with host() as near, host() as far:
        assert near.trunk.state() == Trunk()  # nothing is open as long as nothing needs it
        (near_port, near_vni), (far_port, far_vni) = lease(near), lease(far)
        ends = [await near.open(near_vni, far_port, far_vni), await far.open(far_vni, near_port, near_vni)]
        a, b = near.device(ends[0]), far.device(ends[1])
        for sender, receiver in ((a, b), (b, a)):
            await sender.send(b"a frame")
            assert await receiver.receive() == b"a frame"
        peer = await near.peer_that("up")
        assert (peer.host, peer.address, peer.port, peer.links) == ("localhost", LOOPBACK, far_port, 1)
        assert peer.reason is None and peer.round_trip_ms and peer.loss_percent == 0
        assert peer.mtu == peer.interface_mtu and peer.largest_frame == peer.mtu - 36
        assert (peer.sent_frames, peer.sent_bytes, peer.received_frames, peer.received_bytes) == (1, 7, 1, 7)
        assert near.trunk.state().port == near_port and set(near.trunk.state().dropped.values()) == {0}
        for each in (a, b, *ends):
            each.close()
        assert near.trunk.state().peers == far.trunk.state().peers == ()


async def test_a_peer_that_goes_away_is_told_with_the_reason() -> None:
    async with host() as near:
        port, vni = lease(near)
        async with host() as far:
            far_port, far_vni = lease(far)
            end = await near.open(vni, far_port, far_vni)
            assert near.trunk.state().peers[0].state == "waiting"
            far_end = await far.open(far_vni, port, vni)
            await near.peer_that("up")
            far_end.close()
        down = await near.peer_that("down")
        assert down.reason == f"nothing listens at UDP port {far_port} of {LOOPBACK}"
        end.close()


async def test_leases() -> None:
    async with host() as near:
        port, first = lease(near)
        _, second = lease(near)
        _, others = lease(near, OTHER_PROJECT)
        assert [vni & 0xFFFF for vni in (first, second, others)] == [1, 2, 3]
        for wrong in (0, others, first + 0x10000, 77):
            with pytest.raises(Conflict, match="not leased"):
                near.trunk.claim(PROJECT, wrong)
        end = await near.open(first, 9, 1)
        with pytest.raises(Conflict, match="in use"):
            near.trunk.claim(PROJECT, first)
        again = await near.open(first, 9, 2, end)  # the same end, which leads to another VNI now
        elsewhere = await near.open(first, 10, 2, again)  # and to another host
        assert not end.is_open and not again.is_open and [peer.port for peer in near.trunk.state().peers] == [10]
        near.trunk.release_project(PROJECT)  # but for what a link has
        assert lease(near)[1] & 0xFFFF == 2
        elsewhere.close()
        assert lease(near)[1] & 0xFFFF == 1
        near.trunk.release_all()
        assert near.trunk.state() == Trunk(port=port, dropped=near.trunk.state().dropped)


async def test_an_end_has_its_conditions_from_the_first_frame() -> None:
    async with host() as near:
        _, vni = lease(near)
        with bind_udp(LOOPBACK, 0) as other:
            far_port = other.getsockname()[1]
            end = await near.open(vni, far_port, 1, conditions=LinkConditions(suspend=True))
            device = near.device(end)
            await device.send(b"nobody gets this")
            with trio.fail_after(SECONDS):
                while not near.ends.forwarder.counters(end.port).tx_drops["suspended"]:
                    await trio.sleep(0.01)
            with pytest.raises(Invalid):
                await near.open(vni, far_port, 1, end, LinkConditions(filters={"bpf": ["no expression"]}))
            assert near.trunk.state().peers == ()
            device.close()


async def test_without_a_trunk() -> None:
    async with host(0) as off:
        with pytest.raises(Conflict, match="trunk_port is 0"):
            lease(off)
        assert off.trunk.state().port is None and "trunk_port is 0" in str(off.trunk.state().trouble)
    with bind_udp("0.0.0.0", 0) as held:
        port = held.getsockname()[1]
        async with host(port) as refused:
            for _ in range(2):
                with pytest.raises(
                    Conflict, match=f"trunk_port: UDP port {port} cannot be used: Address already in use"
                ):
                    lease(refused)
            assert f"{port} cannot be used" in str(refused.trunk.state().trouble)
            held.close()
            assert lease(refused)[0] == port and refused.trunk.state().trouble is None


async def test_where_no_way_leads() -> None:
    async with host() as near:
        _, vni = lease(near)
        with pytest.raises(Invalid, match="rhost"):
            await TrunkLinkNio(TrunkNio(vni, "0.0.0.0", 3080, 1)).resolve()
        nio = TrunkLinkNio(TrunkNio(vni, "", 3080, 1), "127.255.255.255")  # a broadcast address
        nio.lease(near.ends, PROJECT, None)
        with pytest.raises(Unavailable, match=r"no way to 127\.255\.255\.255"):
            nio.open(near.ends)
        assert near.trunk.state().peers == () and lease(near)[1] & 0xFFFF == vni & 0xFFFF


@attrs.define
class Teller:
    """Plays a node that has something to say."""

    events: list[NodeEvent] = attrs.field(factory=list)

    def tell(self, event: NodeEvent) -> None:
        self.events.append(event)


async def test_projects_are_told_when_a_peer_goes_away_and_comes_back() -> None:
    """Each by one node at the first end of a link; the other nodes with links there have changed."""
    nodes = {UUID(int=each): Teller() for each in range(10, 15)}
    places = [PortPlace(PROJECT, UUID(int=each), 0, port) for each, port in ((10, 0), (10, 1), (11, 0))]
    places += [PortPlace(OTHER_PROJECT, UUID(int=12), 0, 0), PortPlace(OTHER_PROJECT, UUID(int=13), 0, 0)]
    firsts = [True, True, True, False, False]
    with bind_udp(LOOPBACK, 0) as held:
        far_port = held.getsockname()[1]
    async with host() as near, trio.open_nursery() as nursery:
        ends = [
            await near.open(lease(near)[1], far_port, number + 1, at=place, is_first=is_first)
            for number, (place, is_first) in enumerate(zip(places, firsts, strict=True))
        ]
        find: Any = nodes.get
        nursery.start_soon(TrunkWatch(near.trunk, near.ends, find).run)
        await near.peer_that("down", told=lambda: nodes[UUID(int=13)].events)
        message = (
            f"no frame passes the trunk to localhost ({LOOPBACK}): nothing listens at UDP port {far_port} of {LOOPBACK}"
        )
        updated, warned = NodeEvent("updated"), NodeEvent("warning", message)
        told = [nodes[UUID(int=each)].events for each in range(10, 15)]
        assert told == [[warned, updated], [updated], [updated], [updated], []]
        assert all(end.trouble == message.partition("): ")[2] for end in ends)
        async with host(far_port) as far:
            _, vni = lease(far)
            far_end = await far.open(vni, near.trunk.state().port or 0, 1)
            await near.peer_that("up", told=lambda: nodes[UUID(int=13)].events[1:])
            assert told[0][2:] == [NodeEvent("info", f"the trunk to localhost ({LOOPBACK}) works again"), updated]
            assert all(end.trouble is None for end in ends)
            far_end.close()
        for end in ends:
            end.close()
        nursery.cancel_scope.cancel()
