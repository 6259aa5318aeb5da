"""Which symbols a shared library shows to others: its dynamic symbol table, read as elf(5) describes it (64 bits)."""

import struct
from pathlib import Path

import attrs

_SECTION_HEADER = struct.Struct("IIQQQQIIQQ")
_SYMBOL = struct.Struct("IBBHQQ")
_DYNAMIC_SYMBOLS = 11  # SHT_DYNSYM
_UNDEFINED = 0  # SHN_UNDEF: it is another library's


@attrs.frozen
class _Section:
    kind: int
    offset: int
    size: int
    link: int


def exported_symbols(library: Path) -> set[str]:
    """The names that a library defines for others."""
    data = library.read_bytes()
    assert data[:5] == b"\x7fELF\x02", f"{library} is no 64-bit ELF file"
    sections = _sections(data)
    names = set()
    for table in (section for section in sections if section.kind == _DYNAMIC_SYMBOLS):
        strings = sections[table.link].offset
        for name, _, _, section, _, _ in _SYMBOL.iter_unpack(data[table.offset : table.offset + table.size]):
            if section != _UNDEFINED:
                start = strings + name
                names.add(data[start : data.index(b"\0", start)].decode())
    return names


def _sections(data: bytes) -> list[_Section]:
    (table,) = struct.unpack_from("Q", data, 40)  # e_shoff
    entry_size, count = struct.unpack_from("HH", data, 58)  # e_shentsize, e_shnum
    sections = []
    for number in range(count):
        _, kind, _, _, offset, size, link, *_ = _SECTION_HEADER.unpack_from(data, table + number * entry_size)
        sections.append(_Section(kind, offset, size, link))
    return sections
