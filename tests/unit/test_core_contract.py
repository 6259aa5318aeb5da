"""Python and the core's header say the same: kinds, reasons, limits, and where which counter lies."""

import re
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest

from gns3trio._udpfwd import ffi, lib
from gns3trio.conditions.core_filter import MAX_FILTERS, FilterKind
from gns3trio.conditions.expressions import MAX_EXPRESSION_LENGTH
from gns3trio.core_contract import DROP_REASONS, FILTER_TYPES, Layout, names_of
from gns3trio.forwarder.stats import COUNTERS_BYTES, unpack_counters
from gns3trio.traffic.counters import PortCounters

HEADER = (Path(__file__).parent.parent.parent / "native" / "udpfwd.h").read_text()


def members(enumeration: str, prefix: str) -> list[str]:
    """What an enumeration of the header has, in small letters and in order."""
    (body,) = re.findall(rf"typedef enum {{([^}}]*)}} {enumeration};", HEADER)
    return [name.lower() for name in re.findall(rf"^ +{prefix}(\w+)", body, re.MULTILINE)]


def test_reasons_of_drops_are_those_of_the_header() -> None:
    assert [*DROP_REASONS, "reasons"] == members("udpfwd_drop", "UDPFWD_DROP_")


def test_types_of_filters_are_those_of_the_header() -> None:
    assert [*FILTER_TYPES, "types"] == members("udpfwd_filter_type", "UDPFWD_FILTER_")
    assert {name: getattr(lib, f"UDPFWD_FILTER_{name.upper()}") for name in FILTER_TYPES} == FILTER_TYPES


def test_a_filter_can_be_of_each_kind_that_the_core_has() -> None:
    assert {*get_args(FilterKind)} == {*FILTER_TYPES}


def test_what_is_refused_by_us_is_no_more_than_the_core_takes() -> None:
    assert MAX_EXPRESSION_LENGTH == lib.UDPFWD_MAX_EXPRESSION_BYTES
    assert 2 * MAX_FILTERS <= lib.UDPFWD_MAX_FILTERS


def test_each_counter_is_read_from_its_place() -> None:
    """Every field of the structure has a number of its own, and comes out under its name."""
    array = ffi.new("udpfwd_counters[]", 2)
    numbers = iter(range(1000, 2000))
    told: list[dict[str, Any]] = []
    for port_id, entry in enumerate(array, 7):
        values: dict[str, Any] = {}
        for name, field in ffi.typeof("udpfwd_counters").fields:
            if field.type.kind == "array":
                values[name] = [next(numbers) for _ in range(field.type.length)]
            else:
                values[name] = next(numbers)
            setattr(entry, name, values[name])
        entry.port_id, entry.offloaded = port_id, lib.UDPFWD_RX
        told.append(values)
    assert ffi.sizeof("udpfwd_counters") == COUNTERS_BYTES
    found = unpack_counters(ffi.buffer(array))
    assert [*found] == [7, 8]
    for counters, values in zip(found.values(), told, strict=True):
        for direction in ("rx_drops", "tx_drops"):
            assert getattr(counters, direction) == dict(zip(DROP_REASONS, values[direction], strict=True))
        plain = {name: value for name, value in values.items() if not isinstance(value, list)}
        known = attrs.asdict(counters)
        assert {name: known.get(name) for name in plain if name not in ("port_id", "offloaded")} == {
            name: value for name, value in plain.items() if name not in ("port_id", "offloaded")
        }
        assert counters.rx_offloaded
    assert len(attrs.fields(PortCounters)) == len(ffi.typeof("udpfwd_counters").fields) - 1  # the id is the key


def test_what_is_no_longer_as_it_says_is_refused() -> None:
    with pytest.raises(ImportError, match="udpfwd_drop"):
        names_of("udpfwd_drop", "UDPFWD_DROP_", "empty")  # which is 0, and not how many there are
    with pytest.raises(KeyError):
        Layout("udpfwd_filter")  # a pointer is no number
