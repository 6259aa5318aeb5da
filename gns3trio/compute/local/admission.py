"""What a node that is heavy for its host needs before it starts: memory, disk, and a turn to boot."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from gns3trio.classes import frozen
from gns3trio.compute.local.boots import Boots, Turn
from gns3trio.compute.local.host_limits import HostLimits


@frozen
class Admission:
    """The limits of this host, and the nodes that boot."""

    limits: HostLimits
    boots: Boots

    @asynccontextmanager
    async def admit(
        self, node_id: UUID, what: str, memory_bytes: int, folder: Path, boot_seconds: float
    ) -> AsyncIterator[Turn]:
        """The body is the whole run of a node, which ``what`` names in messages and whose files are in ``folder``. It
        may take ``memory_bytes``. It calls ``works`` of the turn when the node works.

        Raises Conflict at once if the host has not enough memory or disk; then waits for the turn.
        """
        async with self.limits.take(node_id, what, memory_bytes, folder), self.boots.turn(boot_seconds) as turn:
            yield turn
