"""A filter as the core takes it."""

from typing import Literal

import attrs

# Seen from a port: frames that come in there, or leave.
Direction = Literal["in", "out", "both"]
# The numbers of the UDPFWD_FILTER_* constants of native/udpfwd.h, in their order.
FREQUENCY, LOSS, DELAY, CORRUPT, BPF, RATE, DUPLICATE, REORDER = range(8)

MILLIONTHS_PER_PERCENT = 10_000
MICROSECONDS_PER_MS = 1000
# Expressions of GNS3's filter, and impairments: both lists fit into the core's together.
MAX_FILTERS = 32
MAX_MS = 32767  # GNS3's limit


@attrs.frozen
class CoreFilter:
    """A filter as the core takes it; ``parameters`` are those that native/udpfwd.h documents for its kind."""

    kind: int
    direction: Direction
    parameters: tuple[int, ...] = ()
    expression: str | None = None
