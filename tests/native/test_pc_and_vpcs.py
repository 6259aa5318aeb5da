"""A built-in PC and real VPCS on one switch."""

import re
from collections.abc import AsyncIterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import attrs
import pytest
import trio

from gns3trio.compute.local.leases import bind_udp
from gns3trio.forwarder.forwarder import open_forwarder
from gns3trio.forwarder.pc import Pc, open_pcs
from gns3trio.forwarder.pc_traffic import PcFlow, open_flows
from gns3trio.forwarder.pc_types import (
    AddressTaken,
    Event,
    IcmpError,
    PcIdentity,
    Ping,
    Reply,
    Request,
    TakeAddress,
    Trace,
)
from gns3trio.traffic.flows import FlowSpec
from tests.native.vpcs_terminal import LOOPBACK, PATIENCE, PROGRAMS, Terminal, run_vpcs

OWN, VPCS = IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2")
VPCS_MAC = "00:50:79:66:68:02"
VPCS_LINK_LOCAL = IPv6Address("fe80::250:79ff:fe66:6802")


@attrs.frozen
class Bed:
    pc: Pc
    vpcs: Terminal
    reassembles: bool  # not so 0.5b2

    async def events(self, request: Request) -> list[Event]:
        with trio.fail_after(PATIENCE), self.pc.start(request) as job:
            return [event async for event in job]

    async def replies(self, request: Ping) -> list[Reply]:
        return [event for event in await self.events(request) if isinstance(event, Reply)]


@pytest.fixture(params=PROGRAMS)
async def bed(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bed]:
    async with open_forwarder() as forwarder, open_pcs(forwarder) as pcs:
        with (
            bind_udp(LOOPBACK, 0) as held,
            run_vpcs(str(request.param), tmp_path, held.getsockname()[1]) as (vpcs, remote),
        ):
            switch = forwarder.open_switch()
            switch.join(forwarder.open_port(held, remote))
            with pcs.open(PcIdentity(mac="00:50:79:66:68:01", name="PC1")) as pc:
                switch.join(pc.port)
                pc.set_address(OWN, 24)
                greeting = await vpcs.read_prompt()
                with trio.fail_after(PATIENCE):  # it tests its address for some seconds
                    while "ttl=64" not in await vpcs.run(f"ping {OWN} -c 1"):
                        pass
                yield Bed(pc, vpcs, reassembles="version 0.5" not in greeting)


def quick(**changes: object) -> Ping:
    return attrs.evolve(Ping(target=VPCS, count=2, interval_us=0, timeout_us=10_000_000), **changes)


async def test_the_pc_pings_vpcs(bed: Bed) -> None:
    for data_bytes in (56, 1, 1472, *((1473, 4000, 10_000) if bed.reassembles else ())):
        replies = await bed.replies(quick(data_bytes=data_bytes))
        assert [(reply.bytes, reply.ttl) for reply in replies] == [(data_bytes + 28, 64)] * 2
    assert [entry.mac for entry in bed.pc.neighbours(4)] == [VPCS_MAC]
    assert len(await bed.replies(quick(protocol="udp"))) == 2
    assert len(await bed.replies(quick(protocol="udp", destination_port=4000))) == 2
    assert [reply.step for reply in await bed.replies(quick(protocol="tcp", count=1))] == ["connect", "send", "close"]
    assert len(await bed.replies(quick(target=VPCS_LINK_LOCAL))) == 2
    errors = await bed.events(Trace(target=VPCS, timeout_us=10_000_000))
    assert [(error.type, error.code) for error in errors if isinstance(error, IcmpError)] == [(3, 3)] * 3
    answers = await bed.events(Trace(target=VPCS, protocol="tcp", timeout_us=10_000_000))
    assert [(answer.hop, answer.address) for answer in answers if isinstance(answer, Reply)] == [(1, VPCS)] * 3


async def test_vpcs_pings_the_pc(bed: Bed) -> None:
    for data_bytes in (56, 1472, 1473, 4000, 10_000):  # 0.5b2 sends 1472 at most
        said = await bed.vpcs.run(f"ping {OWN} -c 2 -i 10 -w 10000 -l {data_bytes}")
        assert len(re.findall(r"10.0.0.1 icmp_seq=\d ttl=64 time=", said)) == 2, said
    for protocol, reply in (
        ("-2", r"udp_seq=\d ttl=64"),
        ("-3", r"(Connect|SendData|Close) +7@10.0.0.1 seq=\d ttl=64"),
    ):
        said = await bed.vpcs.run(f"ping {OWN} {protocol} -c 1 -w 10000")
        assert len(re.findall(reply, said)) == (1 if protocol == "-2" else 3), said
    said = await bed.vpcs.run(f"ping {bed.pc.state().link_local} -c 2 -i 10 -w 10000")
    assert len(re.findall(r"icmp6_seq=\d ttl=64 time=", said)) == 2, said
    said = await bed.vpcs.run(f"trace {OWN} -P 6")
    assert re.search(r"^ 1  [ *]10\.0\.0\.1 .* ms", said, re.MULTILINE), said
    said = await bed.vpcs.run(f"trace {OWN}")
    assert "10.0.0.1" in said and "ICMP type:3, code:3, Destination port unreachable" in said, said
    assert bed.pc.state().counters.malformed == 0


async def test_both_see_that_an_address_is_taken(bed: Bed) -> None:
    events = await bed.events(TakeAddress(address=VPCS, prefix=24))
    assert events[0] == AddressTaken(address=VPCS, mac=VPCS_MAC)
    assert bed.pc.state().ipv4 == OWN
    said = await bed.vpcs.run(f"ip {OWN}/24")
    assert "00:50:79:66:68:01" in said, said


async def test_generated_traffic_comes_back_from_vpcs(bed: Bed) -> None:
    """It echoes any UDP, so that round trips are measured, and nobody counts what arrives."""
    spec = FlowSpec(packets_per_second=100, data_bytes=200, seconds=PATIENCE, packets=20)
    async with open_flows(bed.pc.forwarder, [PcFlow(bed.pc, None, VPCS, spec)]) as flows:
        with trio.fail_after(PATIENCE):
            while (result := (await flows.read())[0]).is_sending or result.returned.packets < 20:
                await trio.sleep(0.02)
    assert (result.sent, result.arrived) == (20, None)
    assert result.returned.latency is not None and result.returned.latency.min > 0
