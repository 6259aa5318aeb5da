"""Impairments: our own filters of a link, each with a direction. They act after GNS3's, in their order."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import attrs
from attrs import validators as v

from gns3trio.conditions.core_filter import (
    BPF,
    CORRUPT,
    DELAY,
    DUPLICATE,
    FREQUENCY,
    LOSS,
    MAX_FILTERS,
    MAX_MS,
    MICROSECONDS_PER_MS,
    MILLIONTHS_PER_PERCENT,
    RATE,
    REORDER,
    CoreFilter,
    Direction,
)
from gns3trio.conditions.expressions import MAX_EXPRESSION_LENGTH
from gns3trio.errors import Invalid

LinkDirection = Literal["a_to_b", "b_to_a", "both"]
_MAX_BITS_PER_SECOND = 1_000_000_000_000
_MAX_QUEUE_BYTES = 1 << 30
FULL_FRAME_BYTES = 1522  # Ethernet's, with two VLAN tags and without checksum

_percent = v.and_(v.ge(0.0), v.le(100.0))
_milliseconds = v.and_(v.ge(0.0), v.le(float(MAX_MS)))


@attrs.frozen(kw_only=True)
class Impairment:
    """One of our filters. ``type`` says which of the other fields count:

    ``loss``, ``corrupt``, ``duplicate``: ``percent``; ``frequency``: ``every`` (drops every n-th, -1 all);
    ``delay``: ``milliseconds`` and ``jitter_milliseconds``; ``reorder``: ``percent`` are held for ``milliseconds``;
    ``bpf``: frames that match ``expression`` are dropped;
    ``rate``: ``bits_per_second``, with bursts of ``burst_bytes`` and at most ``queue_bytes`` waiting; a full frame must
    fit into the two together.
    Bits are those of whole frames without checksum.
    """

    type: Literal["loss", "corrupt", "duplicate", "frequency", "delay", "reorder", "bpf", "rate"]
    direction: LinkDirection = "both"
    percent: float = attrs.field(default=0.0, validator=_percent)
    every: int = attrs.field(default=0, validator=v.and_(v.ge(-1), v.le(2**31 - 1)))
    milliseconds: float = attrs.field(default=0.0, validator=_milliseconds)
    jitter_milliseconds: float = attrs.field(default=0.0, validator=_milliseconds)
    expression: str = attrs.field(default="", validator=v.max_len(MAX_EXPRESSION_LENGTH))
    bits_per_second: int = attrs.field(default=0, validator=v.and_(v.ge(0), v.le(_MAX_BITS_PER_SECOND)))
    burst_bytes: int = attrs.field(default=3028, validator=v.and_(v.ge(0), v.le(_MAX_QUEUE_BYTES)))  # two full frames
    queue_bytes: int = attrs.field(default=65536, validator=v.and_(v.ge(0), v.le(_MAX_QUEUE_BYTES)))


# The fields that each type needs, and those that it may have beside them.
_FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "loss": (("percent",), ()),
    "corrupt": (("percent",), ()),
    "duplicate": (("percent",), ()),
    "frequency": (("every",), ()),
    "delay": (("milliseconds",), ("jitter_milliseconds",)),
    "reorder": (("percent", "milliseconds"), ()),
    "bpf": (("expression",), ()),
    "rate": (("bits_per_second",), ("burst_bytes", "queue_bytes")),
}


def check_impairments(
    impairments: Sequence[Impairment], given: Sequence[Mapping[str, Any]], check_expression: Callable[[str], None]
) -> None:
    """Raises Invalid, naming the impairment and field, for what the converter could not know: ``given`` are the objects
    as the client sent them.
    """
    if len(impairments) > MAX_FILTERS:
        raise Invalid(f"impairments: {len(impairments)} of them, more than {MAX_FILTERS}")
    for number, (impairment, fields) in enumerate(zip(impairments, given, strict=True)):
        where = f"impairments[{number}]"
        needed, possible = _FIELDS[impairment.type]
        for name in needed:
            if name not in fields:
                raise Invalid(f"{where}.{name}: required for {impairment.type}")
        for name in fields:
            if name not in (*needed, *possible, "type", "direction"):
                raise Invalid(f"{where}.{name}: means nothing for {impairment.type}")
        if impairment.type == "rate" and impairment.bits_per_second == 0:
            raise Invalid(f"{where}.bits_per_second: must be positive; suspend the link to pass nothing")
        if impairment.type == "rate" and impairment.burst_bytes + impairment.queue_bytes < FULL_FRAME_BYTES:
            raise Invalid(
                f"{where}.burst_bytes: a full frame of {FULL_FRAME_BYTES} bytes fits neither into this nor into"
                " queue_bytes, nor into both together, and would never pass"
            )
        if impairment.type == "bpf":
            if not impairment.expression.strip():
                raise Invalid(
                    f"{where}.expression: is empty, which every frame matches; suspend the link to pass nothing"
                )
            try:
                check_expression(impairment.expression)
            except Invalid as error:
                raise Invalid(f"{where}.expression: {error}") from None


def describe(impairment: Impairment) -> dict[str, Any]:
    """The impairment in the shape of the API: its own fields only."""
    needed, possible = _FIELDS[impairment.type]
    return {name: getattr(impairment, name) for name in ("type", "direction", *needed, *possible)}


def impairment_core_filter(impairment: Impairment, direction: Direction) -> CoreFilter:
    """What the core does for it; the direction as seen from the port."""
    chance = round(impairment.percent * MILLIONTHS_PER_PERCENT)
    hold = round(impairment.milliseconds * MICROSECONDS_PER_MS)
    jitter = round(impairment.jitter_milliseconds * MICROSECONDS_PER_MS)
    match impairment.type:
        case "loss":
            return CoreFilter(LOSS, direction, (chance,))
        case "corrupt":
            return CoreFilter(CORRUPT, direction, (chance,))
        case "duplicate":
            return CoreFilter(DUPLICATE, direction, (chance,))
        case "frequency":
            return CoreFilter(FREQUENCY, direction, (impairment.every,))
        case "delay":
            return CoreFilter(DELAY, direction, (hold, jitter))
        case "reorder":
            return CoreFilter(REORDER, direction, (chance, hold))
        case "bpf":
            return CoreFilter(BPF, direction, expression=impairment.expression)
        case "rate":
            rate = (impairment.bits_per_second, impairment.burst_bytes, impairment.queue_bytes)
            return CoreFilter(RATE, direction, rate)
