"""A record of open projects on a compute of another host, which no disk has."""

from uuid import UUID

import attrs


@attrs.define
class OpenedInMemory:
    """The record."""

    noted: set[UUID] = attrs.field(factory=set)
    left: set[UUID] = attrs.field(factory=set)

    def ids(self) -> frozenset[UUID]:
        """The projects."""
        return frozenset(self.noted)

    async def add(self, project_id: UUID) -> None:
        """Note a project."""
        self.noted.add(project_id)

    async def note_left(self, project_id: UUID) -> None:
        """Note that it is closed late."""
        self.left.add(project_id)

    async def remove(self, project_id: UUID) -> None:
        """Note that it is closed."""
        self.noted.discard(project_id)
