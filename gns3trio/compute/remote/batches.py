"""Requests of ours that concern many nodes or ports at once: their bodies, and what is read from the answers.

An answer has one part for each part of its request. Nothing of it is trusted: a part that is missing, or is not as
expected, is an error of that part alone.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

import orjson
import trio

from gns3trio.compute.interface import ComputePort, Joint, TunnelJoint
from gns3trio.compute.nio import MAX_VNI, LeaseKind, LinkNio, TrunkLease, TrunkNio, TunnelLease, UdpLease
from gns3trio.compute.node import NodeSpec
from gns3trio.compute.remote.http import error_of
from gns3trio.compute.remote.link_end import conditions_body
from gns3trio.errors import Conflict, LabError, Unavailable
from gns3trio.limits import MAX_ITEMS, MAX_PORT
from gns3trio.slices import Slices

# The parts of one request: MAX_ITEMS at most, and fewer if they are long, such as nodes with scripts. A server of ours
# takes eight times as many bytes.
_MOST_BYTES = 2 * 1024 * 1024
# MAC addresses are derived from numbers below this: of built-in PCs, they are half of the address.
_MOST_MAC_IDS = 2**24

_T = TypeVar("_T")
Begin = Callable[[Callable[[], Awaitable[None]]], None]


# --- requests ---


def node_body(spec: NodeSpec) -> dict[str, Any]:
    """A node to be created. Empty values are those that the compute chooses."""
    others: dict[str, Any] = {"engine": spec.engine} if spec.engine is not None else {}
    if spec.custom_adapters:
        others["custom_adapters"] = spec.custom_adapters
    return {
        **others,
        "node_type": spec.node_type,
        "node_id": str(spec.node_id),
        "name": spec.name,
        "console": spec.console,
        "console_type": spec.console_type,
        "startup_script": spec.startup_script,
        "mac_id": spec.mac_id,
        "properties": {name: value for name, value in spec.properties.items() if value is not None},
    }


def lease_body(kind: LeaseKind) -> dict[str, Any]:
    """An end of a tunnel to be leased."""
    return {"kind": kind}


def port_body(port: ComputePort) -> dict[str, Any]:
    """A port."""
    return {
        "node_id": str(port.node.node_id),
        "adapter_number": port.adapter_number,
        "port_number": port.port_number,
    }


def joint_body(joint: Joint) -> dict[str, Any]:
    """Ports to be connected: one to a tunnel, or two to each other."""
    is_first = not isinstance(joint, TunnelJoint) or joint.is_first
    body: dict[str, Any] = {
        "ports": list(map(port_body, joint.ports)),
        "conditions": conditions_body(joint.conditions, is_first=is_first),
    }
    if isinstance(joint, TunnelJoint):
        body["nio"] = _nio_body(joint.nio)
    return body


def _nio_body(nio: LinkNio) -> dict[str, Any]:
    there = {"rhost": nio.remote_host, "rport": nio.rport}
    if isinstance(nio, TrunkNio):
        return {"type": "nio_trunk", **there, "vni_in": nio.vni_in, "vni_out": nio.vni_out}
    return {"type": "nio_udp", **there, "lport": nio.lport}


async def in_requests(items: Sequence[_T], body_of: Callable[[_T], Any]) -> list[tuple[list[_T], orjson.Fragment]]:
    """The items of each request, with their bodies as a list in JSON."""
    requests: list[tuple[list[_T], orjson.Fragment]] = []
    taken: list[_T] = []
    bodies: list[bytes] = []
    size, slices = 0, Slices()
    for item in items:
        body = orjson.dumps(body_of(item))
        if len(taken) == MAX_ITEMS or (taken and size + len(body) > _MOST_BYTES):
            requests.append((taken, _list_of(bodies)))
            taken, bodies, size = [], [], 0
        taken.append(item)
        bodies.append(body)
        size += len(body) + 1
        await slices.pause()
    if taken:
        requests.append((taken, _list_of(bodies)))
    return requests


def _list_of(bodies: Sequence[bytes]) -> orjson.Fragment:
    return orjson.Fragment(b"[" + b",".join(bodies) + b"]")


async def to_the_end(begin: Begin, run: Callable[[], Awaitable[_T]], undo: Callable[[_T], Awaitable[None]]) -> _T:
    """Wait for a request, which ``begin`` runs in the background. If the caller is cancelled, the request goes on, and
    what it did is undone: otherwise the compute might do it after the request was broken off.

    Raises the errors of ``run``.
    """
    outcome: list[_T | LabError] = []
    ended = trio.Event()
    is_abandoned = False

    async def work() -> None:
        try:
            outcome.append(await run())
        except LabError as error:
            outcome.append(error)
        finally:
            ended.set()
        if is_abandoned and not isinstance(outcome[0], LabError):
            await undo(outcome[0])

    begin(work)
    try:
        await ended.wait()
    except trio.Cancelled:
        is_abandoned = True
        raise
    if not outcome:
        raise Unavailable("the compute is not used any more, or its answer could not be handled")
    if isinstance(outcome[0], LabError):
        raise outcome[0]
    return outcome[0]


# --- answers ---


# What was done with a part of a request, or the error; None if the answer does not tell.
Outcome = Mapping[str, Any] | LabError | None


def outcomes(answer: Any, name: str, number: int, where: str) -> Iterator[Outcome]:
    """The part of an answer for each of ``number`` parts of the request, in their order. ``where`` names the compute in
    errors.
    """
    parts = answer.get(name) if isinstance(answer, dict) else None
    for place in range(number):
        part = parts[place] if isinstance(parts, list) and place < len(parts) else None
        yield _outcome(part, where)


def by_node(answer: Any, specs: Sequence[NodeSpec], where: str) -> Iterator[Outcome]:
    """As ``outcomes``, for nodes, which the answer names."""
    parts = answer.get("nodes") if isinstance(answer, dict) else None
    told: dict[str, Any] = {}
    for part in parts if isinstance(parts, list) else []:
        node_id = part.get("node_id") if isinstance(part, dict) else None
        if isinstance(node_id, str):
            told.setdefault(node_id, part)
    for spec in specs:
        yield _outcome(told.get(str(spec.node_id)), where)


def _outcome(part: Any, where: str) -> Outcome:
    status = part.get("status") if isinstance(part, dict) else None
    if type(status) is not int:
        return None
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        return error_of(status, part.get("message"), where)
    return dict(part)


def read_lease(part: Outcome, kind: LeaseKind, where: str) -> TunnelLease | LabError:
    """The lease that an answer tells."""
    if isinstance(part, LabError):
        return part
    told = part if part is not None and part.get("kind") == kind else {}
    port, vni = told.get("udp_port"), told.get("vni")
    if type(port) is not int or not 1 <= port <= MAX_PORT:
        return Conflict(f"{where}: its answer tells no UDP port")
    if kind == "udp":
        return UdpLease(port)
    if type(vni) is not int or not 1 <= vni <= MAX_VNI:
        return Conflict(f"{where}: its answer tells no VNI")
    return TrunkLease(port, vni)


def read_error(part: Outcome, where: str) -> LabError | None:
    """The error of a part that tells nothing else."""
    return part if isinstance(part, LabError) else untold(where) if part is None else None


def untold(where: str) -> LabError:
    """The error of a part that is missing in an answer, or is not as expected."""
    return Conflict(f"{where}: its answer does not tell what became of it")


def read_mac_id(part: Mapping[str, Any]) -> int | None:
    """The number of a node's MAC address; None if it has none."""
    number = part.get("mac_id")
    return number if type(number) is int and 0 <= number < _MOST_MAC_IDS else None
