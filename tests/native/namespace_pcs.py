"""Built-in PCs and a real Linux: a host and a router. Run by test_pc_and_linux.py in a network namespace of its own."""

import os
import socket
import struct
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import attrs
import pytest
import trio

from gns3trio.compute.local.devices import open_device
from gns3trio.compute.local.leases import bind_udp
from gns3trio.forwarder.forwarder import Bridge, Forwarder, open_forwarder
from gns3trio.forwarder.pc import Pc, open_pcs
from gns3trio.forwarder.pc_types import (
    Address,
    AddressTaken,
    Event,
    IcmpError,
    PcIdentity,
    Ping,
    Reply,
    Request,
    Reset,
    TakeAddress,
    Trace,
)
from tests import rtnetlink
from tests.native.vpcs_terminal import LOOPBACK, PROGRAMS, run_vpcs

PATIENCE = 60
NEAR, FAR = IPv4Address("10.1.0.2"), IPv4Address("10.2.0.2")
NEAR_ROUTER, FAR_ROUTER = IPv4Address("10.1.0.1"), IPv4Address("10.2.0.1")
NEAR6, FAR6 = IPv6Address("fd01::2"), IPv6Address("fd02::2")
NEAR_ROUTER6, FAR_ROUTER6 = IPv6Address("fd01::1"), IPv6Address("fd02::1")
BESIDE = IPv4Address("10.1.0.3")
TCP_BYTES = 300_000
UDP_BYTES = 9000
# RFC 792
ECHO, ECHO_REPLY = 8, 0


@attrs.frozen
class Bed:
    """Two PCs, each on a switch of its own, and this Linux between them."""

    near: Pc
    far: Pc
    forwarder: Forwarder
    near_switch: Bridge


@asynccontextmanager
async def open_bed() -> AsyncIterator[Bed]:
    rtnetlink.set_up("lo")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    Path("/proc/sys/net/ipv6/conf/all/forwarding").write_text("1")
    async with open_forwarder() as forwarder, open_pcs(forwarder) as pcs:
        with ExitStack() as stack:
            made, switches = [], []
            for number, address, router, address6, router6 in (
                (1, NEAR, NEAR_ROUTER, NEAR6, NEAR_ROUTER6),
                (2, FAR, FAR_ROUTER, FAR6, FAR_ROUTER6),
            ):
                device = open_device(forwarder, "tap", f"tap{number}")
                stack.callback(device.close)
                rtnetlink.set_address(f"tap{number}", str(router))
                rtnetlink.set_ipv6_address(f"tap{number}", str(router6))
                pc = stack.enter_context(pcs.open(PcIdentity(mac=f"00:50:79:66:68:0{number}")))
                pc.set_address(address, 24, router)
                pc.set_address(address6, 64, router6)
                switch = forwarder.open_switch()
                switch.join(device.port)
                switch.join(pc.port)
                made.append(pc)
                switches.append(switch)
            yield Bed(*made, forwarder, switches[0])


async def events_of(pc: Pc, request: Request) -> list[Event]:
    with trio.fail_after(PATIENCE), pc.start(request) as job:
        return [event async for event in job]


def quick(target: Address, **changes: object) -> Ping:
    return attrs.evolve(Ping(target=target, count=2, interval_us=0, timeout_us=PATIENCE * 1_000_000), **changes)


async def count_replies(pc: Pc, request: Ping) -> int:
    return sum(isinstance(event, Reply) for event in await events_of(pc, request))


@pytest.mark.parametrize("data_bytes", [0, 1472, 1473, 10_000, 65_507])
async def test_pings_to_linux_and_through_it(data_bytes: int) -> None:
    async with open_bed() as bed:
        assert await count_replies(bed.near, quick(NEAR_ROUTER, data_bytes=data_bytes)) == 2
        assert await count_replies(bed.near, quick(FAR, data_bytes=data_bytes)) == 2
        assert bed.near.state().counters.malformed == bed.far.state().counters.malformed == 0


async def test_a_trace_through_linux() -> None:
    async with open_bed() as bed:
        await count_replies(bed.near, quick(FAR))
        for protocol, last in (("udp", (3, 3)), ("icmp", None), ("tcp", None)):
            events = await events_of(
                bed.near, Trace(target=FAR, protocol=protocol, probes=2, timeout_us=PATIENCE * 1_000_000)
            )
            errors = [event for event in events if isinstance(event, IcmpError)]
            assert [(error.hop, error.address, error.type) for error in errors[:2]] == [(1, NEAR_ROUTER, 11)] * 2
            assert [(error.hop, error.address, error.type, error.code) for error in errors[2:]] == (
                [(2, FAR, *last)] * 2 if last else []
            )
            replies = [(event.hop, event.address) for event in events if isinstance(event, Reply)]
            assert replies == ([] if last else [(2, FAR)] * 2)


@pytest.mark.parametrize("data_bytes", [0, 1452, 1453, 10_000])
async def test_ipv6_through_linux(data_bytes: int) -> None:
    async with open_bed() as bed:
        assert await count_replies(bed.near, quick(NEAR_ROUTER6, data_bytes=data_bytes)) == 2
        assert await count_replies(bed.near, quick(FAR6, data_bytes=data_bytes)) == 2
        assert bed.near.state().counters.malformed == bed.far.state().counters.malformed == 0


async def test_a_trace_of_ipv6_through_linux() -> None:
    async with open_bed() as bed:
        await count_replies(bed.near, quick(FAR6))
        for protocol, last in (("udp", (1, 4)), ("icmp", None), ("tcp", None)):
            trace = Trace(target=FAR6, protocol=protocol, probes=2, timeout_us=PATIENCE * 1_000_000)
            events = await events_of(bed.near, trace)
            errors = [(e.hop, e.address, e.type, e.code) for e in events if isinstance(e, IcmpError)]
            assert errors == [(1, NEAR_ROUTER6, 3, 0)] * 2 + ([(2, FAR6, *last)] * 2 if last else [])
            assert [(e.hop, e.address) for e in events if isinstance(e, Reply)] == ([] if last else [(2, FAR6)] * 2)


@pytest.mark.parametrize("program", PROGRAMS)
async def test_vpcs_through_linux(program: str, tmp_path: Path) -> None:
    """A VPCS beside the near PC, and the far PC: both ways, and traces of both."""
    script = f"ip {BESIDE}/24 {NEAR_ROUTER}\n"
    async with open_bed() as bed:
        with (
            bind_udp(LOOPBACK, 0) as held,
            run_vpcs(program, tmp_path, held.getsockname()[1], script) as (vpcs, remote),
        ):
            bed.near_switch.join(bed.forwarder.open_port(held, remote))
            greeting = await vpcs.read_prompt()
            with trio.fail_after(PATIENCE):  # it tests its address for some seconds
                while "ttl=63" not in await vpcs.run(f"ping {FAR} -c 1"):
                    pass
            sizes = (56, 1472) if "version 0.5" in greeting else (56, 1472, 1473, 10_000)
            for data_bytes in sizes:
                said = await vpcs.run(f"ping {FAR} -c 2 -i 10 -w 10000 -l {data_bytes}")
                assert said.count("ttl=63 time=") == 2, said
                assert await count_replies(bed.far, quick(BESIDE, data_bytes=data_bytes)) == 2
            for option in ("", " -P 1", " -P 6"):
                said = await vpcs.run(f"trace {FAR}{option}")
                lines = [line.split() for line in said.splitlines() if line[:3].strip().isdigit()]
                assert [line[0] for line in lines] == ["1", "2"] and lines[0][1].lstrip("*") == str(NEAR_ROUTER), said
                assert str(FAR) in lines[1][1], said
            events = await events_of(bed.far, Trace(target=BESIDE, timeout_us=10_000_000))
            hops = [(event.hop, event.address) for event in events if isinstance(event, IcmpError)]
            assert set(hops) == {(1, FAR_ROUTER), (2, BESIDE)}
            assert bed.far.state().counters.malformed == 0


async def test_a_trace_by_tcp_to_a_closed_port() -> None:
    """Linux refuses the connection: it is reached."""
    async with open_bed() as bed:
        events = await events_of(bed.near, Trace(target=FAR_ROUTER, protocol="tcp", timeout_us=PATIENCE * 1_000_000))
        assert [(event.hop, event.address) for event in events if isinstance(event, Reply)] == [(1, FAR_ROUTER)] * 3


async def test_the_way_takes_less() -> None:
    """Linux tells how large packets may be, and fragments the others."""
    async with open_bed() as bed:
        rtnetlink.set_mtu("tap2", 1000)
        first, second, _ = await events_of(bed.near, quick(FAR, data_bytes=1200, dont_fragment=True))
        assert isinstance(first, IcmpError)
        assert (first.type, first.code, first.mtu, first.address) == (3, 4, 1000, NEAR_ROUTER)
        assert getattr(second, "reason", None) == "too_big" and getattr(second, "mtu", None) == 1000
        assert await count_replies(bed.near, quick(FAR, data_bytes=5000)) == 2


async def test_what_linux_refuses() -> None:
    async with open_bed() as bed:
        refused = (await events_of(bed.near, quick(NEAR_ROUTER, protocol="tcp", destination_port=9, count=1)))[0]
        assert isinstance(refused, Reset) and refused.step == "connect"
        unreachable = (await events_of(bed.near, quick(NEAR_ROUTER, protocol="udp", destination_port=9, count=1)))[0]
        assert isinstance(unreachable, IcmpError) and (unreachable.type, unreachable.code) == (3, 3)


async def test_an_address_of_linux_is_taken() -> None:
    async with open_bed() as bed:
        event = (await events_of(bed.near, TakeAddress(address=NEAR_ROUTER, prefix=24)))[0]
        assert isinstance(event, AddressTaken) and bed.near.state().ipv4 == NEAR


def echo_by_tcp() -> bytes:
    """What a PC's echo port gives back."""
    with socket.create_connection((str(NEAR), 7), PATIENCE) as client:
        data = os.urandom(TCP_BYTES)

        def send() -> None:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=send)
        thread.start()
        received = b""
        while piece := client.recv(1 << 16):
            received += piece
        thread.join()
    assert received == data
    return received


def echo_by_udp() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE)
        data = os.urandom(UDP_BYTES)
        client.sendto(data, (str(NEAR), 7))
        assert client.recv(1 << 16) == data


def ping() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as client:
        client.settimeout(PATIENCE)
        for size in (0, 1, 1473, 10_000):
            message = struct.pack("!BBHHH", ECHO, 0, 0, 7, size) + bytes(size)
            words = struct.unpack(f"!{(len(message) + 1) // 2}H", message + bytes(len(message) % 2))
            total = sum(words)
            while total >> 16:
                total = (total & 0xFFFF) + (total >> 16)
            client.sendto(message[:2] + struct.pack("!H", ~total & 0xFFFF) + message[4:], (str(NEAR), 0))
            while True:
                answer = client.recv(1 << 16)[20:]
                if answer[0] == ECHO_REPLY and answer[4:] == message[4:]:
                    break


async def test_linux_asks() -> None:
    async with open_bed() as bed:
        for ask in (ping, echo_by_udp, echo_by_tcp):
            await trio.to_thread.run_sync(ask)
        assert bed.near.state().counters.malformed == 0
