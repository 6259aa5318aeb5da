"""``/v2/compute/projects/{project_id}/batch``, an extension: many nodes or ports at once, for controllers of ours.

Each part of a body succeeds or fails by itself. The reply has a part for each, in their order, with the status and the
message that a request for it alone would have got. So only a body that is no list of parts is rejected as a whole.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import starmap
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import attrs
from attrs import field

from gns3trio import field_checks as v
from gns3trio import threads
from gns3trio.api.access import Access
from gns3trio.api.compute_client import client_of
from gns3trio.api.encoded_lists import LongReply
from gns3trio.api.errors import MAX_MESSAGE_LENGTH, status_of
from gns3trio.api.replies import Whole
from gns3trio.api.routing import ApiRequest, RouteTable, read_body
from gns3trio.api.v2.bodies import LinkConditions, check_adapters
from gns3trio.api.v2.compute_views import driven_node_view
from gns3trio.classes import define
from gns3trio.compute import hosted_batches
from gns3trio.compute.hosted_project import HostedNode, HostedProject
from gns3trio.compute.interface import PortPlace
from gns3trio.compute.nio import MAX_VNI, LinkNio, TrunkLease, TrunkNio, TunnelLease, UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.compute.outcomes import try_each
from gns3trio.conditions import link_conditions
from gns3trio.conditions.impairments import describe
from gns3trio.controller.driven_nodes import own_project
from gns3trio.controller.links.filters import checked_filters, require_impairments
from gns3trio.controller.names import Name
from gns3trio.convert import make_strict_converter, structure
from gns3trio.errors import Invalid, LabError, Unavailable, what_is_lacking
from gns3trio.json_text import read_json
from gns3trio.limits import MAX_ENGINE, MAX_ITEMS, MAX_PORT, Bound, Script

routes = RouteTable("/v2/compute/projects/{project_id}/batch", access=Access.COMPUTE)

# Ports that are connected at a time: a node that hangs holds up its own only.
_AT_A_TIME = 64
_MOST_MAC_IDS = 16_384

Number = Annotated[int, Bound(999_999_999, 0)]
UdpPortNumber = Annotated[int, Bound(MAX_PORT, 1)]
Vni = Annotated[int, Bound(MAX_VNI, 1)]
Host = Annotated[str, Bound(most=255, least=1)]
_T = TypeVar("_T")
_converter = make_strict_converter(forbid_extra_keys=True)


# --- bodies ---


@define(kw_only=True)
class WantedNode:
    """A node to be created. ``mac_id`` is the number from which its MAC address was derived before,
    ``engine`` what shall run it; null is this server's default.
    """

    node_type: str
    node_id: UUID
    name: Name
    console: int | None = field(default=None, validator=v.optional(v.PORT))
    console_type: str | None = None
    startup_script: Script | None = None
    mac_id: int | None = field(default=None, validator=v.optional(v.ge(0)))
    engine: Annotated[str, Bound(MAX_ENGINE)] | None = None
    properties: dict[str, Any] = field(factory=dict)
    custom_adapters: list[dict[str, Any]] = field(factory=list, validator=check_adapters)


@define(kw_only=True)
class CreateBatch:
    """The body of ``POST .../batch/create``. Nodes elsewhere have the reserved numbers of MAC addresses."""

    nodes: list[WantedNode]
    reserved_mac_ids: Annotated[list[Number], Bound(_MOST_MAC_IDS)] = field(factory=list)


@define(kw_only=True)
class WantedLease:
    """An end of a tunnel to be leased: a UDP port, or a VNI at the trunk."""

    kind: Literal["udp", "trunk"]


@define(kw_only=True)
class LeaseBatch:
    """The body of ``POST .../batch/lease``."""

    leases: list[WantedLease]


@define(kw_only=True)
class WantedPort:
    """A port of a node."""

    node_id: UUID
    adapter_number: Number
    port_number: Number


@define(kw_only=True)
class WantedNio:
    """The tunnel to which a port is connected: ``nio_udp`` has the own UDP port ``lport``, ``nio_trunk`` the leased VNI
    ``vni_in`` and that of the other end, ``vni_out``. ``rport`` is the other end's UDP port.
    """

    type: Literal["nio_udp", "nio_trunk"]
    rhost: Host
    rport: UdpPortNumber
    lport: UdpPortNumber | None = None
    vni_in: Vni | None = None
    vni_out: Vni | None = None

    def __attrs_post_init__(self) -> None:
        needed = ("lport",) if self.type == "nio_udp" else ("vni_in", "vni_out")
        for name in ("lport", "vni_in", "vni_out"):
            if (getattr(self, name) is None) == (name in needed):
                raise ValueError(f"{name} is {'missing' if name in needed else 'not a part'} of {self.type}")


@define(kw_only=True)
class WantedJoint:
    """A port that is connected to a tunnel, or two ports that are connected to each other, and what acts there."""

    ports: Annotated[list[WantedPort], Bound(most=2, least=1)]
    conditions: LinkConditions
    nio: WantedNio | None = None


@define(kw_only=True)
class JoinBatch:
    """The body of ``POST .../batch/join``."""

    joints: list[WantedJoint]


@define(kw_only=True)
class SeparateBatch:
    """The body of ``POST .../batch/separate``."""

    ports: list[WantedPort]


# --- replies ---


@define(kw_only=True)
class PartReply:
    """What became of a part of the body. ``message`` is there if it failed."""

    status: int
    message: str = ""


@define(kw_only=True)
class NodeReply(PartReply):
    """A created node, in GNS3's shape, and the number from which its MAC address is derived."""

    node_id: UUID | None = None
    node: dict[str, Any] = field(factory=dict)
    mac_id: int | None = None


@define(kw_only=True)
class CreateReply(Whole):
    """What became of nodes."""

    nodes: list[NodeReply]


@define(kw_only=True)
class LeaseReply(PartReply):
    """A leased end of a tunnel: its UDP port, or the trunk's one with a VNI."""

    kind: Literal["udp", "trunk"] = "udp"
    udp_port: int = 0
    vni: int | None = None


@define(kw_only=True)
class LeasesReply(Whole):
    """What became of leases."""

    leases: list[LeaseReply]


@define(kw_only=True)
class JoinReply(Whole):
    """What became of connections."""

    joints: list[PartReply]


@define(kw_only=True)
class SeparateReply(Whole):
    """What became of ports."""

    ports: list[PartReply]


# --- routes ---


@routes.route("POST", "/create", raw_body=True, body=CreateBatch, reply=CreateReply)
async def create_nodes(api: ApiRequest, project_id: UUID) -> LongReply:
    """Create nodes; an extension. Their names are not made unique."""
    body, parts = await _read(api, CreateBatch, "nodes", WantedNode)
    project = await _project(api, project_id)
    wanted = [part for part in parts if isinstance(part, WantedNode)]
    specs = [_spec(project_id, part) for part in wanted]
    made = iter(await hosted_batches.create_nodes(api.controller.hosted, project, specs, body.reserved_mac_ids))
    told = ((part, next(made) if isinstance(part, WantedNode) else part) for part in parts)
    return LongReply({"nodes": starmap(_node_reply, told)})


async def _project(api: ApiRequest, project_id: UUID) -> HostedProject:
    """The hosted project of that id: one beside a project of this server's own controller, if that has it."""
    client, hosted = client_of(api.http.scope), api.controller.hosted
    own = own_project(api.controller, client, project_id)
    return (
        hosted.get(client, project_id)
        if own is None
        else await hosted.create(client, project_id, own.settings.name, None)
    )


def _spec(project_id: UUID, node: WantedNode) -> NodeSpec:
    return NodeSpec(**attrs.asdict(node, recurse=False), project_id=project_id, folder=Path(), emit=_ignore)


def _ignore(event: NodeEvent) -> None:
    """A placeholder that the hosted project replaces."""


def _node_reply(part: WantedNode | LabError, made: HostedNode | LabError) -> dict[str, Any]:
    named = {"node_id": str(part.node_id)} if isinstance(part, WantedNode) else {}
    if isinstance(made, LabError):
        return {**named, **_failed(made)}
    return {**named, "status": 201, "node": driven_node_view(made), "mac_id": made.instance.mac_id}


@routes.route("POST", "/lease", raw_body=True, body=LeaseBatch, reply=LeasesReply)
async def lease_ends(api: ApiRequest, project_id: UUID) -> LongReply:
    """Lease ends of tunnels; an extension. They are held until they are used, or the project is closed."""
    _, parts = await _read(api, LeaseBatch, "leases", WantedLease)
    project = await _project(api, project_id)
    kinds = [part.kind for part in parts if isinstance(part, WantedLease)]
    leases = iter(await api.controller.hosted.compute.lease_ends(project.inner_id, kinds))
    told = (next(leases) if isinstance(part, WantedLease) else part for part in parts)
    return LongReply({"leases": map(_lease_reply, told)})


def _lease_reply(lease: TunnelLease | LabError) -> dict[str, Any]:
    if isinstance(lease, LabError):
        return _failed(lease)
    if isinstance(lease, TrunkLease):
        return {"status": 201, "kind": "trunk", "udp_port": lease.port, "vni": lease.vni}
    return {"status": 201, "kind": "udp", "udp_port": lease.port}


@routes.route("POST", "/join", raw_body=True, body=JoinBatch, reply=JoinReply)
async def join_ports(api: ApiRequest, project_id: UUID) -> LongReply:
    """Connect ports, each to a tunnel or two to each other, in place of earlier connections; an extension. The
    conditions act from the first frame.
    """
    _, parts = await _read(api, JoinBatch, "joints", WantedJoint)
    client = client_of(api.http.scope)

    async def join(part: WantedJoint) -> None:
        ports = [_place(project_id, port) for port in part.ports]
        conditions = await _conditions(part.conditions)
        await hosted_batches.join(
            api.controller.hosted, client, ports, _nio(part.nio), conditions, is_first=part.conditions.is_first
        )

    return LongReply({"joints": await _each(parts, join)})


@routes.route("POST", "/separate", raw_body=True, body=SeparateBatch, reply=SeparateReply)
async def separate_ports(api: ApiRequest, project_id: UUID) -> LongReply:
    """Disconnect ports from tunnels and from each other; an extension."""
    _, parts = await _read(api, SeparateBatch, "ports", WantedPort)
    client = client_of(api.http.scope)

    async def separate(part: WantedPort) -> None:
        await hosted_batches.separate(api.controller.hosted, client, _place(project_id, part))

    return LongReply({"ports": await _each(parts, separate)})


def _place(project_id: UUID, port: WantedPort) -> PortPlace:
    return PortPlace(project_id, port.node_id, port.adapter_number, port.port_number)


def _nio(nio: WantedNio | None) -> LinkNio | None:
    if nio is None:
        return None
    if nio.vni_in is not None and nio.vni_out is not None:
        return TrunkNio(nio.vni_in, nio.rhost, nio.rport, nio.vni_out)
    assert nio.lport is not None, "it is needed for this type"
    return UdpNio(nio.lport, nio.rhost, nio.rport)


async def _conditions(body: LinkConditions) -> link_conditions.LinkConditions:
    impairments = tuple(each.impairment() for each in body.impairments)
    await require_impairments(impairments, list(map(describe, impairments)))
    return link_conditions.LinkConditions(
        filters=await checked_filters(body.filters), impairments=impairments, seed=body.seed, suspend=body.suspend
    )


# --- parts ---


async def _read(api: ApiRequest, kind: type[_T], name: str, part_kind: type[Any]) -> tuple[_T, list[Any]]:
    """The body without its parts, and the parts under ``name``: each checked, or the error in it. Raises Invalid for a
    body that has no such list.
    """
    data = await read_body(api.http)

    def read() -> tuple[_T, list[Any]]:
        try:
            value = read_json(data)
        except Invalid as error:
            raise Invalid(f"body: {error}") from None
        listed = value.get(name) if isinstance(value, dict) else None
        if not isinstance(listed, list):
            raise Invalid(f"{name}: is not a list")
        if len(listed) > MAX_ITEMS:
            raise Invalid(f"{name}: has {len(listed)} items, and may have {MAX_ITEMS}")
        return structure(_converter, {**value, name: []}, kind), [_checked(part, part_kind) for part in listed]

    return await threads.parsers.run(read)


def _checked(part: Any, kind: type[_T]) -> _T | Invalid:
    try:
        return structure(_converter, part, kind)
    except Invalid as error:
        return error


async def _each(parts: Sequence[_T | LabError], act: Callable[[_T], Awaitable[None]]) -> Iterator[dict[str, Any]]:
    """Call ``act`` for each part without an error; returns the replies for all."""

    async def attempt(part: _T | LabError) -> None:
        if isinstance(part, LabError):
            raise part
        try:
            await act(part)
        except (OSError, MemoryError) as error:
            if (lacking := what_is_lacking(error)) is None:
                raise
            raise Unavailable(f"the server has no {lacking} left") from None

    errors = await try_each(parts, attempt, _AT_A_TIME)
    return (_failed(error) if error is not None else {"status": 201} for error in errors)


def _failed(error: LabError) -> dict[str, Any]:
    return {"status": status_of(error), "message": str(error)[:MAX_MESSAGE_LENGTH]}
