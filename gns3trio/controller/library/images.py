"""The images of this host, by emulator: listed, received, deleted.

All clients share them. ``compute/images.py`` knows where they are and their checksums.
"""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs
import trio

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.compute.images import FOLDERS, IMAGE_PROPERTIES, Image, ImageFolder
from gns3trio.config import Config
from gns3trio.controller.library.image_room import GIB, ImageRoom
from gns3trio.controller.library.image_uploads import ImageUploads
from gns3trio.controller.storage.single_files import OpenFile, Upload, open_file
from gns3trio.errors import Conflict, NotFound

# The names and properties of nodes of a type that exist.
KnownNodes = Callable[[str], Iterable[tuple[str, Mapping[str, Any]]]]


class EmulatorImages:
    """The images of one emulator. Use ``Images.of``."""

    def __init__(self, emulator: str, folder: ImageFolder, room: ImageRoom, nodes: KnownNodes) -> None:
        self.folder = folder
        self.room = room
        self.uploads = ImageUploads(folder, room)
        self._emulator = emulator
        self._nodes = nodes
        self._adding = trio.Lock()

    async def list(self) -> list[Image]:
        """All images, sorted by path."""
        return await threads.copying.run(self.folder.list)

    async def open(self, name: str) -> OpenFile:
        """Open an image for reading. Raises Forbidden or NotFound."""
        return await threads.disk.run(open_file, self.folder.folder, self.folder.relative(name, "filename"))

    async def receive(self, name: str, data: AsyncIterator[bytes]) -> None:
        """Store an image, as a whole or not at all. One of that name is replaced. Raises Forbidden, Invalid, Conflict
        or Unavailable.
        """
        await self._store(name, data, replace=True)

    async def add(self, name: str, data: AsyncIterator[bytes]) -> Image:
        """As ``receive``, but an image of that name stays: it is returned if it has the same content. Raises Conflict
        for another one.
        """
        return await self._store(name, data, replace=False)

    async def _store(self, name: str, data: AsyncIterator[bytes], *, replace: bool) -> Image:
        name = self.folder.new_name(name, "filename")
        upload = Upload(self.folder.folder, name, make_folders=True, take_room=self.room.take)
        digest = hashlib.md5(usedforsecurity=False)

        async def hashed() -> AsyncGenerator[bytes]:
            async for piece in data:
                digest.update(piece)  # a piece is as long as a read of a socket
                yield piece

        try:
            await upload.receive(hashed())
            async with self._adding:
                if not replace and await threads.disk.run(self.folder.known, name) is not None:
                    if await self.folder.checksum(self.folder.folder / name) != digest.hexdigest():
                        raise Conflict(f"filename: there is another image {name!r}; delete it, or use another name")
                else:
                    await upload.commit()
                    await threads.disk.run(self.folder.keep_checksum, name, digest.hexdigest())
        finally:
            await upload.discard()
        return await self.get(name)

    async def get(self, name: str) -> Image:
        """An image, with its checksum. Raises NotFound or Forbidden."""
        relative = self.folder.relative(name, "filename")
        md5sum = await self.folder.checksum(self.folder.folder / relative)
        image = await threads.disk.run(self.folder.known, relative)
        if image is None:
            raise NotFound(f"filename: there is no image {relative!r}")
        return attrs.evolve(image, md5sum=image.md5sum or md5sum)

    async def delete(self, name: str) -> None:
        """Delete an image. Raises NotFound, Forbidden, Unavailable, or Conflict if a node of an open project has it."""
        relative = self.folder.relative(name, "filename")
        for node, properties in self._nodes(self._emulator):
            if relative in (properties.get(each) for each in IMAGE_PROPERTIES[self._emulator]):
                raise Conflict(f"filename: node '{node}' uses the image {relative!r}: delete it, or close its project")
        await threads.disk.run(self.folder.delete, relative)


@frozen
class Images:
    """The images of all emulators."""

    _by_emulator: Mapping[str, EmulatorImages]

    def of(self, emulator: str) -> EmulatorImages:
        """Those of an emulator. Raises KeyError for one without images."""
        return self._by_emulator[emulator]

    def all(self) -> Mapping[str, EmulatorImages]:
        """Those of each emulator."""
        return self._by_emulator


def images_of(config: Config, nodes: KnownNodes) -> Images:
    """The images in the folder of the settings."""
    root: Path = config.images_folder
    room = ImageRoom(root, int(config.images_limit * GIB))
    return Images(
        {name: EmulatorImages(name, ImageFolder(root / folder), room, nodes) for name, folder in FOLDERS.items()}
    )
