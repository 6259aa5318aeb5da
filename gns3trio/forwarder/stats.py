"""Reads the counters of ports from memory that the core has written. Sans-IO."""

from operator import itemgetter
from typing import Any

import attrs

from gns3trio.core_contract import DROP_REASONS, RX, Layout
from gns3trio.traffic.counters import PortCounters

_LAYOUT = Layout("udpfwd_counters")
COUNTERS_BYTES = _LAYOUT.size
_PORT_ID, _OFFLOADED = _LAYOUT.places["port_id"], _LAYOUT.places["offloaded"]
_RX_DROPS, _TX_DROPS = _LAYOUT.arrays["rx_drops"], _LAYOUT.arrays["tx_drops"]
# The values of those fields that have the same names here, in the order of the class. There may be thousands of ports.
_plain = itemgetter(*(_LAYOUT.places[field.name] for field in attrs.fields(PortCounters) if field.type is int))


def unpack_counters(data: Any) -> dict[int, PortCounters]:
    """The counters by port id, from an array of udpfwd_counters."""
    counters = {}
    for values in _LAYOUT.values(data):
        fields = (
            *_plain(values),
            dict(zip(DROP_REASONS, values[_RX_DROPS], strict=True)),
            dict(zip(DROP_REASONS, values[_TX_DROPS], strict=True)),
            bool(values[_OFFLOADED] & RX),
        )
        counters[values[_PORT_ID]] = PortCounters(*fields)
    return counters
