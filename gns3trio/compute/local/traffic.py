"""Generated traffic between nodes of this host whose hosts are in the core."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address

from gns3trio.compute.node_features import TrafficEndpoint, TrafficFlow
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Forwarder
from gns3trio.forwarder.pc import Pc
from gns3trio.forwarder.pc_traffic import PcFlow, PcFlows, open_flows
from gns3trio.slices import Slices


class LocalTrafficEndpoint:
    """A PC in the core as an end of flows."""

    def __init__(self, pc: Pc) -> None:
        self.pc = pc

    @property
    def is_open(self) -> bool:
        """Whether the node runs still."""
        return self.pc.port.is_open

    def addresses(self) -> list[IPv4Address | IPv6Address]:
        """The addresses that it has now, IPv4 first."""
        if not self.is_open:
            return []
        state = self.pc.state()
        return [address for address in (state.ipv4, state.ipv6) if address is not None]


@asynccontextmanager
async def run_traffic(forwarder: Forwarder, flows: Sequence[TrafficFlow]) -> AsyncIterator[PcFlows]:
    """As ``Compute.run_traffic``."""
    slices, wanted = Slices(), list[PcFlow]()
    for flow in flows:
        receiver = _pc(flow.receiver) if flow.receiver is not None else None
        wanted.append(PcFlow(_pc(flow.sender), receiver, flow.target, flow.spec))
        await slices.pause()
    async with open_flows(forwarder, wanted) as opened:
        yield opened


def _pc(endpoint: TrafficEndpoint) -> Pc:
    if not isinstance(endpoint, LocalTrafficEndpoint):
        raise Conflict("both ends of generated traffic must be on this host")
    return endpoint.pc
