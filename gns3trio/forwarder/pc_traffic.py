"""The Python face of generated traffic between built-in PCs (``native/traffic.h``): flows, many of them in one call,
and PCs that listen.

Nothing here is a task: a flow runs in the core, and whoever started it looks at it when he likes.
"""

import errno
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_address
from struct import Struct
from typing import Any, cast

import trio

from gns3trio._udpfwd import ffi, lib
from gns3trio.classes import frozen
from gns3trio.core_contract import names_of
from gns3trio.errors import Conflict, Invalid, Unavailable
from gns3trio.forwarder.forwarder import Forwarder
from gns3trio.forwarder.pc import Pc
from gns3trio.forwarder.pc_types import Address
from gns3trio.forwarder.pc_wire import REASONS, put_address, read_address
from gns3trio.forwarder.results import check_result
from gns3trio.traffic.flows import Arrivals, FlowResult, FlowSpec, FlowState, HeardFlow, LatencySummary
from gns3trio.traffic.trials import NANOSECONDS

# Of one call, for which the workers of the PCs stop: less than a millisecond.
_AT_ONCE = 256
_PICOSECONDS = 10**12
# The structures of native/traffic.h as numbers, one behind the other.
_ARRIVALS_NUMBERS = 13
_RESULT = Struct(f"@3iI3Q{2 * _ARRIVALS_NUMBERS}Q")
if _RESULT.size != ffi.sizeof("udpfwd_traffic_result"):
    raise ImportError("results of flows are not as they are read here")
_NOTHING = Arrivals(0, 0, 0, 0, 0.0, None)
_STATES = cast(list[FlowState], list(names_of("udpfwd_traffic_state", "UDPFWD_TRAFFIC_", "states")))


@frozen
class PcFlow:
    """A flow from one PC to an address. ``receiver``: the PC there that shall count it; None if it is elsewhere."""

    sender: Pc
    receiver: Pc | None
    target: Address
    spec: FlowSpec


class PcFlows:
    """Flows that were started together. Use ``open_flows``."""

    def __init__(self, forwarder: Forwarder, flows: Sequence[PcFlow]) -> None:
        self._core = forwarder.core
        self._flows = flows
        self._handles = ffi.new("udpfwd_traffic_handle[]", len(flows))
        self._started = 0

    async def start(self) -> None:
        """For ``open_flows``: start all of them. After an error, ``stop`` ends those that were."""
        for begin in range(0, len(self._flows), _AT_ONCE):
            for flow in self._flows[begin : begin + _AT_ONCE]:
                flow.spec.check()
            await trio.lowlevel.checkpoint()
        failed = ffi.new("int *")
        for begin in range(0, len(self._flows), _AT_ONCE):
            flows = self._flows[begin : begin + _AT_ONCE]
            wanted = ffi.new("udpfwd_traffic_flow[]", len(flows))
            for entry, flow in zip(wanted, flows, strict=True):
                _fill(entry, flow)
            result = lib.udpfwd_traffic_start(self._core, wanted, len(flows), self._handles + begin, failed)
            if result < 0:
                raise _refusal(result, flows[failed[0]])
            self._started += len(flows)
            await trio.lowlevel.checkpoint()

    async def read(self) -> list[FlowResult]:
        """What became of them up to now, in their order."""
        results: list[FlowResult] = []
        array = ffi.new("udpfwd_traffic_result[]", min(_AT_ONCE, self._started) or 1)
        for begin in range(0, self._started, _AT_ONCE):
            count = min(_AT_ONCE, self._started - begin)
            check_result(lib.udpfwd_traffic_read(self._core, self._handles + begin, count, array))
            results += _read_results(ffi.buffer(array, count * _RESULT.size))
            await trio.lowlevel.checkpoint()
        return results

    async def stop(self) -> None:
        """End and forget all."""
        while self._started:
            count = min(_AT_ONCE, self._started)
            self._started -= count
            check_result(lib.udpfwd_traffic_stop(self._core, self._handles + self._started, count))
            await trio.lowlevel.cancel_shielded_checkpoint()


@asynccontextmanager
async def open_flows(forwarder: Forwarder, flows: Sequence[PcFlow]) -> AsyncIterator[PcFlows]:
    """Flows that run as long as the ``async with``, at most.

    Raises Invalid with the field that is wrong, Conflict if a PC is closed or has too many flows, Unavailable if all
    PCs together have; nothing runs then.
    """
    opened = PcFlows(forwarder, flows)
    try:
        await opened.start()
        yield opened
    finally:
        await opened.stop()


class Listener:
    """A PC that counts what others send to it. Use ``listening``."""

    def __init__(self, core: Any, pc: Pc) -> None:
        self._core = core
        self._pc = pc
        self._heard = ffi.new("udpfwd_traffic_heard_flow[]", lib.UDPFWD_TRAFFIC_MAX_HEARD)

    def heard(self) -> list[HeardFlow]:
        """What it has heard up to now, the newest first. Raises Conflict if the PC is closed."""
        _require_open(self._pc)
        found = check_result(lib.udpfwd_traffic_heard(self._core, self._pc.port.id, self._heard, len(self._heard)))
        return [_read_heard(self._heard[i]) for i in range(found)]


@contextmanager
def listening(forwarder: Forwarder, pc: Pc) -> Iterator[Listener]:
    """The PC listens as long as the ``with``. Raises Conflict if it does already, or is closed."""
    _require_open(pc)
    result = lib.udpfwd_traffic_listen(forwarder.core, pc.port.id, 1)
    if result == -errno.EBUSY:
        raise Conflict("the PC listens for traffic already")
    check_result(result)
    try:
        yield Listener(forwarder.core, pc)
    finally:
        if pc.port.is_open:
            lib.udpfwd_traffic_listen(forwarder.core, pc.port.id, 0)


def _require_open(pc: Pc) -> None:
    if not pc.port.is_open:  # its number may be another's
        raise Conflict("the PC is stopped")


def _fill(to: Any, flow: PcFlow) -> None:
    spec = flow.spec
    _require_open(flow.sender)
    to.sender, to.receiver = flow.sender.port.id, -1
    if flow.receiver is not None:
        _require_open(flow.receiver)
        to.receiver = flow.receiver.port.id
    put_address(to.target, flow.target)
    to.port, to.echo, to.data_bytes, to.burst = spec.port, spec.echo, spec.data_bytes, spec.burst
    to.interval_ps = round(_PICOSECONDS / spec.packets_per_second)
    to.delay_ns, to.duration_ns = round(spec.delay * NANOSECONDS), round(spec.seconds * NANOSECONDS)
    to.packets = spec.packets or 0


def _refusal(result: int, flow: PcFlow) -> Exception:
    match -result:
        case errno.EINVAL:
            return Invalid(f"traffic cannot go to {flow.target}: it is not the address of one host")
        case errno.ENOBUFS:
            return Conflict(f"a PC has at most {lib.UDPFWD_TRAFFIC_MAX_PC_FLOWS} flows each way")
        case errno.ENOMEM:
            return Unavailable("there is no memory for more flows of traffic")
        case _:
            return Conflict("the PC is stopped")


def _read_arrivals(values: Sequence[int]) -> Arrivals:
    """Of the numbers of a ``udpfwd_traffic_arrivals``."""
    packets, size, duplicated, reordered, span, samples, *times = values
    latency = LatencySummary(samples, *[time / NANOSECONDS for time in times]) if samples else None
    return Arrivals(packets, size, duplicated, reordered, span / NANOSECONDS, latency)


def _read_results(data: Any) -> Iterator[FlowResult]:
    """Of an array of ``udpfwd_traffic_result``. There may be thousands, so they are taken apart in one go."""
    for state, reason, counting, unreachable, sent, unsent, span, *arrivals in _RESULT.iter_unpack(data):
        arrived, returned = arrivals[:_ARRIVALS_NUMBERS], arrivals[_ARRIVALS_NUMBERS:]
        yield FlowResult(
            state=_STATES[state],
            reason=REASONS[reason],
            sent=sent,
            unsent=unsent,
            unreachable=unreachable,
            seconds=span / NANOSECONDS,
            arrived=_read_arrivals(arrived) if counting != lib.UDPFWD_TRAFFIC_UNCOUNTED else None,
            returned=_read_arrivals(returned) if returned[0] else _NOTHING,
        )


def _read_heard(heard: Any) -> HeardFlow:
    return HeardFlow(
        flow_id=heard.id,
        source=str(ip_address(cast(Address, read_address(heard.source)))),
        source_port=heard.source_port,
        sent=heard.sent if heard.is_over else None,
        silent=heard.silent_ns / NANOSECONDS,
        arrived=_read_arrivals([*_numbers(heard.arrived), *_numbers(heard.arrived.latency)]),
    )


def _numbers(structure: Any) -> list[int]:
    """Its fields that are numbers, in their order."""
    values = [getattr(structure, name) for name, _ in ffi.typeof(structure).fields]
    return [value for value in values if isinstance(value, int)]
