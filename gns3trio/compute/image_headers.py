"""Which other files a disk image names in its header. Sans-IO: reads through a function.

QEMU opens the files that an image names: the image below it, the file with its data, its parts. Images come from
clients, and a guest can write such a header into a disk of its own. So images are examined before a program sees them.

Formats: QCOW 1 to 3 (QEMU's docs/interop/qcow2.txt), QED (docs/interop/qed_spec.txt), and VMDK 1.1 (VMware's "Virtual
Disk Format"). The others that machines may have name no files, or QEMU does not follow them. An image that looks like
several formats is examined as each of them, because QEMU chooses one by its own rules.
"""

import re
import struct
from collections.abc import Callable, Iterator
from itertools import pairwise

from gns3trio.classes import frozen

# How many images may lie below each other.
MOST_LAYERS = 8
# Reads bytes of the image: offset, and the largest size. Fewer at the end.
Read = Callable[[int, int], bytes]

_QCOW = struct.Struct(">4sIQI")  # magic, version, offset and size of the backing file's name
_QCOW2_INCOMPATIBLE = (72, 4)  # offset of the features that a reader must know; the bit of an external data file
_QED = struct.Struct("<4s12xQ")  # magic, features
_QED_NAME = struct.Struct("<56xII")  # offset and size of the backing file's name
_QED_HAS_BACKING = 1
_VMDK = struct.Struct("<4s24xQ")  # magic, offset of the description in sectors
_SECTOR = 512
# QEMU reads names of at most 1023 bytes.
_NAME_BYTES = 1023
# What QEMU reads of the description in a VMDK, and the longest that is examined: a disk of 2 TB has 50 KiB.
_READ_BYTES = 1024 * 1024
_DESCRIPTION_BYTES = 256 * 1024
# QEMU takes a text for a VMDK that begins with this, after comments and empty lines.
_TEXT = re.compile(rb"(?:(?:#[^\n]*|[ \r]*)\n)*version=[0-9]")
# The beginning of a line for a part, before the name in quotation marks. QEMU does not care for line ends there.
_PART = re.compile(rb"RW\s+[+-]?[0-9]")
_PARENT = re.compile(rb'parentFileNameHint(?s:.){0,2}([^"]*)')


@frozen
class NamedFiles:
    """The files that an image names, as it names them: the image below it (``backing``), and its own parts."""

    backing: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    has_data_file: bool = False


def named_files(read: Read) -> NamedFiles:
    """The files that an image names. Raises ValueError for a header that cannot be read."""
    head = read(0, _SECTOR * 4)
    backing: list[str] = []
    parts: list[str] = []
    has_data_file = False
    if head[:4] == b"QFI\xfb" and len(head) >= _QCOW.size:
        _, version, offset, size = _QCOW.unpack_from(head)
        if offset:
            backing.append(_name(read, offset, size))
        at, bit = _QCOW2_INCOMPATIBLE
        has_data_file = version >= 3 and bool(int.from_bytes(head[at : at + 8], "big") & bit)
    if head[:4] == b"QED\0" and len(head) >= _QED_NAME.size and _QED.unpack_from(head)[1] & _QED_HAS_BACKING:
        backing.append(_name(read, *_QED_NAME.unpack_from(head)))
    for description in _descriptions(read, head):
        pieces = description.split(b'"')
        parts += [_text(name) for before, name in pairwise(pieces) if _PART.search(before)]
        backing += filter(None, map(_text, _PARENT.findall(description)))
    return NamedFiles(tuple(backing), tuple(parts), has_data_file)


def _descriptions(read: Read, head: bytes) -> Iterator[bytes]:
    """The description of a VMDK, which is the file itself, or a part of it."""
    offsets = [0] if _TEXT.match(head) else []
    if head[:4] == b"KDMV" and len(head) >= _VMDK.size:
        offset = _VMDK.unpack_from(head)[1] * _SECTOR
        offsets += [offset] if offset else []
    for offset in offsets:
        description = read(offset, _READ_BYTES).split(b"\0", 1)[0]
        if len(description) > _DESCRIPTION_BYTES:
            raise ValueError("its description is too long")
        yield description


def _name(read: Read, offset: int, size: int) -> str:
    if not 0 < size <= _NAME_BYTES:
        raise ValueError(f"the name of the image below it has {size} bytes")
    return _text(read(offset, size))


def _text(name: bytes) -> str:
    return name.split(b"\0", 1)[0].decode(errors="surrogateescape")
