"""The files of a node on another host. They pass through unnamed temporary files here, so that nothing half read or
half sent is taken for the whole, whatever their size.
"""

import os
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import IO
from urllib.parse import quote

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.compute.node_features import FileFacts, FileList
from gns3trio.compute.remote.http import ACTION_SECONDS, ANSWER_SECONDS, ComputeHttp
from gns3trio.errors import Conflict, Forbidden, LabError, NotFound, Unavailable, path_error
from gns3trio.limits import MAX_TEXT
from gns3trio.printable import hidden_character, without_hidden

_PIECE_BYTES = 256 * 1024
_RESERVE_BYTES = 256 * 1024 * 1024  # that the disk of this host keeps, whatever a compute sends


class Spool:
    """An unnamed file. Close it at the end."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size = 0

    @classmethod
    async def make(cls, folder: Path) -> "Spool":
        """A new one on the disk of this folder. Raises Unavailable."""
        try:
            return cls(await threads.disk.run(lambda: tempfile.TemporaryFile(dir=folder)))
        except OSError as error:
            raise Unavailable(f"{folder}: {error.strerror}") from None

    async def fill(self, data: AsyncIterator[bytes]) -> None:
        """Add everything that comes. Raises Unavailable if the disk cannot take it."""
        async for piece in data:
            await threads.disk.run(self._write, piece)
            self.size += len(piece)

    def _write(self, piece: bytes) -> None:
        try:
            disk = os.fstatvfs(self._file.fileno())
            if disk.f_bavail * disk.f_frsize < _RESERVE_BYTES + len(piece):
                raise Unavailable("the disk is almost full")
            self._file.write(piece)
        except OSError as error:
            raise path_error("a temporary file", error) from None

    async def pieces(self) -> AsyncGenerator[bytes]:
        """The content, from its beginning."""
        await threads.disk.run(self._file.seek, 0)
        while piece := await threads.disk.run(self._file.read, _PIECE_BYTES):
            yield piece

    def close(self) -> None:
        """Free the space."""
        self._file.close()


@frozen
class RemoteFile:
    """A file that was fetched."""

    name: str
    modified: float
    _spool: Spool

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self._spool.size

    async def pieces(self) -> AsyncGenerator[bytes]:
        """The content in pieces."""
        try:
            async with aclosing(self._spool.pieces()) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self._spool.close()


class RemoteUpload:
    """A file on its way to the compute."""

    def __init__(self, files: "RemoteFiles", path: str) -> None:
        self._files = files
        self._path = path
        self._spool: Spool | None = None

    async def receive(self, data: AsyncIterator[bytes]) -> None:
        """Take the content. The compute has none of it yet."""
        spool = self._spool = await Spool.make(self._files.spool_folder)
        await spool.fill(data)

    async def commit(self) -> None:
        """Send it to the compute, which replaces its file."""
        assert self._spool is not None, "receive comes first"
        http = self._files.reach()
        async with (
            aclosing(self._spool.pieces()) as pieces,
            http.open("POST", self._files.target(self._path), pieces, self._spool.size, pause=ACTION_SECONDS),
        ):
            pass

    async def discard(self) -> None:
        """Free the space here."""
        if self._spool is not None:
            self._spool.close()


class RemoteFiles:
    """The files below a folder of a project, by their paths in it. ``reach`` raises Unavailable."""

    def __init__(self, reach: Callable[[], ComputeHttp], project_path: str, folder: str, spool_folder: Path) -> None:
        self.reach = reach
        self.spool_folder = spool_folder
        self._project_path = project_path
        self._folder = folder

    def target(self, path: str) -> str:
        """The path of a file in the API of the compute."""
        return f"{self._project_path}/files/{quote(f'{self._folder}/{path}')}"

    async def paths(self) -> list[str]:
        """The paths of all files of the node. Those that no file here could have are left out."""
        return sorted(path for path in await self._listed() if _problem(path) is None)

    async def listed(self, most: int) -> FileList:
        """At most so many files. Their sizes are not told."""
        paths = await self.paths()
        return FileList([FileFacts(path, None, None) for path in paths[:most]], len(paths) <= most)

    async def delete(self, path: str) -> None:
        """Raises Conflict: computes offer no way to delete a file."""
        _check(path)
        raise Conflict(f"path: {path[:200]!r} is on another host, which offers no way to delete a file")

    async def all_paths(self) -> list[str]:
        """As ``paths``. Raises Conflict if there is one that no file here could have."""
        paths = await self._listed()
        for path in paths:
            if _problem(path) is not None:
                raise Conflict(f"the compute has a file that cannot be here: {without_hidden(path[:200])!r}")
        return sorted(set(paths))

    async def _listed(self) -> list[str]:
        listed = await self.reach().request("GET", f"{self._project_path}/files")
        if not isinstance(listed, list):
            raise Conflict("the compute does not list the files")
        prefix = f"{self._folder}/"
        paths = [each.get("path") for each in listed if isinstance(each, dict)]
        return [path.removeprefix(prefix) for path in paths if isinstance(path, str) and path.startswith(prefix)]

    async def open(self, path: str) -> RemoteFile:
        """Fetch a file. Raises NotFound, or Forbidden for a path that leads out of the folder."""
        _check(path)
        http = self.reach()
        spool = await Spool.make(self.spool_folder)
        try:
            async with http.open("GET", self.target(path)) as answer, aclosing(http.pieces(answer)) as pieces:
                await spool.fill(pieces)
        except BaseException:
            spool.close()
            raise
        return RemoteFile(path.rpartition("/")[2], time.time(), spool)

    def upload(self, path: str) -> RemoteUpload:
        """Begin an upload. Raises Forbidden, NotFound or Invalid for the path."""
        _check(path)
        return RemoteUpload(self, path)

    async def read(self, path: str, most: int) -> bytes | None:
        """The beginning of a small file; None if there is none."""
        http = self.reach()
        data = bytearray()
        try:
            async with (
                http.open("GET", self.target(path), seconds=ANSWER_SECONDS) as answer,
                aclosing(http.pieces(answer)) as pieces,
            ):
                async for piece in pieces:
                    data += piece
                    if len(data) >= most:
                        break
        except NotFound:
            return None
        return bytes(data[:most])

    async def write(self, path: str, data: bytes) -> None:
        """Replace a small file."""

        async def content() -> AsyncGenerator[bytes]:
            yield data

        async with (
            aclosing(content()) as pieces,
            self.reach().open("POST", self.target(path), pieces, len(data), seconds=ACTION_SECONDS),
        ):
            pass


def _problem(path: str) -> LabError | None:
    """What is wrong with the path of a file in a node's folder."""
    parts = path.split("/")
    if path.startswith("/") or ".." in parts:
        return Forbidden(f"path: {path[:200]!r} leads out of the folder")
    if len(path) > MAX_TEXT or any(part in ("", ".") for part in parts) or hidden_character(path):
        return NotFound(f"path: there is no file {path[:200]!r}")
    return None


def _check(path: str) -> None:
    if (problem := _problem(path)) is not None:
        raise problem
