"""A filter as the core takes it."""

from typing import Literal

import attrs

from gns3trio.classes import frozen

# Directions as seen from a port: frames that come in there, or leave.
Direction = Literal["in", "out", "both"]
# The UDPFWD_FILTER_... constants of native/udpfwd.h, which documents them.
FilterKind = Literal["frequency", "loss", "delay", "corrupt", "bpf", "rate", "duplicate", "reorder"]

# Limits of GNS3's expressions and of impairments, whose sum fits into the core's limit.
MAX_FILTERS = 32
MAX_MS = 32767  # GNS3's limit

_MILLIONTHS_PER_PERCENT = 10_000
_MICROSECONDS_PER_MS = 1000


@frozen
class CoreFilter:
    """A filter as the core takes it; ``parameters`` are those that native/udpfwd.h documents for its kind.

    ``longest_hold``: the longest time that it can hold a frame, in seconds.
    """

    kind: FilterKind
    direction: Direction
    parameters: tuple[int, ...] = ()
    expression: str | None = None
    longest_hold: float = attrs.field(default=0.0, eq=False)


def chance(percent: float) -> int:
    """A percentage in the core's unit, millionths."""
    return round(percent * _MILLIONTHS_PER_PERCENT)


def microseconds(milliseconds: float) -> int:
    """A time as the core takes it."""
    return round(milliseconds * _MICROSECONDS_PER_MS)


def delay_filter(direction: Direction, milliseconds: float, jitter: float) -> CoreFilter:
    """A filter that delays frames and keeps their order."""
    times = microseconds(milliseconds), microseconds(jitter)
    return CoreFilter("delay", direction, times, longest_hold=(milliseconds + jitter) / 1000)
