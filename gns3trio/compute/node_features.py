"""The part of the compute interface for what only some nodes have (see ``compute/interface.py``): a console, an address
table, files, generated traffic, processes.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractContextManager
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol

from gns3trio.classes import frozen
from gns3trio.traffic.flows import FlowResult, FlowSpec


class ConsoleClient(Protocol):
    """A client of a console. It exchanges the bytes of a telnet connection."""

    @property
    def close_reason(self) -> str | None:
        """The reason why the console has closed it."""

    async def receive(self) -> bytes:
        """The next bytes for the client; empty if it must be closed. Only one task may call this at a time."""

    async def send_input(self, data: bytes) -> None:
        """Pass bytes from the client to the node. Waits while too much input is queued. Ignored once closed."""

    async def wait_closed(self) -> None:
        """Wait until the console has closed this client; ``receive`` still returns its last bytes."""


class ConsoleAccess(Protocol):
    """The console of a node, for clients of the API."""

    def attach(self) -> AbstractContextManager[ConsoleClient]:
        """A client that exists as long as the ``with``. If the node is stopped, the client is closed from the
        beginning.
        """


@frozen(order=True)
class SwitchMac:
    """An address that a switch has learned. ``age`` is the time since its last frame, in seconds."""

    vlan: int
    mac: str
    port_number: int
    port_name: str
    age: int


class MacTable(Protocol):
    """The address table of a switch."""

    async def list(self) -> list[SwitchMac]:
        """The entries, sorted by VLAN and address."""

    async def clear(self) -> None:
        """Delete all entries of the address table."""


class ReadFile(Protocol):
    """An open file of a node. ``size`` is in bytes, ``modified`` in seconds since 1970."""

    @property
    def name(self) -> str:
        """The name of the file, without folders."""

    @property
    def size(self) -> int:
        """The size of the file when it was opened."""

    @property
    def modified(self) -> float:
        """The time of its last change."""

    def pieces(self) -> AsyncGenerator[bytes]:
        """Read exactly ``size`` bytes in pieces, then close the file. Raises Conflict if it has become shorter."""


class FileUpload(Protocol):
    """A file upload: call ``receive``, then ``commit``, and always ``discard`` at the end."""

    async def receive(self, data: AsyncIterator[bytes]) -> None:
        """Store the bytes of ``data``. Raises NotFound, Forbidden or Unavailable."""

    async def commit(self) -> None:
        """Replace the existing file, if any. Raises Conflict if there is a folder of that name."""

    async def discard(self) -> None:
        """Delete everything that was not committed."""


@frozen
class FileFacts:
    """A file of a node. ``size`` is in bytes, ``modified`` in seconds since 1970; None if its host does not say."""

    path: str
    size: int | None
    modified: float | None


@frozen
class FileList:
    """Files of a node, sorted by path; ``is_whole`` if it has no more."""

    files: list[FileFacts]
    is_whole: bool


class NodeFiles(Protocol):
    """The files of a node, by their paths relative to its folder."""

    async def listed(self, most: int) -> FileList:
        """At most so many of its files, without links and what is no file, and without those with names that no request
        can have.
        """

    async def delete(self, path: str) -> None:
        """Delete a file. Raises as ``open``, and Conflict if it cannot be deleted."""

    async def paths(self) -> list[str]:
        """The paths of all files of the node."""

    async def all_paths(self) -> list[str]:
        """As ``paths``. Raises Conflict if there is anything else, such as a link, or a name that no file here can
        have: a copy of these files would not be the whole.
        """

    async def open(self, path: str) -> ReadFile:
        """Open a file for reading. Raises NotFound, or Forbidden for a path that leads out of the folder."""

    def upload(self, path: str) -> FileUpload:
        """Begin the upload of a file. Missing folders are created. Raises Invalid, Conflict, Forbidden or NotFound for
        the path.
        """


class NodeDisks(Protocol):
    """The disks of a machine in its own folder, by their names. All raise Conflict with the reason, also if it runs,
    and Invalid for a name that no file can have.
    """

    async def create(self, name: str, disk_format: str, size: int, options: Sequence[str]) -> None:
        """Make an empty disk of ``size`` MiB, with options of qemu-img. Raises Conflict if there is such a file."""

    async def extend(self, name: str, extend: int) -> None:
        """Make a disk larger by so many MiB."""

    async def delete(self, name: str) -> None:
        """Delete a disk."""


class TrafficEndpoint(Protocol):
    """A running node that can send generated traffic, and count what comes to it: see ``Compute.run_traffic``. It
    ends when the node stops.
    """

    @property
    def is_open(self) -> bool:
        """Whether the node runs still."""

    def addresses(self) -> list[IPv4Address | IPv6Address]:
        """The addresses that it has now, at most one of each version, IPv4 first; without the link-local one."""


@frozen
class TrafficFlow:
    """A flow of generated traffic from a node to an address. ``receiver`` is the node there that counts what arrives;
    None if it is somewhere else, and tells perhaps what it has counted.
    """

    sender: TrafficEndpoint
    receiver: TrafficEndpoint | None
    target: IPv4Address | IPv6Address
    spec: FlowSpec


class TrafficRun(Protocol):
    """Flows that were started together."""

    async def read(self) -> list[FlowResult]:
        """What became of each flow up to now, in their order. A flow whose sender has stopped is ``gone``."""


@frozen(kw_only=True)
class NodeUsage:
    """What a node takes of its host. What is not known, or what it has not, is None: processor time and memory of a
    node without a process, the size of a folder that was not measured yet.

    ``processes`` is their number. ``cpu_seconds`` is the processor time since its start, ``cpu_percent`` that of the
    last seconds, in percent of one processor. ``memory_bytes`` is in the host's memory now,
    ``configured_memory_bytes`` what the node may take. ``disk_bytes`` is what its folder occupies on the disk; if not
    ``disk_is_whole``, it has more files than are counted.
    """

    processes: int = 0
    cpu_seconds: float | None = None
    cpu_percent: float | None = None
    memory_bytes: int | None = None
    configured_memory_bytes: int | None = None
    disk_bytes: int | None = None
    disk_is_whole: bool = True
