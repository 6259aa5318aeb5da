"""The journal of moves of nodes between computes, in the state of the server.

An entry is durable before the first file is copied, and is removed when one of the two computes has nothing of the node
any more. So a server that was killed, or that could not reach a compute, knows what is left to be deleted. Where a node
is, its project's file tells alone.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import attrs
import trio

from gns3trio.classes import frozen
from gns3trio.controller.storage.server_state import ServerState
from gns3trio.convert import make_strict_converter, structure
from gns3trio.errors import Conflict
from gns3trio.limits import MAX_ITEMS

_converter = make_strict_converter(forbid_extra_keys=False)
_KEY = "moves"


@frozen(kw_only=True)
class MoveEntry:
    """A move that is not over. The properties are those of the node, which may be needed to delete it."""

    project_id: UUID
    node_id: UUID
    node_type: str
    name: str
    source: str
    target: str
    properties: dict[str, Any] = attrs.field(factory=dict)


def check_stored_moves(value: object) -> None:
    """Raises Invalid if ``MoveJournal`` cannot have stored this data."""
    structure(_converter, value, list[MoveEntry])


class MoveJournal:
    """All moves that are not over."""

    def __init__(self, state: ServerState) -> None:
        self._state = state
        self._entries = structure(_converter, state.get(_KEY, []), list[MoveEntry])
        self._running: list[MoveEntry] = []
        self._changed = trio.Event()

    def left(self, project_id: UUID) -> list[MoveEntry]:
        """The entries of a project whose moves do not run now."""
        return [each for each in self._entries if each.project_id == project_id and each not in self._running]

    def of_node(self, project_id: UUID, node_id: UUID) -> list[MoveEntry]:
        """The entries of a node."""
        return [each for each in self._entries if (each.project_id, each.node_id) == (project_id, node_id)]

    @contextmanager
    def running(self, entry: MoveEntry) -> Iterator[None]:
        """While the ``with`` lasts, somebody is at work for an entry."""
        self._running.append(entry)
        try:
            yield
        finally:
            self._running.remove(entry)
            self._changed.set()
            self._changed = trio.Event()

    async def wait_idle(self, entry: MoveEntry) -> None:
        """Wait until nobody is at work for an entry."""
        while entry in self._running:
            await self._changed.wait()

    async def add(self, entry: MoveEntry) -> None:
        """Note a move. Raises Conflict if there are too many, Unavailable if the disk reports an error."""
        if len(self._entries) >= MAX_ITEMS:
            raise Conflict(f"{MAX_ITEMS} moves of nodes are not over, and there can be no more")
        self._entries.append(entry)
        try:
            await self._state.change(_KEY, [], lambda stored: [*stored, _stored(entry)])
        except BaseException:
            self._entries.remove(entry)
            raise

    async def remove(self, entry: MoveEntry) -> None:
        """A move is over. Raises Unavailable if the disk reports an error."""
        gone = _stored(entry)
        await self._state.change(_KEY, [], lambda stored: [each for each in stored if each != gone])
        self._entries = [each for each in self._entries if each != entry]

    async def forget(self, project_id: UUID) -> None:
        """A project is deleted. Raises Unavailable if the disk reports an error."""
        if any(each.project_id == project_id for each in self._entries):
            gone = str(project_id)
            await self._state.change(_KEY, [], lambda stored: [each for each in stored if each["project_id"] != gone])
            self._entries = [each for each in self._entries if each.project_id != project_id]


def _stored(entry: MoveEntry) -> Mapping[str, Any]:
    fields = attrs.asdict(entry, recurse=False)
    return {**fields, "project_id": str(entry.project_id), "node_id": str(entry.node_id)}
