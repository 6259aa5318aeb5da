"""Ends of measurements at a compute of ours. ``gns3trio/api/v2/compute_trials.py`` is their other side."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal, Protocol

from gns3trio.compute.interface import UdpEndpoint
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.remote.http import ComputeHttp
from gns3trio.compute.remote.session import open_session
from gns3trio.compute.split_trials import TrialEnd, run_split_trial
from gns3trio.errors import Conflict
from gns3trio.traffic.trials import BUCKETS, ClockReading, SentFrames, TrialResult, TrialSpec

_MAX_COUNT = 2**63


class Asks(Protocol):
    """A session, as an end of measurements uses it."""

    async def ask(self, message: Any, work_seconds: float = 0.0) -> dict[str, Any]:
        """Send a message, and return the answer to it, for which the compute works so long."""


class RemoteTrialEnd:
    """An end of measurements. Use ``open_probe_end`` or ``open_udp_endpoint``."""

    def __init__(self, session: Asks, where: str) -> None:
        self._session = session
        self._where = where

    async def read_clock(self) -> ClockReading:
        """The clock of its host."""
        told = await self._session.ask({"do": "clock"})
        clock, now = told.get("clock"), told.get("nanoseconds")
        if not isinstance(clock, str) or type(now) is not int or not 0 <= now < _MAX_COUNT:
            raise Conflict(f"{self._where}: its answer tells no clock")
        return ClockReading(clock=clock, nanoseconds=now)

    async def send(self, spec: TrialSpec, trial_id: int) -> SentFrames:
        """Send the frames of a trial."""
        message = {"do": "send", "trial": _trial_body(spec), "trial_id": trial_id}
        told = await self._session.ask(message, spec.seconds)
        return SentFrames(sent=self._count(told, "sent"), seconds=self._seconds(told, "seconds"))

    @asynccontextmanager
    async def receive(self, spec: TrialSpec, trial_id: int, clock_offset_ns: int) -> AsyncIterator["_Receiving"]:
        """Receive the frames of a trial. The session ends with the measurement, and what is received with it."""
        trial = {"trial": _trial_body(spec), "trial_id": trial_id, "clock_offset_ns": clock_offset_ns}
        await self._session.ask({"do": "receive", **trial})
        yield _Receiving(self)

    async def end(self, expected: int, seconds: float) -> TrialResult:
        """For ``_Receiving``."""
        message = {"do": "end", "expected": expected, "seconds": seconds}
        told = await self._session.ask(message, seconds)
        return TrialResult(
            sent=0,
            seconds=0.0,
            received=self._count(told, "received"),
            duplicated=self._count(told, "duplicated"),
            reordered=self._count(told, "reordered"),
            foreign=self._count(told, "foreign"),
            receive_seconds=self._seconds(told, "receive_seconds"),
            latency_min=self._seconds(told, "latency_min"),
            latency_max=self._seconds(told, "latency_max"),
            latency_mean=self._seconds(told, "latency_mean"),
            histogram=_histogram(told.get("histogram")),
        )

    async def foreign_frames(self) -> int:
        """The number of frames that the node sent into the link."""
        return self._count(await self._session.ask({"do": "count"}), "foreign", least=-_MAX_COUNT)

    async def held_frames(self) -> int:
        """Frames that filters there hold on the way to the sink."""
        return self._count(await self._session.ask({"do": "count"}), "held")

    async def run_trial(self, to: UdpEndpoint, spec: TrialSpec) -> TrialResult:
        """As ``UdpEndpoint.run_trial``."""
        return await run_split_trial(self, to, spec)

    def _count(self, told: dict[str, Any], name: str, least: int = 0) -> int:
        value = told.get(name)
        if type(value) is not int or not least <= value < _MAX_COUNT:
            raise Conflict(f"{self._where}: its answer tells no {name}")
        return value

    def _seconds(self, told: dict[str, Any], name: str) -> float:
        value = told.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise Conflict(f"{self._where}: its answer tells no {name}")
        return float(value)


class _Receiving:
    """A trial that is being received there."""

    def __init__(self, end: RemoteTrialEnd) -> None:
        self._end = end

    async def end(self, expected: int, seconds: float) -> TrialResult:
        """As ``ReceivingTrial.end``."""
        return await self._end.end(expected, seconds)


def _trial_body(spec: TrialSpec) -> dict[str, Any]:
    return {
        "frame_bytes": spec.frame_bytes,
        "frames_per_second": spec.frames_per_second,
        "seconds": spec.seconds,
        "frames": spec.frames,
        "drain_seconds": spec.drain_seconds,
    }


def _histogram(value: Any) -> list[int]:
    """Of pairs of a bucket and its frames; pairs that are none are left out."""
    histogram = [0] * BUCKETS
    for pair in value if isinstance(value, list) else ():
        match pair:
            case [int() as bucket, int() as frames] if 0 <= bucket < len(histogram) and 0 <= frames < _MAX_COUNT:
                histogram[bucket] = frames
    return histogram


@asynccontextmanager
async def open_probe_end(
    http: ComputeHttp, port_path: str, role: Literal["source", "sink"]
) -> AsyncIterator[RemoteTrialEnd]:
    """One part of a probe at a port, for as long as the ``async with`` lasts. Raises what the compute says."""
    async with open_session(http, f"{port_path}/trials/ws") as session:
        await session.ask({"role": role})
        yield RemoteTrialEnd(session, f"compute '{http.address.name}'")


@asynccontextmanager
async def open_udp_endpoint(http: ComputeHttp, nio: UdpNio) -> AsyncIterator[RemoteTrialEnd]:
    """A UDP port of its host, for as long as the ``async with`` lasts. Raises what the compute says."""
    async with open_session(http, "udp_trials/ws") as session:
        await session.ask({"lport": nio.lport, "rhost": nio.remote_host, "rport": nio.rport})
        yield RemoteTrialEnd(session, f"compute '{http.address.name}'")


_IS_AN_END: type[TrialEnd] = RemoteTrialEnd
