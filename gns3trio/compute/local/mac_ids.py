"""Assigns the numbers from which nodes of a type derive their MAC addresses."""

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

import attrs

from gns3trio.classes import define
from gns3trio.errors import Conflict


@define
class _OfProject:
    reserved: set[int] = attrs.field(factory=set)
    used: set[int] = attrs.field(factory=set)


class MacIds:
    """Numbers below ``limit`` for nodes of one type, which messages call ``label``. Each is used once on this server.
    Only if none is left, several projects may use the same one.

    Nodes of two projects may be connected through clouds. A used number is not reassigned while there are fresh ones,
    because neighbours remember addresses, and a closed project needs its own numbers again.
    """

    def __init__(self, limit: int, label: str) -> None:
        self._limit = limit
        self._label = label
        self._projects: dict[UUID, _OfProject] = {}
        self._given: dict[int, None] = {}  # used numbers that are free again, the oldest first

    def reserve(self, project_id: UUID, numbers: Iterable[int]) -> None:
        """Reserve numbers for nodes of a project that are about to be created, except those of other projects.

        Each reservation ends when the number is leased, or with ``release_project``.
        """
        free = {number for number in numbers if 0 <= number < self._limit} - self._taken().keys()
        if free:
            self._projects.setdefault(project_id, _OfProject()).reserved |= free

    def lease(self, project_id: UUID, wanted: int | None = None) -> int:
        """Lease the ``wanted`` number if it is free, or a fresh one. Raises Conflict if the project
        uses all numbers.
        """
        taken = self._taken()
        project = self._projects.setdefault(project_id, _OfProject())
        if wanted is not None and self.is_free(project_id, wanted):
            number = wanted
        else:
            own = project.used | project.reserved
            others = [number for number in range(self._limit) if number not in own]
            if not others:
                raise Conflict(
                    f"A project cannot have more than {self._limit} {self._label}: they would share a MAC address"
                )
            age = {number: place for place, number in enumerate(self._given, 1)}
            number = min(others, key=lambda number: (taken[number], age.get(number, 0), number))
        project.reserved.discard(number)
        project.used.add(number)
        self._given.pop(number, None)
        self._given[number] = None
        return number

    def is_free(self, project_id: UUID, number: int) -> bool:
        """Whether the project can lease this number: it is reserved for it, or nobody has it."""
        project = self._projects.get(project_id)
        if project is not None and number in project.reserved:
            return True
        return 0 <= number < self._limit and number not in self._taken()

    def release(self, project_id: UUID, number: int) -> None:
        """Release a ``number`` of the project."""
        project = self._projects.get(project_id)
        if project is not None:
            project.used.discard(number)
            self._forget_empty(project_id, project)

    def release_project(self, project_id: UUID) -> None:
        """End all reservations of the project."""
        project = self._projects.get(project_id)
        if project is not None:
            project.reserved.clear()
            self._forget_empty(project_id, project)

    def _forget_empty(self, project_id: UUID, project: _OfProject) -> None:
        if not project.reserved and not project.used:
            del self._projects[project_id]

    def _taken(self) -> Counter[int]:
        """The number of projects that use each number."""
        return Counter(number for project in self._projects.values() for number in project.used | project.reserved)
