"""The numbers from which a compute derives the MAC addresses of VPCS: those of a project should differ between hosts.

GNS3's compute gives a new VPCS the lowest number that no VPCS of the project has there, from 0 on, and nobody can
choose (measured with gns3-server 2.2.61). So each host would give the first one the same address. Numbers that nodes on
other hosts have are taken here by nodes that nobody sees, which end with the project.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

import attrs

from gns3trio.classes import define
from gns3trio.errors import LabError

_LIMIT = 255  # more has no project of GNS3
# Each costs the compute two TCP ports.
_MOST_PLACEHOLDERS = 64


@define
class Numbers:
    """The numbers of one project on one compute. ``reserved`` are those of nodes elsewhere."""

    used: dict[int, UUID | None] = attrs.field(factory=dict)  # by which node; None for one that nobody sees
    reserved: set[int] = attrs.field(factory=set)

    def next(self) -> int | None:
        """The number that the compute will give; None if there is none left."""
        return next((number for number in range(_LIMIT) if number not in self.used), None)

    def is_wrong(self, number: int, wanted: int | None) -> bool:
        """Whether a node should rather have a later one: ``wanted``, or one that no node elsewhere has."""
        if wanted is not None and wanted not in self.used and wanted - number <= _MOST_PLACEHOLDERS:
            return number < wanted
        return number in self.reserved

    async def skip(self, wanted: int | None, fill: Callable[[], Awaitable[object]]) -> int | None:
        """Let ``fill`` create nodes that nobody sees until the next number is a right one; returns that number."""
        for _ in range(_MOST_PLACEHOLDERS):
            number = self.next()
            if number is None or not self.is_wrong(number, wanted):
                break
            try:
                await fill()
            except LabError:
                break
            self.used[number] = None
        return self.next()

    def forget(self, node_id: UUID) -> None:
        """A node is gone."""
        self.used = {number: each for number, each in self.used.items() if each != node_id}
