"""Generated traffic in version 2 of the API; an extension: the body, the shapes of replies, and their views."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from attrs import field

from gns3trio import field_checks as v
from gns3trio.api.replies import Whole
from gns3trio.classes import define
from gns3trio.controller.nodes.traffic import TrafficReport
from gns3trio.errors import Invalid
from gns3trio.limits import Bound
from gns3trio.traffic.flows import (
    BITS,
    DEFAULT_PORT,
    MAX_BURST,
    MAX_BYTES,
    MAX_PACKETS,
    MAX_RATE,
    MAX_SECONDS,
    MIN_BYTES,
    MIN_RATE,
    MIN_SECONDS,
    Arrivals,
    FlowSpec,
    LatencySummary,
    bits_per_second,
)

MAX_BITS_PER_SECOND = MAX_RATE * MAX_BYTES * BITS
MICROSECONDS = 1e6
PERCENT = 100


# --- the body ---


@define(kw_only=True)
class FlowRequest:
    """How to send. ``data_bytes`` is the size of the UDP data of a packet. The rate is ``packets_per_second`` (default:
    1000), or ``bits_per_second`` of UDP data. ``burst`` packets leave at one go, at the same rate on the whole.
    ``packets``: end after so many, if the time is not over before. ``round_trip``: the receiver sends everything back.
    ``drain_seconds``: how long to wait for late packets at the end.
    """

    DEFAULT_RATE: ClassVar = 1000.0

    packets_per_second: float | None = field(default=None, validator=v.optional(v.and_(v.ge(MIN_RATE), v.le(MAX_RATE))))
    bits_per_second: float | None = field(
        default=None, validator=v.optional(v.and_(v.ge(1), v.le(MAX_BITS_PER_SECOND)))
    )
    data_bytes: int = field(default=512, validator=v.and_(v.ge(MIN_BYTES), v.le(MAX_BYTES)))
    seconds: float = field(default=10.0, validator=v.and_(v.ge(MIN_SECONDS), v.le(MAX_SECONDS)))
    packets: int | None = field(default=None, validator=v.optional(v.and_(v.ge(1), v.le(MAX_PACKETS))))
    burst: int = field(default=1, validator=v.and_(v.ge(1), v.le(MAX_BURST)))
    round_trip: bool = False
    port: int = field(default=DEFAULT_PORT, validator=v.PORT)
    drain_seconds: float = field(default=1.0, validator=v.and_(v.ge(0.0), v.le(60.0)))

    def spec(self) -> FlowSpec:
        """What a flow takes. Raises Invalid for a rate that is none, or is given twice."""
        if self.packets_per_second is not None and self.bits_per_second is not None:
            raise Invalid("packets_per_second and bits_per_second: give one of them")
        rate = self.packets_per_second if self.packets_per_second is not None else self.DEFAULT_RATE
        if self.bits_per_second is not None:
            rate = self.bits_per_second / (self.data_bytes * BITS)
            if not MIN_RATE <= rate <= MAX_RATE:
                raise Invalid(
                    f"bits_per_second: with {self.data_bytes} data_bytes, this is {rate:.10g} packets per second; "
                    f"{MIN_RATE} to {MAX_RATE} are possible"
                )
        return FlowSpec(
            packets_per_second=rate,
            data_bytes=self.data_bytes,
            seconds=self.seconds,
            packets=self.packets,
            burst=self.burst,
            echo=self.round_trip,
            port=self.port,
        )


@define(kw_only=True)
class TrafficRequest(FlowRequest):
    """Where to send: to a node of the project (``to_node_id``), which counts what arrives, or to an ``address``.
    ``ip_version``: 4 or 6, for a node that has addresses of both; null for IPv4 if both nodes have it.
    """

    to_node_id: UUID | None = None
    address: Annotated[str, Bound(most=100)] | None = None
    ip_version: Literal[4, 6, None] = None

    def target(self) -> IPv4Address | IPv6Address | None:
        """The address; None for a node. Raises Invalid unless exactly one of both is given."""
        if (self.to_node_id is None) == (self.address is None):
            raise Invalid("to_node_id and address: give one of them")
        if self.address is None:
            return None
        if self.ip_version is not None:
            raise Invalid("ip_version: an address has its own")
        try:
            return ip_address(self.address)
        except ValueError:
            raise Invalid(f"address: {self.address!r} is not an IP address") from None


# --- replies ---


@define(kw_only=True)
class TrafficLatency(Whole):
    """Latencies in microseconds, of ``samples`` packets, within 7 %."""

    samples: int
    min_us: float
    mean_us: float
    max_us: float
    p50_us: float
    p90_us: float
    p99_us: float
    p99_9_us: float = field(metadata={"key": "p99.9_us"})


@define(kw_only=True)
class TrafficArrivals(Whole):
    """The packets that arrived, each counted once. ``reordered`` came behind a later one. ``bits_per_second`` is their
    rate, of UDP data, null if they are too few to tell. ``latency`` is null if it is not known.
    """

    packets: int
    duplicated: int
    reordered: int
    bits_per_second: float | None
    latency: TrafficLatency | None


@define(kw_only=True)
class TrafficProgress(Whole):
    """Generated traffic up to now. ``lost`` includes packets that are on their way; null if nobody counts what arrives.
    ``progress`` goes from 0 to 1.
    """

    node_id: str
    to_node_id: str | None
    address: str
    sent: int
    lost: int | None
    progress: float


@define(kw_only=True)
class NodeTrafficReport(Whole):
    """The report of generated traffic. ``arrived`` is what the receiver counted, with latencies one way; null if nobody
    there counts. ``returned`` is what came back, with round trips.

    ``unsent`` packets could not be sent for want of memory. ``unreachable``: how often an ICMP message came that says
    that packets do not arrive. ``ended``: ``done``, or why it did not send all.
    """

    node_id: str
    to_node_id: str | None
    address: str
    packets_per_second: float
    data_bytes: int
    sent: int
    sent_bits_per_second: float | None
    unsent: int
    lost: int | None
    loss_percent: float | None
    unreachable: int
    ended: str
    arrived: TrafficArrivals | None
    returned: TrafficArrivals


# --- views ---


def _ids(report: TrafficReport) -> dict[str, Any]:
    return {
        "node_id": str(report.node.node_id),
        "to_node_id": str(report.to.node_id) if report.to is not None else None,
        "address": str(report.address),
    }


def traffic_progress_view(report: TrafficReport) -> dict[str, Any]:
    """The progress of generated traffic, for events."""
    result = report.result
    return {**_ids(report), "sent": result.sent, "lost": result.lost, "progress": round(report.progress, 3)}


def node_traffic_view(report: TrafficReport) -> dict[str, Any]:
    """The report of generated traffic."""
    result, spec = report.result, report.spec
    return {
        **_ids(report),
        "packets_per_second": spec.packets_per_second,
        "data_bytes": spec.data_bytes,
        "sent": result.sent,
        "sent_bits_per_second": bits_per_second(result.sent, result.sent * spec.data_bytes, result.seconds, spec.burst),
        "unsent": result.unsent,
        "lost": result.lost,
        "loss_percent": result.loss_ratio * PERCENT if result.loss_ratio is not None else None,
        "unreachable": result.unreachable,
        "ended": result.reason,
        "arrived": _arrivals_view(result.arrived, spec) if result.arrived is not None else None,
        "returned": _arrivals_view(result.returned, spec),
    }


def _arrivals_view(arrivals: Arrivals, spec: FlowSpec) -> dict[str, Any]:
    return {
        "packets": arrivals.packets,
        "duplicated": arrivals.duplicated,
        "reordered": arrivals.reordered,
        "bits_per_second": bits_per_second(arrivals.packets, arrivals.bytes, arrivals.seconds, spec.burst),
        "latency": _latency_view(arrivals.latency) if arrivals.latency is not None else None,
    }


def _latency_view(latency: LatencySummary) -> dict[str, Any]:
    return {
        "samples": latency.samples,
        "min_us": latency.min * MICROSECONDS,
        "mean_us": latency.mean * MICROSECONDS,
        "max_us": latency.max * MICROSECONDS,
        "p50_us": latency.p50 * MICROSECONDS,
        "p90_us": latency.p90 * MICROSECONDS,
        "p99_us": latency.p99 * MICROSECONDS,
        "p99.9_us": latency.p99_9 * MICROSECONDS,
    }
