"""Connects the ports of many links at once: at most two calls for each compute, one that leases the ends of tunnels,
and one that connects ports. The computes work at the same time.

A link that cannot be connected keeps no other from it.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import TypeVar
from uuid import UUID

import attrs
import trio

from gns3trio.classes import define, frozen
from gns3trio.compute.interface import Compute, ComputePort, Joint, PairJoint, TunnelJoint
from gns3trio.compute.nio import LEASE_KINDS, LeaseKind, TunnelLease
from gns3trio.conditions.link_conditions import NO_CONDITIONS, LinkConditions
from gns3trio.controller.links.tunnel_ends import TunnelEnds, link_nio
from gns3trio.controller.links.tunnel_hosts import tunnel_hosts
from gns3trio.errors import ComputeAway, Conflict, LabError
from gns3trio.slices import Slices, for_all

# Requests for single ends, at computes of GNS3.
_AT_A_TIME = 32
# How long a cancelled caller waits for ports to be separated. What is not separated then ends with its node.
_UNDO_SECONDS = 10.0

_T = TypeVar("_T")
Place = tuple[Compute, ComputePort]


@frozen
class Wanted:
    """A link to be connected: its ports with their computes, and its conditions."""

    first: Place
    second: Place
    conditions: LinkConditions

    @property
    def places(self) -> tuple[Place, Place]:
        """Both ports."""
        return self.first, self.second


@define(eq=False)
class _Tunnel:
    """A link between two computes. The conditions are at the end ``holder``."""

    number: int
    wanted: Wanted
    hosts: tuple[str, str]  # of the ends, each as the other one reaches it
    holder: int
    kind: LeaseKind = "udp"
    leases: list[TunnelLease | LabError] = attrs.field(factory=list)

    @property
    def must_wait(self) -> bool:
        """Whether the other end must drop all frames until the conditions are known to act: only computes of ours
        promise that they act from the first frame.
        """
        holder, _ = self.wanted.places[self.holder]
        return self.wanted.conditions != NO_CONDITIONS and not holder.capabilities.impairments

    def joint(self, end: int) -> TunnelJoint:
        """One end, with the leases of both."""
        (_, port), near, far = self.wanted.places[end], *(self.leases[each] for each in (end, 1 - end))
        assert not isinstance(near, LabError) and not isinstance(far, LabError), "checked before"
        conditions = self.wanted.conditions
        if end != self.holder:
            conditions = LinkConditions(suspend=conditions.suspend or self.must_wait)
        return TunnelJoint(port, link_nio(near, self.hosts[1 - end], far), conditions, is_first=end == 0)


class Joining:
    """Connects links of a project. Leases that a link did not need after all are used for the next ones."""

    def __init__(self, project_id: UUID) -> None:
        self._project_id = project_id
        self._spare: dict[tuple[Compute, LeaseKind], list[TunnelLease]] = {}
        self._ends = TunnelEnds()

    def forget(self, compute: Compute) -> None:
        """A compute may have lost what it had leased."""
        self._ends.forget(compute)
        for kind in LEASE_KINDS:
            self._spare.pop((compute, kind), None)

    async def join(self, wanted: Sequence[Wanted]) -> list[LabError | None]:
        """Connect links, in place of what was at their ports. Their conditions act from the first frame. Returns the
        error for each, None if it is connected; both ports are separated otherwise.
        """
        errors: list[LabError | None] = [None] * len(wanted)
        try:
            await self._join(wanted, errors)
            failed = [each for each, error in zip(wanted, errors, strict=True) if error is not None]
            await separate([place for each in failed for place in each.places])
        except BaseException:
            with trio.move_on_after(_UNDO_SECONDS, shield=True):
                await separate([place for each in wanted for place in each.places])
            raise
        return errors

    async def _join(self, wanted: Sequence[Wanted], errors: list[LabError | None]) -> None:
        joints: dict[Compute, list[tuple[int, Joint]]] = {}
        tunnels: list[_Tunnel] = []
        hosts = _TunnelHosts()
        slices = Slices()
        for number, each in enumerate(wanted):
            try:
                _require_reachable(each)
                holder = _holder(each)
                (near, first), (far, second) = each.places
                if near is far:
                    joints.setdefault(near, []).append((number, PairJoint(first, second, each.conditions)))
                else:
                    tunnels.append(_Tunnel(number, each, await hosts.of(near, far), holder))
            except LabError as error:
                errors[number] = error
            await slices.pause()
        for tunnel in await self._with_leases(tunnels, errors):
            for end, (compute, _) in enumerate(tunnel.wanted.places):
                joints.setdefault(compute, []).append((tunnel.number, tunnel.joint(end)))
            await slices.pause()

        async def join_at(compute: Compute) -> None:
            numbers, those = zip(*joints[compute], strict=True)
            for number, error in zip(numbers, await compute.join(those), strict=True):
                errors[number] = errors[number] or error

        await _at_once(joints, join_at)
        waiting = [each for each in tunnels if each.must_wait and errors[each.number] is None]
        await for_all(waiting, lambda tunnel: _let_pass(tunnel, errors), _AT_A_TIME)

    async def _with_leases(self, tunnels: Sequence[_Tunnel], errors: list[LabError | None]) -> list[_Tunnel]:
        """Lease both ends of each tunnel; returns those for which that was possible. Those that get none at a trunk
        have UDP ports.
        """
        for tunnel in tunnels:
            tunnel.kind = self._ends.kind(*(compute for compute, _ in tunnel.wanted.places))
        await self._lease(tunnels)
        without_trunk = [each for each in tunnels if each.kind == "trunk" and self._is_refused(each)]
        for tunnel in without_trunk:
            self._keep(tunnel)
            tunnel.kind = "udp"
        await self._lease(without_trunk)
        complete = []
        for tunnel in tunnels:
            errors[tunnel.number] = next((lease for lease in tunnel.leases if isinstance(lease, LabError)), None)
            if errors[tunnel.number] is None:
                complete.append(tunnel)
            else:
                self._keep(tunnel)
        return complete

    def _is_refused(self, tunnel: _Tunnel) -> bool:
        """Whether a compute has refused an end at its trunk, which it remembers."""
        refused = [
            self._ends.is_refused(compute, lease)
            for (compute, _), lease in zip(tunnel.wanted.places, tunnel.leases, strict=True)
        ]
        return any(refused)

    def _keep(self, tunnel: _Tunnel) -> None:
        """Its leases are not needed after all."""
        for (compute, _), lease in zip(tunnel.wanted.places, tunnel.leases, strict=True):
            if not isinstance(lease, LabError):
                self._spare.setdefault((compute, tunnel.kind), []).append(lease)

    async def _lease(self, tunnels: Sequence[_Tunnel]) -> None:
        """Lease the ends of tunnels, with one call for each compute."""
        needed: dict[Compute, list[LeaseKind]] = {}
        for tunnel in tunnels:
            for compute, _ in tunnel.wanted.places:
                needed.setdefault(compute, []).append(tunnel.kind)
        leased: dict[Compute, Iterator[TunnelLease | LabError]] = {}

        async def lease_at(compute: Compute) -> None:
            used: list[TunnelLease | None] = []
            for kind in needed[compute]:
                spare = self._spare.get((compute, kind))
                used.append(spare.pop() if spare else None)
            missing = [kind for kind, lease in zip(needed[compute], used, strict=True) if lease is None]
            more = iter(await compute.lease_ends(self._project_id, missing) if missing else [])
            leased[compute] = iter([lease if lease is not None else next(more) for lease in used])

        await _at_once(needed, lease_at)
        for tunnel in tunnels:
            tunnel.leases = [next(leased[compute]) for compute, _ in tunnel.wanted.places]


class _TunnelHosts:
    """The addresses of computes for each other, each pair looked up once."""

    def __init__(self) -> None:
        self._known: dict[tuple[Compute, Compute], tuple[str, str] | LabError] = {}

    async def of(self, near: Compute, far: Compute) -> tuple[str, str]:
        """Raises as ``tunnel_hosts``."""
        if (near, far) not in self._known:
            try:
                self._known[near, far] = await tunnel_hosts(near, far)
            except LabError as error:
                self._known[near, far] = error
        hosts = self._known[near, far]
        if isinstance(hosts, LabError):
            raise hosts
        return hosts


def _require_reachable(wanted: Wanted) -> None:
    for compute, _ in wanted.places:
        if compute.trouble is not None:  # before anything is leased at the other one
            raise ComputeAway(compute.trouble)


def _holder(wanted: Wanted) -> int:
    """The end at which the conditions act: the first that can have impairments, or GNS3's filters. Raises Conflict if
    there is none for these conditions.
    """
    computes = [compute for compute, _ in wanted.places]
    ours = next((end for end, compute in enumerate(computes) if compute.capabilities.impairments), None)
    if ours is not None:
        return ours
    if wanted.conditions.impairments:
        raise Conflict("impairments: the computes of this link's nodes know GNS3's filters only")
    filtering = (end for end, (compute, port) in enumerate(wanted.places) if compute.knows_filters(port.node.node_type))
    end = next(filtering, None)
    if end is None and wanted.conditions.filters:
        raise Conflict("filters: neither of the link's nodes has filters on its compute")
    return end or 0


async def _let_pass(tunnel: _Tunnel, errors: list[LabError | None]) -> None:
    """The conditions act at one end: let frames pass the other one."""
    _, port = tunnel.wanted.places[1 - tunnel.holder]
    end = port.node.link_end(port.adapter_number, port.port_number)
    try:
        if end is not None:
            await end.suspend(tunnel.wanted.conditions.suspend)
    except LabError as error:
        errors[tunnel.number] = error


async def separate(places: Iterable[Place]) -> list[LabError]:
    """Disconnect ports, as far as they are connected; returns the errors."""
    ports: dict[Compute, list[ComputePort]] = {}
    for compute, port in places:
        if port.node.link_end(port.adapter_number, port.port_number) is not None:
            ports.setdefault(compute, []).append(port)
    errors: list[LabError] = []

    async def separate_at(compute: Compute) -> None:
        errors.extend(filter(None, await compute.separate(ports[compute])))

    await _at_once(ports, separate_at)
    return errors


async def _at_once(items: Iterable[_T], act: Callable[[_T], Awaitable[None]]) -> None:
    async with trio.open_nursery() as nursery:
        for item in items:
            nursery.start_soon(act, item)
