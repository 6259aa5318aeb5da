"""The controller's projects on a compute of another host: which are open there, and what is left to be undone there.

A project is opened with its first node, and closed when the project closes. What could not be told to the compute,
because it was away or a request was broken off, is told when it returns. Which projects are open there is recorded on
the disk, so a server that was killed closes at its next start what it has left there. Projects of other controllers are
never closed: GNS3 would not ask whose they are.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID

import attrs
import trio

from gns3trio.classes import define
from gns3trio.compute.other_hosts import OpenedProjects
from gns3trio.compute.outcomes import try_each
from gns3trio.compute.remote.http import ComputeHttp
from gns3trio.compute.remote.numbering import Numbers
from gns3trio.errors import Conflict, LabError, NotFound, Unavailable
from gns3trio.slices import for_all

log = logging.getLogger(__name__)

_CLOSED_AT_ONCE = 8

# Nodes that are deleted at a time.
_AT_A_TIME = 16


Variables = list[dict[str, Any]] | None


@define(eq=False)
class RemoteProject:
    """A project that is open on the compute, or is being opened there."""

    lock: trio.Lock = attrs.field(factory=trio.Lock)
    is_open: bool = False
    untold: tuple[str, Variables] | None = None  # its name and variables, if the compute does not know them
    numbers: Numbers = attrs.field(factory=Numbers)
    numbering: trio.Lock = attrs.field(factory=trio.Lock)  # held while a node gets a number


class RemoteProjects:
    """All projects on one compute. ``reach`` returns the requests to it, or raises Unavailable. ``opened`` are those
    that are open there, or may be.
    """

    def __init__(self, reach: Callable[[], ComputeHttp], opened: OpenedProjects) -> None:
        self._reach = reach
        self._opened = opened
        self._projects: dict[UUID, RemoteProject] = {}
        self._left_nodes: dict[UUID, str] = {}  # to be deleted there: the paths by node id

    def __contains__(self, project_id: UUID) -> bool:
        return project_id in self._projects

    def __getitem__(self, project_id: UUID) -> RemoteProject:
        return self._projects[project_id]

    def is_open(self, project_id: UUID) -> bool:
        """Whether the project is open there, as far as is known."""
        project = self._projects.get(project_id)
        return project is not None and project.is_open

    # --- opening and closing ---

    async def open(self, project_id: UUID, name: str = "project", variables: Variables = None) -> None:
        """Open a project there. One that an earlier life of this controller has left there is closed first: its nodes
        would run on unseen.

        Raises Conflict if another controller has the project open there.
        """
        http = self._reach()
        project = self._projects.setdefault(project_id, RemoteProject())
        async with project.lock:
            if project.is_open:
                return
            await self._begin(http, project_id, name, variables)
            project.is_open = True
            await forgiving(self._tell(http, project_id, project))

    async def _begin(self, http: ComputeHttp, project_id: UUID, name: str, variables: Variables = None) -> None:
        if await _has(http, f"projects/{project_id}"):
            if project_id not in self._opened.ids():
                raise Conflict(
                    f"project {project_id} is open there already, for another controller. Close it there first, or "
                    "duplicate the project to use both"
                )
            await self._end(http, project_id)
        await self._opened.add(project_id)
        body: dict[str, Any] = {"name": name, "project_id": str(project_id)}
        await http.request("POST", "projects", body if variables is None else {**body, "variables": variables})

    async def _end(self, http: ComputeHttp, project_id: UUID) -> None:
        with suppress(NotFound):
            await http.request("POST", f"projects/{project_id}/close")
        await self._opened.remove(project_id)

    async def update(self, project_id: UUID, name: str, variables: Variables) -> None:
        """A project has another name, or other variables. A compute that is away is told when it returns."""
        project = self._projects.get(project_id)
        if project is None:
            return
        async with project.lock:
            project.untold = name, variables
            if project.is_open:
                await self._tell(self._reach(), project_id, project)

    async def _tell(self, http: ComputeHttp, project_id: UUID, project: RemoteProject) -> None:
        if project.untold is not None:
            name, variables = project.untold
            await http.request("PUT", f"projects/{project_id}", {"name": name, "variables": variables})
            project.untold = None

    async def close(self, project_id: UUID) -> None:
        """Close a project there, which stops its nodes and frees its ports; later, if it cannot be reached."""
        self._projects.pop(project_id, None)
        if project_id in self._opened.ids():
            await self._end(self._reach(), project_id)

    async def discard(self, project_id: UUID) -> None:
        """Delete the files that the compute has of a project.

        Raises Conflict if another controller has it open there.
        """
        http = self._reach()
        await self._begin(http, project_id, "project")  # GNS3 deletes the files of an open project only
        with suppress(NotFound):
            await http.request("DELETE", f"projects/{project_id}")
        await self._opened.remove(project_id)

    async def connected(self, http: ComputeHttp) -> None:
        """The compute can be reached again: close what this controller, or an earlier life of it, has left there, and
        find out which projects the compute has lost.
        """
        left = [project_id for project_id in self._opened.ids() if not self.is_open(project_id)]
        await for_all(left, partial(self._close_left_behind, http), _CLOSED_AT_ONCE)
        for project_id, project in list(self._projects.items()):
            if project.is_open and not await _has(http, f"projects/{project_id}"):
                project.is_open = False
                project.numbers.used.clear()
                self._forget_left_nodes(f"projects/{project_id}/")
            elif project.is_open:
                await forgiving(self._tell(http, project_id, project))

    async def _close_left_behind(self, http: ComputeHttp, project_id: UUID) -> None:
        try:
            await self._opened.note_left(project_id)
            await self._end(http, project_id)
        except LabError as error:  # another attempt is made at the next connection
            log.warning("project %s, which was left open on another host, is not closed: %s", project_id, error)

    # --- nodes that are left there ---

    def leave_node(self, node_id: UUID, path: str) -> None:
        """A node may be there that nobody sees. It is to be deleted."""
        self._left_nodes[node_id] = path

    def node_is_gone(self, node_id: UUID) -> None:
        """A node that was left there is deleted."""
        self._left_nodes.pop(node_id, None)

    def _forget_left_nodes(self, of_project: str) -> None:
        """They are gone with their project."""
        self._left_nodes = {
            node_id: path for node_id, path in self._left_nodes.items() if not path.startswith(of_project)
        }

    async def delete_left_node(self, node_id: UUID) -> None:
        """Delete one node, if it is left there: another one is to have its id. Raises Unavailable."""
        if node_id in self._left_nodes:
            await forgiving(self._reach().request("DELETE", self._left_nodes[node_id]))
            self._left_nodes.pop(node_id, None)

    async def delete_left_nodes(self, http: ComputeHttp | None = None) -> None:
        """Delete all nodes that are left there, with the requests ``http``, or as far as the compute can be reached.
        Raises Unavailable if not all were deleted.
        """
        requests = http or self._reach()

        async def delete(node_id: UUID) -> None:
            if (path := self._left_nodes.get(node_id)) is not None:
                await forgiving(requests.request("DELETE", path))
                self._left_nodes.pop(node_id, None)

        errors = await try_each(list(self._left_nodes), delete, _AT_A_TIME)
        if error := next(filter(None, errors), None):
            raise error

    # --- the numbers of MAC addresses ---

    def reserve_numbers(self, project_id: UUID, numbers: Iterable[int]) -> None:
        """Nodes of the project elsewhere have these numbers: those here should get others."""
        wanted = set(numbers)
        if wanted:
            self._projects.setdefault(project_id, RemoteProject()).numbers.reserved |= wanted

    def reserved_numbers(self, project_id: UUID) -> list[int]:
        """The numbers of nodes elsewhere."""
        project = self._projects.get(project_id)
        return sorted(project.numbers.reserved) if project is not None else []

    def forget_number(self, project_id: UUID, node_id: UUID) -> None:
        """A node is gone, and so its number is free."""
        project = self._projects.get(project_id)
        if project is not None:
            project.numbers.forget(node_id)


async def _has(http: ComputeHttp, path: str) -> bool:
    try:
        await http.request("GET", path)
    except NotFound:
        return False
    return True


async def forgiving(request: Awaitable[Any]) -> None:
    """Await a request whose rejection does not matter. Raises Unavailable."""
    try:
        await request
    except Unavailable:
        raise
    except LabError:
        pass
