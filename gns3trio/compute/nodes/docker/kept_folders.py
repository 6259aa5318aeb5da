"""The persistent folders of a container around a run: owners and modes are given to their files, and written down."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import trio

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.compute.node import NodeEvent
from gns3trio.compute.nodes.docker.node_files import restore_permissions, save_permissions


class Teller(Protocol):
    """The node that the folders belong to."""

    name: str

    def tell(self, event: NodeEvent) -> None:
        """Report an event of the node."""


@frozen
class KeptFolders:
    """``folder`` is the node's, ``volumes`` are the paths in the container."""

    folder: Path
    volumes: Sequence[str]

    async def restore(self, node: Teller) -> None:
        """Give the files the owners and modes that were written down. Trouble is told, and the container starts."""
        try:
            failures = await threads.copying.run(restore_permissions, self.folder, self.volumes)
        except OSError as error:
            self._warn(node, "are not restored", error)
            return
        if failures:
            text = f"Docker container '{node.name}': {failures} files have other owners or modes than before"
            node.tell(NodeEvent("warning", f"{text}: this server may not change them"))

    async def save(self, node: Teller) -> None:
        """Write down the owners and modes. Cannot be cancelled."""
        with trio.CancelScope(shield=True):
            try:
                await threads.copying.run(save_permissions, self.folder, self.volumes)
            except OSError as error:
                self._warn(node, "are not written down", error)

    def _warn(self, node: Teller, what: str, error: OSError) -> None:
        place = error.filename or self.folder
        text = f"Docker container '{node.name}': owners and modes of its files {what}: {place}: {error.strerror}"
        node.tell(NodeEvent("warning", text))
