"""Built-in PCs and a real Linux: a host and a router. Run by test_pc_and_linux.py in a network namespace of its own."""

import os
import socket
import struct
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from ipaddress import IPv4Address
from pathlib import Path

import attrs
import pytest
import trio

from gns3trio.compute.local.devices import open_device
from gns3trio.forwarder.forwarder import open_forwarder
from gns3trio.forwarder.pc import Pc, open_pcs
from gns3trio.forwarder.pc_types import (
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

PATIENCE = 60
NEAR, FAR = IPv4Address("10.1.0.2"), IPv4Address("10.2.0.2")
NEAR_ROUTER, FAR_ROUTER = IPv4Address("10.1.0.1"), IPv4Address("10.2.0.1")
TCP_BYTES = 300_000
UDP_BYTES = 9000
# RFC 792
ECHO, ECHO_REPLY = 8, 0


@attrs.frozen
class Bed:
    """Two PCs, each on a network of its own, and this Linux between them."""

    near: Pc
    far: Pc


@asynccontextmanager
async def open_bed() -> AsyncIterator[Bed]:
    rtnetlink.set_up("lo")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    async with open_forwarder() as forwarder, open_pcs(forwarder) as pcs:
        with ExitStack() as stack:
            made = []
            for number, address, router in ((1, NEAR, NEAR_ROUTER), (2, FAR, FAR_ROUTER)):
                device = open_device(forwarder, "tap", f"tap{number}")
                stack.callback(device.close)
                rtnetlink.set_address(f"tap{number}", str(router))
                pc = stack.enter_context(pcs.open(PcIdentity(mac=f"00:50:79:66:68:0{number}")))
                pc.set_address(address, 24, router)
                forwarder.connect(device.port, pc.port)
                made.append(pc)
            yield Bed(*made)


async def events_of(pc: Pc, request: Request) -> list[Event]:
    with trio.fail_after(PATIENCE), pc.start(request) as job:
        return [event async for event in job]


def quick(target: IPv4Address, **changes: object) -> Ping:
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
        for protocol, last in (("udp", (3, 3)), ("icmp", None)):
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
