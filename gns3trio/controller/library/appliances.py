"""The appliances of this server: files in a folder, listed and installed as templates.

Nothing is downloaded: a version can be installed when its images are here, which are found by their checksums.
"""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

import trio

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.controller.library.appliance_format import (
    MAX_APPLIANCE_BYTES,
    Appliance,
    NeededImage,
    default_symbol,
    read_appliance,
)
from gns3trio.controller.library.images import EmulatorImages, Images
from gns3trio.controller.library.symbols import Symbols
from gns3trio.controller.library.templates import Templates
from gns3trio.controller.names import clean_name
from gns3trio.controller.storage.files import read_plain, write_in_folder
from gns3trio.convert import as_uuid
from gns3trio.errors import Conflict, Forbidden, Invalid, LabError, NotFound
from gns3trio.printable import is_plain_name
from gns3trio.sizes import size_text

log = logging.getLogger(__name__)

_SUFFIXES = (".gns3a", ".gns3appliance")
# GNS3 has some two hundred.
MOST_APPLIANCES = 2000
# Of all files together, because one reply lists them all; those of GNS3 have one megabyte.
MOST_BYTES = 8 * 1024 * 1024


@frozen
class ApplianceFile:
    """A file in the folder: the appliance in it, or why it is none."""

    file_name: str
    appliance: Appliance | None = None
    problem: str | None = None

    @property
    def appliance_id(self) -> UUID:
        """The id in the file, or one that follows from its name."""
        stated = as_uuid(self.appliance.document.get("appliance_id")) if self.appliance is not None else None
        return stated or uuid5(NAMESPACE_DNS, f"{self.file_name}.appliances.gns3trio")


@frozen
class FoundImage:
    """An image that a version needs, and its path among the images; None if it is missing."""

    needed: NeededImage
    path: str | None


class Appliances:
    """The appliances in a folder, which may be missing."""

    def __init__(self, folder: Path, images: Images, templates: Templates, symbols: Symbols) -> None:
        self._folder = folder
        self._images = images
        self._templates = templates
        self._symbols = symbols
        self._known: dict[str, tuple[tuple[int, int], ApplianceFile]] = {}
        self._reading = trio.Lock()
        self._installing = trio.Lock()
        self._writing = trio.Lock()

    async def all(self) -> list[ApplianceFile]:
        """All files, sorted by name. One that cannot be read has a ``problem``, and hides no other."""
        async with self._reading:
            return await threads.parsers.run(self._read_all)

    def _read_all(self) -> list[ApplianceFile]:
        found: dict[str, tuple[tuple[int, int], ApplianceFile]] = {}
        for name, key in self._files():
            kept = self._known.get(name)
            if kept is None or kept[0] != key:
                kept = (key, _read(self._folder / name))
                if kept[1].problem is not None:
                    log.warning("appliance %s: %s", name, kept[1].problem)
            found[name] = kept
        self._known = found
        return [file for _, file in sorted(found.values(), key=lambda each: each[1].file_name)]

    def _files(self) -> Iterator[tuple[str, tuple[int, int]]]:
        try:
            with os.scandir(self._folder) as entries:
                names = sorted(entry.name for entry in entries if entry.name.endswith(_SUFFIXES))
        except OSError:
            return
        left = MOST_BYTES
        for name in names[:MOST_APPLIANCES]:
            if is_plain_name(name):
                try:
                    status = os.stat(self._folder / name)
                except OSError:
                    continue
                if status.st_size <= MAX_APPLIANCE_BYTES:  # others are not read
                    left -= status.st_size
                if left < 0:
                    log.warning("appliances: more than %d bytes; those from %s on are not listed", MOST_BYTES, name)
                    return
                yield name, (status.st_mtime_ns, status.st_size)

    async def get(self, appliance_id: UUID) -> ApplianceFile:
        """An appliance that can be read. Raises NotFound."""
        for file in await self.all():
            if file.appliance_id == appliance_id and file.appliance is not None:
                return file
        raise NotFound(f"appliance_id: there is no appliance {appliance_id}")

    async def add(self, data: bytes) -> ApplianceFile:
        """Store an appliance under its name; the one before is replaced. Raises Invalid, Conflict or Unavailable."""
        try:
            appliance = await threads.parsers.run(read_appliance, data)
        except Invalid as error:
            raise Invalid(f"appliance: {error}") from None
        name = "".join(c if c.isalnum() or c in " ._-+" else "-" for c in clean_name(appliance.name, "appliance"))
        file_name = f"{name.strip('. ')[:100] or 'appliance'}{_SUFFIXES[0]}"
        present = await self.all()
        if len(present) >= MOST_APPLIANCES and file_name not in {file.file_name for file in present}:
            raise Conflict(f"there are {MOST_APPLIANCES} appliances, and can be no more")
        await threads.disk.run(self._require_room, file_name, len(data))
        added = ApplianceFile(file_name, appliance)
        for file in present:
            if file.file_name != file_name and file.appliance_id == added.appliance_id:
                raise Conflict(f"appliance_id: {file.file_name} has the same id; delete that file first")
        await threads.disk.run(write_in_folder, self._folder, file_name, data)
        return added

    def _require_room(self, file_name: str, size: int) -> None:
        """Raises Conflict if the files would have too many bytes with this one. Blocks."""
        others = (key[1] for name, key in self._files() if name != file_name)
        if size + sum(each for each in others if each <= MAX_APPLIANCE_BYTES) > MOST_BYTES:
            raise Conflict(f"appliances may have {size_text(MOST_BYTES)} together: delete files that are not needed")

    async def rewrite(self, appliance_id: UUID, edit: Callable[[Appliance], bytes]) -> ApplianceFile:
        """Replace the file of an appliance by ``edit`` of it. Raises NotFound, Invalid, Conflict or Unavailable, and
        what ``edit`` raises.
        """
        async with self._writing:
            file = await self.get(appliance_id)
            assert file.appliance is not None, "those that cannot be read are not found"
            data = await threads.parsers.run(edit, file.appliance)
            edited = await threads.parsers.run(read_appliance, data)
            await threads.disk.run(self._require_room, file.file_name, len(data))
            await threads.disk.run(write_in_folder, self._folder, file.file_name, data)
            return ApplianceFile(file.file_name, edited)

    async def install_all(self, emulator: str | None = None, md5sum: str | None = None) -> None:
        """Make the templates of all versions whose images are here; with ``md5sum``, of those that need that image of
        the ``emulator``. Raises Unavailable.
        """
        for appliance in [file.appliance for file in await self.all() if file.appliance is not None]:
            if emulator not in (None, appliance.template_type):
                continue
            for version in appliance.versions:
                needed = [each.image.md5 for each in appliance.needs(version)]
                if needed and (md5sum is None or md5sum in needed):
                    with suppress(Conflict, Invalid, NotFound):  # an image is missing, or there is such a template
                        await self.install(appliance, version)

    async def images_of(self, appliance: Appliance, version: str | None) -> list[FoundImage]:
        """The images of a version, each with its place. Raises NotFound for an unknown version."""
        needed = appliance.needs(version)
        if not needed:
            return []
        images = self._images.of(appliance.template_type)

        def find() -> list[FoundImage]:
            return [FoundImage(each, _find(each, images, trio.from_thread.check_cancelled)) for each in needed]

        return await threads.copying.run(find)

    async def install(self, appliance: Appliance, version: str | None) -> Mapping[str, Any]:
        """Make the template of a version; returns it. Raises NotFound, Invalid, Unavailable, and Conflict with the
        images that are missing, or if there is a template of that name.
        """
        found = await self.images_of(appliance, version)
        if missing := [each.needed.image for each in found if each.path is None]:
            told = "; ".join(
                f"{image.filename} (md5 {image.md5 or 'unknown'}, {_size(image.filesize)})" for image in missing
            )
            raise Conflict(f"version: images are missing: {told}")
        body = appliance.template(version, {each.needed.property: str(each.path) for each in found})
        body["symbol"] = self._symbol(body["symbol"], appliance.document["category"])
        async with self._installing:
            for template in self._templates.values():
                if (template["name"], template["template_type"]) == (body["name"], body["template_type"]):
                    raise Conflict(f"version: there is a template {body['name']!r} already")
            try:
                return self._templates[await self._templates.create(body)]
            except Invalid as error:
                raise Invalid(f"appliance {appliance.name!r}: {error}") from None

    def _symbol(self, symbol: object, category: object) -> str:
        name = symbol.rpartition("/")[2] if isinstance(symbol, str) else ""
        known = {each.file_name: each.symbol_id for each in self._symbols.all()}
        return known.get(name) or default_symbol(category)


def _read(path: Path) -> ApplianceFile:
    try:
        return ApplianceFile(path.name, read_appliance(read_plain(path, MAX_APPLIANCE_BYTES)))
    except LabError as error:
        return ApplianceFile(path.name, problem=str(error))
    except OSError as error:
        return ApplianceFile(path.name, problem=error.strerror or str(error))


def _find(needed: NeededImage, images: EmulatorImages, checkpoint: Any) -> str | None:
    """The path of an image: by its checksum; by its name only if the appliance states none. Blocks."""
    image = needed.image
    if image.md5 is None:
        try:
            present = images.folder.known(image.filename)
        except Forbidden:
            return None
    elif image.filesize is None:
        present = images.folder.with_checksum(image.md5)
    else:
        present = images.folder.with_content(image.md5, image.filesize, image.filename, checkpoint)
        present = present or images.folder.with_checksum(image.md5)  # the stated size is wrong
    return present.path if present is not None else None


def _size(size: int | None) -> str:
    return "of unknown size" if size is None else size_text(size)
