"""Measures whatever is between two UDP endpoints of this host: a tunnel or a relay that need not be ours."""

import socket
from contextlib import ExitStack
from typing import Any

import attrs
from attrs import validators as v

from gns3trio.compute.local.compute import Compute
from gns3trio.compute.local.tunnels import resolve
from gns3trio.compute.nio import UdpNio
from gns3trio.controller.links.benchmark_limits import next_trial_id, one_of_few, widen
from gns3trio.errors import Conflict, Invalid, Unavailable
from gns3trio.forwarder.trial import TrialResult, TrialSpec, run_trial
from gns3trio.measure.rfc2544 import BenchmarkRequest, Progress, run_benchmark

_port = v.and_(v.ge(1), v.le(65535))


@attrs.frozen(kw_only=True)
class UdpEndpoint:
    """Frames leave for ``rhost``:``rport`` from ``lport`` of this host, where those of the other end arrive."""

    lport: int = attrs.field(validator=_port)
    rhost: str = attrs.field(validator=v.min_len(1))
    rport: int = attrs.field(validator=_port)


@attrs.frozen(kw_only=True)
class UdpBenchmarkRequest(BenchmarkRequest):
    """What is measured, and between which endpoints."""

    a: UdpEndpoint
    b: UdpEndpoint


async def benchmark_udp(compute: Compute, request: UdpBenchmarkRequest, progress: Progress) -> dict[str, Any]:
    """The report of a benchmark. Both ports are taken as long as it runs.

    ``foreign_frames`` are the datagrams of others that came to the receiving port meanwhile. Raises Invalid,
    Unavailable when too many others run, or Conflict when a port is in use or a datagram cannot be sent.
    """
    request.check()
    if request.a.lport == request.b.lport:
        raise Invalid(f"b.lport: {request.b.lport} is that of a")
    ends = {"a": request.a, "b": request.b}
    remotes = {name: await _remote(name, end) for name, end in ends.items()}
    near, far = ("a", "b") if request.direction == "a_to_b" else ("b", "a")
    foreign = 0
    with ExitStack() as stack:
        stack.enter_context(one_of_few())
        sockets = {name: _take_port(stack, compute, name, end) for name, end in ends.items()}
        way = f"{near}: sending to {ends[near].rhost}:{ends[near].rport}"
        try:
            sockets[near].connect(remotes[near])
        except OSError as error:
            raise Conflict(f"{way}: {error.strerror}") from None

        async def run(spec: TrialSpec) -> TrialResult:
            nonlocal foreign
            try:
                result = await run_trial(sockets[near], sockets[far], spec, next_trial_id())
            except OSError as error:
                raise Conflict(f"{way}: {error.strerror}") from None
            foreign += result.foreign
            return result

        results = await run_benchmark(request, run, progress)
    return {
        **{name: attrs.asdict(end) for name, end in ends.items()},
        "direction": request.direction,
        "trial_seconds": request.trial_seconds,
        "foreign_frames": foreign,
        "results": results,
    }


async def _remote(name: str, end: UdpEndpoint) -> tuple[str, int]:
    try:
        return await resolve(UdpNio(end.lport, end.rhost, end.rport))
    except (Invalid, Unavailable) as error:
        raise type(error)(f"{name}.{error}") from None


def _take_port(stack: ExitStack, compute: Compute, name: str, end: UdpEndpoint) -> socket.socket:
    """Not connected yet: the receiving end takes what comes, wherever a relay sends it from."""
    try:
        lease = stack.enter_context(compute.take_udp(end.lport))
    except Conflict as error:
        raise Conflict(f"{name}.lport: {error}") from None
    widen(lease.socket)
    return lease.socket
