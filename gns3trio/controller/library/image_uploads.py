"""Uploads of images in parts: what has arrived stays when a connection breaks, or the server is started again.

An unfinished upload is two files in a hidden folder among the images: the bytes so far, and what is known of the image
(JSON). It is kept for a week after its last byte. An image appears when all of it is there and its checksum is right.
"""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import UUID, uuid4

import orjson
import trio

from gns3trio import threads
from gns3trio.classes import define, frozen
from gns3trio.compute.images import ImageFolder, md5_of
from gns3trio.controller.library.image_room import ImageRoom
from gns3trio.controller.storage.files import write_atomic
from gns3trio.controller.storage.single_files import check_new_path, move_below
from gns3trio.convert import as_uuid
from gns3trio.errors import DISK_REFUSALS, Conflict, Invalid, LabError, NotFound, path_error
from gns3trio.json_text import read_json
from gns3trio.sizes import size_text

KEPT_SECONDS = 7 * 86400.0
MOST_UPLOADS = 32
_FOLDER = ".gns3trio-uploads"
_DESCRIPTION = ".json"
_MOST_DESCRIPTION_BYTES = 16 * 1024
# The size of pieces in which uploads are written; each piece costs a thread call.
_WRITE_BYTES = 256 * 1024


@frozen(kw_only=True)
class ImageUpload:
    """An upload of ``size`` bytes, of which ``offset`` have arrived. ``upload_id`` is None if the image is there,
    already or now.
    """

    upload_id: UUID | None
    filename: str
    size: int
    md5sum: str | None
    offset: int

    @property
    def is_complete(self) -> bool:
        """Whether the image is among the images."""
        return self.upload_id is None


@define(eq=False)
class _Writer:
    """The request that writes into an upload."""

    scope: trio.CancelScope
    ended: trio.Event


class ImageUploads:
    """The unfinished uploads of an emulator's images."""

    def __init__(self, images: ImageFolder, room: ImageRoom) -> None:
        self._images = images
        self._room = room
        self._folder = images.folder / _FOLDER
        self._writers: dict[UUID, _Writer] = {}
        self._beginning = trio.Lock()

    async def all(self) -> list[ImageUpload]:
        """The unfinished uploads, the oldest first. Those that nobody has continued for a week are deleted."""
        return await threads.disk.run(self._all)

    def _all(self) -> list[ImageUpload]:
        try:
            names = os.listdir(self._folder)
        except OSError:
            return []
        found: list[tuple[float, ImageUpload]] = []
        for upload_id in filter(None, (as_uuid(name) for name in names)):
            with suppress(LabError, OSError):
                modified = os.stat(self._path(upload_id)).st_mtime
                if modified + KEPT_SECONDS < time.time() and upload_id not in self._writers:
                    self._discard(upload_id)
                else:
                    found.append((modified, self._load(upload_id)))
        found.sort(key=lambda each: each[0])
        return [upload for _, upload in found]

    async def get(self, upload_id: UUID) -> ImageUpload:
        """An unfinished upload. Raises NotFound."""
        return await threads.disk.run(self._load, upload_id)

    async def begin(self, filename: str, size: int, md5sum: str | None) -> ImageUpload:
        """Begin an upload, or find the unfinished one of the same file. It is complete if the image is there already.

        Raises Forbidden, Invalid, Conflict (no more uploads, or not so many bytes, are allowed) or Unavailable.
        """
        name = self._images.new_name(filename, "filename")
        check_new_path(name)
        async with self._beginning:
            if md5sum is not None:
                present = await threads.disk.run(self._images.known, name)
                if present is not None and (present.size, present.md5sum) == (size, md5sum):
                    return ImageUpload(upload_id=None, filename=name, size=size, md5sum=md5sum, offset=size)
            unfinished = await self.all()
            for upload in unfinished:
                if md5sum is not None and (upload.filename, upload.size, upload.md5sum) == (name, size, md5sum):
                    return upload
            if len(unfinished) >= MOST_UPLOADS:
                raise Conflict(f"{MOST_UPLOADS} uploads are not finished: finish or delete one of them first")
            upload = ImageUpload(upload_id=uuid4(), filename=name, size=size, md5sum=md5sum, offset=0)
            await threads.disk.run(self._create, upload, sum(each.size - each.offset for each in unfinished))
            return upload

    def _create(self, upload: ImageUpload, expected: int) -> None:
        self._room.require(upload.size + expected)
        assert upload.upload_id is not None, "it is new"
        path = self._path(upload.upload_id)
        described = {"filename": upload.filename, "size": upload.size, "md5sum": upload.md5sum}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomic(Path(f"{path}{_DESCRIPTION}"), orjson.dumps(described))
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644))
        except OSError as error:
            raise path_error(upload.filename, error) from None

    async def append(self, upload_id: UUID, offset: int, data: AsyncIterator[bytes], length: int = 0) -> ImageUpload:
        """Write more bytes, which must begin where the last ones ended. With the last ones, the image appears.
        ``length`` is their number, 0 if that is not known.

        Another request that still writes into the upload ends: its client is gone. What has arrived stays, also if this
        raises: NotFound; Conflict for another ``offset``, too many bytes, or a wrong checksum (then the upload is
        deleted); Unavailable.
        """
        async with self._sole_writer(upload_id):
            upload = await self.get(upload_id)
            if offset != upload.offset:
                raise Conflict(f"offset: is {offset}, but {upload.offset} bytes have arrived")
            if offset + length > upload.size:
                raise Conflict(f"size: more than {size_text(upload.size)} arrive")
            received = await self._receive(upload_id, upload, data)
            if received < upload.size:
                return await self.get(upload_id)
            return await self._finish(upload_id, upload)

    @asynccontextmanager
    async def _sole_writer(self, upload_id: UUID) -> AsyncIterator[None]:
        while (other := self._writers.get(upload_id)) is not None:
            other.scope.cancel()
            await other.ended.wait()
        writer = self._writers[upload_id] = _Writer(trio.CancelScope(), trio.Event())
        try:
            with writer.scope:
                yield
        finally:
            del self._writers[upload_id]
            writer.ended.set()
        if writer.scope.cancelled_caught:
            raise Conflict("another request goes on with this upload")

    async def _receive(self, upload_id: UUID, upload: ImageUpload, data: AsyncIterator[bytes]) -> int:
        """Write what arrives; returns how much of the image is there."""
        descriptor = await threads.disk.run(self._open, upload_id)
        received = upload.offset
        waiting = bytearray()
        try:
            async for piece in data:
                if received + len(waiting) + len(piece) > upload.size:
                    raise Conflict(f"size: more than {size_text(upload.size)} arrive")
                waiting += piece
                if len(waiting) >= _WRITE_BYTES:
                    await threads.disk.run(self._write, descriptor, waiting, upload)
                    received += len(waiting)
                    waiting = bytearray()
        finally:
            with trio.CancelScope(shield=True):
                try:
                    await threads.disk.run(self._end, descriptor, waiting, upload)
                finally:
                    os.close(descriptor)
        return received + len(waiting)

    def _open(self, upload_id: UUID) -> int:
        try:
            return os.open(self._path(upload_id), os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
        except OSError as error:
            raise path_error(f"upload {upload_id}", error) from None

    def _write(self, descriptor: int, data: bytearray, upload: ImageUpload) -> None:
        self._room.take(len(data))
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(descriptor, view) :]
        except OSError as error:
            raise path_error(upload.filename, error) from None

    def _end(self, descriptor: int, data: bytearray, upload: ImageUpload) -> None:
        self._write(descriptor, data, upload)
        try:
            os.fsync(descriptor)
        except OSError as error:
            raise path_error(upload.filename, error) from None

    async def _finish(self, upload_id: UUID, upload: ImageUpload) -> ImageUpload:
        path = self._path(upload_id)
        md5sum = await threads.copying.run(_md5, path, abandon_on_cancel=True)
        if upload.md5sum is not None and md5sum != upload.md5sum:
            await threads.disk.run(self._discard, upload_id)
            raise Conflict(f"md5sum: what arrived has {md5sum}, not {upload.md5sum}: send it again from its beginning")

        def put() -> None:
            move_below(path, self._images.folder, upload.filename, replace=True)
            self._images.keep_checksum(upload.filename, md5sum)
            self._discard(upload_id)

        await threads.disk.run(put)
        return ImageUpload(
            upload_id=None, filename=upload.filename, size=upload.size, md5sum=md5sum, offset=upload.size
        )

    async def discard(self, upload_id: UUID) -> None:
        """Delete an unfinished upload; a request that writes into it ends. Raises NotFound."""
        async with self._sole_writer(upload_id):
            await self.get(upload_id)
            await threads.disk.run(self._discard, upload_id)

    def _discard(self, upload_id: UUID) -> None:
        path = self._path(upload_id)
        for each in (path, Path(f"{path}{_DESCRIPTION}")):
            with suppress(FileNotFoundError):
                try:
                    each.unlink()
                except OSError as error:
                    if error.errno in DISK_REFUSALS:
                        raise path_error(f"upload {upload_id}", error) from None

    def _path(self, upload_id: UUID) -> Path:
        return self._folder / str(upload_id)

    def _load(self, upload_id: UUID) -> ImageUpload:
        path = self._path(upload_id)
        try:
            offset = os.stat(path).st_size
            with open(f"{path}{_DESCRIPTION}", "rb") as file:
                known = read_json(file.read(_MOST_DESCRIPTION_BYTES))
        except (OSError, Invalid):
            known = None
        match known:
            case {"filename": str(filename), "size": int(size), "md5sum": str() | None as md5sum}:
                return ImageUpload(upload_id=upload_id, filename=filename, size=size, md5sum=md5sum, offset=offset)
        raise NotFound(f"upload_id: there is no unfinished upload {upload_id}")


def _md5(path: Path) -> str:
    try:
        return md5_of(path)
    except OSError as error:
        raise path_error(path.name, error) from None
