"""A PC in memory, with the calls that its console uses."""

from ipaddress import IPv4Address, IPv6Address

import attrs

from gns3trio.forwarder.pc_types import (
    Address,
    Family,
    Finished,
    Neighbour,
    PcCounters,
    PcIdentity,
    PcState,
    Reply,
    Request,
    TakeAddress,
)


def done() -> Finished:
    return Finished(reason="done", sent=1, lost=0)


def reply(sequence: int) -> Reply:
    return Reply(
        address=IPv4Address("10.0.0.2"),
        sequence=sequence,
        ttl=64,
        bytes=84,
        time_us=179.0,
        step="echo",
        hop=0,
        source_port=0,
        destination_port=0,
    )


def fresh_state() -> PcState:
    """A PC without addresses."""
    return PcState(
        identity=PcIdentity(mac="02:50:79:00:01:00", name="PC1"),
        ipv4=None,
        ipv4_prefix=0,
        ipv4_gateway=None,
        ipv4_origin=None,
        lease=None,
        link_local=IPv6Address("fe80::50:79ff:fe00:100"),
        link_local_ready=True,
        ipv6=None,
        ipv6_prefix=0,
        ipv6_gateway=None,
        ipv6_origin=None,
        gateway_mac=None,
        valid_left=0,
        preferred_left=0,
        jobs=0,
        timers=0,
        memory_bytes=1024,
        counters=PcCounters(malformed=0, unwanted=0, refused=0, dropped=0),
    )


@attrs.define
class MemoryPc:
    """``current`` is its state; ``known`` are its neighbours."""

    current: PcState = attrs.field(factory=fresh_state)
    known: list[Neighbour] = attrs.field(factory=list)

    def state(self) -> PcState:
        return self.current

    def identify(self, identity: PcIdentity) -> None:
        self.current = attrs.evolve(self.current, identity=identity)

    def set_address(self, address: Address, prefix: int, gateway: Address | None = None) -> None:
        if isinstance(address, IPv4Address):
            self.current = attrs.evolve(
                self.current, ipv4=address, ipv4_prefix=prefix, ipv4_gateway=gateway, ipv4_origin="manual"
            )
        else:
            self.current = attrs.evolve(
                self.current, ipv6=address, ipv6_prefix=prefix, ipv6_gateway=gateway, ipv6_origin="manual"
            )

    def take(self, request: Request, address: Address) -> None:
        """The address of a job is ready."""
        if isinstance(request, TakeAddress):
            self.set_address(address, request.prefix, request.gateway)

    def clear(self, family: Family) -> None:
        if family == 4:
            self.current = attrs.evolve(self.current, ipv4=None, ipv4_gateway=None, lease=None)
        else:
            self.current = attrs.evolve(self.current, ipv6=None, ipv6_gateway=None)

    def neighbours(self, family: Family) -> list[Neighbour]:
        return [neighbour for neighbour in self.known if neighbour.address.version == family]

    def forget_neighbours(self, family: Family) -> None:
        self.known = [neighbour for neighbour in self.known if neighbour.address.version != family]
