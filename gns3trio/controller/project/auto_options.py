"""Opens and closes projects automatically: ``auto_open`` and ``auto_close``."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import trio

from gns3trio.controller.project.project import Project
from gns3trio.errors import LabError

# Seconds. By then a client has reconnected, and a page has reloaded. GNS3 waits as long.
AUTO_CLOSE_SECONDS = 5.0


async def open_project(project: Project) -> None:
    """Open a project when the server starts (``auto_open``)."""
    try:
        await project.open()
    except LabError as error:
        project.log("error", f"auto_open: {error}")


class Attendance:
    """Closes a project with ``auto_close`` some time after its last watching client has left.

    A project without any watching client so far stays open.
    """

    def __init__(self, nursery: trio.Nursery, close: Callable[[Project], Awaitable[None]]) -> None:
        self._nursery = nursery
        self._close = close
        self.present: Counter[UUID] = Counter()  # number of watching clients by project
        self._leaving: dict[UUID, trio.CancelScope] = {}

    @contextmanager
    def attend(self, project: Project, client: str) -> Iterator[None]:
        """Count a client as watching the project while the ``with`` lasts. ``client`` says who it is, for the log."""
        project_id = project.project_id
        self.present[project_id] += 1
        if (leaving := self._leaving.pop(project_id, None)) is not None:
            leaving.cancel()
        try:
            yield
        finally:
            self.present[project_id] -= 1
            if not self.present[project_id]:
                del self.present[project_id]
                scope = self._leaving[project_id] = trio.CancelScope()
                self._nursery.start_soon(self._close_later, project, client, scope)

    async def _close_later(self, project: Project, client: str, scope: trio.CancelScope) -> None:
        with scope:
            await trio.sleep(AUTO_CLOSE_SECONDS)
        if scope.cancelled_caught or self._leaving.get(project.project_id) is not scope:
            return
        del self._leaving[project.project_id]
        if not project.settings.auto_close or project.status != "opened":
            return
        project.log(
            "info",
            f"it is closed, because its setting auto_close is on and the last client that watched it left: {client}",
        )
        try:
            await self._close(project)
        except LabError as error:
            project.log("error", f"auto_close: {error}")
