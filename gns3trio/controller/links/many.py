"""Many links of a project at once: those of its file, new ones, and those to be made again. The computes are asked for
all of them together. Each link succeeds or fails by itself.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar
from uuid import UUID

import attrs
import trio

from gns3trio import garbage
from gns3trio.classes import frozen
from gns3trio.conditions.link_conditions import NO_IMPAIRMENTS, Impairments
from gns3trio.controller.changes import LinkChanged, LinkDeleted
from gns3trio.controller.context import ProjectContext
from gns3trio.controller.gns3_format.records import LinkRecord
from gns3trio.controller.links.filters import usable_filters, usable_impairments
from gns3trio.controller.links.link import Link
from gns3trio.controller.links.links import Links
from gns3trio.errors import LabError, NotFound
from gns3trio.limits import MAX_ITEMS
from gns3trio.slices import Slices, for_all

# Links that are made by themselves, because somebody else is at work at their nodes.
_AT_A_TIME = 16

_T = TypeVar("_T")


@frozen
class NewLink:
    """A link to be created."""

    record: LinkRecord
    impairments: Impairments = NO_IMPAIRMENTS


async def revive_all(
    project: ProjectContext, links: Links, records: Sequence[LinkRecord], impairments: Mapping[UUID, Impairments]
) -> bool:
    """Create the links of the project's file, while nobody else uses it. Those that cannot be wired are listed with
    their ``problem``. Invalid filters are left out and reported. Returns whether all links are the same as in the file.
    """
    all_came = True
    slices = Slices()
    for chunk in _chunks(records):
        reserved: list[Link] = []
        for record in chunk:
            given = impairments.get(record.link_id, NO_IMPAIRMENTS)
            link, came = await _of_file(project, links, record, given)
            all_came = all_came and came
            if link is not None:
                reserved.append(link)
            await slices.pause()
        errors = await links.wiring.wire_all(reserved)
        for link, error in zip(reserved, errors, strict=True):
            link.link_type = links.end_nodes.link_type(link.record)
            if error is not None:
                _tell_unwired(project, link, error)
            await slices.pause()
    garbage.grown(project.project_id, "links", len(links))
    return all_came


async def _of_file(
    project: ProjectContext, links: Links, record: LinkRecord, impairments: Impairments
) -> tuple[Link | None, bool]:
    """A link with reserved ports, or None if it cannot be wired; and whether it is the same as in the file."""
    warn = partial(project.log, "warning")
    filters = await usable_filters(record, warn)
    usable = await usable_impairments(record, impairments, warn)
    came = filters == record.filters and usable is impairments
    link = Link(attrs.evolve(record, filters=filters), project.project_id, usable, problem="it is not connected yet")
    problem = links.end_nodes.missing(link.record)
    if problem is not None:  # the reason is reported with the node
        link.problem = link.told_problem = problem
        link.link_type = links.end_nodes.link_type(link.record)
        links.wiring.links.add(link)
        return None, came
    try:
        links.wiring.reserve(link)
    except LabError as error:
        _tell_unwired(project, link, error)
        return None, came
    finally:
        links.wiring.links.add(link)
    return link, came


def _tell_unwired(project: ProjectContext, link: Link, error: LabError) -> None:
    """An interface of the host is missing, say: the project must open all the same."""
    project.log("error", f"link {link.link_id} is not connected: {error}")
    link.problem = link.told_problem = str(error)


async def create_all(project: ProjectContext, links: Links, wanted: Sequence[NewLink]) -> list[Link | LabError]:
    """Create links, as ``Links.create`` with impairments; returns the link or the error for each. If this is cancelled,
    or the project closes, none is left.
    """
    made: dict[int, Link] = {}
    errors: dict[int, LabError] = {}
    try:
        for numbers in _chunks(range(len(wanted))):
            await _create(project, links, wanted, numbers, made, errors)
        await project.make_durable()
    except BaseException:
        with trio.CancelScope(shield=True):
            for link in made.values():
                if await links.remove(link):
                    project.publish(LinkDeleted(link))
        raise
    return [made[number] if number in made else errors[number] for number in range(len(wanted))]


async def _create(
    project: ProjectContext,
    links: Links,
    wanted: Sequence[NewLink],
    numbers: Sequence[int],
    made: dict[int, Link],
    errors: dict[int, LabError],
) -> None:
    slices, busy = Slices(), list[int]()

    async def create_alone(number: int) -> None:
        new = wanted[number]
        try:
            made[number] = await links.create(new.record, new.impairments)
        except LabError as error:
            errors[number] = error

    with links.end_nodes.hold_free([(wanted[number].record, None) for number in numbers]) as free:
        reserved: dict[int, Link] = {}
        for number, is_free in zip(numbers, free, strict=True):
            new = wanted[number]
            if not is_free or new.record.link_id in links or new.record.link_id in links.making:
                busy.append(number)
                continue
            try:
                reserved[number] = links.new(new.record, new.impairments)
                links.making.add(new.record.link_id)
            except LabError as error:
                errors[number] = error
            await slices.pause()
        links_there = list(reserved.values())
        try:
            failures = await links.wiring.wire_all(links_there)
        finally:
            links.making.difference_update(link.link_id for link in links_there)
        for number, link, failure in zip(reserved, links_there, failures, strict=True):
            if failure is not None:
                errors[number] = failure
                continue
            links.wiring.links.add(link)
            link.link_type = links.end_nodes.link_type(link.record)
            made[number] = link
            links.tell_created(link)
        garbage.grown(project.project_id, "links", len(links))
    await for_all(busy, create_alone, _AT_A_TIME)


async def restore_all(
    project: ProjectContext, links: Links, wanted: Sequence[Link], go_on: Callable[[], bool] = lambda: True
) -> None:
    """Wire links anew, because nodes at their ends were created anew. Their captures end. Those that cannot be wired
    have that as their problem from now on. ``go_on`` is asked before more are made.
    """
    for chunk in _chunks(wanted):
        if go_on():
            await _restore(project, links, chunk, go_on)


async def _restore(project: ProjectContext, links: Links, chunk: Sequence[Link], go_on: Callable[[], bool]) -> None:
    slices, busy, restored = Slices(), list[Link](), list[Link]()
    with links.end_nodes.hold_free([(link.record, link.lock) for link in chunk]) as free:
        reserved: list[Link] = []
        for link, is_free in zip(chunk, free, strict=True):
            if not is_free:
                busy.append(link)
            elif links.get(link.link_id) is link:
                restored.append(link)
                await links.captures.stop_link(link)
                try:
                    if (missing := links.end_nodes.missing(link.record)) is not None:
                        raise NotFound(missing)
                    links.wiring.reserve(link)
                    reserved.append(link)
                except LabError as error:
                    link.problem = link.problem or str(error)
            await slices.pause()
        for link, failure in zip(reserved, await links.wiring.wire_all(reserved), strict=True):
            link.problem = str(failure) if failure is not None else None
    for link in restored:
        project.publish(LinkChanged(link))
        links.tell_problem(link)
        await slices.pause()

    async def restore_alone(link: Link) -> None:
        if go_on() and links.get(link.link_id) is link:
            await links.restore(link)

    await for_all(busy, restore_alone, _AT_A_TIME)


def _chunks(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """As many at a time as one request to a compute has."""
    return (items[start : start + MAX_ITEMS] for start in range(0, len(items), MAX_ITEMS))
