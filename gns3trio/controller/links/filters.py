"""What a link does to frames: GNS3's filters, our impairments, and whether it is suspended.

They sit at one end of the link, for both directions: at the first one, unless only the second is there or knows our
impairments.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import attrs

from gns3trio.compute.expressions import require_expression, with_expressions
from gns3trio.compute.interface import LinkEnd
from gns3trio.conditions.gns3_filters import check_gns3_filters
from gns3trio.conditions.impairments import Impairment, check_impairments, describe
from gns3trio.conditions.link_conditions import NO_CONDITIONS, Impairments, LinkConditions
from gns3trio.controller.gns3_format.records import LinkRecord
from gns3trio.errors import Conflict, Invalid


async def checked_filters(filters: Mapping[str, Any]) -> dict[str, list[Any]]:
    """GNS3's filters as they are kept. Raises Invalid that names the filter and parameter."""
    return await with_expressions(partial(check_gns3_filters, filters))


async def require_impairments(impairments: Sequence[Impairment], given: Sequence[Mapping[str, Any]]) -> None:
    """Raises Invalid, naming the impairment and field, unless they can be; ``given`` are those that the client sent."""
    await with_expressions(partial(check_impairments, impairments, given))


async def usable_filters(record: LinkRecord, warn: Callable[[str], None]) -> dict[str, list[Any]]:
    """GNS3's filters of a link of a file, without those that are none, of which ``warn`` is told."""
    usable: dict[str, list[Any]] = {}
    for name, parameters in record.filters.items():
        try:
            usable |= await checked_filters({name: parameters})
        except Invalid as error:
            warn(f"link {record.link_id}: {error}; this filter is left out")
    return usable


async def usable_impairments(record: LinkRecord, impairments: Impairments, warn: Callable[[str], None]) -> Impairments:
    """The same of our own filters; the very same object when all can be used."""
    usable: list[Impairment] = []
    for impairment in impairments.filters:
        try:
            await require_impairments([impairment], [describe(impairment)])
            usable.append(impairment)
        except Invalid as error:
            warn(f"link {record.link_id}: {error}; this impairment is left out")
    if len(usable) == len(impairments.filters):
        return impairments
    return attrs.evolve(impairments, filters=tuple(usable))


def conditions_of(record: LinkRecord, impairments: Impairments) -> LinkConditions:
    """What a link does to frames."""
    return LinkConditions(
        filters=record.filters, impairments=impairments.filters, seed=impairments.seed, suspend=record.suspend
    )


async def compile_filters(record: LinkRecord, impairments: Impairments) -> None:
    """Let ``apply_filters`` find every expression compiled; one that is wrong is left to it."""
    for expression in conditions_of(record, impairments).expressions():
        with suppress(Invalid):
            await require_expression(expression)


async def apply_filters(ends: Sequence[LinkEnd | None], record: LinkRecord, impairments: Impairments) -> None:
    """Make the link's ends do what it says, in one step: no frame is filtered by one set and passed by the other.

    Raises Invalid when a BPF expression is not one, Conflict when no end knows impairments; all is as before then.
    """
    present = [end for end in ends if end is not None]
    if not present:
        return
    # Every frame of the link passes the holder, in either direction: the step is made there.
    holder = next((end for end in present if end.knows_impairments), present[0])
    if impairments.filters and not holder.knows_impairments:
        raise Conflict("impairments: the computes of this link's nodes know GNS3's filters only")
    await holder.apply(conditions_of(record, impairments), is_first=holder is ends[0])
    await apply_suspend([end for end in present if end is not holder], record.suspend)


async def apply_nothing(ends: Sequence[LinkEnd | None]) -> None:
    """Let the ends of a link that is none any more pass everything."""
    for end in ends:
        if end is not None:
            await end.apply(NO_CONDITIONS, is_first=True)


async def apply_suspend(ends: Sequence[LinkEnd | None], suspend: bool) -> None:
    """Let the ends pass nothing, or everything again."""
    for end in ends:
        if end is not None:
            await end.suspend(suspend)
