"""The controller's projects on a compute of another host: which are open there, and what is left to be undone there.

A project is opened with its first node, and closed when the project closes. What could not be told to the compute,
because it was away or a request was broken off, is told when it returns.
"""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

import attrs
import trio

from gns3trio.classes import define
from gns3trio.compute.remote.http import ComputeHttp
from gns3trio.compute.remote.numbering import Numbers
from gns3trio.errors import LabError, NotFound, Unavailable


@define(eq=False)
class RemoteProject:
    """A project that is open on the compute, or is being opened there."""

    lock: trio.Lock = attrs.field(factory=trio.Lock)
    is_open: bool = False
    numbers: Numbers = attrs.field(factory=Numbers)
    numbering: trio.Lock = attrs.field(factory=trio.Lock)  # held while a node gets a number


class RemoteProjects:
    """All projects on one compute. ``reach`` returns the requests to it, or raises Unavailable."""

    def __init__(self, reach: Callable[[], ComputeHttp]) -> None:
        self._reach = reach
        self._projects: dict[UUID, RemoteProject] = {}
        self._left_nodes: dict[UUID, str] = {}  # to be deleted there: the paths by node id
        self._left_projects: set[UUID] = set()  # to be closed there

    def __contains__(self, project_id: UUID) -> bool:
        return project_id in self._projects

    def __getitem__(self, project_id: UUID) -> RemoteProject:
        return self._projects[project_id]

    def is_open(self, project_id: UUID) -> bool:
        """Whether the project is open there, as far as is known."""
        project = self._projects.get(project_id)
        return project is not None and project.is_open

    # --- opening and closing ---

    async def open(self, project_id: UUID, name: str = "project") -> None:
        """Open a project there. One that the compute has still from an earlier life of this controller is closed
        first: its nodes would run on unseen.
        """
        http = self._reach()
        project = self._projects.setdefault(project_id, RemoteProject())
        async with project.lock:
            if project.is_open:
                return
            path = f"projects/{project_id}"
            if await _has(http, path):
                await forgiving(http.request("POST", f"{path}/close"))
            self._left_projects.discard(project_id)
            await http.request("POST", "projects", {"name": name, "project_id": str(project_id)})
            project.is_open = True

    async def close(self, project_id: UUID) -> None:
        """Close a project there, which stops its nodes and frees its ports; later, if it cannot be reached."""
        project = self._projects.pop(project_id, None)
        if project is None or not project.is_open:
            return
        self._left_projects.add(project_id)
        with suppress(NotFound):
            await self._reach().request("POST", f"projects/{project_id}/close")
        self._left_projects.discard(project_id)

    async def discard(self, project_id: UUID) -> None:
        """Delete the files that the compute has of a project."""
        http = self._reach()
        # GNS3 deletes the files of an open project only.
        await http.request("POST", "projects", {"name": "project", "project_id": str(project_id)})
        with suppress(NotFound):
            await http.request("DELETE", f"projects/{project_id}")

    async def close_left_behind(self, is_ours: Callable[[UUID], bool]) -> None:
        """Close the projects there that an earlier life of this controller has left: ``is_ours`` says for an id whether
        it is a closed project of this controller.
        """
        listed = await self._reach().request("GET", "projects")
        for each in listed if isinstance(listed, list) else []:
            try:
                project_id = UUID(each["project_id"])
            except (KeyError, TypeError, ValueError, AttributeError):
                continue
            if is_ours(project_id):
                await self._close_left_behind(project_id)

    async def _close_left_behind(self, project_id: UUID) -> None:
        project = self._projects.setdefault(project_id, RemoteProject())
        async with project.lock:
            if not project.is_open:
                await forgiving(self._reach().request("POST", f"projects/{project_id}/close"))

    async def connected(self, http: ComputeHttp) -> None:
        """The compute can be reached again: close what is left there, and find out which projects it has lost."""
        for project_id in list(self._left_projects):
            await forgiving(http.request("POST", f"projects/{project_id}/close"))
            self._left_projects.discard(project_id)
        for project_id, project in list(self._projects.items()):
            if project.is_open and not await _has(http, f"projects/{project_id}"):
                project.is_open = False
                project.numbers.used.clear()

    # --- nodes that are left there ---

    def leave_node(self, node_id: UUID, path: str) -> None:
        """A node may be there that nobody sees. It is to be deleted."""
        self._left_nodes[node_id] = path

    def node_is_gone(self, node_id: UUID) -> None:
        """A node that was left there is deleted."""
        self._left_nodes.pop(node_id, None)

    async def delete_left_node(self, node_id: UUID) -> None:
        """Delete one node, if it is left there: another one is to have its id. Raises Unavailable."""
        if node_id in self._left_nodes:
            await forgiving(self._reach().request("DELETE", self._left_nodes[node_id]))
            self._left_nodes.pop(node_id, None)

    async def delete_left_nodes(self) -> None:
        """Delete all nodes that are left there, as far as the compute can be reached."""
        for node_id, path in list(self._left_nodes.items()):
            try:
                await self._reach().request("DELETE", path)
            except NotFound:
                pass
            except LabError:
                return
            self._left_nodes.pop(node_id, None)

    async def delete_nodes_left_before(self, http: ComputeHttp) -> None:
        """The compute has returned: delete all nodes that are left there. Raises Unavailable."""
        for node_id, path in list(self._left_nodes.items()):
            await forgiving(http.request("DELETE", path))
            self._left_nodes.pop(node_id, None)

    # --- the numbers of MAC addresses ---

    def reserve_numbers(self, project_id: UUID, numbers: Iterable[int]) -> None:
        """Nodes of the project elsewhere have these numbers: those here should get others."""
        wanted = set(numbers)
        if wanted:
            self._projects.setdefault(project_id, RemoteProject()).numbers.reserved |= wanted

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
