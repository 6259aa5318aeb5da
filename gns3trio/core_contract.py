"""Names and structure layouts from the core's header (native/udpfwd.h), for use in Python.

They are read from the compiled header and not repeated here: names come from its enumerations, fields from its
structures.
"""

import struct
from collections.abc import Iterator
from typing import Any

from gns3trio._udpfwd import ffi, lib

# The struct format characters of the types in the header's structures.
_CODES = {"int32_t": "i", "uint32_t": "I", "uint64_t": "Q"}


def names_of(enumeration: str, prefix: str, count: str) -> dict[str, int]:
    """The constants of an enumeration in order, in lower case, without their common prefix.

    ``count`` is the name of the last constant, which only states their number.
    """
    found = {name.removeprefix(prefix).lower(): value for name, value in ffi.typeof(enumeration).relements.items()}
    if found.pop(count) != len(found):
        raise ImportError(f"{enumeration} of the core is not what it says")
    return dict(sorted(found.items(), key=lambda item: item[1]))


FILTER_TYPES = names_of("udpfwd_filter_type", "UDPFWD_FILTER_", "types")
# The reasons for dropping frames.
DROP_REASONS = tuple(names_of("udpfwd_drop", "UDPFWD_DROP_", "reasons"))
RX: int = lib.UDPFWD_RX
# Frame sizes of the traffic generator, and the resolution of its latencies.
TRIAL_MIN_BYTES: int = lib.UDPFWD_TRIAL_MIN_BYTES
TRIAL_MAX_BYTES: int = lib.UDPFWD_TRIAL_MAX_BYTES
TRIAL_SUB_BUCKETS: int = lib.UDPFWD_TRIAL_SUB_BUCKETS
TRIAL_BUCKETS: int = lib.UDPFWD_TRIAL_BUCKETS
# Limits of generated traffic between PCs: rates per second, times in seconds.
TRAFFIC_MIN_BYTES: int = lib.UDPFWD_TRAFFIC_MIN_BYTES
TRAFFIC_MAX_BYTES: int = lib.UDPFWD_PC_MAX_DATA_BYTES
TRAFFIC_PORT: int = lib.UDPFWD_TRAFFIC_PORT
TRAFFIC_MAX_RATE: int = lib.UDPFWD_TRAFFIC_MAX_RATE
TRAFFIC_MAX_BURST: int = lib.UDPFWD_TRAFFIC_MAX_BURST
TRAFFIC_MAX_SECONDS: int = lib.UDPFWD_TRAFFIC_MAX_SECONDS
TRAFFIC_MAX_INTERVAL: int = lib.UDPFWD_TRAFFIC_MAX_INTERVAL_PS // 10**12


class Layout:
    """Reads structures from memory that the core has written. Their fields are integers or arrays of integers.

    ``places`` and ``arrays`` map each field to its position among the values of a structure.
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
