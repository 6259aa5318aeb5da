"""Captures: from the core's records to files and to readers of live streams.

One writer serves all captures: when the core says that records wait, it takes them out in one thread call, writes them,
and gives the same bytes to the streams. A slow or full disk costs records, never frames.
"""

import os
import stat
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import attrs
import trio

from gns3trio import __version__
from gns3trio.errors import Conflict
from gns3trio.forwarder.capture_format import pcap_header, pcapng_header, pcapng_statistics
from gns3trio.forwarder.forwarder import Forwarder, Tap
from gns3trio.forwarder.stats import CaptureCounters

# Small frames gather for so long before they are written: a frame reaches its readers within 100 ms.
PAUSE_SECONDS = 0.02
# One read: whole records, small enough for the CPU's cache.
READ_BYTES = 256 * 1024
# More was moved in one pass than a pause would gather: go on at once.
BUSY_BYTES = 1024 * 1024
# What may wait for a reader of a stream. When it is full, records are left out for that reader, and counted.
MAX_STREAM_BYTES = 4 * 1024 * 1024
LEAST_RING_FILE_BYTES = READ_BYTES


@attrs.frozen(kw_only=True)
class FileRing:
    """Several files instead of one that grows: a new one after so many bytes or seconds, and the oldest is deleted."""

    files: int
    max_bytes: int | None = None
    max_seconds: float | None = None


@attrs.frozen(kw_only=True)
class CaptureFile:
    """Where records go. ``path`` None: only to streams. Files of a ring get a number: ``name_00001.pcap``."""

    path: Path | None
    ring: FileRing | None = None
    pcapng: bool = False
    snaplen: int = 65535
    link_type_number: int = 1
    interfaces: tuple[str, str] = ("a", "b")
    expression: str = ""
    comment: str = ""

    def header(self) -> bytes:
        """What every file and every stream begins with."""
        if not self.pcapng:
            return pcap_header(self.snaplen, self.link_type_number)
        return pcapng_header(
            self.snaplen,
            self.link_type_number,
            interfaces=self.interfaces,
            application=f"gns3trio {__version__}",
            expression=self.expression,
            comment=self.comment,
        )


class StreamReader:
    """A live stream of a capture: the header, then records from now on."""

    def __init__(self, header: bytes) -> None:
        self.dropped_bytes = 0  # of records that were left out because nobody read
        self._chunks: deque[bytes] = deque([header])
        self._waiting_bytes = 0
        self._ended = False
        self._wakeup = trio.Event()

    def offer(self, records: bytes) -> None:
        """More records."""
        if self._waiting_bytes + len(records) > MAX_STREAM_BYTES:
            self.dropped_bytes += len(records)
            return
        self._waiting_bytes += len(records)
        self._chunks.append(records)
        self._wakeup.set()

    def end(self) -> None:
        """The capture has stopped."""
        self._ended = True
        self._wakeup.set()

    async def receive(self) -> bytes:
        """What came since the last time; empty at the end."""
        while not self._chunks and not self._ended:
            await self._wakeup.wait()
            self._wakeup = trio.Event()
        data = b"".join(self._chunks)
        self._chunks.clear()
        self._waiting_bytes = 0
        return data


class Capture:
    """A running capture. ``on_error`` is told why it stopped by itself."""

    def __init__(self, tap: Tap, file: CaptureFile, on_error: Callable[[str], None]) -> None:
        self.file = file
        self.path = file.path  # the present file
        self.running = True
        self.on_error = on_error
        self.error: str | None = None
        self._tap = tap
        self._last_counters = CaptureCounters(0, 0, 0)
        self._fd: int | None = None
        self._good_bytes = 0  # of the present file, all whole records
        self._file_number = 0
        self._opened_at = 0.0
        self._files: deque[Path] = deque()
        self._readers: set[StreamReader] = set()

    def counters(self) -> CaptureCounters:
        """What was captured, and what found no room."""
        return self._tap.counters() if self.running else self._last_counters

    @contextmanager
    def stream(self) -> Iterator[StreamReader]:
        """A reader of the records from now on."""
        reader = StreamReader(self.file.header())
        self._readers.add(reader)
        if not self.running:
            reader.end()
        try:
            yield reader
        finally:
            self._readers.discard(reader)

    # --- in the writer's thread ---

    def open_file(self) -> None:
        """Begin the next file. Raises OSError."""
        if self.file.path is None:
            return
        path = self.file.path
        if self.file.ring is not None:
            self._file_number += 1
            path = path.with_name(f"{path.stem}_{self._file_number:05}{path.suffix}")
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            if not stat.S_ISREG(path.lstat().st_mode):
                raise FileExistsError(17, f"{path.name} is not a file")
            path.unlink()
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        self.path = path
        self._good_bytes = 0
        self._opened_at = time.monotonic()
        self._write(self.file.header())
        self._files.append(path)
        if self.file.ring is not None and len(self._files) > self.file.ring.files:
            self._files.popleft().unlink(missing_ok=True)

    def _write(self, data: bytes | memoryview) -> None:
        """Write whole records; the file holds only whole ones when this raises OSError."""
        if self._fd is None:
            return
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError:
            with suppress(OSError):  # the reason is the first error
                os.ftruncate(self._fd, self._good_bytes)
            raise
        self._good_bytes += len(data)

    def drain(self, buffer: bytearray) -> tuple[int, list[bytes]]:
        """Move what waits to the file; returns its bytes, and copies of it for the streams. Raises OSError."""
        view = memoryview(buffer)
        moved, copies = 0, []
        while size := self._tap.read_into(buffer):
            moved += size
            if self._readers:
                copies.append(bytes(view[:size]))
            self._write(view[:size])
            self._rotate()
        if moved and self._fd is not None and os.fstat(self._fd).st_nlink == 0:
            raise FileNotFoundError(2, "the file was deleted")
        return moved, copies

    def _rotate(self) -> None:
        ring = self.file.ring
        if ring is None or self._fd is None:
            return
        full = ring.max_bytes is not None and self._good_bytes >= ring.max_bytes
        old = ring.max_seconds is not None and time.monotonic() - self._opened_at >= ring.max_seconds
        if full or old:
            self.close_file()
            self.open_file()

    def close_file(self) -> None:
        """End the present file, on the disk. Raises OSError."""
        if self._fd is None:
            return
        try:
            if self.file.pcapng:
                counters = self._tap.counters()
                now = time.time_ns()
                self._write(pcapng_statistics(0, now, received=counters.frames, dropped=counters.dropped))
            os.fsync(self._fd)
        finally:
            os.close(self._fd)
            self._fd = None

    def abandon_file(self) -> None:
        """Close the file as it is."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    # --- in the writer's task ---

    def deliver(self, copies: list[bytes]) -> None:
        """Give records to the streams."""
        for reader in self._readers:
            for records in copies:
                reader.offer(records)

    def stop_tap(self) -> None:
        """No record is added any more."""
        self._tap.stop()

    def end(self) -> None:
        """It is over: nothing is read any more."""
        if self.running:
            self._last_counters = self._tap.counters()
            self.running = False
            self._tap.close()
        for reader in self._readers:
            reader.end()


class CaptureService:
    """All captures. Use ``open_captures``."""

    def __init__(self, forwarder: Forwarder) -> None:
        self._forwarder = forwarder
        self._captures: set[Capture] = set()
        self._buffer = bytearray(READ_BYTES)
        self._passing = trio.Lock()  # one pass at a time, so that each tap has one reader

    async def start(self, tap: Tap, file: CaptureFile, on_error: Callable[[str], None]) -> Capture:
        """Write the records of ``tap``, which is the capture's from now on. Raises Conflict when the file cannot be."""
        capture = Capture(tap, file, on_error)
        try:
            await trio.to_thread.run_sync(capture.open_file)
        except OSError as error:
            capture.end()
            raise Conflict(f"capture file {file.path}: {error.strerror}") from None
        self._captures.add(capture)
        return capture

    async def stop(self, capture: Capture) -> None:
        """Write what waits and end the file; stopped already is fine."""
        if capture not in self._captures:
            return
        capture.stop_tap()
        with trio.CancelScope(shield=True):  # a file that is half ended is nobody's
            async with self._passing:
                if capture not in self._captures:
                    return
                self._captures.discard(capture)
                await self._pass([capture])
            if capture.error is None:
                try:
                    await trio.to_thread.run_sync(capture.close_file)
                except OSError as error:
                    self._fail(capture, error)
            capture.end()

    async def stop_all(self) -> None:
        """Stop every capture."""
        for capture in list(self._captures):
            await self.stop(capture)

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            await self._forwarder.wait_captured()
            moved = BUSY_BYTES
            while moved >= BUSY_BYTES:
                async with self._passing:
                    moved = await self._pass(list(self._captures))
            await trio.sleep(PAUSE_SECONDS)

    async def _pass(self, captures: list[Capture]) -> int:
        """Drain some captures in one thread call. Returns how many bytes were moved."""
        results: dict[Capture, tuple[int, list[bytes]] | OSError] = {}

        def drain_all() -> None:
            for capture in captures:
                try:
                    results[capture] = capture.drain(self._buffer)
                except OSError as error:
                    results[capture] = error

        with trio.CancelScope(shield=True):  # the thread uses the taps until it is done
            await trio.to_thread.run_sync(drain_all)
        total = 0
        for capture, result in results.items():
            if isinstance(result, OSError):
                self._fail(capture, result)
                continue
            total += result[0]
            capture.deliver(result[1])
        return total

    def _fail(self, capture: Capture, error: OSError) -> None:
        """A capture cannot go on; its link and the others do."""
        self._captures.discard(capture)
        capture.abandon_file()
        capture.stop_tap()
        capture.end()
        capture.error = f"the capture to {capture.path} has stopped: {error.strerror}"
        capture.on_error(capture.error)


@asynccontextmanager
async def open_captures(forwarder: Forwarder) -> AsyncIterator[CaptureService]:
    """A running service. At the end all captures are stopped and their files complete."""
    service = CaptureService(forwarder)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(service.run)
        try:
            yield service
        finally:
            with trio.CancelScope(shield=True):
                await service.stop_all()
            nursery.cancel_scope.cancel()
