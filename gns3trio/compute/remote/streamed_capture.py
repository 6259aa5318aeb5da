"""A capture at a compute of ours: the compute sends records, and this server writes them as those of its own captures.

So rings of files, expressions and live streams are as here. The compute stores nothing, and the capture there ends with
the session.
"""

import errno
import os
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import trio

from gns3trio import threads
from gns3trio.compute.capture_files import capture_file
from gns3trio.compute.captures import CaptureReader, CaptureSpec
from gns3trio.compute.remote.http import ComputeHttp
from gns3trio.compute.remote.session import Session, open_session
from gns3trio.errors import LabError, path_error
from gns3trio.forwarder.captures import READ_BYTES, Capture
from gns3trio.memory import Total
from gns3trio.traffic.capture_records import CaptureRecords
from gns3trio.traffic.counters import CaptureCounters

# How long the last records may take after the end.
LAST_RECORDS_SECONDS = 3.0
# Whatever a compute sends, the disk of this host keeps some space.
_RESERVE_BYTES = 256 * 1024 * 1024
_MAX_COUNT = 2**63
_COUNTERS = ("frames", "bytes", "dropped", "out_frames", "out_dropped", "stream_dropped_bytes")


class _Received:
    """What has come from the compute, in place of the core's capture."""

    def __init__(self, folder: Path | None) -> None:
        self.counted = CaptureCounters()
        self._folder = folder
        self._pieces: deque[bytes] = deque()

    def put(self, pieces: list[bytes]) -> None:
        """More records have come."""
        self._pieces.extend(pieces)

    def read_into(self, buffer: bytearray) -> int:
        """The next piece. Raises OSError if the disk is almost full."""
        if not self._pieces:
            return 0
        if self._folder is not None:
            disk = os.statvfs(self._folder)
            if disk.f_bavail * disk.f_frsize < _RESERVE_BYTES:
                raise OSError(errno.ENOSPC, "the disk is almost full")
        piece = self._pieces.popleft()
        buffer[: len(piece)] = piece
        return len(piece)

    def counters(self) -> CaptureCounters:
        """As the compute told last."""
        return self.counted

    def stop(self) -> None:
        """The compute is told by the session."""

    def close(self) -> None:
        """Nothing is left of it."""
        self._pieces.clear()


class StreamedCapture:
    """A capture. ``start`` runs it in a task that ``begin`` starts."""

    def __init__(self, spec: CaptureSpec, failed: Callable[[str], None], memory: Total) -> None:
        self.spec = spec
        self._received = _Received(spec.path.parent if spec.path is not None else None)
        self._records = CaptureRecords(pcapng=spec.pcapng, snaplen=spec.snaplen)
        self._capture = Capture(self._received, capture_file(spec), failed, memory)
        self._buffer = bytearray(READ_BYTES)
        self._lost_there = 0
        self._error: str | None = None
        self._is_stopping = False
        self._session: Session | None = None
        self._scope = trio.CancelScope()
        self._started = trio.Event()
        self._refusal: LabError | None = None
        self._finished = trio.Event()

    # --- what it is ---

    @property
    def path(self) -> Path | None:
        """The path of the current file."""
        return self._capture.path

    @property
    def running(self) -> bool:
        """Whether records still come."""
        return not self._finished.is_set() and not self._is_stopping

    @property
    def error(self) -> str | None:
        """Why it ended by itself."""
        return self._error

    @property
    def stream_dropped_bytes(self) -> int:
        """Bytes of records that were lost on the way here, or on the way to a client."""
        return self._lost_there + self._capture.stream_dropped_bytes

    @property
    def is_streamed(self) -> bool:
        """Whether a client is reading a stream of it."""
        return self._capture.is_streamed

    def counters(self) -> CaptureCounters:
        """As the compute told last."""
        return self._received.counted

    def stream(self) -> AbstractContextManager[CaptureReader]:
        """A reader that begins at the start of the capture if it is saved, otherwise now, and follows it."""
        return self._capture.stream()

    def is_writing(self, path: Path) -> bool:
        """Whether it writes that file."""
        return not self._finished.is_set() and path in (self.spec.path, self.path)

    # --- what it does ---

    async def start(self, begin: Callable[[Callable[[], Awaitable[None]]], None], http: ComputeHttp, path: str) -> None:
        """Start it at a port, whose session is at ``path``. Raises what the compute or the disk says."""
        begin(partial(self._run, http, path))
        try:
            await self._started.wait()
        except BaseException:
            self.abandon()
            raise
        if self._refusal is not None:
            raise self._refusal

    async def _run(self, http: ComputeHttp, path: str) -> None:
        reason: str | None = "the compute ended the capture"
        try:
            with self._scope:
                async with open_session(http, path) as session:
                    await session.ask(
                        {
                            "pcapng": self.spec.pcapng,
                            "snaplen": self.spec.snaplen,
                            "data_link_type": self.spec.data_link_type,
                            "direction": self.spec.direction,
                            "expression": self.spec.expression,
                        }
                    )
                    try:
                        with trio.CancelScope(shield=True):
                            await threads.disk.run(self._capture.begin)
                    except OSError as error:
                        raise path_error(f"capture file {self.spec.path}", error) from None
                    self._session = session
                    self._started.set()
                    await self._receive(session)
        except LabError as error:
            reason = str(error)
            if not self._started.is_set():
                self._refusal = error
        finally:
            with trio.CancelScope(shield=True):
                await self._end(reason)

    async def _receive(self, session: Session) -> None:
        """Write what comes, until the end."""
        while self._capture.running:
            message: dict[str, Any] | bytes | None = None
            with trio.move_on_after(max(self._capture.turns_at - time.monotonic(), 0)):
                message = await session.receive()
            if message is None or isinstance(message, bytes):
                with trio.CancelScope(shield=True):
                    await threads.disk.run(self._write, message or b"")
                self._capture.deliver()
                continue
            self._take_counters(message.get("counters"))
            if message.get("ended") is True:
                return

    def _write(self, data: bytes) -> None:
        self._received.put(self._records.feed(data, READ_BYTES))
        self._capture.drain(self._buffer)

    def _take_counters(self, value: Any) -> None:
        told = value if isinstance(value, dict) else {}
        counts = [told.get(name) for name in _COUNTERS]
        known = [count for count in counts if type(count) is int and 0 <= count < _MAX_COUNT]
        if len(known) == len(_COUNTERS):
            *records, self._lost_there = known
            self._received.counted = CaptureCounters(*records)

    async def _end(self, reason: str | None) -> None:
        was_begun = self._started.is_set()
        if was_begun:
            await threads.disk.run(self._capture.finish)
            self._capture.deliver()
            self._capture.end_streams()
        self._finished.set()
        self._started.set()
        if was_begun and not self._is_stopping:
            self._error = self._capture.error or f"the capture to {self.spec.path} has stopped: {reason}"
            self._capture.on_error(self._error)

    def abandon(self) -> None:
        """The link's end is gone: the capture ends with it."""
        self._is_stopping = True
        self._scope.cancel()

    async def stop(self) -> None:
        """End the capture, and wait for its last records. Does nothing if it has ended."""
        if self.running and self._session is not None:
            self._is_stopping = True
            with trio.move_on_after(LAST_RECORDS_SECONDS):
                try:
                    await self._session.send({"stop": True})
                except LabError:
                    self._scope.cancel()
                await self._finished.wait()
        self._is_stopping = True
        self._scope.cancel()
        await self._finished.wait()
