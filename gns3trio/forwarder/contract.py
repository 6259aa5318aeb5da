"""What the core's header (native/udpfwd.h) says of names and layouts, as Python uses it.

Nothing of it is written a second time: the names are those of its enumerations, and the fields those of its structures.
"""

import struct
from collections.abc import Iterator
from typing import Any

from gns3trio._udpfwd import ffi, lib

# How struct(3) calls the types that structures of the contract have.
_CODES = {"int32_t": "i", "uint32_t": "I", "uint64_t": "Q"}


def names_of(enumeration: str, prefix: str, count: str) -> dict[str, int]:
    """The constants of an enumeration in small letters, without the prefix that all have, by their order.

    ``count`` is the last one, which only says how many there are.
    """
    found = {name.removeprefix(prefix).lower(): value for name, value in ffi.typeof(enumeration).relements.items()}
    if found.pop(count) != len(found):
        raise ImportError(f"{enumeration} of the core is not what it says")
    return dict(sorted(found.items(), key=lambda item: item[1]))


FILTER_TYPES = names_of("udpfwd_filter_type", "UDPFWD_FILTER_", "types")
# Why frames are dropped.
DROP_REASONS = tuple(names_of("udpfwd_drop", "UDPFWD_DROP_", "reasons"))
RX: int = lib.UDPFWD_RX


class Layout:
    """Reads structures from memory that the core wrote. Their fields are integers, or arrays of these.

    ``places`` and ``arrays`` say where each field is among the values of a structure.
    """

    def __init__(self, name: str) -> None:
        kind = ffi.typeof(name)
        self.size: int = ffi.sizeof(kind)
        self.places: dict[str, int] = {}
        self.arrays: dict[str, slice] = {}
        codes, place = "@", 0
        for field, found in kind.fields:
            if found.type.kind == "array":
                codes += f"{found.type.length}{_CODES[found.type.item.cname]}"
                self.arrays[field] = slice(place, place + found.type.length)
                place += found.type.length
            else:
                codes += _CODES[found.type.cname]
                self.places[field] = place
                place += 1
        self._struct = struct.Struct(codes)
        if self._struct.size != self.size:
            raise ImportError(f"{name} of the core has {self.size} bytes, and its fields {self._struct.size}")

    def values(self, data: Any) -> Iterator[tuple[int, ...]]:
        """The values of each structure in an array of them."""
        return self._struct.iter_unpack(data)
