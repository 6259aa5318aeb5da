"""Ports are bound from the moment their number is known until they are given back."""

import os
import socket
from collections.abc import Iterator
from uuid import UUID

import pytest
import trio

from gns3trio.compute.local.leases import BROWSER_BLOCKED_PORTS, ConsoleLease, ConsolePorts, UdpPorts
from gns3trio.errors import Conflict

PROJECT = UUID(int=1)
OTHER_PROJECT = UUID(int=2)
LOOPBACK = "127.0.0.1"


def free_range(size: int) -> int:
    """The first of ``size`` ports that nobody uses, below the ephemeral ones, so that nobody gets one by chance."""
    first = 14000 + os.getpid() % 500 * 20  # another run of the tests looks elsewhere
    for start in range(first, 32000, size):
        held: list[socket.socket] = []
        try:
            for port in range(start, start + size):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    held.append(socket.socket(socket.AF_INET, kind))
                    held[-1].bind(("0.0.0.0", port))
            return start
        except OSError:
            continue
        finally:
            for one in held:
                one.close()
    raise AssertionError("no free range of ports")


@pytest.fixture
def start() -> int:
    return free_range(10)


@pytest.fixture
def foreign() -> Iterator[list[socket.socket]]:
    """Sockets of "another program"."""
    sockets: list[socket.socket] = []
    yield sockets
    for one in sockets:
        one.close()


def occupy(foreign: list[socket.socket], kind: int, port: int, *, reuse: bool = False) -> None:
    one = socket.socket(socket.AF_INET, kind)
    foreign.append(one)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
    one.bind((LOOPBACK, port))


def test_consoles_are_lowest_first_and_come_back(start: int):
    ports = ConsolePorts([LOOPBACK], start, start + 9)
    first, second, third = (ports.lease() for _ in range(3))
    assert [first.port, second.port, third.port] == [start, start + 1, start + 2]
    second.release()
    second.release()
    assert ports.leased == {start, start + 2}
    first.release()
    again = [ports.lease().port for _ in range(3)]
    assert again == [start, start + 1, start + 3]


def test_a_held_console_port_is_not_free_for_others(start: int, foreign: list[socket.socket]):
    """Not even for a program that sets SO_REUSEADDR, as another server of this kind would."""
    lease = ConsolePorts([LOOPBACK], start, start).lease()
    for reuse in (False, True):
        with pytest.raises(OSError, match="in use"):
            occupy(foreign, socket.SOCK_STREAM, start, reuse=reuse)
    lease.release()
    occupy(foreign, socket.SOCK_STREAM, start)


def test_a_port_of_another_program_is_passed_over_until_it_is_free(start: int, foreign: list[socket.socket]):
    occupy(foreign, socket.SOCK_STREAM, start)
    ports = ConsolePorts([LOOPBACK], start, start + 9)
    assert ports.lease().port == start + 1
    foreign.pop().close()
    assert ports.lease().port == start


def test_a_requested_port_is_that_one_or_a_conflict(start: int, foreign: list[socket.socket]):
    ports = ConsolePorts([LOOPBACK], start, start + 9)
    lease = ports.lease(start + 1)
    assert lease.port == start + 1
    occupy(foreign, socket.SOCK_STREAM, start + 5)
    for taken in (start + 1, start + 5):
        with pytest.raises(Conflict, match=str(taken)):
            ports.lease(taken)
    assert [ports.lease().port, ports.lease().port] == [start, start + 2]
    lease.release()
    assert ports.lease().port == start + 1


def test_exhaustion_names_the_setting(start: int):
    ports = ConsolePorts([LOOPBACK], start, start + 1)
    leases = [ports.lease(), ports.lease()]
    with pytest.raises(Conflict, match="console_start_port_range"):
        ports.lease()
    leases[0].release()
    assert ports.lease().port == start


def test_ports_that_browsers_refuse_are_skipped():
    blocked = next(p for p in sorted(BROWSER_BLOCKED_PORTS) if p > 6000 and p + 1 not in BROWSER_BLOCKED_PORTS)
    ports = ConsolePorts([LOOPBACK], blocked, blocked)
    with pytest.raises(Conflict):
        ports.lease()
    assert ports.lease(blocked).port == blocked


def listener_of(lease: ConsoleLease) -> trio.SocketListener:
    """Listens at the only address of a console, with a descriptor of its own."""
    lease.listen()
    (held,) = lease.sockets
    return trio.SocketListener(trio.socket.from_stdlib_socket(held.dup()))


async def test_a_console_refuses_listens_and_refuses_again_without_losing_its_port(
    start: int, foreign: list[socket.socket]
):
    lease = ConsolePorts([LOOPBACK], start, start).lease()
    for _ in range(2):
        with pytest.raises(OSError, match="connect"):
            await trio.open_tcp_stream(LOOPBACK, start)
        async with (
            listener_of(lease) as listener,
            await trio.open_tcp_stream(LOOPBACK, start) as client,
            await listener.accept() as server,
        ):
            await client.send_all(b"x")
            assert await server.receive_some() == b"x"
        lease.stop_listening()
        with pytest.raises(OSError, match="in use"):
            occupy(foreign, socket.SOCK_STREAM, start, reuse=False)
    lease.release()


async def test_after_a_restart_the_same_port_although_connections_linger(start: int):
    """The server closed first, so its end of the connection is in TIME_WAIT."""
    before = ConsolePorts([LOOPBACK], start, start).lease()
    async with listener_of(before) as listener, await trio.open_tcp_stream(LOOPBACK, start) as client:
        await (await listener.accept()).aclose()
        assert await client.receive_some() == b""
    before.stop_listening()
    before.release()
    after = ConsolePorts([LOOPBACK], start, start).lease()
    async with listener_of(after):
        assert after.port == start
    after.release()


def test_udp_ports_are_reserved_in_order_for_a_project(start: int, foreign: list[socket.socket]):
    ports = UdpPorts(start, start + 9)
    assert [ports.reserve(PROJECT), ports.reserve(PROJECT)] == [start, start + 1]
    with pytest.raises(OSError, match="in use"):
        occupy(foreign, socket.SOCK_DGRAM, start)


def test_a_nio_claims_a_reserved_port_once(start: int):
    ports = UdpPorts(start, start + 9)
    reserved = ports.reserve(PROJECT)
    with pytest.raises(Conflict):
        ports.claim(OTHER_PROJECT, reserved)
    lease = ports.claim(PROJECT, reserved)
    assert lease.socket.getsockname() == ("0.0.0.0", reserved)
    with pytest.raises(Conflict, match=str(reserved)):
        ports.claim(PROJECT, reserved)
    lease.release()
    assert ports.reserve(PROJECT) == reserved


def test_a_nio_claims_any_free_port(start: int):
    with UdpPorts(start, start + 9).claim(PROJECT, start + 20) as lease:
        assert lease.port == start + 20


def test_a_project_gives_back_what_no_nio_claimed(start: int):
    ports = UdpPorts(start, start + 9)
    first, _ = ports.reserve(PROJECT), ports.reserve(PROJECT)
    claimed = ports.claim(PROJECT, first)
    other = ports.reserve(OTHER_PROJECT)
    ports.release_project(PROJECT)
    assert ports.leased == {first, other}
    claimed.release()
    assert ports.leased == {other}
