"""Captures: from the core's records to files and to readers of live streams.

One writer serves all captures: when the core says that records wait, it takes them out in one thread call, writes them,
and gives the same bytes to the streams. A slow or full disk costs records, never frames. Files are not forced to the
disk (fsync): whoever opens one sees it whole, and a capture that turns its files or ends need not wait for the disk.
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

import attrs
import trio

from gns3trio import __version__
from gns3trio.errors import Conflict, NoThread, path_error
from gns3trio.forwarder.capture_format import pcap_header, pcapng_header, pcapng_statistics, record_bytes
from gns3trio.forwarder.capture_reader import FileReader
from gns3trio.forwarder.forwarder import CoreCapture, Forwarder
from gns3trio.forwarder.stats import CaptureCounters
from gns3trio.memory import Holder, Memory, Total
from gns3trio.threads import Pool

# Records gather for so long before they are written, or until half of a ring is full: a frame reaches its readers
# within 100 ms.
PAUSE_SECONDS = 0.02
# One read: whole records, small enough for the CPU's cache.
READ_BYTES = 256 * 1024
# So much was moved in one pass: more has come meanwhile, so go on at once.
BUSY_BYTES = READ_BYTES
# What one pass takes from a capture at most, so that one with many frames does not keep the others waiting.
PASS_BYTES = 4 * 1024 * 1024
# Captures that are begun or ended at the same time, each in a thread; those behind a disk that hangs wait for each
# other, and nobody else does.
MOST_THREADS = 8
# Before the system is asked for a thread again.
NO_THREAD_SECONDS = 1.0
# What may wait for a reader of a stream, or its share of ``Memory.captures``. When it is full, records are left out for
# that reader, and counted.
MAX_STREAM_BYTES = 4 * 1024 * 1024
LEAST_RING_FILE_BYTES = READ_BYTES


@attrs.frozen(kw_only=True)
class FileRing:
    """Several files instead of one that grows, of which the oldest are deleted.

    A file has ``max_bytes`` at most, and ends ``max_seconds`` after its first record; without records it goes on, so
    that silence deletes nothing.
    """

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

    def statistics(self, counters: CaptureCounters) -> bytes:
        """What every file and every stream ends with."""
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

    def __init__(self, header: bytes, held: Holder) -> None:
        self.dropped_bytes = 0  # of records that were left out because nobody read
        self._chunks: deque[bytes] = deque([header])
        self._held = held
        self._ended = False
        self._wakeup = trio.Event()

    def offer(self, records: bytes) -> None:
        """More records."""
        if self._held.size + len(records) > MAX_STREAM_BYTES or not self._held.take_share(len(records)):
            self.dropped_bytes += len(records)
            return
        self._chunks.append(records)
        self._wakeup.set()

    def end(self) -> None:
        """The capture has stopped."""
        self._ended = True
        self._wakeup.set()

    async def receive(self) -> bytes:
        """What came since the last time, a piece at a time; empty at the end."""
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


class Capture:
    """A running capture. ``on_error`` is told why it stopped by itself."""

    def __init__(
        self, core_capture: CoreCapture, file: CaptureFile, on_error: Callable[[str], None], memory: Total
    ) -> None:
        self.file = file
        self.path = file.path  # the present file
        self.running = True
        self.on_error = on_error
        self.error: str | None = None
        self.turns_at = math.inf  # when the present file of a ring is to end, by time.monotonic
        self._core_capture = core_capture
        self._memory = memory
        self._reading = threading.Lock()  # who holds it reads the core capture, writes the file, or ends both
        self._fd: int | None = None
        self._header_bytes = 0
        self._good_bytes = 0  # of the present file, all whole records
        self._file_number = 0
        self._files: deque[Path] = deque()
        # For readers of the files, in other threads: the present one and its whole bytes, and where others begin.
        self.written = (0, 0)
        self.oldest = 0
        self._bytes_before: dict[int, int] = {}
        self._copies: deque[bytes] = deque()  # of what was written, for the streams
        self._readers: set[StreamReader] = set()
        self._followers: set[FileReader] = set()
        self._told = self.written  # of which the followers know
        self._lost_bytes = 0  # of streams that have ended

    def counters(self) -> CaptureCounters:
        """What was captured, and what found no room."""
        return self._core_capture.counters()

    @property
    def stream_dropped_bytes(self) -> int:
        """Bytes of records that were left out because nobody read them from a stream."""
        readers: list[CaptureReader] = [*self._readers, *self._followers]
        return self._lost_bytes + sum(reader.dropped_bytes for reader in readers)

    @property
    def is_streamed(self) -> bool:
        """Whether a stream is being read."""
        return bool(self._readers or self._followers)

    @contextmanager
    def stream(self) -> Iterator[CaptureReader]:
        """A reader of what was captured from the beginning, if it is saved, and of what comes."""
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
        """Where a file of the capture is; number 0 is the only one of what is no ring."""
        path = self.file.path
        if path is None:
            raise ValueError("this capture is not saved")
        return path if self.file.ring is None else path.with_name(f"{path.stem}_{number:05}{path.suffix}")

    def bytes_before(self, number: int) -> int | None:
        """The bytes of the records in all files of this capture before one; None when that is deleted."""
        return self._bytes_before.get(number)

    @contextmanager
    def _live(self) -> Iterator[StreamReader]:
        """A reader of the records from now on."""
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
        """Open the first file; a ring goes on behind the files of an earlier one with its name.

        Raises OSError; it is over then.
        """
        try:
            self._find_earlier_files()
            self._open_file()
        except OSError:
            if self._fd is not None and self.path is not None:
                with suppress(OSError):
                    self.path.unlink()  # there is nothing in it
            self._end()
            raise

    def drain(self, buffer: bytearray) -> int:
        """Move what waits to the file and to the streams; returns its bytes. It may be over afterwards."""
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
        """Write what waits, which ``stop_tap`` has made finite, and end the file."""
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
        """Write what the present file may still take, or turn to the next; returns what is left."""
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
        self.written = self._file_number, self._good_bytes

    def _close_file(self) -> None:
        if self._fd is None:
            return
        self._write(self.file.statistics(self._core_capture.counters()))
        descriptor, self._fd = self._fd, None
        os.close(descriptor)

    def _end(self, error: OSError | None = None) -> None:
        """Nothing is read any more. ``error`` is why it cannot go on."""
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
        """No record is added any more."""
        self._core_capture.stop()

    def deliver(self) -> None:
        """Give the streams what was written."""
        while self._copies:
            records = self._copies.popleft()
            for reader in self._readers:
                reader.offer(records)
        if self.written != self._told:
            self._told = self.written
            for follower in self._followers:
                follower.wake()

    def end_streams(self) -> None:
        """It is over: no more is written."""
        statistics = self.file.statistics(self.counters())
        for reader in self._readers:
            reader.offer(statistics)
            reader.end()
        for follower in self._followers:
            follower.end()


class CaptureService:
    """All captures. Use ``open_captures``."""

    def __init__(self, forwarder: Forwarder, memory: Total) -> None:
        self._forwarder = forwarder
        self._memory = memory
        self._captures: set[Capture] = set()
        self._starting: set[Path] = set()
        self._buffer = bytearray(READ_BYTES)
        self._writer = Pool(1)
        self._threads = Pool(MOST_THREADS)

    def is_writing(self, path: Path) -> bool:
        """Whether a capture writes that file."""
        return path in self._starting or any(path in (c.file.path, c.path) for c in self._captures)

    async def start(self, core_capture: CoreCapture, file: CaptureFile, on_error: Callable[[str], None]) -> Capture:
        """Write the records of ``core_capture``, which is the capture's from now on. Raises Conflict when the file
        cannot be, or is another capture's, Unavailable when the disk refuses.
        """
        if file.path is not None and self.is_writing(file.path):
            core_capture.close()
            raise Conflict(f"capture file {file.path}: is being written by another capture")
        capture = Capture(core_capture, file, on_error, self._memory)
        starting = {file.path} if file.path is not None else set()
        self._starting |= starting
        try:
            with trio.CancelScope(shield=True):  # until then the core capture is nobody's
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
        """Write what waits and end the file; stopped already is fine."""
        if capture not in self._captures:
            return
        self._captures.discard(capture)
        capture.stop_tap()
        with trio.CancelScope(shield=True):  # a file that is half ended is nobody's
            try:
                await self._threads.run(capture.finish)
            except NoThread:  # it has to end all the same
                capture.finish()
        self._settle(capture)

    async def stop_all(self) -> None:
        """Stop every capture."""
        async with trio.open_nursery() as nursery:
            for capture in self._captures:
                nursery.start_soon(self.stop, capture)

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            next_turn = min((capture.turns_at for capture in self._captures), default=math.inf)
            with trio.move_on_after(max(next_turn - time.monotonic(), 0)):
                await self._forwarder.wait_captured()
            try:
                while await self._pass() >= BUSY_BYTES:
                    pass
            except NoThread:  # the rings keep what comes, as far as they can
                await trio.sleep(NO_THREAD_SECONDS)
            with trio.move_on_after(PAUSE_SECONDS):
                await self._forwarder.wait_capture_filling()

    async def _pass(self) -> int:
        """Drain all captures in one thread call. Returns how many bytes were moved."""
        captures = list(self._captures)

        def drain_all() -> int:
            return sum(capture.drain(self._buffer) for capture in captures)

        with trio.CancelScope(shield=True):  # the thread uses the core captures until it is done
            moved = await self._writer.run(drain_all)
        for capture in captures:
            if capture.running:
                capture.deliver()
            elif capture in self._captures:  # otherwise whoever stops it settles it
                self._captures.discard(capture)
                self._settle(capture)
        return moved

    def _settle(self, capture: Capture) -> None:
        """A capture is over."""
        capture.deliver()
        capture.end_streams()
        if capture.error is not None:
            capture.on_error(capture.error)


@asynccontextmanager
async def open_captures(forwarder: Forwarder, memory: Total | None = None) -> AsyncIterator[CaptureService]:
    """A running service. ``memory`` bounds what waits for streams.

    At the end all captures are stopped and their files complete.
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
