"""Impairments: filters of a link that GNS3 does not have, each with a direction. They act after GNS3's, in the given
order.

``IMPAIRMENT_TYPES`` is the only table of them. Request bodies, the OpenAPI description, the page, the command line and
the documentation are generated from it. ARCHITECTURE.md says how to add one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import attrs

from gns3trio.classes import frozen
from gns3trio.conditions.core_filter import (
    MAX_FILTERS,
    MAX_MS,
    CoreFilter,
    Direction,
    chance,
    delay_filter,
    microseconds,
)
from gns3trio.conditions.expressions import MAX_EXPRESSION_LENGTH
from gns3trio.conditions.parameters import Parameter
from gns3trio.errors import Invalid

ImpairmentName = Literal["loss", "corrupt", "duplicate", "frequency", "delay", "reorder", "bpf", "rate"]
LinkDirection = Literal["a_to_b", "b_to_a", "both"]
_MAX_BITS_PER_SECOND = 1_000_000_000_000
_MAX_QUEUE_BYTES = 1 << 30
FULL_FRAME_BYTES = 1522  # a full Ethernet frame with two VLAN tags and without checksum

# --- parameters ---

PERCENT = Parameter(
    name="percent",
    short_name="PERCENT",
    description="The part of the frames.",
    default=0.0,
    most=100,
    unit="%",
    usual=100,
)
EVERY = Parameter(
    name="every",
    short_name="N",
    description="Each frame of this number, counted from the last; -1 is every frame, 0 none.",
    default=0,
    least=-1,
    most=2**31 - 1,
    usual=100,
)
MILLISECONDS = Parameter(
    name="milliseconds",
    short_name="MS",
    description="How long a frame is held.",
    default=0.0,
    most=MAX_MS,
    unit="ms",
    usual=300,
    suggested=10,
)
JITTER = Parameter(
    name="jitter_milliseconds",
    short_name="JITTER",
    description="The most that the time varies, up or down.",
    default=0.0,
    most=MAX_MS,
    unit="ms",
    usual=100,
)
EXPRESSION = Parameter(
    name="expression",
    short_name="EXPRESSION",
    description="See pcap-filter(7); hosts by address, because names are not resolved.",
    default="",
    most=MAX_EXPRESSION_LENGTH,
)
BITS_PER_SECOND = Parameter(
    name="bits_per_second",
    short_name="BITS",
    description="More than 0, in bits of whole frames without checksum.",
    default=0,
    most=_MAX_BITS_PER_SECOND,
    unit="bit/s",
    usual=10_000_000,
    shown_unit="kbit/s",
    shown_factor=1000,
)
BURST_BYTES = Parameter(
    name="burst_bytes",
    short_name="BURST",
    description="What may pass at once after a pause.",
    default=3028,  # two full frames
    most=_MAX_QUEUE_BYTES,
    unit="bytes",
    is_told=False,
)
QUEUE_BYTES = Parameter(
    name="queue_bytes",
    short_name="QUEUE",
    description="What may wait; with the burst it must hold a frame of full size.",
    default=65536,
    most=_MAX_QUEUE_BYTES,
    unit="bytes",
    is_told=False,
)


@frozen(kw_only=True)
class Impairment:
    """An impairment of a link, with the parameters of its type."""  # all other fields come from the table below

    type: ImpairmentName
    direction: LinkDirection = "both"
    percent: float = PERCENT.field()
    every: int = EVERY.field()
    milliseconds: float = MILLISECONDS.field()
    jitter_milliseconds: float = JITTER.field()
    expression: str = EXPRESSION.field()
    bits_per_second: int = BITS_PER_SECOND.field()
    burst_bytes: int = BURST_BYTES.field()
    queue_bytes: int = QUEUE_BYTES.field()


# --- types ---


def _no_more(_: Impairment) -> None:
    pass


@frozen(kw_only=True)
class ImpairmentType:
    """A type of impairment.

    ``effect`` describes it, as the rest of a sentence that begins with its name. The parameters in ``needed`` are
    required. ``gns3_filter`` is the GNS3 filter with the same effect in both directions. ``core`` converts one to the
    core's filter. ``check`` raises Invalid, with the name of the field, if values do not fit together.
    """

    name: ImpairmentName
    title: str
    effect: str
    needed: tuple[Parameter, ...]
    possible: tuple[Parameter, ...] = ()
    gns3_filter: str | None = None
    core: Callable[[Impairment, Direction], CoreFilter]
    check: Callable[[Impairment], None] = _no_more

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """All parameters, the required ones first."""
        return (*self.needed, *self.possible)


def _reorder_filter(impairment: Impairment, direction: Direction) -> CoreFilter:
    hold = microseconds(impairment.milliseconds)
    seconds = impairment.milliseconds / 1000
    return CoreFilter("reorder", direction, (chance(impairment.percent), hold), longest_hold=seconds)


def _rate_filter(impairment: Impairment, direction: Direction) -> CoreFilter:
    rate = impairment.bits_per_second, impairment.burst_bytes, impairment.queue_bytes
    seconds = impairment.queue_bytes * 8 / impairment.bits_per_second
    return CoreFilter("rate", direction, rate, longest_hold=seconds)


def _check_rate(impairment: Impairment) -> None:
    if impairment.bits_per_second == 0:
        raise Invalid("bits_per_second: must be positive; suspend the link to pass nothing")
    if impairment.burst_bytes + impairment.queue_bytes < FULL_FRAME_BYTES:
        raise Invalid(
            f"burst_bytes: a full frame of {FULL_FRAME_BYTES} bytes fits neither into this nor into"
            " queue_bytes, nor into both together, and would never pass"
        )


def _check_not_empty(impairment: Impairment) -> None:
    if not impairment.expression.strip():
        raise Invalid("expression: is empty, which every frame matches; suspend the link to pass nothing")


_TABLE = (
    ImpairmentType(
        name="rate",
        title="Rate limit",
        effect="limits the rate; frames that do not fit into the queue are dropped",
        needed=(BITS_PER_SECOND,),
        possible=(BURST_BYTES, QUEUE_BYTES),
        core=_rate_filter,
        check=_check_rate,
    ),
    ImpairmentType(
        name="delay",
        title="Delay",
        effect="delays frames; their order does not change",
        needed=(MILLISECONDS,),
        possible=(JITTER,),
        gns3_filter="delay",
        core=lambda i, direction: delay_filter(direction, i.milliseconds, i.jitter_milliseconds),
    ),
    ImpairmentType(
        name="loss",
        title="Loss",
        effect="drops that part of the frames",
        needed=(PERCENT,),
        gns3_filter="packet_loss",
        core=lambda i, direction: CoreFilter("loss", direction, (chance(i.percent),)),
    ),
    ImpairmentType(
        name="duplicate",
        title="Duplicate",
        effect="sends that part of the frames twice",
        needed=(PERCENT,),
        core=lambda i, direction: CoreFilter("duplicate", direction, (chance(i.percent),)),
    ),
    ImpairmentType(
        name="reorder",
        title="Reorder",
        effect="delays that part of the frames, so that later frames overtake them",
        needed=(PERCENT, MILLISECONDS),
        core=_reorder_filter,
    ),
    ImpairmentType(
        name="corrupt",
        title="Corrupt",
        effect="changes one bit in that part of the frames",
        needed=(PERCENT,),
        gns3_filter="corrupt",
        core=lambda i, direction: CoreFilter("corrupt", direction, (chance(i.percent),)),
    ),
    ImpairmentType(
        name="frequency",
        title="Drop each n-th frame",
        effect="drops every Nth frame; -1 drops all",
        needed=(EVERY,),
        gns3_filter="frequency_drop",
        core=lambda i, direction: CoreFilter("frequency", direction, (i.every,)),
    ),
    ImpairmentType(
        name="bpf",
        title="Drop what matches",
        effect="drops the frames that match the expression",
        needed=(EXPRESSION,),
        gns3_filter="bpf",
        core=lambda i, direction: CoreFilter("bpf", direction, expression=i.expression),
        check=_check_not_empty,
    ),
)
IMPAIRMENT_TYPES: dict[str, ImpairmentType] = {each.name: each for each in _TABLE}

# The API description shows this docstring.
Impairment.__doc__ = (
    "One of our filters of a link. Its type says which of the other fields count: "
    + "; ".join(
        f"``{each.name}`` ({', '.join(f'``{parameter.name}``' for parameter in each.parameters)}) {each.effect}"
        for each in _TABLE
    )
    + "."
)


def check_impairments(
    impairments: Sequence[Impairment], given: Sequence[Mapping[str, Any]], check_expression: Callable[[str], None]
) -> None:
    """Check what the converter cannot; raises Invalid with the name of the impairment and field. ``given`` are the
    objects as the client sent them.
    """
    if len(impairments) > MAX_FILTERS:
        raise Invalid(f"impairments: {len(impairments)} of them, more than {MAX_FILTERS}")
    for number, (impairment, fields) in enumerate(zip(impairments, given, strict=True)):
        where = f"impairments[{number}]"
        kind = IMPAIRMENT_TYPES[impairment.type]
        for parameter in kind.needed:
            if parameter.name not in fields:
                raise Invalid(f"{where}.{parameter.name}: required for {kind.name}")
        known = {"type", "direction", *(parameter.name for parameter in kind.parameters)}
        for name in fields:
            if name not in known:
                raise Invalid(f"{where}.{name}: means nothing for {kind.name}")
        try:
            kind.check(impairment)
        except Invalid as error:
            raise Invalid(f"{where}.{error}") from None
        if EXPRESSION in kind.parameters:
            try:
                check_expression(impairment.expression)
            except Invalid as error:
                raise Invalid(f"{where}.expression: {error}") from None


def describe(impairment: Impairment) -> dict[str, Any]:
    """The impairment as in the API: only the fields of its type."""
    names = (parameter.name for parameter in IMPAIRMENT_TYPES[impairment.type].parameters)
    return {name: getattr(impairment, name) for name in ("type", "direction", *names)}


_OTHER_WAY: dict[LinkDirection, LinkDirection] = {"a_to_b": "b_to_a", "b_to_a": "a_to_b", "both": "both"}


def turned_round(impairment: Impairment) -> Impairment:
    """The same impairment of a link whose ends are named in the other order."""
    return attrs.evolve(impairment, direction=_OTHER_WAY[impairment.direction])


def impairment_core_filter(impairment: Impairment, direction: Direction) -> CoreFilter:
    """The core's filter for it; the direction is as seen from the port."""
    return IMPAIRMENT_TYPES[impairment.type].core(impairment, direction)
