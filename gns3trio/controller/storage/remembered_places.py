"""Remembers the folders and files of projects that a search of ``projects_path`` would not find or not identify.

These are projects outside of ``projects_path``, and projects with several ``.gns3`` files or folders, of which one is
used. The records are a part of the server's state, ``projects``: a list of objects with the keys of
``RememberedProject``.
"""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import trio

from gns3trio.classes import frozen
from gns3trio.controller.storage.search import RememberedProject, is_searched
from gns3trio.controller.storage.server_state import ServerState
from gns3trio.convert import make_strict_converter, structure
from gns3trio.errors import Conflict, LabError
from gns3trio.limits import Bound

log = logging.getLogger(__name__)

_STATE = "projects"
# All records are in one file, which is rewritten at each change.
MAX_RECORDS = 10_000

_Records = dict[UUID, RememberedProject]

_converter = make_strict_converter(forbid_extra_keys=False)


@frozen
class _Stored:
    project_id: UUID
    file: str
    name: str

    def __attrs_post_init__(self) -> None:
        if not self.file.startswith("/") or "\0" in self.file:
            raise ValueError("file: is not an absolute path")


_StoredList: Any = Annotated[list[_Stored], Bound(MAX_RECORDS)]


def check_stored_projects(stored: object) -> None:
    """Raises Invalid for unusable records."""
    structure(_converter, stored, _StoredList)


class ProjectPlaces:
    """The records of project folders, in the server's state."""

    def __init__(self, state: ServerState, projects_path: Path) -> None:
        self._state = state
        self._projects_path = projects_path
        self._changing = trio.Lock()
        self._records = {
            each.project_id: RememberedProject(project_id=each.project_id, file=Path(each.file), name=each.name)
            for each in structure(_converter, state.get(_STATE, []), _StoredList)
        }

    def all(self) -> Mapping[UUID, RememberedProject]:
        """All records, by project id."""
        return dict(self._records)

    async def remember(self, project_id: UUID, file: Path, name: str) -> None:
        """Record the file of a project. Raises Unavailable if the disk reports an error."""
        record = RememberedProject(project_id=project_id, file=file, name=name)
        if self._records.get(project_id) == record:
            return
        if len(self._records) >= MAX_RECORDS and project_id not in self._records:
            raise Conflict(f"path: the server knows {MAX_RECORDS} projects outside of its folder, and no more")
        await self._change(lambda records: {**records, project_id: record})

    async def forget(self, project_id: UUID) -> None:
        """Delete the record of a project. Raises Unavailable if the disk reports an error."""
        if project_id in self._records:
            await self._change(lambda records: {key: value for key, value in records.items() if key != project_id})

    async def _change(self, change: Callable[[_Records], _Records]) -> None:
        records: _Records = {}

        def describe(_: object) -> list[dict[str, str]]:
            nonlocal records
            records = change(self._records)
            return [
                {"project_id": str(each.project_id), "file": str(each.file), "name": each.name}
                for each in records.values()
            ]

        async with self._changing:
            await self._state.change(_STATE, [], describe)
            self._records = records

    @asynccontextmanager
    async def noted(self, project_id: UUID, file: Path, name: str) -> AsyncIterator[None]:
        """While a project is being created, record its file if a search would not find it. If creating fails, delete
        the record.

        Raises Unavailable if the disk reports an error.
        """
        if is_searched(file.parent, self._projects_path):
            yield
            return
        await self.remember(project_id, file, name)
        try:
            yield
        except BaseException:
            with trio.CancelScope(shield=True):
                try:
                    await self.forget(project_id)
                except LabError as error:
                    log.warning("the record of project %s stays: %s", project_id, error)
            raise
