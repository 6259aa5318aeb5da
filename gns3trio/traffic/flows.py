"""Flows of generated traffic: what they are, and what became of them. Sans-IO.

A flow is a stream of UDP datagrams from a built-in PC to an address. Sizes are those of the UDP data, and rates in bits
count them, too, as with iperf. Times are in seconds.
"""

from typing import Literal

from gns3trio import core_contract as core
from gns3trio.classes import frozen
from gns3trio.errors import Invalid
from gns3trio.limits import MAX_PORT

# The limits of a flow: of its UDP data, its rate per second, its burst, its length in seconds.
MIN_BYTES, MAX_BYTES = core.TRAFFIC_MIN_BYTES, core.TRAFFIC_MAX_BYTES
MIN_RATE, MAX_RATE = 1 / core.TRAFFIC_MAX_INTERVAL, core.TRAFFIC_MAX_RATE
MAX_BURST = core.TRAFFIC_MAX_BURST
MIN_SECONDS, MAX_SECONDS = 0.001, core.TRAFFIC_MAX_SECONDS
MAX_PACKETS = 2**32
# Where flows go unless they say another: the port of echoes (RFC 862).
DEFAULT_PORT = core.TRAFFIC_PORT
BITS = 8
# ``asking``: the receiver is asked what arrived. ``gone``: the sender is stopped or deleted.
FlowState = Literal["waiting", "sending", "asking", "done", "gone"]


@frozen(kw_only=True)
class FlowSpec:
    """Parameters of a flow, which sends for ``seconds``, or until ``packets`` are sent.

    ``burst`` packets leave at one go, so that the rate on the whole is the same. ``echo``: the receiver shall send
    everything back, so that round trips are measured. ``delay`` is the time before it begins.
    """

    packets_per_second: float
    data_bytes: int
    seconds: float
    packets: int | None = None
    burst: int = 1
    echo: bool = False
    port: int = DEFAULT_PORT
    delay: float = 0.0

    def check(self) -> None:
        """Raises Invalid with the name of the field that is out of range."""
        _within("packets_per_second", self.packets_per_second, MIN_RATE, MAX_RATE)
        _within("data_bytes", self.data_bytes, MIN_BYTES, MAX_BYTES)
        _within("seconds", self.seconds, MIN_SECONDS, MAX_SECONDS)
        _within("burst", self.burst, 1, MAX_BURST)
        _within("port", self.port, 1, MAX_PORT)
        _within("delay", self.delay, 0, MAX_SECONDS)
        if self.packets is not None:
            _within("packets", self.packets, 1, MAX_PACKETS)


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise Invalid(f"{name}: {least:.10g} to {most:.10g}, not {value:.10g}")


@frozen
class LatencySummary:
    """Latencies of ``samples`` packets, within 7 %."""

    samples: int
    min: float
    mean: float
    max: float
    p50: float
    p90: float
    p99: float
    p99_9: float


@frozen
class Arrivals:
    """What arrived: ``packets``, each once, with ``bytes`` of data, in the time ``seconds`` from the first to the last.

    ``reordered`` came behind a later one (RFC 4737). ``latency`` is None if it is not known: nothing arrived, or the
    receiver has another clock than the sender.
    """

    packets: int
    bytes: int
    duplicated: int
    reordered: int
    seconds: float
    latency: LatencySummary | None


@frozen(kw_only=True)
class FlowResult:
    """What became of a flow up to now.

    ``reason``: why it did not send all (as of jobs of a PC, ``done`` if it did). ``unsent`` could not be sent for want
    of memory. ``unreachable``: how often somebody reported by ICMP that packets do not arrive. ``seconds``: from the
    first to the last that was sent. ``arrived`` is what the receiver counted, None if nobody tells. ``returned`` is
    what came back to the sender; its latency is the round trip.
    """

    state: FlowState
    reason: str
    sent: int
    unsent: int
    unreachable: int
    seconds: float
    arrived: Arrivals | None
    returned: Arrivals

    @property
    def is_sending(self) -> bool:
        """Whether it is not over yet."""
        return self.state not in ("done", "gone")

    @property
    def lost(self) -> int | None:
        """The number of packets that did not arrive; None if nobody counted."""
        return max(self.sent - self.arrived.packets, 0) if self.arrived is not None else None

    @property
    def loss_ratio(self) -> float | None:
        """The lost part of the packets, from 0 to 1; None if nobody counted, or nothing was sent."""
        return self.lost / self.sent if self.lost is not None and self.sent else None


@frozen(kw_only=True)
class HeardFlow:
    """A flow that came to a PC that listens. ``sent`` is what its sender told at its end, None before. ``silent``:
    seconds since something of it came.
    """

    flow_id: int
    source: str
    source_port: int
    sent: int | None
    silent: float
    arrived: Arrivals


def packets_per_second(packets: int, seconds: float, burst: int = 1) -> float | None:
    """The rate of packets, of which the last came so many seconds after the first; None if they are too few to tell.
    The first burst begins the time in which the others come.
    """
    return (packets - burst) / seconds if packets > burst and seconds > 0 else None


def bits_per_second(packets: int, data_bytes: int, seconds: float, burst: int = 1) -> float | None:
    """The same in bits of their data, of which all packets together have ``data_bytes``."""
    rate = packets_per_second(packets, seconds, burst)
    return rate * data_bytes * BITS / packets if rate is not None else None
