"""The drawings of an open project: shapes and pictures as SVG, beside the nodes.

A long SVG is kept in a file of its own, ``project-files/images/<md5>.svg``, and the project file names it, as GNS3
does: the project file is written anew at every change and stays small. GNS3 also keeps embedded PNG and JPEG pictures
as such; they are shown as an SVG around them.
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

import attrs

from gns3trio import threads
from gns3trio.controller.changes import DrawingChanged, DrawingCreated, DrawingDeleted
from gns3trio.controller.context import ProjectContext
from gns3trio.controller.storage.files import read_plain, write_in_folder
from gns3trio.errors import Conflict, NotFound
from gns3trio.limits import MAX_DRAWINGS
from gns3trio.project_layout import PICTURES

# GNS3 keeps longer ones in a file of their own.
MAX_INLINE_SVG = 1000
# Of all pictures of a project together, since clients get them in one reply; one in a file made elsewhere for which no
# room is left is shown empty.
MAX_PICTURES_BYTES = 64 << 20
EMPTY_SVG = "<svg></svg>"

_PICTURE_NAME = re.compile(r"[A-Za-z0-9_-]+\.(svg|png|jpg|jpeg|gif)")
_MIME_TYPES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif"}
_DEFAULTS = {"x": 0, "y": 0, "z": 2, "locked": False, "rotation": 0}


@attrs.define(eq=False)
class Drawing:
    """A drawing. ``fields`` are its keys in the file but for the SVG; ``picture`` is the file that holds it."""

    drawing_id: UUID
    fields: dict[str, Any]
    svg: str
    picture: str | None = None

    @property
    def picture_bytes(self) -> int:
        """The size of the picture, as it is shown."""
        return _size(self.svg) if self.picture is not None else 0

    def record(self) -> dict[str, Any]:
        """The drawing as it is saved."""
        return {**self.fields, "drawing_id": str(self.drawing_id), "svg": self.picture or self.svg}

    def shown(self) -> dict[str, Any]:
        """Its place, order, rotation, whether it is locked, and its SVG, by the names of its keys in the file."""
        return {**{name: self.fields.get(name, default) for name, default in _DEFAULTS.items()}, "svg": self.svg}


class Drawings(Mapping[UUID, Drawing]):
    """Drawings by their id, in the order of the file."""

    def __init__(self, project: ProjectContext) -> None:
        self._project = project
        self._pictures = project.folder / PICTURES
        self._drawings: dict[UUID, Drawing] = {}
        self._keeping = 0  # bytes of pictures that are being written

    def __getitem__(self, drawing_id: UUID) -> Drawing:
        return self._drawings[drawing_id]

    def __iter__(self) -> Iterator[UUID]:
        return iter(self._drawings)

    def __len__(self) -> int:
        return len(self._drawings)

    def require(self, drawing_id: UUID) -> Drawing:
        """The drawing; raises Forbidden when the project is closed and NotFound when there is no such drawing."""
        self._project.require_open()
        drawing = self.get(drawing_id)
        if drawing is None:
            raise NotFound(f"Drawing ID {drawing_id} doesn't exist")
        return drawing

    def records(self) -> list[dict[str, Any]]:
        """The drawings as they are saved."""
        return [drawing.record() for drawing in self.values()]

    async def revive(self, records: list[dict[str, Any]]) -> None:
        """The drawings of the project's file. A picture that cannot be read is shown empty, and stays named."""
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
        """Add a drawing; a known id gives the drawing that has it.

        Raises Conflict when there are too many, or too large ones, Unavailable when the disk refuses.
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
        """Change a drawing. Raises Conflict for a picture without room, Unavailable when the disk refuses; the drawing
        is then as before.
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

    def delete(self, drawing: Drawing) -> None:
        """Remove a drawing; deleted already is fine. Raises Conflict when it is locked."""
        if drawing.fields.get("locked"):
            raise Conflict(f"Drawing {drawing.drawing_id} is locked")
        if self._drawings.pop(drawing.drawing_id, None) is not None:
            self._project.mark()
            self._project.publish(DrawingDeleted(self._project.project_id, drawing))

    async def _keep_picture(self, svg: str, instead_of: Drawing | None) -> str | None:
        """Write an SVG into a file of its own and return its name; None for a short one, unless it looks like a name.

        Raises Conflict when the project has no room for it beside the pictures of all but one of its drawings.
        """
        if len(svg) <= MAX_INLINE_SVG and not _PICTURE_NAME.fullmatch(svg):
            return None
        data = svg.encode(errors="replace")
        name = hashlib.md5(data, usedforsecurity=False).hexdigest() + ".svg"
        others = sum(drawing.picture_bytes for drawing in self.values() if drawing is not instead_of)
        if others + self._keeping + len(data) > MAX_PICTURES_BYTES:
            raise Conflict(f"svg: the pictures of the project would have more than {MAX_PICTURES_BYTES} bytes together")
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
        """Delete the picture files that no drawing names any more."""
        used = {drawing.picture for drawing in self.values()}
        await threads.disk.run(_discard_pictures, self._pictures, used)


def _size(svg: str) -> int:
    """In bytes; that of ASCII, as nearly all are, needs no look at the text."""
    return len(svg) if svg.isascii() else len(svg.encode(errors="replace"))


def _discard_pictures(folder: Path, used: set[str | None]) -> None:
    for path in folder.glob("*.svg") if folder.is_dir() else ():
        if path.name not in used and _PICTURE_NAME.fullmatch(path.name):
            with suppress(OSError):  # what stays takes some room, and goes at another end
                path.unlink()


def _read_picture(path: Path, room: int) -> str:
    """The SVG that shows a picture file, which has at most ``room`` bytes."""
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
