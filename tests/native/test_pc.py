"""Built-in PCs through their Python face: the real core, and what each of their jobs tells."""

import gc
import time
import warnings
from collections.abc import AsyncIterator
from ipaddress import IPv4Address, IPv6Address, ip_address

import attrs
import pytest
import trio

from gns3trio.errors import Conflict, Invalid
from gns3trio.forwarder.forwarder import Forwarder, open_forwarder
from gns3trio.forwarder.pc import Pc, Pcs, open_pcs
from gns3trio.forwarder.pc_types import (
    Address,
    AddressReady,
    AddressTaken,
    Autoconfigure,
    Dhcp,
    DhcpMessage,
    Event,
    Finished,
    IcmpError,
    NotSent,
    PcIdentity,
    Ping,
    Reply,
    Request,
    Resolve,
    TakeAddress,
    TimedOut,
    Trace,
)
from gns3trio.forwarder.pc_wire import core_identity
from tests.native.vpcs_terminal import PATIENCE

LEAST_BYTES, MOST_BYTES = 1000, 4096


@pytest.fixture
async def forwarder() -> AsyncIterator[Forwarder]:
    async with open_forwarder(stats_interval=0.001) as opened:
        yield opened


@pytest.fixture
async def pcs(forwarder: Forwarder) -> AsyncIterator[Pcs]:
    async with open_pcs(forwarder) as opened:
        yield opened


def identity(number: int, **changes: object) -> PcIdentity:
    mac = f"00:50:79:66:{number >> 8:02x}:{number & 255:02x}"
    return attrs.evolve(PcIdentity(mac=mac, name=f"PC{number}"), **changes)


def open_pc(pcs: Pcs, number: int) -> Pc:
    pc = pcs.open(identity(number))
    pc.set_address(IPv4Address("10.0.0.0") + number, 16)
    return pc


async def events_of(pc: Pc, request: Request) -> list[Event]:
    with trio.fail_after(PATIENCE), pc.start(request) as job:
        return [event async for event in job]


async def replies_to(pc: Pc, request: Ping) -> list[Reply]:
    return [event for event in await events_of(pc, request) if isinstance(event, Reply)]


def quick_ping(target: Address, **changes: object) -> Ping:
    return attrs.evolve(Ping(target=target, interval_us=0, timeout_us=5_000_000), **changes)


@pytest.fixture
def pair(forwarder: Forwarder, pcs: Pcs) -> tuple[Pc, Pc]:
    """Two PCs at a link: 10.0.0.1 and 10.0.0.2."""
    first, second = open_pc(pcs, 1), open_pc(pcs, 2)
    forwarder.connect(first.port, second.port)
    return first, second


@pytest.mark.parametrize("data_bytes", [0, 56, 1472, 1473, 10_000, 65_507])
async def test_two_pcs_ping_each_other(pair: tuple[Pc, Pc], data_bytes: int) -> None:
    first, second = pair
    for pc, target in ((first, IPv4Address("10.0.0.2")), (second, IPv4Address("10.0.0.1"))):
        replies = await replies_to(pc, quick_ping(target, count=3, data_bytes=data_bytes))
        assert [reply.sequence for reply in replies] == [1, 2, 3]
        assert all(reply.bytes == data_bytes + 28 and reply.ttl == 64 and reply.address == target for reply in replies)
        assert all(0 < reply.time_us < PATIENCE * 1e6 for reply in replies)


async def test_pings_by_other_protocols(pair: tuple[Pc, Pc]) -> None:
    first, second = pair
    target = IPv4Address("10.0.0.2")
    for address in (target, second.state().link_local):
        udp = await replies_to(first, quick_ping(address, protocol="udp", count=2, source_port=5000))
        assert [(reply.step, reply.source_port, reply.destination_port) for reply in udp] == [("echo", 5000, 7)] * 2
        tcp = await replies_to(first, quick_ping(address, protocol="tcp", count=2, destination_port=80))
        assert [(reply.sequence, reply.step) for reply in tcp] == [
            (sequence, step) for sequence in (1, 2) for step in ("connect", "send", "close")
        ]


async def test_what_cannot_be_reached(pair: tuple[Pc, Pc]) -> None:
    first, _ = pair
    sent = Ping(target=IPv4Address("192.0.2.1"), count=1)
    assert await events_of(first, sent) == [
        NotSent(sequence=1, reason="no_gateway", mtu=0, hop=0),
        Finished(reason="done", sent=0, lost=0),
    ]
    too_big = Ping(target=IPv4Address("10.0.0.2"), count=1, data_bytes=1473, dont_fragment=True)
    assert (await events_of(first, too_big))[0] == NotSent(sequence=1, reason="too_big", mtu=1500, hop=0)
    first.clear(4)
    assert (await events_of(first, sent))[0] == NotSent(sequence=1, reason="no_source", mtu=0, hop=0)


async def test_a_silent_target_times_out(forwarder: Forwarder, pair: tuple[Pc, Pc]) -> None:
    first, second = pair
    target = IPv4Address("10.0.0.2")
    assert len(await replies_to(first, quick_ping(target, count=1))) == 1
    second.port.suspend(True)
    timed_out, finished = await events_of(first, Ping(target=target, count=1, timeout_us=1000))
    assert isinstance(timed_out, TimedOut) and timed_out.sequence == 1
    assert finished == Finished(reason="done", sent=1, lost=0)


async def test_a_trace_to_a_neighbour(pair: tuple[Pc, Pc]) -> None:
    first, _ = pair
    *errors, finished = await events_of(first, Trace(target=IPv4Address("10.0.0.2")))
    assert [(error.type, error.code, error.hop) for error in errors if isinstance(error, IcmpError)] == [(3, 3, 1)] * 3
    assert finished == Finished(reason="done", sent=3, lost=0)


async def test_an_address_that_is_taken_is_not_used(pair: tuple[Pc, Pc]) -> None:
    first, second = pair
    for taken, free in (("10.0.0.2", "10.0.0.9"), ("2001:db8::2", "2001:db8::9")):
        second.set_address(ip_address(taken), 24)
        request = TakeAddress(address=ip_address(taken), prefix=24, gateway=None, timeout_us=20_000)
        refusal, finished = await events_of(first, request)
        assert refusal == AddressTaken(address=ip_address(taken), mac="00:50:79:66:00:02")
        assert isinstance(finished, Finished) and finished.reason == "in_use"
        ready, finished = await events_of(first, attrs.evolve(request, address=ip_address(free)))
        assert ready == AddressReady(address=ip_address(free))
    state = first.state()
    assert (state.ipv4, state.ipv4_origin) == (IPv4Address("10.0.0.9"), "manual")
    assert (state.ipv6, state.ipv6_prefix) == (IPv6Address("2001:db8::9"), 24)


async def test_caches(pair: tuple[Pc, Pc]) -> None:
    first, second = pair
    target = second.state().link_local
    await replies_to(first, quick_ping(IPv4Address("10.0.0.2"), count=1))
    await replies_to(first, quick_ping(target, count=1))
    (entry,) = first.neighbours(4)
    assert (entry.address, entry.mac) == (IPv4Address("10.0.0.2"), "00:50:79:66:00:02") and 0 < entry.left <= 120
    assert [entry.address for entry in first.neighbours(6)] == [target]
    first.forget_neighbours(4)
    assert first.neighbours(4) == [] and len(first.neighbours(6)) == 1


async def test_nobody_answers_what_is_asked(pair: tuple[Pc, Pc]) -> None:
    first, _ = pair
    *messages, finished = await events_of(first, Dhcp(attempts=2, timeout_us=10_000))
    assert [(message.type, message.received) for message in messages if isinstance(message, DhcpMessage)] == [
        (1, False)
    ] * 2
    assert isinstance(messages[0], DhcpMessage) and b"PC1" in messages[0].data
    assert finished == Finished(reason="no_answer", sent=2, lost=0)
    assert await events_of(first, Dhcp(action="renew")) == [Finished(reason="no_server", sent=0, lost=0)]
    assert (await events_of(first, Autoconfigure(attempts=1, timeout_us=10_000)))[-1] == Finished(
        reason="no_answer", sent=1, lost=0
    )
    assert await events_of(first, Resolve(name="host")) == [Finished(reason="no_server", sent=0, lost=0)]
    first.identify(identity(1, dns=(IPv4Address("10.0.0.2"),)))
    echoed = await events_of(first, Resolve(name="host", attempts=1, timeout_us=10_000))  # which is no answer
    assert echoed == [Finished(reason="no_answer", sent=1, lost=0)]


async def test_identity(pcs: Pcs) -> None:
    wanted = identity(7, domain="lab", dns=(IPv4Address("10.0.0.53"), IPv6Address("2001:db8::53")), mtu=1400)
    with pcs.open(wanted) as pc:
        state = pc.state()
        assert state.identity == wanted
        assert (
            state.link_local == IPv6Address("fe80::250:79ff:fe66:7") and state.ipv4 is state.ipv6 is state.lease is None
        )
        pc.identify(attrs.evolve(wanted, mac="02:00:00:00:00:01"))
        assert pc.state().link_local == IPv6Address("fe80::ff:fe00:1")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mac": "01:00:00:00:00:00"}, "mac"),
        ({"mac": "nothing"}, "mac"),
        ({"mtu": 500}, "mtu"),
        ({"mtu": 70_000}, "mtu"),
        ({"name": "n" * 64}, "name"),
        ({"domain": "a\0b"}, "domain"),
        ({"dns": (IPv4Address(1),) * 5}, "dns"),
    ],
)
def test_identities_that_cannot_be_are_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(Invalid, match=f"^{message}: "):
        core_identity(identity(1, **changes))


@pytest.mark.parametrize(
    "request_",
    [
        Ping(target=IPv4Address("10.0.0.2"), data_bytes=65_508),
        Ping(target=IPv4Address("10.0.0.2"), data_bytes=-1),
        Ping(target=IPv4Address("10.0.0.2"), ttl=256),
        Ping(target=IPv4Address("10.0.0.2"), timeout_us=0),
        Ping(target=IPv4Address("0.0.0.0")),
        Trace(target=IPv4Address("10.0.0.2"), probes=0),
        TakeAddress(address=IPv4Address("127.0.0.1"), prefix=8),
        TakeAddress(address=IPv4Address("10.0.0.1"), prefix=33),
        TakeAddress(address=IPv4Address("10.0.0.1"), prefix=24, gateway=IPv6Address("fe80::1")),
        Dhcp(attempts=0),
        Resolve(name="a" * 300),
        Resolve(name="a..b"),
    ],
)
async def test_requests_that_make_no_sense(pcs: Pcs, request_: Request) -> None:
    with open_pc(pcs, 1) as pc, pytest.raises(Invalid):
        pc.start(request_)


async def test_jobs_are_so_many_at_most(pair: tuple[Pc, Pc]) -> None:
    first, _ = pair
    forever = Ping(target=IPv4Address("10.0.0.2"), count=0)
    jobs = [first.start(forever) for _ in range(4)]
    with pytest.raises(Conflict):
        first.start(forever)
    for job in jobs:
        job.close()
        job.close()
    assert first.state().jobs == 0
    assert len(await replies_to(first, quick_ping(IPv4Address("10.0.0.2"), count=1))) == 1


async def test_a_pc_that_ends_finishes_its_jobs(pair: tuple[Pc, Pc]) -> None:
    first, _ = pair
    with first.start(Ping(target=IPv4Address("10.0.0.2"), count=0)) as job:
        first.close()
        first.close()
        with trio.fail_after(PATIENCE):
            events = [event async for event in job]
    assert events[-1] == Finished(reason="closed", sent=0, lost=0)


async def test_who_reads_nothing_costs_no_memory(pair: tuple[Pc, Pc]) -> None:
    first, _ = pair
    with first.start(quick_ping(IPv4Address("10.0.0.2"), count=20_000)) as job:
        with trio.fail_after(PATIENCE):
            while first.state().jobs > 0:
                await trio.sleep(0.01)
            await trio.testing.wait_all_tasks_blocked(0.05)
        events = [event async for event in job]
    finished = events[-1]
    assert isinstance(finished, Finished) and finished.sent == 20_000
    assert len(events) < 3000 and finished.lost == 20_000 - (len(events) - 1)


async def test_a_thousand_idle_pcs_cost_no_time_and_little_memory(forwarder: Forwarder, pcs: Pcs) -> None:
    switch = forwarder.open_switch()
    opened = [open_pc(pcs, number) for number in range(1, 1001)]
    for pc in opened:
        switch.join(pc.port)
    assert len(await replies_to(opened[0], quick_ping(IPv4Address("10.0.3.232"), count=5))) == 5
    states = [pc.state() for pc in opened]
    assert all(state.timers == state.jobs == 0 for state in states)
    assert all(LEAST_BYTES < state.memory_bytes <= MOST_BYTES for state in states)
    before, now = -1.0, cpu_seconds()
    while before != now:  # they may have to fall asleep first
        await trio.sleep(0.05)
        before, now = now, cpu_seconds()


def cpu_seconds() -> float:
    """What the workers have taken: these are all threads but the one that asks."""
    return time.process_time() - time.thread_time()


async def test_nothing_is_left_of_jobs(pair: tuple[Pc, Pc]) -> None:
    first, _ = pair
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await events_of(first, quick_ping(IPv4Address("10.0.0.2"), count=2))
        gc.collect()
    assert first.jobs == []
