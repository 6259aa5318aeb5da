"""Disks with files for a guest: a partition with a FAT file system, made and read. Sans-IO.

Format: Microsoft's FAT specification (fatgen103) for FAT12 and FAT16, with long names, behind a table of partitions. A
disk is as those that GNS3 makes: 1 MiB, one partition from sector 8 on.

What is read was written by a guest, so each cluster counts once: the work is linear in the size of the disk.
"""

import struct
from collections.abc import Iterator, Mapping

from gns3trio.errors import Invalid

DISK_BYTES = 1024 * 1024
_SECTOR = 512
_FIRST_SECTOR, _SECTORS = 8, DISK_BYTES // _SECTOR - 8
_FAT_SECTORS, _ROOT_ENTRIES = 6, 512
_ROOT_SECTORS = _ROOT_ENTRIES * 32 // _SECTOR
_CLUSTERS = _SECTORS - 1 - 2 * _FAT_SECTORS - _ROOT_SECTORS  # of one sector
# The boot sector's values: sector, cluster, reserved, FATs, entries of the root, sectors, medium, sectors of a FAT, of
# a track, heads, sectors before, sectors if many, drive, signature, serial number, label, type.
_BOOT = struct.Struct("<3x8sHBHBHHBHHHIIBxBI11s8s")
_ENTRY = struct.Struct(
    "<11sBBBHHHHHHHI"
)  # name, kind, case, tenths, made (2), used, cluster, written (2), cluster, size
_LONG = struct.Struct("<B10sBBB12sH4s")
_VOLUME, _FOLDER, _IS_LONG = 0x08, 0x10, 0x0F
_LAST_PART, _DELETED = 0x40, 0xE5
_DATE = 0x21  # 1 January 1980, the first one
MAX_FILES = 2000
_MAX_NAME, _MAX_DEPTH = 255, 16
_SHORT = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'()-@^_`{}~")
_FORBIDDEN = frozenset('\\/:*?"<>|')

Files = Mapping[str, bytes]


def make_disk(files: Files) -> bytes:
    """A disk with these files. Their names have ``/`` between folders; those of folders, which are empty, end with it.

    Raises Invalid if they do not fit, or a name is not one.
    """
    return _Writer().write(files)


def read_disk(disk: bytes) -> dict[str, bytes]:
    """The files in the first partition, or on a disk without partitions, as ``make_disk`` takes them.

    Raises Invalid if there is no such file system, or it is damaged.
    """
    try:
        return dict(_Reader(disk).read())
    except (struct.error, IndexError, UnicodeDecodeError, ZeroDivisionError):
        raise Invalid("it is damaged") from None


def check_name(name: str) -> None:
    """Raises Invalid for the name of a file or folder, without those above it, that FAT or a zip file cannot have."""
    units = len(name.encode("utf-16-le", "surrogatepass")) // 2
    bad = name.strip(". ") == "" or any(char in _FORBIDDEN or not char.isprintable() for char in name)
    if bad or units > _MAX_NAME:
        raise Invalid(f"{name[:80]!r} is not a name that FAT can have")


class _Folder:
    """A folder with its contents, by their names in small letters: folders, or names and contents of files."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.contents: dict[str, _Folder | tuple[str, bytes]] = {}

    def below(self, name: str, path: str) -> "_Folder":
        """The folder of this name, which is made if it is missing. Raises Invalid."""
        check_name(name)
        found = self.contents.setdefault(name.lower(), _Folder(name))
        if not isinstance(found, _Folder):
            raise Invalid(f"{path[:80]!r} is below a file")
        return found

    def add(self, name: str, content: bytes, path: str) -> None:
        """Add a file. Raises Invalid if there is one already."""
        check_name(name)
        if name.lower() in self.contents:
            raise Invalid(f"{path[:80]!r} is there twice")
        self.contents[name.lower()] = name, content

    def most_entries(self) -> int:
        """How many entries its contents take at most: two of its own, one each, and those of long names."""
        return 2 + sum(2 + len(name) // 6 for name in self.contents)


class _Writer:
    def __init__(self) -> None:
        self._clusters: list[bytes] = []  # the first is number 2
        self._next = [0xFF8, 0xFFF]

    def write(self, files: Files) -> bytes:
        if len(files) > MAX_FILES:
            raise Invalid(f"there are more than {MAX_FILES} files")
        root = _Folder("")
        for path, content in files.items():
            *above, name = path.removesuffix("/").split("/")
            if len(above) > _MAX_DEPTH:
                raise Invalid(f"{path[:80]!r} is in too many folders")
            folder = root
            for part in above:
                folder = folder.below(part, path)
            if path.endswith("/"):
                folder.below(name, path)
            else:
                folder.add(name, content, path)
        entries = self._entries(root, 0)
        if len(entries) > _ROOT_ENTRIES * 32:
            raise Invalid("there are too many files in the first folder")
        return self._disk(entries)

    def _entries(self, folder: "_Folder", own: int) -> bytes:
        """The entries of a folder, whose contents get their clusters. ``own`` is its first cluster, 0 for the root."""
        written = []
        used: set[bytes] = set()
        for each in folder.contents.values():
            name = each.name if isinstance(each, _Folder) else each[0]
            short = _short_name(name, used)
            if _shown(short, 0) != name:
                written += _long_entries(name, short)
            if isinstance(each, _Folder):
                first = self._store(bytes(each.most_entries() * 32))
                entries = _entry(b".".ljust(11), _FOLDER, first, 0) + _entry(b"..".ljust(11), _FOLDER, own, 0)
                self._replace(first, entries + self._entries(each, first))
                written.append(_entry(short, _FOLDER, first, 0))
            else:
                written.append(_entry(short, 0, self._store(each[1]), len(each[1])))
        return b"".join(written)

    def _store(self, content: bytes) -> int:
        """The first cluster of a new chain; 0 for no content."""
        parts = [content[at : at + _SECTOR] for at in range(0, len(content), _SECTOR)]
        first = len(self._next)
        if len(self._clusters) + len(parts) > _CLUSTERS:
            raise Invalid(f"the files are too large for a disk of {DISK_BYTES // 1024} KiB")
        self._clusters += [part.ljust(_SECTOR, b"\0") for part in parts]
        self._next += [*range(first + 1, first + len(parts)), 0xFFF][: len(parts)]
        return first if parts else 0

    def _replace(self, first: int, content: bytes) -> None:
        for at in range(0, len(content), _SECTOR):
            self._clusters[first - 2 + at // _SECTOR] = content[at : at + _SECTOR].ljust(_SECTOR, b"\0")

    def _disk(self, root: bytes) -> bytes:
        disk = bytearray(DISK_BYTES)
        # One partition, active, FAT12, with its first and last sector by cylinder, head and sector, and by number.
        disk[446:462] = bytes((0x80, 0, 1, 1, 1, 15, 8, 15)) + struct.pack("<II", _FIRST_SECTOR, _SECTORS)
        disk[510:512] = b"\x55\xaa"
        start = _FIRST_SECTOR * _SECTOR
        sizes = (_SECTOR, 1, 1, 2, _ROOT_ENTRIES, _SECTORS, 0xF8, _FAT_SECTORS, 8, 16, _FIRST_SECTOR, 0)
        boot = _BOOT.pack(b"GNS3TRIO", *sizes, 0x80, 0x29, 0, b"NO NAME    ", b"FAT12   ")
        disk[start : start + len(boot)] = b"\xeb\x3c\x90" + boot[3:]
        disk[start + 510 : start + 512] = b"\x55\xaa"
        fat = _pack12(self._next).ljust(_FAT_SECTORS * _SECTOR, b"\0")
        content = fat + fat + root.ljust(_ROOT_SECTORS * _SECTOR, b"\0") + b"".join(self._clusters)
        disk[start + _SECTOR : start + _SECTOR + len(content)] = content
        return bytes(disk)


def _pack12(numbers: list[int]) -> bytes:
    """Numbers of 12 bits, two in three bytes."""
    pairs = zip(numbers[::2], [*numbers[1::2], 0], strict=False)
    return b"".join((first | second << 12).to_bytes(3, "little") for first, second in pairs)


def _entry(name: bytes, kind: int, cluster: int, size: int) -> bytes:
    return _ENTRY.pack(name, kind, 0, 0, 0, _DATE, _DATE, 0, 0, _DATE, cluster, size)


def _short_name(name: str, used: set[bytes]) -> bytes:
    """The name of 8 and 3 characters for a name, which is unique in its folder."""
    base, dot, suffix = name.lstrip(".").rpartition(".")
    if not dot:
        base, suffix = suffix, ""
    bases, suffixes = (bytes(c if c in _SHORT else 0x5F for c in part.upper().encode()) for part in (base, suffix))
    short = bases[:8].ljust(8) + suffixes[:3].ljust(3)
    number = 0
    while short in used or (number == 0 and _shown(short, 0).lower() != name.lower()):
        number += 1
        mark = b"~%d" % number
        short = (bases[: 8 - len(mark)] + mark).ljust(8) + suffixes[:3].ljust(3)
    used.add(short)
    return short


def _long_entries(name: str, short: bytes) -> list[bytes]:
    text = name.encode("utf-16-le", "surrogatepass")
    text = text if len(text) % 26 == 0 else (text + b"\0\0").ljust(-(-len(text) // 26) * 26, b"\xff")
    parts = [text[at : at + 26] for at in range(0, len(text), 26)]
    packed = [
        _LONG.pack(
            number | (_LAST_PART if number == len(parts) else 0),
            *(part[:10], _IS_LONG, 0, _checksum(short), part[10:22], 0, part[22:]),
        )
        for number, part in enumerate(parts, 1)
    ]
    return packed[::-1]


def _checksum(short: bytes) -> int:
    total = 0
    for byte in short:
        total = ((total & 1) << 7 | total >> 1) + byte & 0xFF
    return total


def _shown(short: bytes, case: int) -> str:
    """A short name as people write it. ``case`` tells Windows NT's small letters."""
    first = b"\xe5" if short[0] == 0x05 else short[:1]
    base, suffix = ((first + short[1:8]).decode("cp437").rstrip(), short[8:].decode("cp437").rstrip())
    base, suffix = base.lower() if case & 0x08 else base, suffix.lower() if case & 0x10 else suffix
    return f"{base}.{suffix}" if suffix else base


class _Reader:
    def __init__(self, disk: bytes) -> None:
        kind, start, sectors = disk[450], *struct.unpack_from("<II", disk, 454)
        has_table = kind != 0 and 0 < start < len(disk) // _SECTOR
        volume = memoryview(disk)[start * _SECTOR : (start + sectors) * _SECTOR] if has_table else memoryview(disk)
        values = _BOOT.unpack_from(volume)
        sector, self._sectors, reserved, fats, entries, few = values[1:7]
        fat_sectors, many = values[8], values[12]
        root = reserved + fats * fat_sectors
        data = root + -(-entries * 32 // _SECTOR)
        clusters = ((few or many) - data) // self._sectors
        if sector != _SECTOR or not 0 < clusters < 65525 or not fats or data * _SECTOR > len(volume):
            raise Invalid("it has no FAT12 or FAT16 file system")
        self._is_12 = clusters < 4085
        self._last = clusters + 1
        self._fat = volume[reserved * _SECTOR : (reserved + fat_sectors) * _SECTOR]
        self._root = bytes(volume[root * _SECTOR : root * _SECTOR + entries * 32])
        self._data = volume[data * _SECTOR :]
        self._seen: set[int] = set()

    def read(self) -> Iterator[tuple[str, bytes]]:
        folders = [("", self._root)]
        left = MAX_FILES  # as their paths may be long
        while folders:
            above, content = folders.pop()
            for name, kind, first, size in _entries_in(content):
                if name in (".", "..") and kind & _FOLDER:
                    continue
                check_name(name)
                path = above + name
                left -= 1
                if left < 0:
                    raise Invalid(f"it has more than {MAX_FILES} files")
                if not kind & _FOLDER:
                    yield path, self._content(first, size) if size else b""
                elif above.count("/") >= _MAX_DEPTH:
                    raise Invalid("it has too many folders in each other")
                else:
                    yield f"{path}/", b""
                    folders.append((f"{path}/", self._content(first, None)))

    def _content(self, first: int, size: int | None) -> bytes:
        parts: list[bytes] = []
        length = self._sectors * _SECTOR
        cluster, end = first, 0xFF8 if self._is_12 else 0xFFF8
        while cluster < end:
            if cluster in self._seen or not 2 <= cluster <= self._last:
                raise Invalid("it is damaged")
            self._seen.add(cluster)
            parts.append(bytes(self._data[(cluster - 2) * length : (cluster - 1) * length]))
            if size is not None and len(parts) * length >= size:
                break
            cluster = self._following(cluster)
        content = b"".join(parts)
        if size is not None and len(content) < size:
            raise Invalid("it is damaged")
        return content[:size]

    def _following(self, cluster: int) -> int:
        if not self._is_12:
            return int.from_bytes(self._fat[cluster * 2 : cluster * 2 + 2], "little")
        both = int.from_bytes(self._fat[cluster * 3 // 2 : cluster * 3 // 2 + 2], "little")
        return both >> 4 if cluster & 1 else both & 0xFFF


def _entries_in(folder: bytes) -> Iterator[tuple[str, int, int, int]]:
    """Name, kind, first cluster and size of all files and folders in a folder."""
    parts: list[bytes] = []  # of a long name, the last one first
    checksum = -1
    for at in range(0, len(folder) - 31, 32):
        short, kind, case = _ENTRY.unpack_from(folder, at)[:3]
        if short[0] == 0:
            return
        if short[0] == _DELETED:
            parts = []
        elif kind & 0x3F == _IS_LONG:
            number, one, _, _, check, two, _, three = _LONG.unpack_from(folder, at)
            if number & _LAST_PART:
                parts, checksum = [], check
            parts.append(one + two + three)
        else:
            name = _shown(short, case)
            if parts and checksum == _checksum(short):
                name = b"".join(reversed(parts)).decode("utf-16-le", "surrogatepass").partition("\0")[0]
            parts = []
            if not kind & _VOLUME:
                yield name, kind, *_ENTRY.unpack_from(folder, at)[-2:]
