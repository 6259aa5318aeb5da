"""Generated traffic from one node to another, or to an address; and running flows until all is over, for whoever has
many.
"""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

import trio

from gns3trio.classes import frozen
from gns3trio.compute.interface import Compute
from gns3trio.compute.node_features import TrafficEndpoint, TrafficFlow, TrafficRun
from gns3trio.controller.changes import NodeTraffic
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.run_limit import RunLimit
from gns3trio.errors import Conflict
from gns3trio.notifications.feed import ChangeFeed
from gns3trio.traffic.flows import FlowResult, FlowSpec

Address = IPv4Address | IPv6Address

# How often the progress is told.
LOOK_SECONDS = 0.5
# How often late packets are looked for, when all are sent.
LATE_LOOK_SECONDS = 0.02
# The most requests that run at the same time: each of them may use a whole CPU.
MOST_RUNS = 16
one_of_some_runs = RunLimit(MOST_RUNS, f"{MOST_RUNS} requests send traffic").one

# Why a flow did not send, by ``FlowResult.reason``.
_REASONS = {
    "no_neighbour": "nobody there answers ARP or neighbour discovery",
    "no_gateway": "it is in another network, and no gateway is set",
    "no_source": "no address of that IP version is set",
    "too_big": "the packets are too large for the path",
    "no_memory": "there is no memory left",
}


@frozen(kw_only=True)
class TrafficRequest:
    """What to send: to another node, or to an ``address`` somewhere. ``version``: of IP, for a node that has addresses
    of both; None for IPv4, if both nodes have it. ``drain_seconds``: how long to wait for late packets at the end.
    """

    to: Node | None
    address: Address | None
    version: Literal[4, 6] | None
    spec: FlowSpec
    drain_seconds: float


@frozen(kw_only=True)
class TrafficReport:
    """What became of it. ``to`` is None if it went to an address."""

    node: Node
    to: Node | None
    address: Address
    spec: FlowSpec
    result: FlowResult
    progress: float


async def send_traffic(node: Node, request: TrafficRequest, changes: ChangeFeed) -> TrafficReport:
    """Send traffic from a node, and publish the progress; returns the report.

    Raises Invalid; Unavailable if too much traffic is running; Conflict with the reason if a node cannot have traffic,
    has no address, cannot reach the other, or stops meanwhile.
    """
    sender = node.require_instance().traffic_endpoint()
    receiver = request.to.require_instance().traffic_endpoint() if request.to is not None else None
    compute = node.require_compute()
    if request.to is not None and request.to.require_compute() is not compute:
        raise Conflict(f"'{node.name}' and '{request.to.name}' must be on one compute")
    target = request.address
    if target is None:
        assert request.to is not None and receiver is not None
        target = find_target(node.name, sender, request.to.name, receiver, request.version)

    def report(result: FlowResult, progress: float) -> TrafficReport:
        return TrafficReport(
            node=node, to=request.to, address=target, spec=request.spec, result=result, progress=progress
        )

    def tell(results: Sequence[FlowResult], progress: float) -> None:
        changes.publish(NodeTraffic(report(results[0], progress)))

    flow = TrafficFlow(sender, receiver, target, request.spec)
    with one_of_some_runs():
        (result,) = await run_flows(compute, [flow], request.drain_seconds, tell)
    if result.state == "gone":
        raise Conflict(f"'{node.name}' was stopped while it sent traffic")
    if request.to is not None and receiver is not None and not receiver.is_open:
        raise Conflict(f"'{request.to.name}' was stopped while traffic was sent to it")
    if result.sent == 0 and result.reason != "done":
        raise Conflict(f"'{node.name}' cannot send to {target}: {why_not_sent(result)}")
    return report(result, 1.0)


def find_target(
    name: str, sender: TrafficEndpoint, to_name: str, receiver: TrafficEndpoint, version: Literal[4, 6] | None
) -> Address:
    """The address of the receiver to which the sender can send: of the IP version, or IPv4 rather than IPv6 if it is
    None. Raises Conflict with what is missing.
    """
    own = {address.version for address in sender.addresses()}
    theirs = receiver.addresses()
    for address in theirs:
        if address.version in own and version in (None, address.version):
            return address
    if version is None and own and theirs:
        raise Conflict(f"'{name}' and '{to_name}' have no addresses of one IP version")
    wanted = "address" if version is None else f"IPv{version} address"
    has_own = bool(own) if version is None else version in own
    raise Conflict(f"'{to_name if has_own else name}' has no {wanted}")


def why_not_sent(result: FlowResult) -> str:
    """Why a flow did not send, or stopped, in words."""
    return _REASONS.get(result.reason, result.reason.replace("_", " "))


async def run_flows(
    compute: Compute,
    flows: Sequence[TrafficFlow],
    drain_seconds: float,
    tell: Callable[[Sequence[FlowResult], float], None],
) -> list[FlowResult]:
    """Start flows, wait until all are over, and until what is late has come, at most ``drain_seconds``.

    ``tell`` is called with the results so far, and the progress from 0 to 1, every LOOK_SECONDS. Raises as
    ``Compute.run_traffic``.
    """
    length = max(map(expected_seconds, flows), default=0.0)
    async with compute.run_traffic(flows) as run:
        begun = trio.current_time()
        results, pause = await _look(run)
        while any(result.is_sending for result in results):
            passed = trio.current_time() - begun
            tell(results, min(passed / length, 1.0) if length else 0.0)
            await trio.sleep(min(LOOK_SECONDS, max(length - passed, pause)))
            results, pause = await _look(run)
        with trio.move_on_after(drain_seconds):
            while any(map(_is_missing_something, flows, results)):
                await trio.sleep(pause)
                results, pause = await _look(run)
    return results


async def _look(run: TrafficRun) -> tuple[list[FlowResult], float]:
    """The results, and how long to wait before the next look: thousands of flows are not looked at all the time."""
    begun = trio.current_time()
    results = await run.read()
    return results, LATE_LOOK_SECONDS + trio.current_time() - begun


def expected_seconds(flow: TrafficFlow) -> float:
    """How long a flow lasts, if nothing delays it."""
    spec = flow.spec
    by_packets = spec.packets / spec.packets_per_second if spec.packets is not None else spec.seconds
    return spec.delay + min(spec.seconds, by_packets)


def _is_missing_something(flow: TrafficFlow, result: FlowResult) -> bool:
    if result.state == "gone":
        return False
    arrived = result.arrived.packets if flow.receiver is not None and result.arrived is not None else result.sent
    return arrived < result.sent or (flow.spec.echo and result.returned.packets < result.sent)
