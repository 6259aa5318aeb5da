"""NAT in user mode: real hosts and built-in PCs behind it, and a small Internet in front. Run by test_nat.py in a
network namespace of its own.
"""

import errno
import os
import random
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest
import trio
import trio.lowlevel

from gns3trio.compute.local.leases import bind_udp
from gns3trio.compute.local_compute import LocalCompute, open_compute
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.compute.nodes.nat import gateway, process, resolver
from gns3trio.compute.nodes.nat.node import Nat
from gns3trio.compute.nodes.nat.process import GatewayProcess, may_ping
from gns3trio.config import Config
from gns3trio.errors import Conflict, Invalid
from gns3trio.forwarder.captures import open_captures
from gns3trio.forwarder.forwarder import Forwarder, open_forwarder
from gns3trio.forwarder.pc import Pc, open_pcs
from gns3trio.forwarder.pc_types import (
    AddressReady,
    Dhcp,
    Event,
    PcIdentity,
    Ping,
    Reply,
    Request,
    Resolve,
    Resolved,
)
from tests import rtnetlink
from tests.compute import nat_lab
from tests.compute.nat_lab import (
    GATEWAY,
    HOST,
    INTERNET,
    LOOPBACK,
    PAGE,
    WEB_NAME,
    Guest,
    Uplink,
    Wire,
    at_once,
    fetch,
    resolve,
)

PATIENCE = 60
FIRST, SECOND = "192.168.122.10", "192.168.122.11"
MANY = 100
PING_GROUPS = Path("/proc/sys/net/ipv4/ping_group_range")


@pytest.fixture(scope="module", autouse=True)
def internet() -> Iterator[rtnetlink.Namespace]:
    with nat_lab.open_internet() as namespace:
        own_groups = " ".join(Path("/proc/self/gid_map").read_text().split()[:1])
        PING_GROUPS.write_text(f"{own_groups} {own_groups}")
        yield namespace


@pytest.fixture(autouse=True)
def resolver_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    file = tmp_path / "resolv.conf"
    file.write_text(f"# the resolver of this host\nnameserver {INTERNET}\n")
    monkeypatch.setattr(resolver, "RESOLVER_FILE", file)
    monkeypatch.setattr(gateway, "RESOLVER_SECONDS", 0.05)
    monkeypatch.setattr(gateway, "RESTART_SECONDS", 0.05)
    return file


class Lab:
    """A compute with one NAT."""

    def __init__(self, compute: LocalCompute, forwarder: Forwarder) -> None:
        self.compute, self.forwarder = compute, forwarder
        self._told, self._events = trio.open_memory_channel[NodeEvent](1000)

    async def nat(self, **properties: Any) -> Nat:
        await self.compute.check_properties("nat", properties)
        spec = NodeSpec(
            node_type="nat",
            node_id=uuid4(),
            project_id=uuid4(),
            name="N1",
            folder=Path("/nowhere"),
            console=None,
            console_type=None,
            properties=properties,
            startup_script=None,
            emit=self._told.send_nowait,
        )
        node = await self.compute.create_node(spec)
        assert isinstance(node, Nat)
        return node

    @asynccontextmanager
    async def linked(self, nat: Nat) -> AsyncIterator[Uplink]:
        """Link the NAT to an uplink."""
        lport = await self.compute.lease_udp(nat.project_id)
        with bind_udp(LOOPBACK, 0) as sock:
            await nat.bind_nio(0, 0, UdpNio(lport=lport, rhost=LOOPBACK, rport=sock.getsockname()[1]))
            try:
                yield Uplink(sock, lport)
            finally:
                with trio.CancelScope(shield=True):
                    await nat.unbind_nio(0, 0)

    @asynccontextmanager
    async def guests(self, nat: Nat, *addresses: str) -> AsyncIterator[list[Guest]]:
        """Link the NAT to a switch with guests."""
        async with self.linked(nat) as uplink:
            with nat_lab.open_guests(self.forwarder, list(addresses), uplink) as guests:
                yield guests

    async def expect_event(self, kind: str, text: str) -> None:
        """Wait for an event of the node."""
        with trio.fail_after(PATIENCE):
            while (event := await self._events.receive()).kind != kind or text not in event.message:
                pass


@asynccontextmanager
async def open_lab(folder: Path, **settings: Any) -> AsyncIterator[Lab]:
    config = Config(projects_path=folder, nat_gateway="user", **settings)
    async with (
        open_forwarder() as forwarder,
        open_captures(forwarder) as captures,
        open_compute(config, forwarder, captures) as compute,
    ):
        yield Lab(compute, forwarder)


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_lab(tmp_path) as opened:
        yield opened


async def in_thread(function: Any, *arguments: Any) -> Any:
    with trio.fail_after(PATIENCE):
        return await trio.to_thread.run_sync(partial(function, *arguments))


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident_kib(pid: int) -> int:
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


def children() -> set[int]:
    """The gateways that run here."""
    return {each.pid for each in psutil.Process().children() if each.name() == "nat-gateway"}


# --- what it gives ---


async def test_a_page_by_name(lab: Lab) -> None:
    nat = await lab.nat()
    assert nat.properties()["gateway"] == "user"
    async with lab.guests(nat, FIRST) as [guest]:
        assert await in_thread(guest.fetch_by_name) == PAGE
        assert await in_thread(guest.run, echo_udp, INTERNET) == b"hello"


def echo_udp(address: str, port: int = 7) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(1)
        for _ in range(PATIENCE):  # datagrams may be lost where the machine is busy
            sock.sendto(b"hello", (address, port))
            with suppress(TimeoutError):
                return sock.recv(100)
    raise TimeoutError


async def test_a_hundred_hosts_fetch_it_at_once(lab: Lab) -> None:
    nat = await lab.nat()
    async with lab.guests(nat, *(f"192.168.122.{number}" for number in range(100, 100 + MANY))) as guests:
        pages = await in_thread(at_once, [guest.fetch_by_name for guest in guests])
        assert pages == [PAGE] * MANY


async def do(pc: Pc, request: Request) -> list[Event]:
    with trio.fail_after(PATIENCE), pc.start(request) as job:
        return [event async for event in job]


async def test_a_hundred_pcs_at_once_get_addresses_names_and_answers(lab: Lab) -> None:
    assert may_ping()
    nat = await lab.nat()
    addresses = set()
    async with lab.linked(nat) as uplink, open_forwarder() as other, open_pcs(other) as pcs:
        with nat_lab.open_switch(other, uplink) as switch, ExitStack() as stack:

            async def live(number: int) -> None:
                pc = stack.enter_context(pcs.open(PcIdentity(mac=f"00:50:79:66:69:{number:02x}")))
                switch.join(pc.port)
                assert any(isinstance(event, AddressReady) for event in await do(pc, Dhcp()))
                addresses.add(pc.state().ipv4)
                found = [
                    event for event in await do(pc, Resolve(name=WEB_NAME, attempts=5)) if isinstance(event, Resolved)
                ]
                assert [str(each.address) for each in found] == [INTERNET]
                ping = Ping(target=IPv4Address(INTERNET), count=3, interval_us=0, timeout_us=10_000_000)
                assert len([event for event in await do(pc, ping) if isinstance(event, Reply)]) == 3

            async with trio.open_nursery() as lives:
                for number in range(MANY):
                    lives.start_soon(live, number)
    assert len(addresses) == MANY


async def test_the_resolver_may_be_on_loopback_and_change(lab: Lab, resolver_file: Path) -> None:
    def answer(query: bytes) -> bytes:
        return nat_lab.answer_name(query, "203.0.113.9")

    with nat_lab.serving(nat_lab.udp_socket("127.0.0.53", 53), answer):
        nat = await lab.nat()
        async with lab.guests(nat, FIRST) as [guest]:
            assert await in_thread(guest.run, resolve, WEB_NAME) == INTERNET
            other = resolver_file.with_suffix(".new")
            other.write_text("nameserver 127.0.0.53\noptions edns0\n")
            other.replace(resolver_file)
            with trio.fail_after(PATIENCE):
                while await in_thread(guest.run, resolve, WEB_NAME) == INTERNET:
                    await trio.sleep(0.1)  # each question occupies a socket for a while
            assert await in_thread(guest.run, resolve, WEB_NAME) == "203.0.113.9"


# --- no way to this host ---


@asynccontextmanager
async def services_on_loopback(*addresses: str) -> AsyncIterator[tuple[list[socket.socket], int]]:
    """A TCP and a UDP socket of the host on each address, all on one port."""
    with ExitStack() as stack:
        sockets, port = [], 0
        for address in addresses:
            tcp = stack.enter_context(socket.create_server((address, port)))
            port = tcp.getsockname()[1]
            sockets += [tcp, stack.enter_context(nat_lab.udp_socket(address, port))]
        for sock in sockets:
            sock.setblocking(False)
        yield sockets, port


def is_untouched(sock: socket.socket) -> bool:
    try:
        sock.accept() if sock.type == socket.SOCK_STREAM else sock.recv(100)
    except BlockingIOError:
        return True
    return False


async def test_no_way_to_the_loopback_interface_of_the_host(lab: Lab, resolver_file: Path) -> None:
    """Also not by addresses that a real guest would keep to itself: so the frames are made by hand."""
    resolver_file.write_text("nameserver 127.0.0.53\n")
    nat = await lab.nat()
    targets = [LOOPBACK, "127.0.0.53", "127.1.2.3", "0.0.0.0", "0.0.0.1", "255.255.255.255", "192.168.122.255"]
    targets += [GATEWAY, "192.168.122.2", "192.168.122.254", "224.0.0.1", "10.0.2.2", "10.0.2.3"]
    async with services_on_loopback("0.0.0.0") as (sockets, port), lab.linked(nat) as uplink:
        wire = Wire(uplink, FIRST)
        mac = await wire.gateway_mac()
        for target in targets:
            wire.send(mac, nat_lab.tcp_syn(FIRST, target, port))
            wire.send(mac, nat_lab.udp(FIRST, target, port, b"x"))
            for part in nat_lab.fragments(nat_lab.udp(FIRST, target, port, bytes(3000))):
                wire.send(mac, part)
            wire.send(b"\xff" * 6, nat_lab.udp(FIRST, target, port, b"x"))
        await wire.connect(mac, INTERNET)
        assert all(is_untouched(sock) for sock in sockets)


async def test_a_setting_opens_the_loopback_interface(tmp_path: Path) -> None:
    async with open_lab(tmp_path, nat_host_loopback=True) as lab:
        nat = await lab.nat()
        web = nat_lab.page_server(LOOPBACK)
        with nat_lab.web_serving(web):
            async with lab.guests(nat, FIRST) as [guest]:
                assert await in_thread(guest.run, fetch, GATEWAY, web.server_port) == PAGE
                assert await in_thread(guest.run, resolve, WEB_NAME, "192.168.122.2") == INTERNET


# --- forwarded ports ---


def forward(**changes: Any) -> dict[str, Any]:
    return {"protocol": "tcp", "host_port": 8080, "guest_address": FIRST, "guest_port": 80, **changes}


async def test_forwarded_ports(lab: Lab) -> None:
    forwards = [forward(), forward(protocol="udp", host_port=7007, guest_port=7), forward(host_address=HOST)]
    nat = await lab.nat(port_forwards=forwards)
    assert nat.properties()["port_forwards"][0]["host_address"] == LOOPBACK
    async with lab.guests(nat, FIRST, SECOND) as [guest, _]:
        web = guest.run(nat_lab.page_server, "0.0.0.0", 80)
        echo = nat_lab.serving(guest.run(nat_lab.udp_socket, "0.0.0.0", 7), lambda data: data)
        with nat_lab.web_serving(web), echo:
            assert await in_thread(fetch, LOOPBACK, 8080) == PAGE
            assert await in_thread(fetch, HOST, 8080) == PAGE
            assert await in_thread(echo_udp, LOOPBACK, 7007) == b"hello"
            await nat.set_properties({"port_forwards": [forward(host_port=8081)]})
            assert await in_thread(fetch, LOOPBACK, 8081) == PAGE
            with pytest.raises(ConnectionRefusedError):
                await in_thread(fetch, LOOPBACK, 8080)
            with socket.create_server((LOOPBACK, 0)) as taken:
                port = taken.getsockname()[1]
                wrong = [forward(host_port=8082), forward(host_port=port)]
                with pytest.raises(Conflict, match=rf"port_forwards\[1\].host_port: tcp 127.0.0.1:{port} .*in use"):
                    await nat.set_properties({"port_forwards": wrong})
            assert [each["host_port"] for each in nat.properties()["port_forwards"]] == [8081]
            assert await in_thread(fetch, LOOPBACK, 8081) == PAGE
            with pytest.raises(ConnectionRefusedError):
                await in_thread(fetch, LOOPBACK, 8082)
    with pytest.raises(ConnectionRefusedError):
        await in_thread(fetch, LOOPBACK, 8081)


async def test_a_forwarded_port_that_is_taken_when_the_link_is_made(lab: Lab) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        nat = await lab.nat(port_forwards=[forward(host_port=taken.getsockname()[1])])
        async with lab.guests(nat, FIRST) as [guest]:
            await lab.expect_event("error", "cannot be forwarded: Address already in use")
            assert "cannot be forwarded" in (nat.port_trouble(0, 0) or "")
            assert await in_thread(guest.fetch_by_name) == PAGE  # the rest works


async def test_an_answer_by_a_forwarded_udp_port_reaches_only_who_asked(lab: Lab) -> None:
    """The socket of the forwarded port is on the loopback interface: a guest must not use it to get there."""
    nat = await lab.nat(port_forwards=[forward(protocol="udp", host_port=7007, guest_port=7)])
    async with services_on_loopback(LOOPBACK) as ([_, udp], port), lab.guests(nat, FIRST) as [guest]:
        sock = guest.run(nat_lab.udp_socket, "0.0.0.0", 7)
        asked = nat_lab.serving(sock, lambda data: data)
        with asked:
            sock.sendto(b"x", ("192.168.122.254", port))
            sock.sendto(b"x", (GATEWAY, port))
            assert await in_thread(echo_udp, LOOPBACK, 7007) == b"hello"
            sock.sendto(b"x", ("192.168.122.254", port))
            assert await in_thread(echo_udp, LOOPBACK, 7007) == b"hello"
        assert is_untouched(udp)


@pytest.mark.parametrize("before", [(GATEWAY, 81), (GATEWAY, 53), (INTERNET, 81)])
async def test_a_forwarded_udp_port_works_wherever_the_guest_sent_before(lab: Lab, before: tuple[str, int]) -> None:
    nat = await lab.nat(port_forwards=[forward(protocol="udp", host_port=7007, guest_port=7)])
    async with lab.guests(nat, FIRST) as [guest]:
        sock = guest.run(nat_lab.udp_socket, "0.0.0.0", 7)
        sock.sendto(b"x", before)
        assert await in_thread(guest.fetch_by_name) == PAGE  # so the gateway has that datagram before what follows
        with nat_lab.serving(sock, lambda data: data):
            assert await in_thread(echo_udp, LOOPBACK, 7007) == b"hello"
            assert await in_thread(echo_udp, LOOPBACK, 7007) == b"hello"


def deliver(source: socket.socket, target: tuple[str, int], data: bytes, at: socket.socket) -> tuple[str, int]:
    """Send a datagram, which may get lost, until it arrives. Returns its sender as it is seen there."""
    at.settimeout(1)
    for _ in range(PATIENCE):
        source.sendto(data, target)
        with suppress(TimeoutError):
            while (got := at.recvfrom(100))[0] != data:
                pass
            sender: tuple[str, int] = got[1]
            return sender
    raise TimeoutError(f"{data!r} does not arrive by way of {target}")


@pytest.mark.parametrize("last", range(3))
async def test_each_answer_comes_from_who_was_asked(
    tmp_path: Path, resolver_file: Path, internet: rtnetlink.Namespace, last: int
) -> None:
    """Also if the guest has asked another one by the same port since then."""
    resolver_file.write_text("nameserver 127.0.0.53\n")
    async with open_lab(tmp_path, nat_host_loopback=True) as lab, lab.guests(await lab.nat(), FIRST) as [guest]:
        with (
            nat_lab.udp_socket("127.0.0.53", 53) as name_server,
            nat_lab.udp_socket(LOOPBACK, 9) as host,
            internet.run(nat_lab.udp_socket, INTERNET, 9) as outside,
            guest.run(nat_lab.udp_socket, "0.0.0.0", 4000) as sock,
        ):
            others = [(name_server, ("192.168.122.2", 53)), (host, (GATEWAY, 9)), (outside, (INTERNET, 9))]
            others.append(others.pop(last))
            asked = [await in_thread(deliver, sock, target, b"question", other) for other, target in others]
            for (other, target), sender in zip(others, asked, strict=True):
                assert await in_thread(deliver, other, sender, repr(target).encode(), sock) == target


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (forward(host_port=0), r"port_forwards\[0\].host_port"),
        (forward(host_port=70000), r"port_forwards\[0\].host_port"),
        (forward(protocol="icmp"), r"port_forwards\[0\].protocol"),
        (forward(guest_address="10.0.0.1"), r"port_forwards\[0\].guest_address: 10.0.0.1 is not from 192.168.122.2"),
        (forward(guest_address=GATEWAY), r"port_forwards\[0\].guest_address"),
        (forward(guest_address="192.168.122.10\nforward tcp"), r"port_forwards\[0\].guest_address"),
        (forward(host_address="localhost"), r"port_forwards\[0\].host_address: 'localhost' is not an IPv4 address"),
        (forward(host_address="224.0.0.1"), r"port_forwards\[0\].host_address"),
        (forward(colour="red"), r"port_forwards\[0\].colour"),
        ({"host_port": 1}, r"port_forwards\[0\]"),
    ],
)
async def test_bad_forwards_are_named(lab: Lab, wrong: dict[str, Any], complaint: str) -> None:
    with pytest.raises(Invalid, match=complaint):
        await lab.nat(port_forwards=[wrong])
    nat = await lab.nat(port_forwards=[forward()])
    with pytest.raises(Invalid, match=complaint):
        await nat.set_properties({"port_forwards": [wrong]})
    with pytest.raises(Invalid, match=r"port_forwards\[1\].host_port: tcp 127.0.0.1:8080 is forwarded"):
        await nat.set_properties({"port_forwards": [forward(), forward(guest_port=81)]})
    assert len(nat.properties()["port_forwards"]) == 1


# --- life ---


async def test_a_gateway_that_dies_is_told_and_started_again(lab: Lab) -> None:
    nat = await lab.nat(port_forwards=[forward()])
    async with lab.guests(nat, FIRST) as [guest]:
        web = guest.run(nat_lab.page_server, "0.0.0.0", 80)
        with nat_lab.web_serving(web):
            for _ in range(2):
                assert await in_thread(guest.fetch_by_name) == PAGE
                assert nat.gateway_pid is not None
                os.kill(nat.gateway_pid, signal.SIGKILL)
                await lab.expect_event(
                    "error", "NAT 'N1', port 'nat0': its gateway was killed by SIGKILL; it is started"
                )
                await lab.expect_event("info", "works again")
                assert nat.port_trouble(0, 0) is None
                assert await in_thread(fetch, LOOPBACK, 8080) == PAGE


async def test_a_gateway_that_hangs_is_started_again(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "ALIVE_SECONDS", 0.05)
    answers, is_alive = [], GatewayProcess.is_alive

    async def noted(process: GatewayProcess, patience: float) -> bool:
        answers.append(await is_alive(process, patience))
        return answers[-1]

    monkeypatch.setattr(GatewayProcess, "is_alive", noted)
    nat = await lab.nat()
    async with lab.guests(nat, FIRST) as [guest]:
        with trio.fail_after(PATIENCE):
            while len(answers) < 3:
                await trio.sleep(0.05)
        assert all(answers) and nat.port_trouble(0, 0) is None
        monkeypatch.setattr(gateway, "ALIVE_PATIENCE_SECONDS", 0.5)
        assert nat.gateway_pid is not None
        os.kill(nat.gateway_pid, signal.SIGSTOP)
        await lab.expect_event("error", "its gateway was killed by SIGKILL")
        monkeypatch.setattr(gateway, "ALIVE_PATIENCE_SECONDS", PATIENCE)
        await lab.expect_event("info", "works again")
        assert await in_thread(guest.fetch_by_name) == PAGE


async def test_ports_are_forwarded_all_or_none_when_the_gateway_hangs(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    nat = await lab.nat(port_forwards=[forward()])
    async with lab.guests(nat, FIRST):
        monkeypatch.setattr(process, "ANSWER_SECONDS", 0.5)
        before = nat.properties()
        assert nat.gateway_pid is not None
        os.kill(nat.gateway_pid, signal.SIGSTOP)
        with pytest.raises(Conflict, match="gives no answer"):
            await nat.set_properties({"port_forwards": [forward(host_port=9000 + n) for n in range(5)]})
        assert nat.properties() == before
        monkeypatch.setattr(process, "ANSWER_SECONDS", PATIENCE)
        await lab.expect_event("error", "its gateway was killed by SIGKILL")
        await lab.expect_event("info", "works again")
        await nat.set_properties({"port_forwards": [forward(host_port=9000)]})


async def test_a_late_answer_is_not_taken_for_that_to_the_next_question(lab: Lab) -> None:
    nat = await lab.nat()
    with socket.create_server((LOOPBACK, 0)) as taken:
        async with lab.guests(nat, FIRST):
            pid = nat.gateway_pid
            assert pid is not None
            os.kill(pid, signal.SIGSTOP)
            with trio.move_on_after(0.5) as given_up:
                await nat.set_properties({"port_forwards": [forward()]})
            assert given_up.cancelled_caught
            os.kill(pid, signal.SIGCONT)
            with trio.fail_after(PATIENCE):
                while nat.gateway_pid in (None, pid):
                    await trio.sleep(0.05)
            with pytest.raises(Conflict, match="Address already in use"):
                await nat.set_properties({"port_forwards": [forward(host_port=taken.getsockname()[1])]})
            assert nat.properties()["port_forwards"] == []


async def test_ports_that_are_forwarded_while_there_is_no_gateway(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "RESTART_SECONDS", 1000.0)
    nat = await lab.nat()
    async with lab.guests(nat, FIRST):
        assert nat.gateway_pid is not None
        os.kill(nat.gateway_pid, signal.SIGKILL)
        await lab.expect_event("error", "its gateway was killed by SIGKILL")
        await nat.set_properties({"port_forwards": [forward()]})
        assert [each["host_port"] for each in nat.properties()["port_forwards"]] == [8080]
        assert "it is started again" in (nat.port_trouble(0, 0) or "")  # it does not work before


async def test_links_come_and_go(lab: Lab) -> None:
    nat, other = await lab.nat(), await lab.nat()
    async with lab.guests(other, SECOND) as [neighbour]:
        for _ in range(5):
            async with lab.guests(nat, FIRST) as [guest]:
                assert await in_thread(guest.fetch_by_name) == PAGE
                assert len(children()) == 2
            assert len(children()) == 1
        assert await in_thread(neighbour.fetch_by_name) == PAGE
    assert children() == set()


async def test_what_is_missing_is_named(tmp_path: Path) -> None:
    async with open_lab(tmp_path, libslirp_path="libslirp.so.99") as lab:
        with pytest.raises(Conflict, match=r"libslirp.so.99: cannot open shared object file.*apt install libslirp0"):
            await lab.nat()


async def test_it_is_confined(lab: Lab) -> None:
    nat = await lab.nat()
    async with lab.linked(nat):
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{nat.gateway_pid}/status").read_text().splitlines())
        assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
        assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
        assert descriptors(nat.gateway_pid or 0) == 4  # frames, control, errors, and one in reserve


# --- hostile guests ---


async def test_a_flood_of_connections_has_a_bound_and_neighbours_do_not_notice(lab: Lab) -> None:
    nat = await lab.nat()
    async with lab.linked(nat) as uplink, lab.guests(await lab.nat(), SECOND) as [stranger]:
        pid = nat.gateway_pid
        assert pid is not None
        wire = Wire(uplink, FIRST)
        mac = await wire.gateway_mac()
        for number in range(5000):
            wire.send(mac, nat_lab.tcp_syn(FIRST, INTERNET, 80, 1024 + number))
            wire.send(mac, nat_lab.udp(FIRST, INTERNET, 7, b"x", 1024 + number))
            if number % 50 == 0:
                await trio.lowlevel.checkpoint()
                wire.send(mac, nat_lab.tcp_syn(SECOND, INTERNET, 80, 2000 + number))  # a neighbour at the same NAT
        await wire.connect(mac, INTERNET, source=SECOND)
        assert descriptors(pid) <= 2 * 256 + 4
        assert nat.gateway_pid == pid
        assert await in_thread(stranger.fetch_by_name) == PAGE


async def test_what_is_refused_is_told_at_once(lab: Lab) -> None:
    """As often as one likes: a refused connection must not cost the gateway its life."""
    nat = await lab.nat()
    async with lab.guests(nat, FIRST) as [guest]:
        pid = nat.gateway_pid
        for target in (GATEWAY, HOST, INTERNET):
            for _ in range(40):
                assert await in_thread(guest.run, refusal_of, target) in ("ECONNREFUSED", "ENETUNREACH"), target
        assert await in_thread(guest.fetch_by_name) == PAGE
        assert nat.gateway_pid == pid


def refusal_of(target: str) -> str:
    with socket.socket() as sock:
        sock.settimeout(PATIENCE)
        number = sock.connect_ex((target, 81))
        return errno.errorcode.get(number, str(number))


async def test_odd_packets(lab: Lab) -> None:
    nat = await lab.nat()
    chance = random.Random(1)
    async with lab.linked(nat) as uplink:
        pid = nat.gateway_pid
        wire = Wire(uplink, FIRST)
        mac = await wire.gateway_mac()
        for number in range(20000):
            target = chance.choice((HOST, INTERNET, GATEWAY, "192.168.122.254", "203.0.113.1"))
            wire.send(mac, nat_lab.odd_packet(chance.choice((FIRST, SECOND)), target, chance))
            if number % 20 == 0:
                await trio.lowlevel.checkpoint()
        await wire.connect(mac, INTERNET, source="192.168.122.12")
        assert nat.gateway_pid == pid


async def test_fragments_and_garbage_have_a_bound(lab: Lab) -> None:
    nat = await lab.nat()
    async with lab.linked(nat) as uplink:
        pid = nat.gateway_pid
        assert pid is not None
        wire = Wire(uplink, FIRST)
        mac = await wire.gateway_mac()
        before = resident_kib(pid)
        for number in range(30000):
            whole = nat_lab.udp(FIRST, INTERNET, 7, bytes(2900), identification=number & 0xFFFF)
            wire.send(mac, nat_lab.fragments(whole)[number % 2])
            wire.send(mac, os.urandom(60))
            if number % 20 == 0:
                await trio.lowlevel.checkpoint()
        await wire.connect(mac, INTERNET)
        assert resident_kib(pid) < before + 20_000
        assert nat.gateway_pid == pid
