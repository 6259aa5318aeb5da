"""Reads and writes single files below a folder for clients, by path.

A path is resolved one folder at a time without following symbolic links, so it cannot lead out of its folder, even if
the folder changes meanwhile. A file is replaced completely or not at all.
"""

import hashlib
import os
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.compute.node_features import FileFacts, FileList
from gns3trio.controller.storage.file_names import MAX_COMPONENT_BYTES, name_problem
from gns3trio.controller.storage.files import (
    MAX_PROJECT_FILE_BYTES,
    TEMPORARY_PREFIX,
    date_of,
    disk_error,
    printable,
    temporary_name,
)
from gns3trio.errors import DISK_REFUSALS, Conflict, Forbidden, Invalid, LabError, NotFound, path_error
from gns3trio.printable import hidden_character
from gns3trio.sizes import size_text

CHUNK_BYTES = 256 * 1024
# The size of pieces in which uploads are written; each piece costs a thread call.
_WRITE_BYTES = 256 * 1024


@frozen
class OpenFile:
    """A file that is open for reading. ``size`` is in bytes, ``modified`` in seconds since 1970."""

    descriptor: int
    name: str
    size: int
    modified: float

    async def pieces(self) -> AsyncGenerator[bytes]:
        """Read exactly ``size`` bytes in pieces, even if the file grows, then close it.

        Raises Conflict if the file became shorter, so that the client does not take a part for the whole.
        """
        left = self.size
        try:
            while left > 0:
                piece = await threads.disk.run(os.read, self.descriptor, min(left, CHUNK_BYTES))
                if not piece:
                    raise Conflict(f"{self.name} became shorter while it was read")
                left -= len(piece)
                yield piece
        finally:
            os.close(self.descriptor)


def _split(path: str) -> list[str]:
    """The parts of a path. Raises Forbidden if it leads out of its folder, NotFound if it names no file."""
    if path.startswith("/") or ".." in path.split("/"):
        raise Forbidden(f"path: {path!r} leads out of the folder")
    parts = path.split("/")
    if "\0" in path or any(part in ("", ".") or _is_too_long(part) for part in parts):
        raise NotFound(f"path: there is no file {path!r}")
    return parts


def _is_too_long(part: str) -> bool:
    return len(part.encode(errors="replace")) > MAX_COMPONENT_BYTES


def _open_folder(folder: Path, parts: list[str], *, make: bool) -> int:
    """A descriptor of the folder ``parts`` below ``folder``. With ``make``, missing folders are created."""
    if make:
        folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for part in parts:
        try:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=descriptor)
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = below
    return descriptor


def _refuse_links(folder: Path, parts: list[str], path: str) -> None:
    """Raises Forbidden if the path goes through a symbolic link. What exists of it is looked at, which is not long."""
    place = os.fspath(folder)
    for part in parts:
        place = f"{place}/{part}"
        try:
            mode = os.lstat(place).st_mode
        except OSError:  # who opens it is told why
            return
        if stat.S_ISLNK(mode):
            raise Forbidden(f"path: {path!r} goes through a symbolic link")


def open_file(folder: Path, path: str) -> OpenFile:
    """Open a file for reading; synchronous. The caller must close the descriptor.

    Raises NotFound, or Forbidden if the path leads out of ``folder`` or through a link.
    """
    parts = _split(path)
    try:
        _refuse_links(folder, parts, path)
        parent = _open_folder(folder, parts[:-1], make=False)
        try:
            descriptor = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=parent)
        finally:
            os.close(parent)
    except OSError as error:
        raise NotFound(f"path: {path!r}: {error.strerror}") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise NotFound(f"path: {path!r} is not a file")
    return OpenFile(descriptor, parts[-1], status.st_size, date_of(status))


def delete_file(folder: Path, path: str) -> None:
    """Delete a file; synchronous. Its folder stays.

    Raises NotFound, Forbidden if the path leads out of ``folder`` or through a link, Conflict if it is no file or
    cannot be deleted, Unavailable if the disk reports an error.
    """
    parts = _split(path)
    try:
        _refuse_links(folder, parts, path)
        parent = _open_folder(folder, parts[:-1], make=False)
        try:
            if not stat.S_ISREG(os.stat(parts[-1], dir_fd=parent, follow_symlinks=False).st_mode):
                raise Conflict(f"path: {path!r} is not a file")
            os.unlink(parts[-1], dir_fd=parent)
            os.fsync(parent)
        finally:
            os.close(parent)
    except FileNotFoundError:
        raise NotFound(f"path: there is no file {path!r}") from None
    except OSError as error:
        raise path_error(f"path: {path!r}", error) from None


def check_new_path(path: str) -> None:
    """Raises Invalid for a path with control characters, Conflict for a path that is too long, Forbidden and NotFound
    for a path that names no file.
    """
    _split(path)
    if (character := hidden_character(path)) is not None:
        raise Invalid(f"path: {path!r} has the character U+{ord(character):04X}, which no name may have")
    if (problem := name_problem(path)) is not None:  # such a file could not be archived
        raise Conflict(f"path: {path[:200]!r} {problem}")


def move_below(file: Path, folder: Path, path: str, *, replace: bool) -> None:
    """Give a file its place below a folder of the same disk; synchronous. Missing folders are created. Its content must
    be durable already, and its name is when this returns.

    Raises as ``Upload``; without ``replace`` also Conflict if there is something of that name.
    """
    check_new_path(path)
    parts = _split(path)
    try:
        _refuse_links(folder, parts, path)
        parent = _open_folder(folder, parts[:-1], make=True)
        try:
            if replace:
                os.replace(file, parts[-1], dst_dir_fd=parent)
            else:
                os.link(file, parts[-1], dst_dir_fd=parent, follow_symlinks=False)
                os.unlink(file)
            os.fsync(parent)
        finally:
            os.close(parent)
    except FileExistsError:
        raise Conflict(f"path: {path!r} exists already") from None
    except IsADirectoryError:
        raise Conflict(f"path: {path!r} is a folder") from None
    except OSError as error:
        raise path_error(f"path: {path!r}", error) from None


class Upload:
    """An upload, stored beside the file that it replaces: call ``receive``, then ``commit``, and always ``discard`` at
    the end. ``take_room`` gets the size of each piece before it is written, in a thread, and may raise.

    Raises as ``check_new_path``.
    """

    def __init__(
        self, folder: Path, path: str, *, make_folders: bool, take_room: Callable[[int], None] = lambda size: None
    ) -> None:
        self._folder = folder
        self._path = path
        check_new_path(path)
        self._parts = _split(path)
        self._make_folders = make_folders
        self._take_room = take_room
        self._temporary = temporary_name()
        self._parent: int | None = None

    async def receive(self, data: AsyncIterator[bytes]) -> None:
        """Write all of ``data`` durably. Raises NotFound, Forbidden, or Unavailable if the disk reports an error."""
        descriptor = await threads.disk.run(self._create)
        try:
            waiting = bytearray()
            async for piece in data:
                waiting += piece
                if len(waiting) >= _WRITE_BYTES:
                    await threads.disk.run(self._write, descriptor, waiting)
                    waiting = bytearray()
            await threads.disk.run(self._write, descriptor, waiting)
            await threads.disk.run(os.fsync, descriptor)
        finally:
            os.close(descriptor)

    def _create(self) -> int:
        try:
            _refuse_links(self._folder, self._parts, self._path)
            self._parent = _open_folder(self._folder, self._parts[:-1], make=self._make_folders)
        except OSError as error:
            if error.errno in DISK_REFUSALS:
                raise disk_error(self._path, error) from error
            raise NotFound(f"path: the folder of {self._path!r}: {error.strerror}") from None
        try:
            return os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=self._parent)
        except OSError as error:
            raise self._refusal(error) from error

    def _write(self, descriptor: int, data: bytearray) -> None:
        self._take_room(len(data))
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(descriptor, view) :]
        except OSError as error:
            raise disk_error(self._path, error) from error

    async def content(self) -> bytes:
        """The received data. Raises Conflict if it is larger than a project file may be."""
        return await threads.disk.run(self._read)

    def _read(self) -> bytes:
        descriptor = os.open(self._temporary, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=self._parent)
        with open(descriptor, "rb") as file:
            data = file.read(MAX_PROJECT_FILE_BYTES + 1)
        if len(data) > MAX_PROJECT_FILE_BYTES:
            raise Conflict(f"path: {self._path!r} is larger than {size_text(MAX_PROJECT_FILE_BYTES)}")
        return data

    async def commit(self) -> None:
        """Give the file its final name. Raises Conflict if there is a folder of that name."""
        await threads.disk.run(self._rename)

    def _rename(self) -> None:
        name, parent = self._parts[-1], self._parent
        assert parent is not None, "receive comes first"
        try:
            os.replace(self._temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
            os.fsync(parent)
        except IsADirectoryError:
            raise Conflict(f"path: {self._path!r} is a folder") from None
        except OSError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: OSError) -> LabError:
        if isinstance(error, FileNotFoundError):  # the project was deleted during the upload
            return NotFound(f"path: the folder of {self._path!r} is gone")
        return disk_error(self._path, error)

    async def discard(self) -> None:
        """Delete everything that was not committed."""
        if self._parent is not None:
            parent, self._parent = self._parent, None
            try:
                with suppress(OSError):  # it does not exist, or the disk reports errors for everything
                    os.unlink(self._temporary, dir_fd=parent)
            finally:
                os.close(parent)


@frozen
class FolderFiles:
    """The files below a folder of this disk, by their relative paths."""

    folder: Path

    async def paths(self) -> list[str]:
        """The paths of all files, without following links."""
        return await threads.disk.run(list, _paths(self.folder))

    async def all_paths(self) -> list[str]:
        """As ``paths``. Raises Conflict if there is anything that is neither a file nor a folder."""
        return await threads.disk.run(list, _all_paths(self.folder))

    async def listed(self, most: int) -> FileList:
        """At most so many files, sorted by path."""
        return await threads.disk.run(_listed, self.folder, most)

    async def delete(self, path: str) -> None:
        """Delete a file. Raises as ``open_file``, Conflict if it cannot be deleted, Unavailable."""
        await threads.disk.run(delete_file, self.folder, path)

    async def open(self, path: str) -> OpenFile:
        """Open a file for reading. Raises as ``open_file``."""
        return await threads.disk.run(open_file, self.folder, path)

    def upload(self, path: str) -> Upload:
        """Begin the upload of a file. Raises as ``Upload``."""
        return Upload(self.folder, path, make_folders=True)


async def write_file(folder: Path, path: str, data: AsyncIterator[bytes]) -> None:
    """Replace a file below a folder that does not belong to our projects. Missing folders are created. Raises as
    ``Upload``.
    """
    upload = Upload(folder, path, make_folders=True)
    try:
        await upload.receive(data)
        await upload.commit()
    finally:
        await upload.discard()


def list_files(folder: Path, checkpoint: Callable[[], None]) -> list[dict[str, str]]:
    """List the files below a folder, without following links: the relative ``path``, and ``md5sum`` of the content.

    ``checkpoint`` is called regularly, and may raise to abort.
    """
    files: list[dict[str, str]] = []
    for path in _paths(folder):
        with suppress(NotFound, Forbidden, OSError):  # vanished meanwhile, or not a regular file
            file = open_file(folder, path)
            digest = hashlib.md5(usedforsecurity=False)
            with open(file.descriptor, "rb", buffering=0) as stream:
                while piece := stream.read(CHUNK_BYTES):
                    checkpoint()
                    digest.update(piece)
            files.append({"path": path, "md5sum": digest.hexdigest()})
    return files


def _paths(folder: Path) -> Iterator[str]:
    """The paths of all files below a folder, except incomplete ones."""
    for root, _, names in os.walk(folder):
        for name in sorted(name for name in names if not name.startswith(TEMPORARY_PREFIX)):
            yield (Path(root) / name).relative_to(folder).as_posix()


def _listed(folder: Path, most: int) -> FileList:
    """At most so many files. Those whose names no request can have are left out, like links and what is no file."""
    found: list[FileFacts] = []
    for path in _paths(folder):
        if path.startswith(".") or hidden_character(path) is not None:
            continue
        with suppress(OSError):  # it vanished meanwhile
            status = os.lstat(folder / path)
            if not stat.S_ISREG(status.st_mode):
                continue
            if len(found) == most:
                return FileList(found, is_whole=False)
            found.append(FileFacts(path, status.st_size, date_of(status)))
    found.sort(key=lambda file: file.path)
    return FileList(found, is_whole=True)


def _all_paths(folder: Path) -> Iterator[str]:
    """The paths of all files below a folder, except incomplete ones. Raises Conflict if there is anything else."""
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except FileNotFoundError:
            continue  # a node without files
        except OSError as error:
            raise disk_error(error.filename, error) from error
        for entry in entries:
            path = Path(entry.path).relative_to(folder).as_posix()
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            elif not entry.is_file(follow_symlinks=False):
                raise Conflict(f"{printable(path)!r} is neither a file nor a folder")
            elif not entry.name.startswith(TEMPORARY_PREFIX):
                yield path
