"""Which containers of an engine are this server's, and the removal of those that it has left behind.

An engine runs containers on when this server is killed, and may have those of other servers and users. So each
container has labels, and this server an id of its own: a file in its state folder. The file is made with the first
container; without it there is nothing to look for.
"""

import logging
import os
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4, uuid5

import trio

from gns3trio import threads
from gns3trio.compute.nodes.docker.containers import Containers
from gns3trio.compute.nodes.docker.settings import ID_FILE
from gns3trio.errors import Conflict, path_error

log = logging.getLogger(__name__)

SERVER_LABEL, PROJECT_LABEL, NODE_LABEL = "gns3trio.server", "gns3trio.project", "gns3trio.node"
# Removing a container takes the engine some hundredths of a second, and it does several at a time.
_REMOVED_AT_ONCE = 8


class Ownership:
    """The containers of this server. ``folder`` is the state folder, which no two running servers share."""

    def __init__(self, containers: Containers, folder: Path) -> None:
        self._containers = containers
        self._file = folder / ID_FILE
        self._finding = trio.Lock()
        self._id: str | None = None
        self._left: set[str] = set()  # that could not be removed yet

    async def labels(self, project_id: UUID, node_id: UUID) -> dict[str, str]:
        """The labels of the container of a node. What an earlier run of this server has left is removed before.

        Raises Conflict if the engine does not answer, Unavailable if the id cannot be stored.
        """
        server_id = await self.found()
        return {SERVER_LABEL: server_id, PROJECT_LABEL: str(project_id), NODE_LABEL: str(node_id)}

    async def found(self) -> str:
        """The id of this server, after the removal of what it has left behind. Raises as ``labels``."""
        async with self._finding:
            if self._id is None:
                server_id, is_new = await threads.disk.run(_read_or_make, self._file)
                if not is_new:
                    self._left.update(await self._containers.labelled({SERVER_LABEL: server_id}))
                self._id = server_id
            if self._left:
                await self._remove_left()
            return self._id

    def leave(self, container_id: str) -> None:
        """A container could not be removed, because the engine is away: it is removed when the engine is used again."""
        self._left.add(container_id)

    async def _remove_left(self) -> None:
        limiter = trio.CapacityLimiter(_REMOVED_AT_ONCE)

        async def remove(container_id: str) -> None:
            async with limiter:
                try:
                    await self._containers.remove(container_id)
                except Conflict as error:
                    log.warning("container %s, which is left over, is not removed: %s", container_id[:12], error)
                else:
                    self._left.discard(container_id)

        before = len(self._left)
        async with trio.open_nursery() as nursery:
            for container_id in list(self._left):
                nursery.start_soon(remove, container_id)
        log.info("removed %d containers that were left over", before - len(self._left))


def _read_or_make(file: Path) -> tuple[str, bool]:
    """The id, and whether it is new. A copy of the folder is another server: the number of the file is part of it."""
    is_new = False
    try:
        try:
            own = UUID(file.read_text().strip())
        except (FileNotFoundError, ValueError):
            own, is_new = uuid4(), True
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_name(f"{ID_FILE}.part")
            part.write_text(f"{own}\n")
            part.replace(file)
        return str(uuid5(own, str(os.stat(file).st_ino))), is_new
    except OSError as error:
        with suppress(OSError):
            file.with_name(f"{ID_FILE}.part").unlink()
        raise path_error(str(file), error) from None
