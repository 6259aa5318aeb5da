"""The forwarder through its Python face: real sockets, the real core."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import attrs
import hypothesis
import pytest
import trio
from hypothesis import strategies as st

from gns3trio.compute.local.leases import bind_udp
from gns3trio.errors import Conflict, Invalid
from gns3trio.forwarder.forwarder import COUNTERS_AT_ONCE, Forwarder, Port, default_workers, open_forwarder
from gns3trio.traffic.counters import PortCounters, receive_rates

LOOPBACK = "127.0.0.1"
PATIENCE = 60.0


class Peer:
    """A node's end: a socket that frames are sent from, and the socket that the forwarder takes them at."""

    def __init__(self, stack: ExitStack) -> None:
        self.node = stack.enter_context(trio.socket.from_stdlib_socket(bind_udp(LOOPBACK, 0)))
        self.held = stack.enter_context(bind_udp(LOOPBACK, 0))
        self.address: tuple[str, int] = self.node.getsockname()
        self.entrance: tuple[str, int] = self.held.getsockname()

    def open(self, forwarder: Forwarder) -> Port:
        return forwarder.open_port(self.held, self.address)

    async def send(self, frame: bytes) -> None:
        await self.node.sendto(frame, self.entrance)

    async def receive(self) -> bytes:
        with trio.fail_after(PATIENCE):
            return bytes(await self.node.recv(20000))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
async def forwarder() -> AsyncIterator[Forwarder]:
    async with open_forwarder(stats_interval=0.001) as opened:
        yield opened


async def test_frames_cross_a_bridge(forwarder: Forwarder, stack: ExitStack) -> None:
    a, b = Peer(stack), Peer(stack)
    port_a, port_b = a.open(forwarder), b.open(forwarder)
    with forwarder.connect(port_a, port_b):
        await a.send(b"from a")
        assert await b.receive() == b"from a"
        await b.send(b"from b")
        assert await a.receive() == b"from b"
    assert forwarder.counters(port_a) == PortCounters(rx_frames=1, rx_bytes=6, tx_frames=1, tx_bytes=6)
    port_a.close()
    port_a.close()
    assert port_a.id not in forwarder.snapshot()


async def test_a_socket_can_be_used_again(forwarder: Forwarder, stack: ExitStack) -> None:
    peer = Peer(stack)
    held = stack.enter_context(bind_udp(LOOPBACK, 0))
    number = held.getsockname()[1]
    held.close()
    held = stack.enter_context(bind_udp(LOOPBACK, number))
    for _ in range(3):
        with forwarder.open_port(held, peer.address):
            pass
        assert held.getsockname()[1] == number
        with pytest.raises(OSError, match="not connected"):
            held.getpeername()


async def test_changed_counters_are_told_and_idle_is_silent(forwarder: Forwarder, stack: ExitStack) -> None:
    a, b = Peer(stack), Peer(stack)
    port = a.open(forwarder)
    forwarder.connect(port, b.open(forwarder))
    for number in range(1, 4):
        await a.send(b"x")
        await b.receive()
        with trio.fail_after(PATIENCE):
            await forwarder.wait_changed()
        assert forwarder.counters(port).rx_frames == number
    with trio.move_on_after(0.1) as scope:
        await forwarder.wait_changed()
    assert scope.cancelled_caught


async def test_of_many_ports_those_that_counted_are_told(forwarder: Forwarder, stack: ExitStack) -> None:
    idle = [forwarder.open_local() for _ in range(3 * COUNTERS_AT_ONCE)]
    a, b = Peer(stack), Peer(stack)
    first, second = a.open(forwarder), b.open(forwarder)
    forwarder.connect(first, second)
    opened = {}
    while some := forwarder.changed():
        assert len(some) <= COUNTERS_AT_ONCE and not some.keys() & opened.keys()
        opened |= some
    assert opened.keys() == {port.id for port in (*idle, first, second)}
    for number in range(1, 4):
        await a.send(b"x")
        await b.receive()
        with trio.fail_after(PATIENCE):
            await forwarder.wait_changed()
        found = forwarder.changed()
        assert found.keys() == {first.id, second.id}
        assert (found[first.id].rx_frames, found[second.id].tx_frames) == (number, number)
    second.close()
    assert forwarder.changed() == {second.id: PortCounters()}
    assert forwarder.counters_of([first.id, second.id]).keys() == {first.id}
    with pytest.raises(Conflict):
        forwarder.counters(second)


async def test_mistakes_are_conflicts(forwarder: Forwarder, stack: ExitStack) -> None:
    a, b, c = (Peer(stack).open(forwarder) for _ in range(3))
    forwarder.connect(a, b)
    with pytest.raises(Conflict):
        forwarder.connect(a, c)
    forwarder.splice(a, b)
    with pytest.raises(Conflict):
        forwarder.splice(b, c)
    with pytest.raises(Invalid, match="no address"):
        forwarder.open_port(stack.enter_context(bind_udp(LOOPBACK, 0)), ("no address", 1))
    with stack.enter_context(socket.socket()) as tcp, pytest.raises((Conflict, Invalid)):
        forwarder.open_port(tcp, ("::1", 1))


async def test_a_thousand_idle_ports_cost_no_cpu(forwarder: Forwarder, stack: ExitStack) -> None:
    for _ in range(1000):
        held = stack.enter_context(bind_udp(LOOPBACK, 0))
        forwarder.open_port(held, (LOOPBACK, 9))
    with trio.fail_after(PATIENCE):
        while len(forwarding_threads()) < default_workers():
            await trio.sleep(0.01)
    before, now = -1, cpu_nanoseconds()
    while before != now:  # they may have to fall asleep first
        await trio.sleep(0.05)
        before, now = now, cpu_nanoseconds()
    await trio.sleep(1)
    assert cpu_nanoseconds() == now  # they sleep in the kernel, so this is exact


def forwarding_threads() -> list[Path]:
    tasks = Path("/proc/self/task").iterdir()
    return [task for task in tasks if (task / "comm").read_text().startswith("udpfwd-")]


def cpu_nanoseconds() -> int:
    return sum(int((task / "schedstat").read_text().split()[0]) for task in forwarding_threads())


def test_rates() -> None:
    assert attrs.astuple(
        receive_rates(PortCounters(rx_frames=10, rx_bytes=1000), PortCounters(rx_frames=30, rx_bytes=3000), 2.0)
    ) == (10.0, 8000.0)


# --- frames in = frames out + drops, whatever is changed in between ---

PORTS = 4
actions = st.one_of(
    st.tuples(st.just("send"), st.integers(0, PORTS - 1), st.integers(0, 40)),
    st.tuples(st.just("connect"), st.integers(0, PORTS - 1), st.integers(0, PORTS - 1)),
    st.tuples(st.just("disconnect"), st.integers(0, PORTS - 1), st.just(0)),
    st.tuples(st.just("reopen"), st.integers(0, PORTS - 1), st.just(0)),
)


@hypothesis.settings(max_examples=40, deadline=None)
@hypothesis.given(st.lists(actions, max_size=30))
def test_no_frame_is_lost_uncounted(script: list[tuple[str, int, int]]) -> None:
    trio.run(play, script)


async def play(script: list[tuple[str, int, int]]) -> None:
    with ExitStack() as stack:
        async with open_forwarder() as forwarder:
            peers = [Peer(stack) for _ in range(PORTS)]
            ports = [peer.open(forwarder) for peer in peers]
            joined: dict[int, int] = {}
            bridges = {}
            entered = Tally()
            for action, first, second in script:
                if action == "send":
                    await entered.settle(forwarder)  # a socket holds so many: the rest would be lost, and not counted
                    for _ in range(second):
                        await peers[first].send(bytes(60))
                    entered.sent += second
                elif action == "connect" and first != second and first not in joined and second not in joined:
                    joined |= {first: second, second: first}
                    bridges[first] = bridges[second] = forwarder.connect(ports[first], ports[second])
                elif action == "disconnect" and first in joined:
                    bridges[first].close()
                    del joined[joined.pop(first)]
                elif action == "reopen":
                    await entered.settle(forwarder)  # what waits in a socket that is closed is nobody's to count
                    entered.take(forwarder.counters(ports[first]))
                    ports[first].close()
                    if first in joined:
                        del joined[joined.pop(first)]
                    peers[first].held.close()
                    peers[first].held = stack.enter_context(bind_udp(LOOPBACK, 0))
                    peers[first].entrance = peers[first].held.getsockname()
                    ports[first] = peers[first].open(forwarder)
            await entered.settle(forwarder)
            for port in ports:
                entered.take(forwarder.counters(port))
            assert entered.sent == entered.unlinked + entered.received
            assert entered.received == entered.transmitted + entered.undelivered


@attrs.define
class Tally:
    """Frames sent by the test, and what closed ports counted of them."""

    sent: int = 0
    received: int = 0
    transmitted: int = 0
    unlinked: int = 0
    undelivered: int = 0

    def take(self, counters: PortCounters) -> None:
        self.received += counters.rx_frames
        self.transmitted += counters.tx_frames
        self.unlinked += counters.rx_drops["unlinked"]
        self.undelivered += counters.tx_drops["queue"] + counters.tx_drops["error"]

    async def settle(self, forwarder: Forwarder) -> None:
        """Wait until every frame that was sent has been counted."""
        with trio.fail_after(PATIENCE):
            while True:
                counted = self.received + self.unlinked
                counted += sum(c.rx_frames + c.rx_drops["unlinked"] for c in forwarder.snapshot().values())
                if counted == self.sent:
                    return
                await trio.sleep(0.001)


async def test_a_forwarder_that_is_cancelled_while_it_starts_ends() -> None:
    with trio.fail_after(PATIENCE), trio.CancelScope() as scope:
        scope.cancel()
        async with open_forwarder(workers=2):
            await trio.sleep_forever()
    assert scope.cancelled_caught
