"""Captures: moves records from the core to files and to live streams.

One writer serves all captures. When the core signals that records wait, the writer fetches them in one thread call,
writes them, and passes the same bytes to the streams. A slow or full disk loses records, never frames. Files are not
synchronised to the disk (fsync): readers see complete files anyway, and a capture need not wait for the disk when it
ends or changes files.
"""

import math
import os
import re
import stat
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

import trio

from gns3trio import __version__
from gns3trio.classes import frozen
from gns3trio.errors import Conflict, NoThread, path_error
from gns3trio.forwarder.capture_format import pcap_header, pcapng_header, pcapng_statistics, record_bytes
from gns3trio.forwarder.capture_reader import FileReader
from gns3trio.forwarder.forwarder import CoreCapture, Forwarder
from gns3trio.limits import MAX_SNAPLEN
from gns3trio.memory import Holder, Memory, Total
from gns3trio.threads import Pool
from gns3trio.traffic.captures import LEAST_RING_FILE_BYTES, FileRing
from gns3trio.traffic.counters import CaptureCounters

# Records are gathered for this long before they are written, or until half of the core's ring is full. So a frame
# reaches its readers within 100 ms.
PAUSE_SECONDS = 0.02
# The size of one read of complete records, small enough for the CPU's cache. Each file of a ring has room for one.
READ_BYTES = LEAST_RING_FILE_BYTES
# If one pass moves this much, more has come meanwhile, and the next pass follows at once.
BUSY_BYTES = READ_BYTES
# The most bytes of one capture per pass, so that a busy capture does not delay the others.
PASS_BYTES = 4 * 1024 * 1024
# The number of captures that start or stop at the same time, each in a thread. If a disk hangs, only other starts and
# stops wait.
MOST_THREADS = 8
# Pause before the next attempt to start a thread, in seconds.
NO_THREAD_SECONDS = 1.0
# The most bytes that are queued for a reader of a stream, if its share of ``Memory.captures`` is not smaller. When the
# queue is full, records for that reader are dropped and counted.
MAX_STREAM_BYTES = 4 * 1024 * 1024


@frozen(kw_only=True)
class CaptureFile:
    """The target of a capture. ``path`` None: only streams. Files of a ring are numbered: ``name_00001.pcap``."""

    path: Path | None
    ring: FileRing | None = None
    pcapng: bool = False
    snaplen: int = MAX_SNAPLEN
    link_type_number: int = 1
    interfaces: tuple[str, str] = ("a", "b")
    expression: str = ""
    comment: str = ""

    def statistics(self, counters: CaptureCounters) -> bytes:
        """The trailer of every file and stream."""
        if not self.pcapng:
            return b""
        now = time.time_ns()
        out, dropped = counters.out_frames, counters.out_dropped
        return pcapng_statistics(0, now, received=out + dropped, dropped=dropped) + pcapng_statistics(
            1,
            now,
            received=counters.frames + counters.dropped - out - dropped,
            dropped=counters.dropped - dropped,
        )

    def header(self) -> bytes:
        """The header of every file and stream."""
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
    """A live stream of a capture: the header, then new records."""

    def __init__(self, header: bytes, held: Holder) -> None:
        self.dropped_bytes = 0  # bytes of records that were dropped because the client was too slow
        self._chunks: deque[bytes] = deque([header])
        self._held = held
        self._ended = False
        self._wakeup = trio.Event()

    def offer(self, records: bytes) -> None:
        """Queue records for the client, or drop them if the queue is full."""
        if self._held.size + len(records) > MAX_STREAM_BYTES or not self._held.take_share(len(records)):
            self.dropped_bytes += len(records)
            return
        self._chunks.append(records)
        self._wakeup.set()

    def end(self) -> None:
        """Tell the reader that the capture has stopped."""
        self._ended = True
        self._wakeup.set()

    async def receive(self) -> bytes:
        """Return the records since the last call, a piece at a time; empty at the end."""
        while not self._chunks and not self._ended:
            await self._wakeup.wait()
            self._wakeup = trio.Event()
        pieces: list[bytes] = []
        size = 0
        while self._chunks and size < READ_BYTES:
            pieces.append(self._chunks.popleft())
            size += len(pieces[-1])
        self._held.add(-min(size, self._held.size))  # the header is not counted
        return b"".join(pieces)


CaptureReader = StreamReader | FileReader


class RecordSource(Protocol):
    """Where the records of a capture come from: a capture of the core, or of another host. As ``CoreCapture``."""

    def read_into(self, buffer: bytearray) -> int: ...

    def counters(self) -> CaptureCounters: ...

    def stop(self) -> None: ...

    def close(self) -> None: ...


class Capture:
    """A running capture. ``on_error`` is called with the reason if it stops by itself."""

    def __init__(
        self, core_capture: RecordSource, file: CaptureFile, on_error: Callable[[str], None], memory: Total
    ) -> None:
        self.file = file
        self.path = file.path  # the current file
        self.running = True
        self.on_error = on_error
        self.error: str | None = None
        self.turns_at = math.inf  # end of the ring's current file, in time.monotonic() seconds
        self._core_capture = core_capture
        self._memory = memory
        self._reading = threading.Lock()  # who holds it reads the core capture, writes the file, or ends both
        self._fd: int | None = None
        self._header_bytes = 0
        self._good_bytes = 0  # size of the current file, which contains complete records only
        self._file_number = 0
        self._files: deque[Path] = deque()
        # For readers of the files in other threads: the current file, its complete bytes, and the starts of the others.
        self.written = (0, 0)
        self.oldest = 0
        self._bytes_before: dict[int, int] = {}
        self._copies: deque[bytes] = deque()  # written bytes that the streams have not got yet
        self._readers: set[StreamReader] = set()
        self._followers: set[FileReader] = set()
        self._told = self.written  # what the followers already know
        self._lost_bytes = 0  # of ended streams

    def counters(self) -> CaptureCounters:
        """The captured records, and those lost for lack of buffer."""
        return self._core_capture.counters()

    @property
    def stream_dropped_bytes(self) -> int:
        """Bytes of records that streams dropped because their clients were too slow."""
        readers: list[CaptureReader] = [*self._readers, *self._followers]
        return self._lost_bytes + sum(reader.dropped_bytes for reader in readers)

    @property
    def is_streamed(self) -> bool:
        """Whether a stream is being read."""
        return bool(self._readers or self._followers)

    @contextmanager
    def stream(self) -> Iterator[CaptureReader]:
        """A reader that begins at the start of the capture if it is saved, otherwise now, and follows it."""
        if self.file.path is None:
            with self._live() as live:
                yield live
            return
        follower = FileReader(self, self.file.header())
        self._followers.add(follower)
        if not self.running:
            follower.end()
        try:
            yield follower
        finally:
            follower.close()
            self._followers.discard(follower)
            self._lost_bytes += follower.dropped_bytes

    def path_of(self, number: int) -> Path:
        """The path of a file of the capture. Number 0 is the only file of a capture without a ring."""
        path = self.file.path
        if path is None:
            raise ValueError("this capture is not saved")
        return path if self.file.ring is None else path.with_name(f"{path.stem}_{number:05}{path.suffix}")

    def bytes_before(self, number: int) -> int | None:
        """The bytes of records in all files before the given one; None if that file is deleted."""
        return self._bytes_before.get(number)

    @contextmanager
    def _live(self) -> Iterator[StreamReader]:
        """A reader that begins with the next records."""
        with Holder(self._memory) as held:
            reader = StreamReader(self.file.header(), held)
            self._readers.add(reader)
            if not self.running:
                reader.end()
            try:
                yield reader
            finally:
                self._readers.discard(reader)
                self._lost_bytes += reader.dropped_bytes

    # --- in a thread ---

    def begin(self) -> None:
        """Open the first file. A ring continues after the files of an earlier ring of that name.

        Raises OSError; the capture is over then.
        """
        try:
            self._find_earlier_files()
            self._open_file()
        except OSError:
            if self._fd is not None and self.path is not None:
                with suppress(OSError):
                    self.path.unlink()  # it is empty
            self._end()
            raise

    def drain(self, buffer: bytearray) -> int:
        """Move the waiting records to the file and the streams; returns their bytes. May end the capture."""
        moved = 0
        with self._reading:
            if not self.running:
                return 0
            try:
                if time.monotonic() >= self.turns_at:
                    self._turn()
                while moved < PASS_BYTES and (size := self._move(buffer)):
                    moved += size
                if moved and self._fd is not None and os.fstat(self._fd).st_nlink == 0:
                    raise FileNotFoundError(2, "the file was deleted")
            except OSError as error:
                self._end(error)
        return moved

    def finish(self) -> None:
        """Write the remaining records and complete the file. ``stop_tap`` must come first, so that
        no new records come.
        """
        with self._reading:
            if not self.running:
                return
            buffer = bytearray(READ_BYTES)
            try:
                while self._move(buffer):
                    pass
                self._close_file()
            except OSError as error:
                self._end(error)
            else:
                self._end()

    def _find_earlier_files(self) -> None:
        path = self.file.path
        if path is None or self.file.ring is None:
            return
        number_of = re.compile(re.escape(path.stem) + r"_(\d{5,9})" + re.escape(path.suffix))
        with suppress(FileNotFoundError):
            found = [
                (int(match[1]), each) for each in path.parent.iterdir() if (match := number_of.fullmatch(each.name))
            ]
            self._files.extend(each for _, each in sorted(found))
            self._file_number = max((number for number, _ in found), default=0)

    def _open_file(self) -> None:
        if self.file.path is None:
            return
        if self.file.ring is not None:
            self._file_number += 1
        path = self.path_of(self._file_number)
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            if not stat.S_ISREG(path.lstat().st_mode):
                raise FileExistsError(17, f"{path.name} is not a file")
            path.unlink()
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        self.path = path
        before, records = self.written[0], self._good_bytes - self._header_bytes
        self._bytes_before[self._file_number] = self._bytes_before.get(before, 0) + records
        if len(self._bytes_before) == 1:
            self.oldest = self._file_number
        self._good_bytes = 0
        self.turns_at = math.inf
        self._write(self.file.header())
        self._header_bytes = self._good_bytes
        self._files.append(path)
        while self.file.ring is not None and len(self._files) > self.file.ring.files:
            deleted = self._files.popleft()
            deleted.unlink(missing_ok=True)
            if deleted == self.path_of(self.oldest):
                del self._bytes_before[self.oldest]
                self.oldest += 1

    def _move(self, buffer: bytearray) -> int:
        size = self._core_capture.read_into(buffer)
        if size:
            records = memoryview(buffer)[:size]
            if self._readers:
                self._copies.append(bytes(records))
            while self._fd is not None and records:
                records = self._write_fitting(records)
        return size

    def _write_fitting(self, records: memoryview) -> memoryview:
        """Write as much as the current file may still contain, or begin the next file; returns the rest."""
        ring = self.file.ring
        fitting = len(records)
        if ring is not None and ring.max_bytes is not None:
            fitting = self._fitting(records, ring.max_bytes)
        if fitting == 0:
            self._turn()
            return records
        if ring is not None and ring.max_seconds is not None and self._good_bytes == self._header_bytes:
            self.turns_at = time.monotonic() + ring.max_seconds
        self._write(records[:fitting])
        return records[fitting:]

    def _fitting(self, records: memoryview, max_bytes: int) -> int:
        room = max_bytes - self._good_bytes - len(self.file.statistics(CaptureCounters()))
        if len(records) <= room:
            return len(records)
        at = 0
        while (end := at + record_bytes(records, at, pcapng=self.file.pcapng)) <= room:
            at = end
        return at

    def _turn(self) -> None:
        self._close_file()
        self._open_file()

    def _write(self, data: bytes | memoryview) -> None:
        """Write complete records. If this raises OSError, the file still contains complete records only."""
        if self._fd is None:
            return
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError:
            with suppress(OSError):  # the first error is the reason
                os.ftruncate(self._fd, self._good_bytes)
            raise
        self._good_bytes += len(data)
        self.written = self._file_number, self._good_bytes

    def _close_file(self) -> None:
        if self._fd is None:
            return
        self._write(self.file.statistics(self._core_capture.counters()))
        descriptor, self._fd = self._fd, None
        os.close(descriptor)

    def _end(self, error: OSError | None = None) -> None:
        """End the capture: no record is read any more. ``error`` is the reason."""
        if self._fd is not None:
            with suppress(OSError):
                os.close(self._fd)
            self._fd = None
        self._core_capture.close()
        if error is not None:
            self.error = f"the capture to {self.path} has stopped: {error.strerror}"
        self.running = False

    # --- in trio's thread ---

    def stop_tap(self) -> None:
        """Stop the core from adding records."""
        self._core_capture.stop()

    def deliver(self) -> None:
        """Pass the written records to the streams."""
        while self._copies:
            records = self._copies.popleft()
            for reader in self._readers:
                reader.offer(records)
        if self.written != self._told:
            self._told = self.written
            for follower in self._followers:
                follower.wake()

    def end_streams(self) -> None:
        """Tell all streams that the capture is over."""
        statistics = self.file.statistics(self.counters())
        for reader in self._readers:
            reader.offer(statistics)
            reader.end()
        for follower in self._followers:
            follower.end()


class CaptureService:
    """All captures of the server. Use ``open_captures``."""

    def __init__(self, forwarder: Forwarder, memory: Total) -> None:
        self._forwarder = forwarder
        self._memory = memory
        self._captures: set[Capture] = set()
        self._starting: set[Path] = set()
        self._buffer = bytearray(READ_BYTES)
        self._writer = Pool(1)
        self._threads = Pool(MOST_THREADS)

    def is_writing(self, path: Path) -> bool:
        """Whether a capture is writing that file."""
        return path in self._starting or any(path in (c.file.path, c.path) for c in self._captures)

    async def start(self, core_capture: CoreCapture, file: CaptureFile, on_error: Callable[[str], None]) -> Capture:
        """Start a capture from ``core_capture``, which belongs to the capture from then on. Raises Conflict if the file
        cannot exist or belongs to another capture, and Unavailable if the disk reports an error.
        """
        if file.path is not None and self.is_writing(file.path):
            core_capture.close()
            raise Conflict(f"capture file {file.path}: is being written by another capture")
        capture = Capture(core_capture, file, on_error, self._memory)
        starting = {file.path} if file.path is not None else set()
        self._starting |= starting
        try:
            with trio.CancelScope(shield=True):  # until then nobody owns the core capture
                await self._threads.run(capture.begin)
        except NoThread:
            core_capture.close()
            raise
        except OSError as error:
            raise path_error(f"capture file {file.path}", error) from None
        finally:
            self._starting -= starting
        self._captures.add(capture)
        return capture

    async def stop(self, capture: Capture) -> None:
        """Write the remaining records and complete the file. Does nothing if it has stopped already."""
        if capture not in self._captures:
            return
        self._captures.discard(capture)
        capture.stop_tap()
        with trio.CancelScope(shield=True):  # nobody else would complete the file
            try:
                await self._threads.run(capture.finish)
            except NoThread:  # the capture must end all the same
                capture.finish()
        self._settle(capture)

    async def stop_all(self) -> None:
        """Stop all captures and complete their files."""
        async with trio.open_nursery() as nursery:
            for capture in self._captures:
                nursery.start_soon(self.stop, capture)

    async def run(self) -> None:
        """Move records of all captures until cancelled."""
        while True:
            next_turn = min((capture.turns_at for capture in self._captures), default=math.inf)
            with trio.move_on_after(max(next_turn - time.monotonic(), 0)):
                await self._forwarder.wait_captured()
            try:
                while await self._pass() >= BUSY_BYTES:
                    pass
            except NoThread:  # meanwhile the rings keep as many records as they can
                await trio.sleep(NO_THREAD_SECONDS)
            with trio.move_on_after(PAUSE_SECONDS):
                await self._forwarder.wait_capture_filling()

    async def _pass(self) -> int:
        """Drain all captures in one thread call. Returns the number of bytes moved."""
        captures = list(self._captures)

        def drain_all() -> int:
            return sum(capture.drain(self._buffer) for capture in captures)

        with trio.CancelScope(shield=True):  # the thread uses the core captures until it is done
            moved = await self._writer.run(drain_all)
        for capture in captures:
            if capture.running:
                capture.deliver()
            elif capture in self._captures:  # otherwise the task that stops it calls this
                self._captures.discard(capture)
                self._settle(capture)
        return moved

    def _settle(self, capture: Capture) -> None:
        """Remove a capture that is over, and tell its streams and its owner."""
        capture.deliver()
        capture.end_streams()
        if capture.error is not None:
            capture.on_error(capture.error)


@asynccontextmanager
async def open_captures(forwarder: Forwarder, memory: Total | None = None) -> AsyncIterator[CaptureService]:
    """Run the service for captures. ``memory`` limits the records that wait for streams.

    At the end all captures are stopped and their files completed.
    """
    service = CaptureService(forwarder, memory or Memory().captures)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(service.run)
        try:
            yield service
        finally:
            with trio.CancelScope(shield=True):
                await service.stop_all()
            nursery.cancel_scope.cancel()
