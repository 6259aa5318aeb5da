"""The drawings of an open project: shapes and pictures as SVG, beside the nodes.

As in GNS3, a long SVG is stored in a file of its own, ``project-files/images/<md5>.svg``, to which the project file
refers. So the project file, which is written at every change, stays small. GNS3 also stores embedded PNG and JPEG
pictures as files; they are shown inside an SVG.
"""

import base64
import hashlib
import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from gns3trio import threads
from gns3trio.classes import define
from gns3trio.controller.changes import DrawingChanged, DrawingCreated, DrawingDeleted
from gns3trio.controller.context import ProjectContext
from gns3trio.controller.storage.files import read_plain, write_in_folder
from gns3trio.errors import Conflict, NotFound
from gns3trio.limits import MAX_DRAWINGS
from gns3trio.project_layout import PICTURES
from gns3trio.sizes import size_text

# GNS3 stores longer ones in a file of their own.
MAX_INLINE_SVG = 1000
# The limit for all pictures of a project together, because clients get them in one reply. Pictures of an imported
# project beyond the limit are shown empty.
MAX_PICTURES_BYTES = 64 << 20
EMPTY_SVG = "<svg></svg>"

_PICTURE_NAME = re.compile(r"[A-Za-z0-9_-]+\.(svg|png|jpg|jpeg|gif)")
_MIME_TYPES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif"}
_DEFAULTS = {"x": 0, "y": 0, "z": 2, "locked": False, "rotation": 0}


@define(eq=False)
class Drawing:
    """A drawing. ``fields`` are its keys in the file except the SVG; ``picture`` is the file with the SVG."""

    drawing_id: UUID
    fields: dict[str, Any]
    svg: str
    picture: str | None = None

    @property
    def picture_bytes(self) -> int:
        """The size of the displayed picture in bytes."""
        return _size(self.svg) if self.picture is not None else 0

    @property
    def is_locked(self) -> bool:
        """Whether it can neither be moved by hand nor deleted."""
        return bool(self.fields.get("locked"))

    def record(self) -> dict[str, Any]:
        """The drawing in the form that is saved."""
        return {**self.fields, "drawing_id": str(self.drawing_id), "svg": self.picture or self.svg}

    def shown(self) -> dict[str, Any]:
        """Its position, order, rotation, lock and SVG, by the keys of the file."""
        return {**{name: self.fields.get(name, default) for name, default in _DEFAULTS.items()}, "svg": self.svg}


class Drawings(Mapping[UUID, Drawing]):
    """Drawings by their id, in the order of the file."""

    def __init__(self, project: ProjectContext) -> None:
        self._project = project
        self._pictures = project.folder / PICTURES
        self._drawings: dict[UUID, Drawing] = {}
        self._keeping = 0  # bytes of the pictures that are being written

    def __getitem__(self, drawing_id: UUID) -> Drawing:
        return self._drawings[drawing_id]

    def __iter__(self) -> Iterator[UUID]:
        return iter(self._drawings)

    def __len__(self) -> int:
        return len(self._drawings)

    def require(self, drawing_id: UUID) -> Drawing:
        """A drawing by its id. Raises Forbidden if the project is closed, NotFound if there is no such drawing."""
        self._project.require_open()
        drawing = self.get(drawing_id)
        if drawing is None:
            raise NotFound(f"Drawing ID {drawing_id} doesn't exist")
        return drawing

    def records(self) -> list[dict[str, Any]]:
        """All drawings in the form that is saved."""
        return [drawing.record() for drawing in self.values()]

    async def revive(self, records: list[dict[str, Any]]) -> None:
        """Create the drawings of the project's file. A picture that cannot be read is shown empty, and its name is
        kept.
        """
        self._drawings = await threads.disk.run(self._read, records)

    def _read(self, records: list[dict[str, Any]]) -> dict[UUID, Drawing]:
        drawings: dict[UUID, Drawing] = {}
        room = MAX_PICTURES_BYTES
        for record in records:
            drawing_id, svg = UUID(record["drawing_id"]), record["svg"]
            picture = svg if _PICTURE_NAME.fullmatch(svg) else None
            if picture is not None:
                svg = _read_picture(self._pictures / picture, room)
                room = max(room - _size(svg), 0)
            fields = {name: value for name, value in record.items() if name not in ("drawing_id", "svg")}
            drawings[drawing_id] = Drawing(drawing_id, fields, svg, picture)
        return drawings

    async def create(self, drawing_id: UUID, fields: Mapping[str, Any]) -> Drawing:
        """Add a drawing, or return the existing one with that id.

        Raises Conflict if there are too many or too large drawings, Unavailable if the disk reports an error.
        """
        if drawing_id in self._drawings:
            return self._drawings[drawing_id]
        if len(self._drawings) >= MAX_DRAWINGS:
            raise Conflict(f"the project has {MAX_DRAWINGS} drawings, and can have no more")
        svg = fields.get("svg", EMPTY_SVG)
        others = {name: fields.get(name, default) for name, default in _DEFAULTS.items()}
        drawing = Drawing(drawing_id, others, svg, await self._keep_picture(svg, None))
        self._drawings[drawing_id] = drawing
        self._project.mark()
        self._project.publish(DrawingCreated(self._project.project_id, drawing))
        return drawing

    async def update(self, drawing: Drawing, changes: Mapping[str, Any]) -> None:
        """Change a drawing. Raises Conflict if there is no room for the picture, Unavailable if the disk reports an
        error; the drawing is unchanged then.
        """
        fields = dict(changes)
        svg = fields.pop("svg", drawing.svg)
        redrawn = svg != drawing.svg
        if redrawn:
            drawing.picture = await self._keep_picture(svg, drawing)
            drawing.svg = svg
        drawing.fields.update(fields)
        self._project.mark()
        self._project.publish(DrawingChanged(self._project.project_id, drawing, redrawn))

    def lock(self, drawing: Drawing, locked: bool) -> None:
        """Lock or unlock a drawing. As in GNS3, where this is a change of many at once, its picture is told too."""
        drawing.fields["locked"] = locked
        self._project.mark()
        self._project.publish(DrawingChanged(self._project.project_id, drawing, redrawn=True))

    def delete(self, drawing: Drawing) -> None:
        """Delete a drawing. Does nothing if it is deleted already. Raises Conflict if it is locked."""
        if drawing.is_locked:
            raise Conflict(f"Drawing {drawing.drawing_id} is locked")
        if self._drawings.pop(drawing.drawing_id, None) is not None:
            self._project.mark()
            self._project.publish(DrawingDeleted(self._project.project_id, drawing))

    async def _keep_picture(self, svg: str, instead_of: Drawing | None) -> str | None:
        """Write a long SVG into a file of its own and return its name; None for a short one, unless it looks like a
        file name.

        Raises Conflict if it exceeds the project's limit together with the pictures of the other drawings.
        """
        if len(svg) <= MAX_INLINE_SVG and not _PICTURE_NAME.fullmatch(svg):
            return None
        data = svg.encode(errors="replace")
        name = hashlib.md5(data, usedforsecurity=False).hexdigest() + ".svg"
        others = sum(drawing.picture_bytes for drawing in self.values() if drawing is not instead_of)
        if others + self._keeping + len(data) > MAX_PICTURES_BYTES:
            raise Conflict(
                f"svg: the pictures of the project would have more than {size_text(MAX_PICTURES_BYTES)} together"
            )
        self._keeping += len(data)
        try:
            await threads.disk.run(self._write_picture, name, data)
        finally:
            self._keeping -= len(data)
            self._project.require_open()
        return name

    def _write_picture(self, name: str, data: bytes) -> None:
        if not (self._pictures / name).exists():
            write_in_folder(self._pictures, name, data)

    async def discard_unused_pictures(self) -> None:
        """Delete picture files to which no drawing refers."""
        used = {drawing.picture for drawing in self.values()}
        await threads.disk.run(_discard_pictures, self._pictures, used)


def _size(svg: str) -> int:
    """The size in bytes, which is fast for ASCII texts."""
    return len(svg) if svg.isascii() else len(svg.encode(errors="replace"))


def _discard_pictures(folder: Path, used: set[str | None]) -> None:
    for path in folder.glob("*.svg") if folder.is_dir() else ():
        if path.name not in used and _PICTURE_NAME.fullmatch(path.name):
            with suppress(OSError):  # a file that stays is deleted at a later end
                path.unlink()


def _read_picture(path: Path, room: int) -> str:
    """The SVG that displays a picture file of at most ``room`` bytes."""
    try:
        data = read_plain(path, room)
    except OSError:
        return EMPTY_SVG
    kind = path.suffix[1:]
    if kind == "svg":
        return data.decode(errors="replace")
    width, height = _png_size(data) or (100, 100)
    link = f"data:{_MIME_TYPES[kind]};base64,{base64.b64encode(data).decode()}"
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{width}" height="{height}"><image width="{width}" height="{height}" xlink:href="{link}"/></svg>'
    )


def _png_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from the first chunk of a PNG (RFC 2083 11.2.1); None for something else."""
    if data[:8] != b"\x89PNG\r\n\x1a\n" or len(data) < 24:
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height
