"""Isolates a node: all its links are suspended, so that no frame reaches or leaves it."""

from uuid import UUID

import trio

from gns3trio.controller.links.link import Link
from gns3trio.controller.links.links import Links
from gns3trio.errors import LabError, NotFound
from gns3trio.slices import for_all

_LINKS_AT_A_TIME = 64


async def suspend_links_of(links: Links, node_id: UUID, suspend: bool) -> None:
    """Suspend all links of a node, or let frames pass again. Links that are so already are not announced.

    If one cannot be changed, its error is raised, and the others are as before.
    """
    changed: list[Link] = []
    errors: list[LabError] = []

    async def change(link: Link) -> None:
        try:
            await links.update(link, {"suspend": suspend})
            changed.append(link)
        except NotFound:  # it was deleted meanwhile
            pass
        except LabError as error:
            errors.append(error)

    async def take_back(link: Link) -> None:
        try:
            await links.update(link, {"suspend": not suspend})
        except LabError as error:
            errors.append(error)

    others = [link for link in links.of_node(node_id) if link.record.suspend != suspend]
    await for_all(others, change, _LINKS_AT_A_TIME)
    if errors:
        with trio.CancelScope(shield=True):
            await for_all(changed, take_back, _LINKS_AT_A_TIME)
        raise errors[0]
