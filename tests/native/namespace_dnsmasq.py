"""Built-in PCs, real VPCS and a real dnsmasq on one switch: DHCP, DNS, and router advertisements.

Run by test_pc_and_dnsmasq.py in a network namespace of its own.
"""

import os
import shutil
import signal
import subprocess
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
from gns3trio.forwarder.pc import Pc, Pcs, open_pcs
from gns3trio.forwarder.pc_types import (
    AddressReady,
    AddressTaken,
    Autoconfigure,
    Dhcp,
    DhcpMessage,
    Event,
    Finished,
    PcIdentity,
    PcState,
    Ping,
    Reply,
    Request,
    Resolve,
    Resolved,
    RouterFound,
)
from tests import rtnetlink
from tests.native.vpcs_terminal import LOOPBACK, PROGRAMS, Terminal, run_vpcs

PATIENCE = 60
DNSMASQ = shutil.which("dnsmasq", path=f"{os.environ['PATH']}:/usr/sbin:/sbin") or "dnsmasq"
SERVER, OTHER_SERVER, WEB = IPv4Address("10.3.0.1"), IPv4Address("10.3.0.2"), IPv4Address("10.3.0.80")
ROUTER6, WEB6 = IPv6Address("fd03::1"), IPv6Address("fd03::80")
FIRST, LAST = IPv4Address("10.3.0.100"), IPv4Address("10.3.0.110")
OTHER_FIRST = IPv4Address("10.3.0.200")
DISCOVER, OFFER, REQUEST, DECLINE, ACK = 1, 2, 3, 4, 5


class Dnsmasq:
    """A running dnsmasq and its log."""

    def __init__(self, process: trio.Process) -> None:
        self._process = process
        self._log = ""
        self._told = trio.Event()
        self._has_ended = False

    async def read(self) -> None:
        assert self._process.stderr is not None
        while piece := await self._process.stderr.receive_some():
            self._log += piece.decode(errors="replace")
            self._told.set()
            self._told = trio.Event()
        self._has_ended = True
        self._told.set()

    def count(self, text: str) -> int:
        """How often it has said something."""
        return self._log.count(text)

    async def wait_for(self, text: str, times: int = 1) -> None:
        """Return when it has said something so many times."""
        with trio.move_on_after(PATIENCE):
            while self.count(text) < times and not self._has_ended:
                await self._told.wait()
        if self.count(text) >= times:
            return
        raise AssertionError(f"dnsmasq has not said {text!r} {times} times, but:\n{self._log}")

    async def end(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()


@attrs.frozen
class Bed:
    """A switch, to which this Linux is joined as ``lan``."""

    forwarder: Forwarder
    pcs: Pcs
    switch: Bridge
    folder: Path
    nursery: trio.Nursery
    stack: ExitStack

    async def serve(self, *options: str, first: IPv4Address = FIRST, last: IPv4Address = LAST) -> Dnsmasq:
        """Leases of two minutes, its least; with times to renew and rebind that a test can wait for."""
        command = [
            *(DNSMASQ, "--no-daemon", "--conf-file=/dev/null", "--pid-file="),
            *("--interface=lan", "--bind-interfaces", "--except-interface=lo"),
            *("--no-resolv", "--no-hosts", "--no-ping", "--dhcp-authoritative", "--log-dhcp"),
            f"--dhcp-leasefile={self.folder}/leases",
            *(f"--dhcp-range={first},{last},2m", "--dhcp-option-force=option:T1,1", "--dhcp-option-force=option:T2,3"),
            *("--local=/lab.example/", "--domain=lab.example", f"--host-record=web.lab.example,{WEB},{WEB6}"),
            *options,
        ]
        process = await trio.lowlevel.open_process(command, stderr=subprocess.PIPE)
        self.stack.callback(process.kill)
        dnsmasq = Dnsmasq(process)
        self.nursery.start_soon(dnsmasq.read)
        await dnsmasq.wait_for("DHCP, IP range")
        return dnsmasq

    def pc(self, number: int, address: IPv4Address | None = None) -> Pc:
        pc = self.stack.enter_context(self.pcs.open(PcIdentity(mac=f"02:50:79:00:00:{number:02x}", name=f"PC{number}")))
        self.switch.join(pc.port)
        if address is not None:
            pc.set_address(address, 24)
        return pc

    async def vpcs(self, program: str) -> Terminal:
        held = self.stack.enter_context(bind_udp(LOOPBACK, 0))
        terminal, remote = self.stack.enter_context(
            run_vpcs(program, self.folder, held.getsockname()[1], "set pcname VPCS1\n")
        )
        self.switch.join(self.forwarder.open_port(held, remote))
        await terminal.read_prompt()
        return terminal


@pytest.fixture
async def bed(tmp_path: Path) -> AsyncIterator[Bed]:
    async with open_bed(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def open_bed(folder: Path) -> AsyncIterator[Bed]:
    rtnetlink.set_up("lo")
    async with open_forwarder() as forwarder, open_pcs(forwarder) as pcs, trio.open_nursery() as nursery:
        with ExitStack() as stack:
            device = open_device(forwarder, "tap", "lan")
            stack.callback(device.close)
            rtnetlink.set_address("lan", str(SERVER))
            rtnetlink.set_ipv6_address("lan", str(ROUTER6))
            switch = forwarder.open_switch()
            switch.join(device.port)
            yield Bed(forwarder, pcs, switch, folder, nursery, stack)
        nursery.cancel_scope.cancel()


async def events_of(pc: Pc, request: Request) -> list[Event]:
    with trio.fail_after(PATIENCE), pc.start(request) as job:
        return [event async for event in job]


async def lease(pc: Pc, action: str = "discover") -> list[Event]:
    assert action in ("discover", "renew", "release")
    return await events_of(pc, Dhcp(action=action, attempts=8, timeout_us=2_000_000))


def messages(events: list[Event]) -> list[int]:
    return [event.type for event in events if isinstance(event, DhcpMessage)]


async def replies(pc: Pc, target: IPv4Address | IPv6Address) -> int:
    ping = Ping(target=target, count=2, interval_us=0, timeout_us=10_000_000)
    return sum(isinstance(event, Reply) for event in await events_of(pc, ping))


async def wait_until_released(pc: Pc) -> PcState:
    with trio.fail_after(PATIENCE):
        while (state := pc.state()).ipv4 is not None:
            await trio.sleep(0.01)
    return state


async def test_a_lease_is_taken_renewed_by_itself_and_given_back(bed: Bed) -> None:
    dnsmasq, pc = await bed.serve(), bed.pc(1)
    events = await lease(pc)
    assert messages(events) == [DISCOVER, OFFER, REQUEST, ACK]
    state = pc.state()
    assert state.ipv4 is not None and FIRST <= state.ipv4 <= LAST and state.ipv4_origin == "dhcp"
    assert state.lease is not None and (state.ipv4_prefix, state.lease.server) == (24, SERVER)
    assert (state.ipv4_gateway, state.identity.dns, state.identity.domain) == (SERVER, (SERVER,), "lab.example")
    assert state.lease.seconds == 120 and 1 <= state.lease.renew_seconds <= state.lease.rebind_seconds <= 3
    assert await replies(pc, SERVER) == 2
    await dnsmasq.wait_for("DHCPACK(lan)", 3)  # after the first one, two that nobody asked the PC for
    assert dnsmasq.count("DHCPDISCOVER") == 1
    assert messages(await lease(pc, "renew")) == [REQUEST, ACK]
    assert pc.state().ipv4 == state.ipv4
    await lease(pc, "release")
    await dnsmasq.wait_for("DHCPRELEASE")
    assert (await wait_until_released(pc)).lease is None


async def test_another_server_is_found_when_that_of_the_lease_is_gone(bed: Bed) -> None:
    """The PC asks its server in vain, and then all (RFC 2131, 4.4.5: rebinding)."""
    dnsmasq, pc = await bed.serve(), bed.pc(1)
    await lease(pc)
    address = pc.state().ipv4
    await dnsmasq.end()
    rtnetlink.set_address("lan", str(OTHER_SERVER))
    other = await bed.serve()
    await other.wait_for(f"DHCPACK(lan) {address}")
    assert other.count("DHCPDISCOVER") == 0
    with trio.fail_after(PATIENCE):
        while (state := pc.state()).lease is None or state.lease.server != OTHER_SERVER:
            await trio.sleep(0.01)
    assert state.ipv4 == address


async def test_a_lease_that_is_taken_away_is_replaced(bed: Bed) -> None:
    dnsmasq, pc = await bed.serve(), bed.pc(1)
    await lease(pc)
    await dnsmasq.end()
    (bed.folder / "leases").unlink()
    other = await bed.serve(first=OTHER_FIRST, last=OTHER_FIRST + 10)
    await other.wait_for("DHCPNAK(lan)")
    with trio.fail_after(PATIENCE):
        while (state := pc.state()).ipv4 is None or state.ipv4 < OTHER_FIRST:
            await trio.sleep(0.01)
    assert await replies(pc, SERVER) == 2


async def test_an_address_in_use_is_declined_and_another_one_taken(bed: Bed) -> None:
    dnsmasq = await bed.serve(last=FIRST + 1)
    offered = bed.pc(1)
    await lease(offered)
    taken = offered.state().ipv4
    assert taken is not None
    await lease(offered, "release")
    await wait_until_released(offered)
    bed.pc(2, taken)  # dnsmasq keeps the address for the first one, and has no way to know
    events = await lease(offered)
    assert AddressTaken(address=taken, mac="02:50:79:00:00:02") in events
    await dnsmasq.wait_for("DHCPDECLINE")
    assert DECLINE in messages(events) and messages(events)[-1] == ACK
    ready = [event.address for event in events if isinstance(event, AddressReady)]
    assert ready == [offered.state().ipv4] and ready != [taken]


async def test_names_are_those_of_dnsmasq(bed: Bed) -> None:
    await bed.serve()
    pc = bed.pc(1)
    await lease(pc)

    async def resolve(name: str, family: int) -> tuple[list[IPv4Address | IPv6Address], str]:
        assert family in (0, 4, 6)
        events = await events_of(pc, Resolve(name=name, family=family, timeout_us=10_000_000))
        last = events[-1]
        assert isinstance(last, Finished)
        return [event.address for event in events if isinstance(event, Resolved)], last.reason

    assert await resolve("web", 4) == ([WEB], "done")  # the domain is that of the lease
    assert await resolve("web.lab.example", 6) == ([WEB6], "done")
    addresses, _ = await resolve("web.lab.example", 0)
    assert set(addresses) == {WEB, WEB6}
    assert await resolve("nobody.lab.example", 4) == ([], "no_such_name")
    assert await resolve("pc1.lab.example", 4) == ([pc.state().ipv4], "done")  # the name that DHCP told


async def test_an_ipv6_address_comes_from_router_advertisements(bed: Bed) -> None:
    await bed.serve("--enable-ra", "--dhcp-range=fd03::,ra-only,64,2m")
    pc = bed.pc(1)
    events = await events_of(pc, Autoconfigure(attempts=5, timeout_us=5_000_000))
    assert any(isinstance(event, RouterFound) and event.address.is_link_local for event in events)
    state = pc.state()
    assert state.ipv6 == IPv6Address("fd03::50:79ff:fe00:1") and state.ipv6_origin == "automatic"
    assert (state.ipv6_prefix, state.gateway_mac is not None) == (64, True)
    assert 0 < state.preferred_left <= state.valid_left
    assert await replies(pc, ROUTER6) == 2
    other = bed.pc(2)
    await events_of(other, Autoconfigure(attempts=5, timeout_us=5_000_000))
    assert await replies(other, state.ipv6) == 2


@pytest.mark.parametrize("program", PROGRAMS)
async def test_vpcs_and_a_pc_have_leases_of_one_server(bed: Bed, program: str) -> None:
    dnsmasq, pc, vpcs = await bed.serve(), bed.pc(1), await bed.vpcs(program)
    await lease(pc)
    own = pc.state().ipv4
    said = await vpcs.run("ip dhcp")
    assert "DORA IP 10.3.0.1" in said, said
    await dnsmasq.wait_for("DHCPACK(lan)", 2)
    (theirs,) = {word for word in said.replace("/", " ").split() if word.startswith("10.3.0.1") and word != "10.3.0.1"}
    assert theirs != str(own)
    assert await replies(pc, IPv4Address(theirs)) == 2
    assert "ttl=64" in await vpcs.run(f"ping {own} -c 1 -w 10000")
