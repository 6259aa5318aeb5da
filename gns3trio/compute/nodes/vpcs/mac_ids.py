"""The numbers that VPCS makes its MAC address of."""

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

import attrs

from gns3trio.errors import Conflict


@attrs.define
class _OfProject:
    reserved: set[int] = attrs.field(factory=set)
    used: set[int] = attrs.field(factory=set)


class MacIds:
    """Numbers below ``limit``, each used once on this server; by several projects only when there are no others left.

    Nodes of two projects may meet on one wire, through clouds. A number that a node has had is not given to another one
    as long as there are fresh ones: neighbours remember addresses, and a closed project comes back with its own.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._projects: dict[UUID, _OfProject] = {}
        self._given: dict[int, None] = {}  # that were used at some time, the oldest first

    def reserve(self, project_id: UUID, numbers: Iterable[int]) -> None:
        """Keep numbers for nodes of a project that are made soon; those that another project has are left out.

        They are free again when each is leased, or by ``release_project``.
        """
        free = {number for number in numbers if 0 <= number < self._limit} - self._taken().keys()
        if free:
            self._projects.setdefault(project_id, _OfProject()).reserved |= free

    def lease(self, project_id: UUID, wanted: int | None = None) -> int:
        """The ``wanted`` number if nobody has it, or a fresh one. Raises Conflict when the project has all."""
        taken = self._taken()
        project = self._projects.setdefault(project_id, _OfProject())
        if wanted is not None and (wanted in project.reserved or (0 <= wanted < self._limit and wanted not in taken)):
            number = wanted
        else:
            own = project.used | project.reserved
            others = [number for number in range(self._limit) if number not in own]
            if not others:
                raise Conflict(f"A project cannot have more than {self._limit} VPCS: they would share a MAC address")
            age = {number: place for place, number in enumerate(self._given, 1)}
            number = min(others, key=lambda number: (taken[number], age.get(number, 0), number))
        project.reserved.discard(number)
        project.used.add(number)
        self._given.pop(number, None)
        self._given[number] = None
        return number

    def release(self, project_id: UUID, number: int) -> None:
        """The project does not use ``number`` any longer."""
        project = self._projects.get(project_id)
        if project is not None:
            project.used.discard(number)
            self._forget_empty(project_id, project)

    def release_project(self, project_id: UUID) -> None:
        """The project makes no more nodes of those whose numbers are reserved."""
        project = self._projects.get(project_id)
        if project is not None:
            project.reserved.clear()
            self._forget_empty(project_id, project)

    def _forget_empty(self, project_id: UUID, project: _OfProject) -> None:
        if not project.reserved and not project.used:
            del self._projects[project_id]

    def _taken(self) -> Counter[int]:
        """How many projects have each number."""
        return Counter(number for project in self._projects.values() for number in project.used | project.reserved)
