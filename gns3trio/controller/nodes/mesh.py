"""A mesh: generated traffic between many pairs of nodes at once, and what each pair got."""

import contextlib
from collections.abc import Collection, Sequence
from random import Random
from typing import Literal
from uuid import UUID

import attrs

from gns3trio.classes import frozen
from gns3trio.compute.interface import Compute
from gns3trio.compute.node_features import TrafficEndpoint, TrafficFlow
from gns3trio.controller.changes import MeshTraffic
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.nodes.traffic import Address, one_of_some_runs, run_flows
from gns3trio.errors import Conflict
from gns3trio.natural_order import natural_key
from gns3trio.notifications.feed import ChangeFeed
from gns3trio.slices import Slices
from gns3trio.traffic.flows import FlowResult, FlowSpec

# The most pairs of one mesh: each costs 4 to 8 KiB of the core while it runs.
MAX_PAIRS = 20_000
# The pairs of a mesh do not begin at once, but within their first interval, or this time if the interval is longer.
MAX_SPREAD_SECONDS = 1.0

# A node sends nothing to itself.
LEAST_NODES = 2

Version = Literal[4, 6]


@frozen(kw_only=True)
class MeshRequest:
    """What to send between whom.

    ``nodes``: each sends to each other one; None for all nodes that can have traffic now. ``pairs``: instead of both,
    these pairs of a sender and a receiver. ``most_pairs``: if there are more, so many of them, chosen by ``seed``.
    ``version``: of IP; None for IPv4, or IPv6 if fewer than two of the nodes have IPv4 and more have IPv6.
    """

    nodes: Sequence[Node] | None
    pairs: Sequence[tuple[Node, Node]] | None
    most_pairs: int
    seed: int
    version: Version | None
    spec: FlowSpec
    drain_seconds: float


@frozen
class MeshMember:
    """A node of a mesh, and its address there."""

    node: Node
    address: Address


@frozen
class MeshPair:
    """What became of a pair. ``sender`` and ``receiver`` are indices of ``MeshReport.members``."""

    sender: int
    receiver: int
    result: FlowResult


@frozen(kw_only=True)
class MeshReport:
    """The report of a mesh. ``possible_pairs`` is the number from which the pairs were chosen."""

    members: Sequence[MeshMember]
    pairs: Sequence[MeshPair]
    possible_pairs: int
    spec: FlowSpec


@frozen(kw_only=True)
class MeshProgress:
    """A mesh up to now. ``lost`` includes what is on its way. ``progress`` goes from 0 to 1."""

    project_id: UUID
    pairs: int
    sent: int
    lost: int
    progress: float


# The nodes of a mesh with their ends of flows.
_Ends = dict[Node, TrafficEndpoint]


async def run_mesh(project_id: UUID, nodes: Collection[Node], request: MeshRequest, changes: ChangeFeed) -> MeshReport:
    """Send traffic between many pairs of a project's ``nodes`` at once, and publish the progress; returns the report.

    Raises Invalid; Unavailable if too much traffic is running; Conflict if a node that was named can have no traffic,
    has no address or is on another compute than the others, or if fewer than two nodes can have any. A node that stops
    meanwhile spoils its own pairs only.
    """
    request.spec.check()
    ends = await _ends(nodes, request)
    members = await _members(ends, request)
    compute = _one_compute(members)
    chosen, possible = _choose(members, request)
    spread = min(request.spec.burst / request.spec.packets_per_second, MAX_SPREAD_SECONDS)
    slices, flows = Slices(), list[TrafficFlow]()
    for index, (sender, receiver) in enumerate(chosen):
        spec = attrs.evolve(request.spec, delay=spread * index / len(chosen))
        to = members[receiver]
        flows.append(TrafficFlow(ends[members[sender].node], ends[to.node], to.address, spec))
        await slices.pause()

    def tell(results: Sequence[FlowResult], progress: float) -> None:
        sent = sum(result.sent for result in results)
        lost = sum(result.lost or 0 for result in results)
        told = MeshProgress(project_id=project_id, pairs=len(flows), sent=sent, lost=lost, progress=progress)
        changes.publish(MeshTraffic(told))

    with one_of_some_runs():
        results = await run_flows(compute, flows, request.drain_seconds, tell)
    pairs = [MeshPair(*pair, result) for pair, result in zip(chosen, results, strict=True)]
    return MeshReport(members=members, pairs=pairs, possible_pairs=possible, spec=request.spec)


def choose_pairs(nodes: int, most: int, seed: int) -> list[tuple[int, int]]:
    """Pairs of different numbers below ``nodes``, in order: all, or ``most`` of them, the same for the same seed."""
    possible = nodes * (nodes - 1)
    numbers = range(possible) if possible <= most else sorted(Random(seed).sample(range(possible), most))
    return [_pair(number, nodes) for number in numbers]


def _pair(number: int, nodes: int) -> tuple[int, int]:
    sender, other = divmod(number, nodes - 1)
    return sender, other + (other >= sender)  # a node sends nothing to itself


async def _ends(nodes: Collection[Node], request: MeshRequest) -> _Ends:
    """Those that were named, or all that can have traffic now."""
    named = request.nodes if request.pairs is None else [node for pair in request.pairs for node in pair]
    slices, ends, keys = Slices(), _Ends(), dict[Node, list[tuple[str, int, str]]]()
    for node in dict.fromkeys(tuple(nodes) if named is None else named):
        if named is not None:
            ends[node] = node.require_instance().traffic_endpoint()
        elif node.instance is not None:
            with contextlib.suppress(Conflict):
                ends[node] = node.instance.traffic_endpoint()
                keys[node] = natural_key(node.name)
        await slices.pause()
    # By their names, because nodes that were created together are in any order.
    return ends if named is not None else {node: ends[node] for node in sorted(ends, key=keys.__getitem__)}


async def _members(ends: _Ends, request: MeshRequest) -> list[MeshMember]:
    """The nodes with an address of the mesh's IP version."""
    slices, addresses = Slices(), dict[Node, dict[int, Address]]()
    for node, endpoint in ends.items():
        addresses[node] = {address.version: address for address in endpoint.addresses()}
        await slices.pause()
    have_ipv4, have_ipv6 = (sum(version in found for found in addresses.values()) for version in (4, 6))
    version = request.version or (4 if have_ipv4 >= min(have_ipv6, LEAST_NODES) else 6)
    without = [node for node, found in addresses.items() if version not in found]
    if without and (request.nodes is not None or request.pairs is not None):
        raise Conflict(f"'{without[0].name}' has no IPv{version} address")
    members = [MeshMember(node, found[version]) for node, found in addresses.items() if version in found]
    if len(members) < LEAST_NODES:
        raise Conflict(
            f"a mesh needs {LEAST_NODES} started nodes that can have traffic and have an address of one IP version, "
            f"and there are {len(members)} with IPv{version}"
        )
    return members


def _one_compute(members: Sequence[MeshMember]) -> Compute:
    first = members[0].node
    for member in members:
        if member.node.require_compute() is not first.require_compute():
            raise Conflict(f"'{first.name}' and '{member.node.name}' must be on one compute")
    return first.require_compute()


def _choose(members: Sequence[MeshMember], request: MeshRequest) -> tuple[list[tuple[int, int]], int]:
    """The pairs, as indices of their members, and the number from which they were chosen."""
    if request.pairs is None:
        chosen = choose_pairs(len(members), request.most_pairs, request.seed)
        return chosen, len(members) * (len(members) - 1)
    places = {member.node: index for index, member in enumerate(members)}
    given = [(places[sender], places[receiver]) for sender, receiver in request.pairs]
    if len(given) <= request.most_pairs:
        return given, len(given)
    numbers = sorted(Random(request.seed).sample(range(len(given)), request.most_pairs))
    return [given[number] for number in numbers], len(given)
