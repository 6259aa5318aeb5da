"""Makes machines: checks new ones, and creates their nodes."""

from typing import Any

import trio

from gns3trio.compute.node import NodeSpec
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.compute.nodes.qemu.completion import completed, require_images
from gns3trio.compute.nodes.qemu.preparation import refuse_missing
from gns3trio.compute.nodes.qemu.properties import read_settings
from gns3trio.compute.nodes.qemu.services import open_qemu_services
from gns3trio.compute.nodes.qemu.settings import IMAGES
from gns3trio.compute.nodes.qemu.virtual_machine import QemuNode


class MachineMaker:
    """Makes the machines of one compute."""

    def __init__(self, local: LocalServices) -> None:
        self._services = open_qemu_services(local)

    async def check(self, properties: dict[str, Any]) -> None:
        """Check the properties of a new machine: also whether its program and images are there, unlike those of a
        machine from a project's file. Raises Conflict, Invalid or Forbidden.
        """
        settings = read_settings(properties, unsafe_options=self._services.allow_unsafe_options)
        refuse_missing(settings)
        self._services.programs.path_of(settings.qemu_path, settings.platform)
        await require_images(self._services, settings, IMAGES)

    async def create(self, spec: NodeSpec) -> QemuNode:
        """Create a stopped machine with its folder and console port. What only its start needs may be missing.

        Raises Conflict, Invalid, Forbidden or Unavailable, and then leaves nothing behind.
        """
        settings = read_settings(spec.properties, unsafe_options=self._services.allow_unsafe_options)
        node = QemuNode(self._services, spec, await completed(self._services, settings, spec.node_id))
        try:
            await node.open(spec.console, spec.console_type)
        except BaseException:
            with trio.CancelScope(shield=True):
                await node.close()
            raise
        return node
