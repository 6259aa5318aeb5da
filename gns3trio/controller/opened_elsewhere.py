"""The record of which projects this controller has open at computes on other hosts, in the state of the server.

It outlives the server: one that was killed closes at its next start what it has left running there, and nothing else. A
compute that nobody has registered any more keeps its entries under its address, until it is registered again.
"""

import logging
from collections.abc import Callable, Mapping
from uuid import UUID

from gns3trio.classes import frozen
from gns3trio.controller.storage.server_state import ServerState
from gns3trio.convert import make_strict_converter, structure
from gns3trio.errors import LabError

log = logging.getLogger(__name__)

STATE_NAME = "opened_elsewhere"
# Those that were closed there only later: this server was killed, or the compute was away. Nodes that no project here
# shows may have left files, so these are deleted with the project.
LEFT_STATE_NAME = "left_elsewhere"
_converter = make_strict_converter(forbid_extra_keys=False)
_Entries = dict[str, list[str]]


def check_stored_openings(value: object) -> None:
    """Raises Invalid if ``OpenedElsewhere`` cannot have stored this data."""
    structure(_converter, value, dict[str, list[UUID]])


class OpenedElsewhere:
    """The projects by compute. A change is on the disk when its call returns."""

    def __init__(self, state: ServerState, name: str = STATE_NAME) -> None:
        self._state = state
        self._name = name

    def at(self, compute_id: str, left: "OpenedElsewhere | None" = None) -> "OpenedAt":
        """Those at one compute. ``left`` is the record of those that are closed there late."""
        return OpenedAt(self, compute_id, left)

    def ids(self, compute_id: str) -> frozenset[UUID]:
        """The projects that are open at a compute, or may be."""
        entries: _Entries = self._state.get(self._name, {})
        return frozenset(map(UUID, entries.get(compute_id, [])))

    async def change(self, compute_id: str, function: Callable[[set[str]], set[str]]) -> None:
        """Replace the ids of projects at a compute by ``function`` of them. Raises Unavailable."""

        def changed(entries: _Entries) -> _Entries:
            return _without_empty({**entries, compute_id: sorted(function(set(entries.get(compute_id, []))))})

        await self._state.change(self._name, {}, changed)

    async def rename(self, before: str, after: str) -> None:
        """The entries at one name belong to another one from now on. Entries that cannot be moved are kept."""
        if not self.ids(before):
            return

        def moved(entries: _Entries) -> _Entries:
            ids = {*entries.get(before, []), *entries.get(after, [])}
            return _without_empty({**entries, before: [], after: sorted(ids)})

        try:
            await self._state.change(self._name, {}, moved)
        except LabError as error:
            log.warning("projects that are open at compute %s are not noted for %s: %s", before, after, error)


@frozen
class OpenedAt:
    """The projects that are open at one compute, or may be (``OpenedProjects``)."""

    _all: OpenedElsewhere
    _compute_id: str
    _left: OpenedElsewhere | None = None

    def ids(self) -> frozenset[UUID]:
        """The projects."""
        return self._all.ids(self._compute_id)

    async def add(self, project_id: UUID) -> None:
        """The project is about to be opened there. Raises Unavailable if this cannot be recorded."""
        if project_id not in self.ids():
            await self._all.change(self._compute_id, lambda ids: {*ids, str(project_id)})

    async def note_left(self, project_id: UUID) -> None:
        """The project is closed there only now."""
        if self._left is None:
            return
        try:
            await self._left.at(self._compute_id).add(project_id)
        except LabError as error:  # to close it is more important
            log.warning("project %s was open at compute %s; not noted: %s", project_id, self._compute_id, error)

    async def remove(self, project_id: UUID) -> None:
        """The project is closed there."""
        if project_id in self.ids():
            try:
                await self._all.change(self._compute_id, lambda ids: ids - {str(project_id)})
            except LabError as error:  # it is closed once more at the next start, which does no harm
                log.warning("project %s is closed at compute %s; not noted: %s", project_id, self._compute_id, error)


def _without_empty(entries: Mapping[str, list[str]]) -> _Entries:
    return {name: ids for name, ids in entries.items() if ids}
