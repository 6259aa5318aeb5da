"""What is leased to projects, and not claimed yet by a link. Sans-IO."""

from typing import Generic, Protocol, TypeVar
from uuid import UUID


class Lease(Protocol):
    """Something that is leased."""

    def release(self) -> None:
        """Give it back."""


_Lease = TypeVar("_Lease", bound=Lease)


class Reservations(Generic[_Lease]):
    """Leases of projects, each by its number."""

    def __init__(self) -> None:
        self._leases: dict[UUID, dict[int, _Lease]] = {}

    def add(self, project_id: UUID, number: int, lease: _Lease) -> None:
        """Keep a lease for a project."""
        self._leases.setdefault(project_id, {})[number] = lease

    def claim(self, project_id: UUID, number: int) -> _Lease | None:
        """Hand a project's lease to the caller; None if the project has none of this number."""
        return self._leases.get(project_id, {}).pop(number, None)

    def release_project(self, project_id: UUID) -> None:
        """Release what the project has reserved and nobody has claimed."""
        for lease in self._leases.pop(project_id, {}).values():
            lease.release()

    def release_all(self) -> None:
        """Release what all projects have reserved."""
        for project_id in list(self._leases):
            self.release_project(project_id)
