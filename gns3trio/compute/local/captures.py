"""Captures at the ends of this host's links, written by the forwarder's capture service."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import attrs

from gns3trio.compute.interface import CaptureReader, CaptureSpec
from gns3trio.forwarder.capture_format import link_type
from gns3trio.forwarder.captures import Capture, CaptureFile, CaptureService
from gns3trio.forwarder.forwarder import CaptureOptions, Port
from gns3trio.forwarder.stats import CaptureCounters


@attrs.frozen(eq=False)
class LocalCapture:
    """A capture, and what was asked for."""

    spec: CaptureSpec
    _capture: Capture
    _service: CaptureService

    @property
    def path(self) -> Path | None:
        """The present file."""
        return self._capture.path

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self._capture.running

    @property
    def error(self) -> str | None:
        """Why it stopped by itself."""
        return self._capture.error

    @property
    def stream_dropped_bytes(self) -> int:
        """Bytes of records that were left out because nobody read them from a stream."""
        return self._capture.stream_dropped_bytes

    @property
    def is_streamed(self) -> bool:
        """Whether a stream is being read."""
        return self._capture.is_streamed

    def counters(self) -> CaptureCounters:
        """What was captured, and what found no room."""
        return self._capture.counters()

    def stream(self) -> AbstractContextManager[CaptureReader]:
        """A reader of what was captured from the beginning, if it is saved, and of what comes."""
        return self._capture.stream()

    async def stop(self) -> None:
        """Write what waits and end the file; stopped already is fine."""
        await self._service.stop(self._capture)


async def start_capture(
    service: CaptureService, port: Port, spec: CaptureSpec, failed: Callable[[str], None]
) -> LocalCapture:
    """Capture at a port. Raises as ``LinkEnd.capture``, and Invalid for a data link type that there is not."""
    file = CaptureFile(
        path=spec.path,
        ring=spec.ring,
        pcapng=spec.pcapng,
        snaplen=spec.snaplen,
        link_type_number=link_type(spec.data_link_type),
        interfaces=spec.interfaces,
        expression=spec.expression,
        comment=spec.comment,
    )
    core_capture = port.capture(
        CaptureOptions(
            pcapng=spec.pcapng, snaplen=spec.snaplen, direction=spec.direction, expression=spec.expression or None
        )
    )
    return LocalCapture(spec, await service.start(core_capture, file, failed), service)
