"""Applies the conditions of a link: GNS3's filters, impairments and suspension.

They act at one end of the link, for both directions: at the first end, unless only the second exists or supports
impairments or filters.
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
    """Check and normalise GNS3's filters. Raises Invalid with the name of the filter and parameter."""
    return await with_expressions(partial(check_gns3_filters, filters))


async def require_impairments(impairments: Sequence[Impairment], given: Sequence[Mapping[str, Any]]) -> None:
    """Raises Invalid, with the name of the impairment and field, if one is invalid; ``given`` are those that the client
    sent.
    """
    await with_expressions(partial(check_impairments, impairments, given))


async def usable_filters(record: LinkRecord, warn: Callable[[str], None]) -> dict[str, list[Any]]:
    """The valid GNS3 filters of a link in a file; ``warn`` is called for invalid ones."""
    usable: dict[str, list[Any]] = {}
    for name, parameters in record.filters.items():
        try:
            usable |= await checked_filters({name: parameters})
        except Invalid as error:
            warn(f"link {record.link_id}: {error}; this filter is left out")
    return usable


async def usable_impairments(record: LinkRecord, impairments: Impairments, warn: Callable[[str], None]) -> Impairments:
    """The valid impairments of a link in a file; the same object if all are valid."""
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
    """The conditions of a link."""
    return LinkConditions(
        filters=record.filters, impairments=impairments.filters, seed=impairments.seed, suspend=record.suspend
    )


async def compile_filters(record: LinkRecord, impairments: Impairments) -> None:
    """Compile the expressions for ``apply_filters``, which reports the wrong ones."""
    for expression in conditions_of(record, impairments).expressions():
        with suppress(Invalid):
            await require_expression(expression)


async def apply_filters(ends: Sequence[LinkEnd | None], record: LinkRecord, impairments: Impairments) -> None:
    """Apply the conditions at the link's ends in one step: no frame meets both old and new ones.

    Raises Invalid for a wrong BPF expression, Conflict if no end supports impairments; nothing is changed then.
    """
    present = [end for end in ends if end is not None]
    if not present:
        return
    # Every frame of the link, in either direction, passes this end, so the change is made there.
    holder = next((end for end in present if end.knows_impairments), None)
    holder = holder or next((end for end in present if end.knows_filters), present[0])
    if impairments.filters and not holder.knows_impairments:
        raise Conflict("impairments: the computes of this link's nodes know GNS3's filters only")
    await holder.apply(conditions_of(record, impairments), is_first=holder is ends[0])
    await apply_suspend([end for end in present if end is not holder], record.suspend)


async def apply_nothing(ends: Sequence[LinkEnd | None]) -> None:
    """Remove all conditions from the ends of a former link."""
    for end in ends:
        if end is not None:
            await end.apply(NO_CONDITIONS, is_first=True)


async def apply_suspend(ends: Sequence[LinkEnd | None], suspend: bool) -> None:
    """Suspend the ends, or let them pass frames again."""
    for end in ends:
        if end is not None:
            await end.suspend(suspend)
