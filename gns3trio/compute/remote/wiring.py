"""Connects ports of nodes on a compute of another host: by one request for many at one of ours, and by GNS3's requests
otherwise.

GNS3's computes connect ports by tunnels only, also two ports of the same host.
"""

from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

import trio

from gns3trio.compute.extensions import BATCHES
from gns3trio.compute.interface import ComputeNode, ComputePort, Joint, PairJoint, TunnelJoint
from gns3trio.compute.nio import LOOPBACK, LeaseKind, TrunkNio, TunnelLease, UdpLease, UdpNio
from gns3trio.compute.outcomes import try_each
from gns3trio.compute.remote.batches import (
    Outcome,
    in_requests,
    joint_body,
    lease_body,
    outcomes,
    port_body,
    read_error,
    read_lease,
    to_the_end,
)
from gns3trio.compute.remote.link_end import has_filters
from gns3trio.compute.remote.node import RemoteNode
from gns3trio.compute.remote.parts import Host
from gns3trio.compute.remote.projects import RemoteProjects, forgiving
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.errors import Conflict, LabError, NotFound, Unavailable
from gns3trio.limits import MAX_PORT

# Requests of GNS3's API at a time.
_AT_A_TIME = 32
# How long a cancelled caller waits for ports to be separated again at a compute of GNS3.
_UNDO_SECONDS = 10.0


class RemoteWiring:
    """Leases ends of tunnels, and connects ports. ``own`` returns a node of the compute, or raises NotFound."""

    def __init__(self, compute: Host, projects: RemoteProjects, own: Callable[[ComputeNode], RemoteNode]) -> None:
        self._compute = compute
        self._projects = projects
        self._own = own

    @property
    def _where(self) -> str:
        return f"compute '{self._compute.address.name}'"

    # --- leases ---

    async def lease(self, project_id: UUID, kinds: Sequence[LeaseKind]) -> list[TunnelLease | LabError]:
        """As ``Compute.lease_ends``."""
        leases: list[TunnelLease | LabError] = []
        try:
            await self._projects.open(project_id)
            if not self._compute.has_extension(BATCHES):
                return await self._lease_singly(project_id, kinds)
            for those, bodies in await in_requests(kinds, lease_body):
                answer = await self._compute.reach().request(
                    "POST", f"projects/{project_id}/batch/lease", {"leases": bodies}
                )
                told = outcomes(answer, "leases", len(those), self._where)
                leases += [read_lease(part, kind, self._where) for part, kind in zip(told, those, strict=True)]
        except LabError as error:
            leases += [error] * (len(kinds) - len(leases))
        return _without_doubles(leases, self._where)

    async def _lease_singly(self, project_id: UUID, kinds: Sequence[LeaseKind]) -> list[TunnelLease | LabError]:
        leases: list[TunnelLease | LabError] = []

        async def lease(kind: LeaseKind) -> None:
            leases.append(UdpLease(await self.lease_udp(project_id)))

        errors = await try_each(kinds, lease, _AT_A_TIME)
        return _without_doubles([*leases, *filter(None, errors)], self._where)

    async def lease_udp(self, project_id: UUID) -> int:
        """Lease a UDP port by GNS3's request."""
        await self._projects.open(project_id)
        told = await self._compute.reach().request("POST", f"projects/{project_id}/ports/udp")
        port = told.get("udp_port") if isinstance(told, dict) else None
        if type(port) is not int or not 1 <= port <= MAX_PORT:
            raise Conflict(f"{self._where}: its answer tells no UDP port")
        return port

    # --- connecting ---

    async def join(self, joints: Sequence[Joint]) -> list[LabError | None]:
        """As ``Compute.join``."""
        if not self._compute.has_extension(BATCHES):
            return await self._join_singly(joints)
        errors: list[LabError | None] = [None] * len(joints)
        joined: list[ComputePort] = []
        try:
            for project_id, places in self._by_project(joints, errors).items():
                for those, bodies in await in_requests(places, lambda place: joint_body(joints[place])):
                    wanted = [joints[place] for place in those]
                    told = await self._join_at_once(project_id, wanted, bodies)
                    for place, joint, part in zip(those, wanted, told, strict=True):
                        errors[place] = read_error(part, self._where)
                        if errors[place] is None:
                            self._become_joined(joint)
                            joined += joint.ports
        except BaseException:
            with trio.move_on_after(_UNDO_SECONDS, shield=True):
                await self.separate(joined)
            raise
        return errors

    def _by_project(self, joints: Sequence[Joint], errors: list[LabError | None]) -> dict[UUID, list[int]]:
        """The places of joints by project. Those with nodes that the compute does not have get an error."""
        places: dict[UUID, list[int]] = {}
        for place, joint in enumerate(joints):
            try:
                (project_id,) = {self._own(port.node).project_id for port in joint.ports}
            except NotFound as error:
                errors[place] = error
            else:
                places.setdefault(project_id, []).append(place)
        return places

    async def _join_at_once(self, project_id: UUID, joints: Sequence[Joint], bodies: object) -> list[Outcome]:
        """One request. If it is cancelled, its ports are separated when it is answered."""

        async def undo(told: Sequence[Outcome]) -> None:
            ports = [
                port
                for joint, part in zip(joints, told, strict=True)
                if read_error(part, self._where) is None
                for port in joint.ports
                if port.node.link_end(port.adapter_number, port.port_number) is None  # it may be joined anew
            ]
            for those, bodies in await in_requests(ports, port_body):
                await self._post(project_id, "separate", "ports", len(those), bodies)

        try:
            request = partial(self._post, project_id, "join", "joints", len(joints), bodies)
            return await to_the_end(self._compute.begin, request, undo)
        except LabError as error:
            return [error] * len(joints)

    async def _post(self, project_id: UUID, action: str, name: str, number: int, bodies: object) -> list[Outcome]:
        answer = await self._compute.reach().request("POST", f"projects/{project_id}/batch/{action}", {name: bodies})
        return list(outcomes(answer, name, number, self._where))

    def _become_joined(self, joint: Joint) -> None:
        nio = joint.nio if isinstance(joint, TunnelJoint) else None
        for port in joint.ports:
            node = self._own(port.node)
            node.joined(port.adapter_number, port.port_number, nio, suspended=joint.conditions.suspend)

    async def separate(self, ports: Sequence[ComputePort]) -> list[LabError | None]:
        """As ``Compute.separate``."""
        if self._compute.has_extension(BATCHES):
            return await self._separate_at_once(ports)

        async def separate(port: ComputePort) -> None:
            await self._own(port.node).unbind_nio(port.adapter_number, port.port_number)

        return await try_each(ports, separate, _AT_A_TIME)

    async def _separate_at_once(self, ports: Sequence[ComputePort]) -> list[LabError | None]:
        errors: list[LabError | None] = [None] * len(ports)
        places: dict[UUID, list[int]] = {}
        for place, port in enumerate(ports):
            if port.node.link_end(port.adapter_number, port.port_number) is None:
                errors[place] = Conflict(f"Port {port.adapter_number}/{port.port_number} is not connected")
            else:
                places.setdefault(port.node.project_id, []).append(place)
        for project_id, all_places in places.items():
            for those, bodies in await in_requests(all_places, lambda place: port_body(ports[place])):
                told: Sequence[Outcome] = [Unavailable("cancelled")] * len(those)
                try:
                    told = await self._post(project_id, "separate", "ports", len(those), bodies)
                except LabError as error:
                    told = [error] * len(those)
                finally:
                    failures = [read_error(part, self._where) for part in told]
                    for place, failure in zip(those, failures, strict=True):
                        port = ports[place]
                        self._own(port.node).separated(port.adapter_number, port.port_number)
                        if isinstance(failure, Unavailable):
                            self._own(port.node).left_connected(port.adapter_number, port.port_number)
                for place, failure in zip(those, failures, strict=True):
                    # Otherwise the compute does not have it either.
                    errors[place] = failure if isinstance(failure, Unavailable) else None
        return errors

    # --- at one of GNS3 ---

    async def _join_singly(self, joints: Sequence[Joint]) -> list[LabError | None]:
        joined: list[Joint] = []

        async def join(joint: Joint) -> None:
            if isinstance(joint, PairJoint):
                await self._join_pair(joint)
            else:
                node, port, conditions = self._own(joint.port.node), joint.port, joint.conditions
                _refuse_impairments(conditions)
                if isinstance(joint.nio, TrunkNio):
                    raise Conflict(f"{self._where} has no trunk")
                nio = UdpNio(
                    joint.nio.lport, joint.nio.rhost, joint.nio.rport, dict(conditions.filters), conditions.suspend
                )
                await node.bind_nio(port.adapter_number, port.port_number, nio)
            joined.append(joint)

        try:
            return await try_each(joints, join, _AT_A_TIME)
        except BaseException:
            with trio.move_on_after(_UNDO_SECONDS, shield=True):
                await self.separate([port for joint in joined for port in joint.ports])
            raise

    async def _join_pair(self, joint: PairJoint) -> None:
        """Connect two nodes by a tunnel on their host. The filters are at the first end that has some."""
        conditions = joint.conditions
        _refuse_impairments(conditions)
        nodes = [self._own(port.node) for port in joint.ports]
        filtering = next((at for at, node in enumerate(nodes) if has_filters(node.node_type)), None)
        if filtering is None and conditions.filters:
            raise Conflict("filters: neither of the nodes has filters on this compute")
        leased = [await self.lease_udp(node.project_id) for node in nodes]
        bound: list[tuple[RemoteNode, ComputePort]] = []
        try:
            for at, (node, port) in enumerate(zip(nodes, joint.ports, strict=True)):
                filters = dict(conditions.filters) if at == filtering else {}
                nio = UdpNio(leased[at], LOOPBACK, leased[1 - at], filters, conditions.suspend)
                await node.bind_nio(port.adapter_number, port.port_number, nio)
                bound.append((node, port))
        except BaseException:
            with trio.CancelScope(shield=True):
                for node, port in bound:
                    await forgiving(node.unbind_nio(port.adapter_number, port.port_number))
            raise


def _refuse_impairments(conditions: LinkConditions) -> None:
    if conditions.impairments:
        raise Conflict("impairments: the compute of its nodes knows GNS3's filters only")


def _without_doubles(leases: Sequence[TunnelLease | LabError], where: str) -> list[TunnelLease | LabError]:
    """An end that a compute leases twice would be that of two tunnels."""
    seen: set[TunnelLease] = set()
    single: list[TunnelLease | LabError] = []
    for lease in leases:
        if not isinstance(lease, LabError) and lease in seen:
            single.append(Conflict(f"{where}: its answer tells the same end of a tunnel twice"))
            continue
        if not isinstance(lease, LabError):
            seen.add(lease)
        single.append(lease)
    return single
