"""Black holes: they take frames and give none."""

from functools import partial
from pathlib import Path
from typing import Any

import attrs

from gns3trio.compute.local.link_ends import LocalLinkEnd
from gns3trio.compute.local.registry import NodeType, structure_properties
from gns3trio.compute.node import NodeEvent, NodeSpec, NodeStatus
from gns3trio.compute.node_traits import NodePort, PortList
from gns3trio.compute.nodes.parts.builtin_node import BuiltinNode, BuiltinServices
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.compute.script_files import read_script, write_script
from tests.support.black_hole import TRAITS, BlackHoleSettings


def make_type(services: LocalServices) -> NodeType:
    """The registry entry."""
    return NodeType(BlackHoleSettings, partial(create_black_hole, services.builtin))


async def create_black_hole(services: BuiltinServices, spec: NodeSpec) -> "BlackHole":
    settings = structure_properties(spec.properties, BlackHoleSettings)
    node = BlackHole(services, spec, settings)
    script = spec.startup_script or settings.startup_script
    node.directory.mkdir(parents=True, exist_ok=True)
    if script is not None:
        await node.set_startup_script(script)
    return node


class BlackHole(BuiltinNode):
    """A node that is stopped, started and suspended, and has a script."""

    node_type = "black_hole"
    label = "black hole"
    directory: Path

    def __init__(self, services: BuiltinServices, spec: NodeSpec, settings: BlackHoleSettings) -> None:
        super().__init__(services, spec)
        self.always_runs = False
        self.directory = spec.folder
        self.status = "stopped"
        self._settings = settings

    def ports(self) -> PortList:
        return PortList([NodePort(0, 0, "Horizon", "h")])

    def properties(self) -> dict[str, Any]:
        return attrs.asdict(self._settings)

    def as_read(self, properties: dict[str, Any]) -> dict[str, Any]:
        return attrs.asdict(structure_properties({**self.properties(), **properties}, BlackHoleSettings))

    async def set_properties(self, properties: dict[str, Any]) -> None:
        self._settings = structure_properties({**self.properties(), **properties}, BlackHoleSettings)

    async def startup_script(self) -> str | None:
        script = read_script(self.directory, TRAITS.script.file_name, 1000) if TRAITS.script is not None else None
        return script.text if script is not None else None

    async def set_startup_script(self, text: str) -> None:
        assert TRAITS.script is not None
        write_script(self.directory, TRAITS.script.file_name, TRAITS.script.expand(text, self.name))

    async def start(self) -> None:
        self._become("started")

    async def stop(self) -> None:
        self._become("stopped")

    async def suspend(self) -> None:
        self._become("suspended")

    async def reload(self) -> None:
        await self.stop()
        await self.start()

    def _become(self, status: NodeStatus) -> None:
        if self.status != status:
            self.status = status
            self._emit(NodeEvent("status"))

    async def _attach(self, port_number: int, link_end: LocalLinkEnd) -> None:
        """What comes over the link goes nowhere."""
