"""Captures at link ends of this host; the forwarder's capture service writes them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from gns3trio.classes import frozen
from gns3trio.compute.capture_files import capture_file
from gns3trio.compute.captures import CaptureReader, CaptureSpec
from gns3trio.forwarder.captures import Capture, CaptureService
from gns3trio.forwarder.forwarder import CaptureOptions, Port
from gns3trio.traffic.counters import CaptureCounters


@frozen(eq=False)
class LocalCapture:
    """A running capture, with its parameters."""

    spec: CaptureSpec
    _capture: Capture
    _service: CaptureService

    @property
    def path(self) -> Path | None:
        """The path of the current file."""
        return self._capture.path

    @property
    def running(self) -> bool:
        """Whether the capture is running."""
        return self._capture.running

    @property
    def error(self) -> str | None:
        """The reason why it stopped by itself; None otherwise."""
        return self._capture.error

    @property
    def stream_dropped_bytes(self) -> int:
        """Bytes of records that streams dropped because their clients were too slow."""
        return self._capture.stream_dropped_bytes

    @property
    def is_streamed(self) -> bool:
        """Whether a client is reading a stream of it."""
        return self._capture.is_streamed

    def counters(self) -> CaptureCounters:
        """The captured records, and those lost for lack of buffer."""
        return self._capture.counters()

    def stream(self) -> AbstractContextManager[CaptureReader]:
        """A reader that begins at the start of the capture if it is saved, otherwise now, and follows it."""
        return self._capture.stream()

    async def stop(self) -> None:
        """Write the remaining records and complete the file. Does nothing if it has stopped already."""
        await self._service.stop(self._capture)


async def start_capture(
    service: CaptureService, port: Port, spec: CaptureSpec, failed: Callable[[str], None]
) -> LocalCapture:
    """Start a capture at a port. Raises as ``LinkEnd.capture``, and Invalid for an unknown data link type."""
    file = capture_file(spec)
    core_capture = port.capture(
        CaptureOptions(
            pcapng=spec.pcapng, snaplen=spec.snaplen, direction=spec.direction, expression=spec.expression or None
        )
    )
    return LocalCapture(spec, await service.start(core_capture, file, failed), service)
