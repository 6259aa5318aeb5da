"""Frames in = frames out + drops by reason + held, at a hub or switch whose ports come, go and change at random.

A cable may join two ports of the bridge to each other: what goes round it comes back as a loop.
"""

from contextlib import ExitStack
from typing import Any, Literal

import attrs
import hypothesis
import hypothesis.strategies as st
import trio

from gns3trio.compute.local.leases import bind_udp
from gns3trio.conditions.core_filter import CoreFilter
from gns3trio.forwarder.forwarder import Bridge, Forwarder, Port, VlanPort, open_forwarder
from gns3trio.traffic.counters import PortCounters

LOOPBACK = "127.0.0.1"
PATIENCE = 60
NODES = 4  # the ports behind which there is a node; two more are the ends of the cable
CABLE = (NODES, NODES + 1)
RESERVED_VLAN = 4095
BY_THE_BRIDGE = ("loop", "local", "runt")  # drops of frames that came in at a port and then went nowhere

chances = st.integers(0, 1_000_000)
passing = st.one_of(
    st.builds(
        lambda d, c, k: CoreFilter(k, d, (c,)),
        st.sampled_from(["in", "out", "both"]),
        chances,
        st.sampled_from(["loss", "duplicate"]),
    ),
    st.builds(lambda n: CoreFilter("frequency", "in", (n,)), st.integers(-1, 5)),
    st.just(CoreFilter("bpf", "both", expression="ether[0] & 1 = 1")),
)
# Frames that come in are not held: they would enter the bridge when its ports are other ones.
leaving = st.one_of(
    st.builds(lambda c: CoreFilter("corrupt", "out", (c,)), chances),
    st.builds(lambda us, j: CoreFilter("delay", "out", (us, j)), st.sampled_from([0, 500, 10**9]), chances),
    st.builds(lambda c: CoreFilter("reorder", "out", (c, 2000)), chances),
    st.builds(lambda r, q: CoreFilter("rate", "out", (r, 0, q)), st.integers(1000, 10**9), st.integers(0, 9999)),
)
vlan_ports = st.builds(
    lambda mode, vlan: VlanPort(mode=mode, vlan=vlan, ethertype=0x88A8),
    st.sampled_from(["access", "dot1q", "qinq"]),
    st.integers(1, 2),
)
numbers = st.integers(0, NODES - 1)
tags = st.sampled_from([None, 1, 2, 3, RESERVED_VLAN])
actions = st.one_of(
    st.tuples(st.just("send"), numbers, st.tuples(st.integers(0, 80), tags)),
    st.tuples(st.just("filter"), numbers, st.lists(st.one_of(passing, leaving), max_size=3)),
    st.tuples(st.just("suspend"), numbers, st.booleans()),
    st.tuples(st.just("plug"), numbers, st.booleans()),
    st.tuples(st.just("reopen"), numbers, st.none()),
    st.tuples(st.just("vlan"), numbers, vlan_ports),
)


def left(port: PortCounters) -> int:
    return port.tx_frames + sum(port.tx_drops.values()) + port.tx_held - port.tx_duplicated


def came(port: PortCounters) -> int:
    drops = sum(frames for reason, frames in port.rx_drops.items() if reason not in BY_THE_BRIDGE)
    return port.rx_frames + drops + port.rx_held - port.rx_duplicated


def went_on(port: PortCounters) -> int:
    return port.rx_frames - sum(port.rx_drops[reason] for reason in BY_THE_BRIDGE)


@attrs.define
class BridgePort:
    """A port, and what was known of it when the step began."""

    port: Port
    vlan: VlanPort = attrs.field(factory=VlanPort)
    joined: bool = False
    sent: int = 0  # by its node
    left: int = 0
    went_on: int = 0


@attrs.define
class BridgeBed:
    """The model beside the real bridge: to which ports a frame goes that came in at one."""

    forwarder: Forwarder
    kind: Literal["hub", "switch"]
    bridge: Bridge
    stack: ExitStack
    ports: list[BridgePort] = attrs.field(factory=list)
    nodes: list[Any] = attrs.field(factory=list)
    sockets: list[Any] = attrs.field(factory=list)
    tag: int | None = None  # of the frames of this step

    def open(self, vlans: list[VlanPort], *, cable: bool) -> None:
        for vlan in (*vlans, *(VlanPort() for _ in CABLE)):
            node, held = (self.stack.enter_context(bind_udp(LOOPBACK, 0)) for _ in range(2))
            self.nodes.append(trio.socket.from_stdlib_socket(node))
            self.sockets.append(held)
            self.ports.append(BridgePort(self.forwarder.open_port(held, node.getsockname()), vlan))
            if len(self.ports) <= NODES or cable:
                self.plug(self.ports[-1], True)
        self.forwarder.splice(*(self.ports[number].port for number in CABLE))

    def plug(self, port: BridgePort, joined: bool) -> None:
        if joined and not port.joined:
            self.bridge.join(port.port, port.vlan)
        elif not joined and port.joined:
            self.bridge.leave(port.port)
        port.joined = joined

    async def act(self, action: str, number: int, value: Any) -> None:
        port = self.ports[number]
        self.tag = None
        match action:
            case "send":
                frames, self.tag = value
                tag = b"" if self.tag is None else b"\x81\x00" + self.tag.to_bytes(2)
                for size in range(frames):
                    frame = b"\xff" * 6 + bytes([2, 0, 0, 0, 0, number]) + tag + b"\x08\x00" + bytes(46 + size)
                    await self.nodes[number].sendto(frame, self.sockets[number].getsockname())
                port.sent += frames
            case "filter":
                port.port.set_filters(value, seed=number)
            case "suspend":
                port.port.suspend(value)
            case "plug":
                self.plug(port, value)
            case "reopen":
                port.port.close()
                remote = self.nodes[number].getsockname()
                again = BridgePort(self.forwarder.open_port(self.sockets[number], remote), port.vlan)
                self.ports[number] = again
                self.plug(again, True)
            case "vlan":
                port.vlan = value
                if port.joined and self.kind == "switch":
                    port.port.set_vlan(value)

    def leads_to(self, source: BridgePort, to: BridgePort) -> bool:
        if source is to or not source.joined or not to.joined:
            return False
        if self.kind == "hub":
            return True
        vlan = source.vlan.vlan if source.vlan.mode != "dot1q" or self.tag is None else self.tag
        return vlan != RESERVED_VLAN and (to.vlan.mode == "dot1q" or to.vlan.vlan == vlan)

    def imbalances(self) -> list[str]:
        """What does not add up; nothing once all frames of the step are where they belong."""
        counters = self.forwarder.snapshot()
        now = [counters[port.port.id] for port in self.ports]
        wrong = []
        for number, port in enumerate(self.ports):
            sent = now[sum(CABLE) - number].tx_frames if number in CABLE else port.sent
            if sent != came(now[number]):
                wrong.append(f"port {number}: {sent} frames were sent, {came(now[number])} came")
            expected = port.left
            for source, its in zip(self.ports, now, strict=True):
                if self.leads_to(source, port):
                    expected += went_on(its) - source.went_on
            if expected != left(now[number]):
                wrong.append(f"port {number}: {left(now[number])} frames left, not {expected}")
            if not any(self.leads_to(port, other) for other in self.ports) and went_on(now[number]) != port.went_on:
                wrong.append(f"port {number}: frames that go nowhere are not counted as dropped")
        if not wrong:
            for port, its in zip(self.ports, now, strict=True):
                port.left, port.went_on = left(its), went_on(its)
        return wrong

    async def settle(self) -> None:
        wrong: list[str] = []
        with trio.move_on_after(PATIENCE):
            while wrong := self.imbalances():  # frames that are being released are, for a moment, neither held nor out
                await trio.sleep(0.001)
        assert wrong == []


@hypothesis.settings(max_examples=150, deadline=None)
@hypothesis.given(
    st.sampled_from(["hub", "switch"]),
    st.lists(vlan_ports, min_size=NODES, max_size=NODES),
    st.booleans(),
    st.lists(actions, min_size=3, max_size=25),
)
def test_every_frame_at_a_bridge_is_accounted_for(
    kind: Literal["hub", "switch"], vlans: list[VlanPort], cable: bool, script: list[tuple[str, int, Any]]
) -> None:
    trio.run(play, kind, vlans, cable, script)


async def play(
    kind: Literal["hub", "switch"], vlans: list[VlanPort], cable: bool, script: list[tuple[str, int, Any]]
) -> None:
    with ExitStack() as stack:
        async with open_forwarder(workers=2) as forwarder:
            bridge = forwarder.open_hub() if kind == "hub" else forwarder.open_switch()
            bed = BridgeBed(forwarder, kind, bridge, stack)
            bed.open(vlans, cable=cable)
            for action, number, value in script:
                await bed.act(action, number, value)
                await bed.settle()
