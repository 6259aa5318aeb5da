"""Frames in = frames out + drops by reason + held, on a link whose filters, splice and captures change at random."""

from contextlib import ExitStack
from typing import Any

import attrs
import hypothesis
import hypothesis.strategies as st
import pytest
import trio

from gns3trio.compute.local.leases import bind_udp
from gns3trio.conditions.core_filter import CoreFilter
from gns3trio.forwarder.forwarder import CaptureOptions, Forwarder, Port, Splice, open_forwarder
from gns3trio.traffic.counters import PortCounters
from tests.kernel_offload import require_kernel_offload

LOOPBACK = "127.0.0.1"
PATIENCE = 60

directions = st.sampled_from(["in", "out", "both"])
chances = st.integers(0, 1_000_000)
filters = st.one_of(
    st.builds(
        lambda d, c, k: CoreFilter(k, d, (c,)), directions, chances, st.sampled_from(["loss", "corrupt", "duplicate"])
    ),
    st.builds(lambda d, n: CoreFilter("frequency", d, (n,)), directions, st.integers(-1, 5)),
    st.builds(lambda d, us, j: CoreFilter("delay", d, (us, j)), directions, st.sampled_from([0, 500, 10**9]), chances),
    st.builds(lambda d, c: CoreFilter("reorder", d, (c, 2000)), directions, chances),
    st.builds(
        lambda d, r, q: CoreFilter("rate", d, (r, 0, q)), directions, st.integers(1000, 10**9), st.integers(0, 9999)
    ),
    st.builds(lambda d: CoreFilter("bpf", d, expression="ether[0] & 1 = 1"), directions),
)
sides = st.integers(0, 1)
actions = st.one_of(
    st.tuples(st.just("send"), sides, st.integers(0, 100)),
    st.tuples(st.just("filter"), sides, st.lists(filters, max_size=4)),
    st.tuples(st.just("suspend"), sides, st.booleans()),
    st.tuples(st.just("splice"), sides, st.booleans()),
    st.tuples(st.just("capture"), sides, st.booleans()),
    st.tuples(st.just("pause"), st.just(0), st.none()),
)
STATS_INTERVAL = 0.001  # the core looks as often for links that the kernel can serve


@attrs.define
class LinkBed:
    """A link as the server wires it: device port, tunnel port, tunnel port, device port."""

    forwarder: Forwarder
    stack: ExitStack
    devices: list[Port] = attrs.field(factory=list)
    tunnels: list[Port] = attrs.field(factory=list)
    nodes: list[trio.socket.SocketType] = attrs.field(factory=list)
    entrances: list[tuple[str, int]] = attrs.field(factory=list)
    sent: list[int] = attrs.field(factory=lambda: [0, 0])
    splice: Splice | None = None

    def open(self) -> None:
        tunnel_sockets = [self.stack.enter_context(bind_udp(LOOPBACK, 0)) for _ in range(2)]
        for side in range(2):
            node, held = (self.stack.enter_context(bind_udp(LOOPBACK, 0)) for _ in range(2))
            self.nodes.append(trio.socket.from_stdlib_socket(node))
            self.entrances.append(held.getsockname())
            self.devices.append(self.forwarder.open_port(held, node.getsockname()))
            remote = tunnel_sockets[1 - side].getsockname()
            self.tunnels.append(self.forwarder.open_port(tunnel_sockets[side], remote))
            self.forwarder.connect(self.devices[side], self.tunnels[side])

    async def act(self, action: str, side: int, value: Any) -> None:
        tunnel = self.tunnels[side]
        match action:
            case "send":
                await self.settle()  # a socket holds so many: the rest would be lost, and not counted
                for number in range(value):
                    frame = bytes([number % 256]) + bytes(59 + number % 40)
                    await self.nodes[side].sendto(frame, self.entrances[side])
                self.sent[side] += value
            case "filter":
                tunnel.set_filters(value, seed=side)
            case "suspend":
                tunnel.suspend(value)
            case "splice" if value and self.splice is None:
                self.splice = self.forwarder.splice(*self.tunnels)
            case "splice" if not value and self.splice is not None:
                self.splice.close()
                self.splice = None
            case "capture":
                core_capture = tunnel.capture(CaptureOptions(ring_bytes=65536, pcapng=value))
                self.stack.callback(core_capture.close)
            case "pause":
                await trio.sleep(3 * STATS_INTERVAL)

    def imbalances(self) -> list[str]:
        """Which of the four steps of the two ways do not add up."""
        counters = self.forwarder.snapshot()
        device = [counters[port.id] for port in self.devices]
        tunnel = [counters[port.id] for port in self.tunnels]
        wrong = []
        for side in range(2):
            near, far = tunnel[side], tunnel[1 - side]
            steps = {
                "the node's frames came": (self.sent[side], device[side].rx_frames),
                "they left at the near tunnel port": (device[side].rx_frames, left(near)),
                "they came to the far tunnel port": (near.tx_frames, came(far)),
                "they left for the other node": (far.rx_frames, left(device[1 - side])),
            }
            wrong += [f"side {side}: {name}: {a} != {b}" for name, (a, b) in steps.items() if a != b]
        return wrong

    async def settle(self) -> None:
        """Wait until all frames are where they belong."""
        wrong: list[str] = []
        with trio.move_on_after(PATIENCE):
            # Frames that are being released are, for a moment, neither held nor out.
            while wrong := self.imbalances():
                await trio.sleep(0.001)
        assert wrong == []


def left(port: PortCounters) -> int:
    return port.tx_frames + sum(port.tx_drops.values()) + port.tx_held - port.tx_duplicated


def came(port: PortCounters) -> int:
    return port.rx_frames + sum(port.rx_drops.values()) + port.rx_held - port.rx_duplicated


@pytest.mark.parametrize("kernel_offload", [False, True])
@hypothesis.settings(max_examples=40, deadline=None)
@hypothesis.given(script=st.lists(actions, min_size=3, max_size=25))
def test_every_frame_is_accounted_for(kernel_offload: bool, script: list[tuple[str, int, Any]]) -> None:
    if kernel_offload:
        require_kernel_offload()
    trio.run(play, script, kernel_offload)


async def play(script: list[tuple[str, int, Any]], kernel_offload: bool) -> None:
    with ExitStack() as stack:
        async with open_forwarder(workers=2, stats_interval=STATS_INTERVAL, kernel_offload=kernel_offload) as forwarder:
            with ExitStack() as core_captures:  # closed before the core is
                bed = LinkBed(forwarder, stack)
                bed.open()
                bed.stack = core_captures
                for action, side, value in script:
                    await bed.act(action, side, value)
                await bed.settle()
