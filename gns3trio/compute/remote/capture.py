"""A capture at a node of another host: the compute captures, and its records come as a stream into a file here.

The compute keeps a file too, which it deletes with the project. The stream of a compute of GNS3 begins, answer and all,
with the first frame.
"""

import os
import struct
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path
from typing import IO

import trio

from gns3trio import threads
from gns3trio.compute.captures import CaptureReader, CaptureSpec
from gns3trio.compute.remote.http import ComputeHttp
from gns3trio.errors import Conflict, LabError, NotFound, Unavailable, path_error
from gns3trio.limits import MAX_SNAPLEN
from gns3trio.traffic.captures import link_type
from gns3trio.traffic.counters import CaptureCounters

# https://www.tcpdump.org/manpages/pcap-savefile.5.html: magic, version, zone, accuracy, snapshot length, link type.
_HEADER = struct.Struct("<IHHiIII")
_MAGIC = 0xA1B2C3D4
# How long the last records may take after the end.
_LAST_RECORDS_SECONDS = 3.0
# A compute of GNS3 has no file before its node runs.
_NO_FILE_SECONDS = 0.5
_PIECE = 256 * 1024
# Whatever a compute sends, the disk of this host keeps some space.
_RESERVE_BYTES = 256 * 1024 * 1024


def check_spec(spec: CaptureSpec) -> None:
    """Raises Conflict for a capture that a compute of GNS3 cannot make."""
    unknown = {
        "save": spec.path is None,
        "ring_files": spec.ring is not None,
        "format": spec.pcapng,
        "snaplen": spec.snaplen < MAX_SNAPLEN,
        "direction": spec.direction != "both",
        "expression": bool(spec.expression),
    }
    for name, is_wanted in unknown.items():
        if is_wanted:
            raise Conflict(f"{name}: the nodes of this link are on another host, which captures everything, as pcap")


class RemoteCapture:
    """A running capture."""

    stream_dropped_bytes = 0

    def __init__(
        self, spec: CaptureSpec, file: IO[bytes], failed: Callable[[str], None], end: Callable[[], Awaitable[None]]
    ) -> None:
        assert spec.path is not None, "checked by check_spec"
        self.spec = spec
        self.path: Path | None = spec.path
        self.running = True
        self.error: str | None = None
        self.written = 0
        self.grown = trio.Event()  # replaced whenever there is more
        self._file = file
        self._failed = failed
        self._end = end
        self._readers = 0
        self._scope = trio.CancelScope()
        self._finished = trio.Event()

    async def run(self, http: ComputeHttp, path: str, file_path: str) -> None:
        """Copy the stream at ``path`` of the compute into the file, until it ends. If the end came before the stream,
        the whole file at ``file_path`` is copied.
        """
        try:
            with self._scope:
                try:
                    await self._follow(http, path)
                except Conflict:  # it is not capturing any more
                    if self.running:
                        raise
                if not self.running and not self.written:
                    with suppress(NotFound):
                        await self._copy(http, file_path)
        except LabError as error:
            self._fail(str(error))
        finally:
            was_running, self.running = self.running, False
            with trio.CancelScope(shield=True):
                await self._complete()
            self._finished.set()
            self._tell()
        if was_running and self.error is None:
            self._fail("the compute ended the capture")

    async def _follow(self, http: ComputeHttp, path: str) -> None:
        """Copy the stream, until it ends. There is none before the node runs."""
        while True:
            try:
                return await self._copy(http, path)
            except NotFound:
                if not self.running or self.written:
                    return None
            await trio.sleep(_NO_FILE_SECONDS)

    async def _copy(self, http: ComputeHttp, path: str) -> None:
        async with http.open("GET", path, pause=None) as answer, aclosing(http.pieces(answer)) as pieces:
            async for piece in pieces:
                await threads.disk.run(self._write, piece)
                self.written += len(piece)
                self._tell()

    def _write(self, piece: bytes) -> None:
        try:
            disk = os.fstatvfs(self._file.fileno())
            if disk.f_bavail * disk.f_frsize < _RESERVE_BYTES + len(piece):
                raise Unavailable(f"capture file {self.path}: the disk is almost full")
            self._file.write(piece)
            self._file.flush()
        except OSError as error:
            raise path_error(f"capture file {self.path}", error) from None

    async def _complete(self) -> None:
        header = b""
        if not self.written:  # no frame came, so the compute sent nothing at all
            header = _HEADER.pack(_MAGIC, 2, 4, 0, 0, MAX_SNAPLEN, link_type(self.spec.data_link_type))

        def finish() -> None:
            with self._file as file:
                file.write(header)

        try:
            await threads.disk.run(finish)
            self.written += len(header)
        except OSError as error:
            self.error = self.error or f"capture file {self.path}: {error.strerror}"

    def _fail(self, reason: str) -> None:
        self.running, self.error = False, reason
        self._failed(f"capture {self.path}: {reason}")

    def _tell(self) -> None:
        self.grown.set()
        self.grown = trio.Event()

    def is_writing(self, path: Path) -> bool:
        """Whether it writes that file."""
        return self.running and self.path == path

    def abandon(self) -> None:
        """The link's end is gone: the capture ends with it."""
        self.running = False
        self._scope.cancel()

    async def stop(self) -> None:
        """End the capture, and wait for its last records. Does nothing if it has ended."""
        if self.running:
            self.running = False
            try:
                await self._end()
            except LabError:
                self._scope.cancel()
        with trio.move_on_after(_LAST_RECORDS_SECONDS):
            await self._finished.wait()
        self._scope.cancel()
        await self._finished.wait()

    @property
    def is_streamed(self) -> bool:
        """Whether a client is reading a stream of it."""
        return self._readers > 0

    def counters(self) -> CaptureCounters:
        """Records are not counted here; the bytes are those of the file."""
        return CaptureCounters(bytes=self.written)

    @contextmanager
    def stream(self) -> Iterator[CaptureReader]:
        """A reader of the file, from its beginning."""
        self._readers += 1
        reader = _FileReader(self)
        try:
            yield reader
        finally:
            self._readers -= 1
            reader.close()


class _FileReader:
    """Reads the file of a capture while it grows."""

    def __init__(self, capture: RemoteCapture) -> None:
        self._capture = capture
        self._file: IO[bytes] | None = None
        self._read = 0

    async def receive(self) -> bytes:
        """The next piece; empty at the end."""
        capture = self._capture
        while self._read >= capture.written:
            if not capture.running and capture._finished.is_set():
                return b""
            await capture.grown.wait()
        try:
            piece = await threads.disk.run(self._next)
        except OSError as error:
            raise path_error(f"capture file {capture.path}", error) from None
        self._read += len(piece)
        return piece

    def _next(self) -> bytes:
        if self._file is None:
            assert self._capture.path is not None
            self._file = self._capture.path.open("rb")
        return self._file.read(min(_PIECE, self._capture.written - self._read))

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
