"""What a link does to frames: GNS3's filters, our impairments, and whether it is suspended.

They sit at one end of the link, for both directions: at the first one, unless only the second is on this host.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import uuid4

import attrs

from gns3trio import threads
from gns3trio.compute.local.tunnels import Tunnel
from gns3trio.compute.nio import LocalNio
from gns3trio.conditions.chain import core_filters
from gns3trio.conditions.gns3_filters import check_gns3_filters
from gns3trio.conditions.impairments import Impairment, check_impairments, describe
from gns3trio.controller.gns3_format.records import LinkRecord
from gns3trio.errors import Invalid
from gns3trio.forwarder.forwarder import check_expression, with_expressions


@attrs.frozen
class Impairments:
    """Our own filters of a link. The same ``seed`` makes the same decisions; None chooses one at every change."""

    filters: tuple[Impairment, ...] = ()
    seed: int | None = None


NO_IMPAIRMENTS = Impairments()
SEED_BITS = 53  # what a client can write in JSON


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


async def compile_filters(record: LinkRecord, impairments: Impairments) -> None:
    """Let ``apply_filters`` find every expression compiled; one that is wrong is left to it."""
    filters = core_filters(record.filters, impairments.filters, at_first_end=True)
    for expression in [f.expression for f in filters if f.expression is not None]:
        with suppress(Invalid):
            await threads.compilers.run(check_expression, expression)


def local_nio(record: LinkRecord, impairments: Impairments) -> LocalNio:
    """What joins the two ends of a link on this host, so that it does from the first frame on what it says."""
    filters = core_filters(record.filters, impairments.filters, at_first_end=True)
    pair = uuid4()  # not the link's id, which files of two projects may share
    return LocalNio(pair, tuple(filters), _seed(impairments), record.suspend)


def _seed(impairments: Impairments) -> int:
    return impairments.seed if impairments.seed is not None else secrets.randbits(SEED_BITS)


def apply_filters(tunnels: Sequence[Tunnel | None], record: LinkRecord, impairments: Impairments) -> None:
    """Make the link's tunnels do what it says, in one step: no frame is filtered by one set and passed by the other.

    Raises Invalid when a BPF expression is not one; all is as before then.
    """
    first, second = (*tunnels, None, None)[:2]
    holder = first or second
    if holder is None:
        return
    filters = core_filters(record.filters, impairments.filters, at_first_end=holder is first)
    # Every frame of the link passes the holder, in either direction: the step is made there.
    holder.port.set_filters(filters, _seed(impairments), suspended=record.suspend)
    apply_suspend([tunnel for tunnel in tunnels if tunnel is not holder], record.suspend)


def apply_nothing(tunnels: Sequence[Tunnel | None]) -> None:
    """Let the tunnels of a link that is none any more pass everything."""
    for tunnel in tunnels:
        if tunnel is not None:
            tunnel.port.set_filters((), 0, suspended=False)


def apply_suspend(tunnels: Sequence[Tunnel | None], suspend: bool) -> None:
    """Let the tunnels pass nothing, or everything again."""
    for tunnel in tunnels:
        if tunnel is not None:
            tunnel.port.suspend(suspend)
