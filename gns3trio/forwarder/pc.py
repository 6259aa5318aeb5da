"""The Python face of the built-in PCs: hosts inside the core (``native/pc.h``), each behind a port of its own.

``open_pcs`` has one task, which takes the events of all PCs and hands them to the jobs that wait for them. A PC
without a job costs no task and no descriptor. Calls are quick: each waits until the PC's worker is between two
batches of frames.
"""

import errno
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from types import TracebackType
from typing import Any, Self

import attrs
import trio

from gns3trio._udpfwd import ffi, lib
from gns3trio.errors import Conflict, Invalid
from gns3trio.forwarder.forwarder import Forwarder, Port, wait_signal
from gns3trio.forwarder.pc_types import Event, Family, Finished, Neighbour, PcIdentity, PcState, Request
from gns3trio.forwarder.pc_wire import (
    core_address,
    core_identity,
    core_request,
    read_event,
    read_neighbour,
    read_state,
)
from gns3trio.forwarder.results import check_result

# Events are taken in slices, so that a flood of pings leaves the loop to others.
_SLICE_EVENTS = 256
# So many wait for who reads a job; the later ones are dropped, and counted as lost.
_WAITING_EVENTS = 1024
_MESSAGE_BYTES: int = lib.UDPFWD_PC_MAX_MESSAGE_BYTES


class Job:
    """Something that a PC does, and what it tells of it. A ``with`` ends it; ``async for`` gives its events,
    Finished last.
    """

    def __init__(self, number: int, stop: Callable[["Job"], None]) -> None:
        self.number = number
        self._stop = stop
        self._send, self._events = trio.open_memory_channel[Event](_WAITING_EVENTS)
        self._finished: Finished | None = None
        self._lost = 0
        self._open = True

    def tell(self, event: Event) -> None:
        """For Pcs: an event came."""
        if isinstance(event, Finished):
            self._finished = attrs.evolve(event, lost=event.lost + self._lost)
            self._send.close()
            return
        try:
            self._send.send_nowait(event)
        except trio.WouldBlock:
            self._lost += 1

    def close(self) -> None:
        """End it; ended already is fine. Events that came are not given any more."""
        if self._open:
            self._open = False
            self._stop(self)
            self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aiter__(self) -> AsyncIterator[Event]:
        async for event in self._events:
            yield event
        if self._finished is not None:
            yield self._finished


class Pc:
    """A host inside the core. ``port`` is joined, filtered, captured as any other port; ``close`` ends both."""

    __slots__ = ("_core", "_pcs", "jobs", "port")

    def __init__(self, pcs: "Pcs", port: Port) -> None:
        self.port = port
        self._pcs = pcs
        self._core = pcs.forwarder.core
        self.jobs: list[Job] = []  # that run: for Pcs

    @property
    def forwarder(self) -> Forwarder:
        """The forwarder that it belongs to."""
        return self._pcs.forwarder

    def state(self) -> PcState:
        """Its addresses, its lease, its counters at this moment."""
        state = ffi.new("udpfwd_pc_state *")
        check_result(lib.udpfwd_pc_read(self._core, self.port.id, state))
        return read_state(state)

    def identify(self, identity: PcIdentity) -> None:
        """Change its name, domain, DNS servers, MTU and MAC address. Raises Invalid with the reason."""
        check_result(lib.udpfwd_pc_identify(self._core, self.port.id, core_identity(identity)))

    def set_address(
        self, address: IPv4Address | IPv6Address, prefix: int, gateway: IPv4Address | IPv6Address | None = None
    ) -> None:
        """Set an address at once, without asking whether somebody else has it: ``start(TakeAddress(...))`` does.

        ``prefix`` is the number of bits of the network. Raises Invalid for an address that no host can have.
        """
        given = core_address(address), prefix, core_address(gateway)
        result = lib.udpfwd_pc_set_address(self._core, self.port.id, *given)
        if result == -errno.EINVAL:
            raise Invalid(f"no host can have {address}/{prefix} with {gateway or 'no'} gateway")
        check_result(result)

    def clear(self, family: Family) -> None:
        """Take the address and gateway of a family away, and a lease without releasing it. Link-local addresses
        stay.
        """
        check_result(lib.udpfwd_pc_clear(self._core, self.port.id, family))

    def neighbours(self, family: Family) -> list[Neighbour]:
        """The ARP cache (4), or IPv6's neighbour cache (6)."""
        entries = ffi.new("udpfwd_pc_neighbour[]", lib.UDPFWD_PC_MAX_NEIGHBOURS)
        found = check_result(lib.udpfwd_pc_neighbours(self._core, self.port.id, family, entries, len(entries)))
        return [read_neighbour(entry) for entry in entries[0:found]]

    def forget_neighbours(self, family: Family) -> None:
        """Empty that cache."""
        check_result(lib.udpfwd_pc_forget_neighbours(self._core, self.port.id, family))

    def start(self, request: Request) -> Job:
        """Begin a job. A ``with`` around what uses it ends it when it is left.

        Raises Invalid for what makes no sense, Conflict when too many jobs run (native/pc.h has the number).
        """
        return self._pcs.start(self, request)

    def close(self) -> None:
        """End it with its port; its jobs finish as ``closed``. Ended already is fine."""
        self.port.close()
        for job in list(self.jobs):
            self._pcs.finish(self, job, Finished(reason="closed", sent=0, lost=0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Pcs:
    """All built-in PCs of a forwarder. Use ``open_pcs``."""

    def __init__(self, forwarder: Forwarder) -> None:
        self.forwarder = forwarder
        self._jobs: dict[int, tuple[Pc, Job]] = {}

    def open(self, identity: PcIdentity) -> Pc:
        """A PC without addresses but its link-local one. Raises Invalid with the reason for an identity that
        cannot be.
        """
        core = self.forwarder.core
        return Pc(self, Port(self.forwarder, check_result(lib.udpfwd_pc_open(core, core_identity(identity)))))

    def start(self, pc: Pc, request: Request) -> Job:
        """Begin a job of a PC: see ``Pc.start``."""
        number = lib.udpfwd_pc_start(self.forwarder.core, pc.port.id, core_request(request))
        if number == -errno.EINVAL:
            raise Invalid(f"a PC cannot do that: {request}")
        if number == -errno.EBUSY:
            raise Conflict(f"the PC does {lib.UDPFWD_PC_MAX_JOBS} things already")
        check_result(number)
        job = Job(number, partial(self._stop, pc))
        self._jobs[number] = pc, job
        pc.jobs.append(job)
        return job

    def finish(self, pc: Pc, job: Job, event: Finished) -> None:
        """Its last event came, or never will."""
        if self._jobs.pop(job.number, None) is not None:
            pc.jobs.remove(job)
        job.tell(event)

    def _stop(self, pc: Pc, job: Job) -> None:
        if self._jobs.pop(job.number, None) is not None:
            pc.jobs.remove(job)
            lib.udpfwd_pc_stop(self.forwarder.core, pc.port.id, job.number)  # one that has ended is unknown there

    async def serve(self) -> None:
        """Hand events to their jobs until it is cancelled."""
        event, data = ffi.new("udpfwd_pc_event *"), ffi.new("unsigned char[]", _MESSAGE_BYTES)
        while True:
            await wait_signal(lib.udpfwd_pc_events_fd(self.forwarder.core))
            while self._take(event, data):
                await trio.lowlevel.checkpoint()

    def _take(self, event: Any, data: Any) -> bool:
        for _ in range(_SLICE_EVENTS):
            if lib.udpfwd_pc_take_event(self.forwarder.core, event, data, _MESSAGE_BYTES) == 0:
                return False
            found = self._jobs.get(event.job)
            if found is None:  # closed meanwhile
                continue
            told = read_event(event, bytes(ffi.buffer(data, event.data_bytes)))
            if isinstance(told, Finished):
                self.finish(*found, told)
            else:
                found[1].tell(told)
        return True


@asynccontextmanager
async def open_pcs(forwarder: Forwarder) -> AsyncIterator[Pcs]:
    """The PCs of a forwarder, as long as the ``async with``: then their events are not told any more, and their
    owners close them.
    """
    pcs = Pcs(forwarder)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pcs.serve)
        yield pcs
        nursery.cancel_scope.cancel()
