"""A mesh of generated traffic in version 2 of the API; an extension: the body, the shapes of replies, their views."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from attrs import field

from gns3trio import field_checks as v
from gns3trio.api.encoded_lists import list_of
from gns3trio.api.replies import Whole, reply_shape
from gns3trio.api.v2.traffic import MICROSECONDS, PERCENT, FlowRequest
from gns3trio.classes import define
from gns3trio.controller.nodes.mesh import MAX_PAIRS, MeshPair, MeshProgress, MeshReport, MeshRequest
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import Invalid
from gns3trio.limits import MAX_NODES, Bound
from gns3trio.traffic.flows import MAX_BYTES, MAX_SECONDS, MIN_BYTES, MIN_SECONDS, LatencySummary, bits_per_second

# --- the body ---


@define(kw_only=True)
class MeshEnds:
    """A pair of a mesh: the node that sends, and the node that counts what arrives."""

    sender_id: UUID
    receiver_id: UUID


@define(kw_only=True)
class MeshBody(FlowRequest):
    """Who sends to whom: each of ``node_ids`` to each other one (null: all nodes that can have traffic now), or only
    ``pairs``. If there are more than ``max_pairs``, so many of them, chosen by ``seed``. The rate is that of each pair
    (default: 10 ``packets_per_second``). ``ip_version``: 4 or 6; null for IPv4, or IPv6 if few have IPv4.
    """

    DEFAULT_RATE: ClassVar = 10.0

    node_ids: Annotated[list[UUID], Bound(most=MAX_NODES)] | None = None
    pairs: Annotated[list[MeshEnds], Bound(most=MAX_PAIRS, least=1)] | None = None
    max_pairs: int = field(default=1000, validator=v.and_(v.ge(1), v.le(MAX_PAIRS)))
    seed: int = 0
    ip_version: Literal[4, 6, None] = None
    data_bytes: int = field(default=128, validator=v.and_(v.ge(MIN_BYTES), v.le(MAX_BYTES)))
    seconds: float = field(default=5.0, validator=v.and_(v.ge(MIN_SECONDS), v.le(MAX_SECONDS)))

    def request(self, node_of: Callable[[UUID], Node]) -> MeshRequest:
        """What to send. Raises Invalid for nodes that are given twice, and what ``node_of`` raises."""
        if self.node_ids is not None and self.pairs is not None:
            raise Invalid("node_ids and pairs: give one of them")
        if self.node_ids is not None and len(set(self.node_ids)) < len(self.node_ids):
            raise Invalid("node_ids: a node is given twice")
        pairs = None
        if self.pairs is not None:
            ids = [(each.sender_id, each.receiver_id) for each in self.pairs]
            if any(sender == receiver for sender, receiver in ids):
                raise Invalid("pairs: a node sends nothing to itself")
            if len(set(ids)) < len(ids):
                raise Invalid("pairs: a pair is given twice")
            pairs = [(node_of(sender), node_of(receiver)) for sender, receiver in ids]
        return MeshRequest(
            nodes=list(map(node_of, self.node_ids)) if self.node_ids is not None else None,
            pairs=pairs,
            most_pairs=self.max_pairs,
            seed=self.seed,
            version=self.ip_version,
            spec=self.spec(),
            drain_seconds=self.drain_seconds,
        )


# --- replies ---


@reply_shape
class MeshMember(Whole):
    """A node of a mesh, and its address there."""

    node_id: str
    name: str
    address: str


@reply_shape
class MeshLatency(Whole):
    """Latencies in microseconds, within 7 %."""

    p50_us: float
    p99_us: float
    max_us: float


@reply_shape
class MeshPairReport(Whole):
    """What one pair got. ``sender`` and ``receiver`` are indices of ``nodes``. ``latency`` is one way, ``round_trip``
    null unless it was asked for; both are null if nothing arrived. ``ended``: ``done``, ``gone`` for a node that
    stopped meanwhile, or why not all was sent.
    """

    sender: int
    receiver: int
    sent: int
    arrived: int
    lost: int
    loss_percent: float | None
    duplicated: int
    reordered: int
    bits_per_second: float | None
    latency: MeshLatency | None
    round_trip: MeshLatency | None
    ended: str


@reply_shape
class MeshResult(Whole):
    """The report of a mesh. ``pairs`` are in the order of their nodes, ``possible_pairs`` the number from which they
    were chosen.
    """

    nodes: list[MeshMember]
    pairs: list[MeshPairReport]
    possible_pairs: int
    packets_per_second: float
    data_bytes: int
    sent: int
    arrived: int
    lost: int


@reply_shape
class MeshState(Whole):
    """A mesh up to now. ``lost`` includes packets that are on their way. ``progress`` goes from 0 to 1."""

    pairs: int
    sent: int
    lost: int
    progress: float


# --- views ---


def mesh_progress_view(progress: MeshProgress) -> dict[str, Any]:
    """The progress of a mesh, for events."""
    return {
        "project_id": str(progress.project_id),
        "pairs": progress.pairs,
        "sent": progress.sent,
        "lost": progress.lost,
        "progress": round(progress.progress, 3),
    }


async def mesh_view(report: MeshReport) -> dict[str, Any]:
    """The report of a mesh."""
    sent = arrived = lost = 0

    def pairs() -> Iterator[dict[str, Any]]:
        nonlocal sent, arrived, lost
        for pair in report.pairs:
            view = _pair_view(pair, report)
            sent, arrived, lost = sent + view["sent"], arrived + view["arrived"], lost + view["lost"]
            yield view

    return {
        "nodes": await list_of(
            {"node_id": str(each.node.node_id), "name": each.node.name, "address": str(each.address)}
            for each in report.members
        ),
        "pairs": await list_of(pairs()),
        "possible_pairs": report.possible_pairs,
        "packets_per_second": report.spec.packets_per_second,
        "data_bytes": report.spec.data_bytes,
        "sent": sent,
        "arrived": arrived,
        "lost": lost,
    }


def _pair_view(pair: MeshPair, report: MeshReport) -> dict[str, Any]:
    result, arrived = pair.result, pair.result.arrived
    rate = None
    if arrived is not None:
        rate = bits_per_second(arrived.packets, arrived.bytes, arrived.seconds, report.spec.burst)
    return {
        "sender": pair.sender,
        "receiver": pair.receiver,
        "sent": result.sent,
        "arrived": arrived.packets if arrived is not None else 0,
        "lost": result.lost if result.lost is not None else result.sent,
        "loss_percent": result.loss_ratio * PERCENT if result.loss_ratio is not None else None,
        "duplicated": arrived.duplicated if arrived is not None else 0,
        "reordered": arrived.reordered if arrived is not None else 0,
        "bits_per_second": rate,
        "latency": _latency_view(arrived.latency if arrived is not None else None),
        "round_trip": _latency_view(result.returned.latency),
        "ended": result.reason if result.state != "gone" else "gone",
    }


def _latency_view(latency: LatencySummary | None) -> dict[str, Any] | None:
    if latency is None:
        return None
    return {
        "p50_us": latency.p50 * MICROSECONDS,
        "p99_us": latency.p99 * MICROSECONDS,
        "max_us": latency.max * MICROSECONDS,
    }
