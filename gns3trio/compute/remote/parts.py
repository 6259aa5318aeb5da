"""What the parts of a remote compute need of each other. Protocols only."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from gns3trio.compute.captures import CaptureSpec
from gns3trio.compute.other_hosts import ComputeAddress
from gns3trio.compute.remote.capture import RemoteCapture
from gns3trio.compute.remote.console import RemoteConsoleClient
from gns3trio.compute.remote.counters import RemoteCounters
from gns3trio.compute.remote.dialect import Dialect
from gns3trio.compute.remote.http import ComputeHttp
from gns3trio.compute.remote.streamed_capture import StreamedCapture
from gns3trio.memory import Total


class Host(Protocol):
    """The compute, as its nodes use it."""

    @property
    def address(self) -> ComputeAddress:
        """Where it is."""

    @property
    def spool_folder(self) -> Path:
        """The folder of this host for what is on its way."""

    @property
    def counters_of_links(self) -> RemoteCounters:
        """The counters at the ends of its links."""

    @property
    def capture_memory(self) -> Total:
        """Limits the records that wait for clients of captures."""

    @property
    def trouble(self) -> str | None:
        """Why it cannot be reached; None if it can."""

    @property
    def dialect(self) -> Dialect:
        """How it speaks, as it was seen last."""

    def has_extension(self, name: str) -> bool:
        """Whether it has an extension of the compute API."""

    def reach(self) -> ComputeHttp:
        """The requests to it. Raises Unavailable."""

    def begin(self, run: Callable[[], Awaitable[None]]) -> None:
        """Run something in the background, for as long as the compute is used."""

    def when_events_passed(self, passed: Callable[[], None]) -> None:
        """Call something when all events have come that it has sent until now."""

    def is_capturing_to(self, path: Path) -> bool:
        """Whether a capture writes that file."""

    def open_console(self, client: RemoteConsoleClient, path: str) -> None:
        """Serve a client of a console."""


class LinkedNode(Protocol):
    """A node, as the ends of its links use it."""

    node_id: UUID
    project_id: UUID
    node_type: str

    @property
    def compute_name(self) -> str:
        """The name of its compute."""

    @property
    def dialect(self) -> Dialect:
        """How its compute speaks."""

    def has_extension(self, name: str) -> bool:
        """Whether its compute has an extension of the compute API."""

    def port_path(self, port: tuple[int, int]) -> str:
        """Where a port is in the API of the compute."""

    async def request(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request to the compute."""

    async def start_capture(
        self, port: tuple[int, int], spec: CaptureSpec, failed: Callable[[str], None]
    ) -> RemoteCapture:
        """Capture at a port of a compute of GNS3."""

    async def start_streamed_capture(self, port: tuple[int, int], capture: StreamedCapture) -> None:
        """Start a capture at a port of a compute of ours."""

    def new_streamed_capture(self, spec: CaptureSpec, failed: Callable[[str], None]) -> StreamedCapture:
        """A capture for a compute of ours. Raises Conflict if another one writes its file."""
