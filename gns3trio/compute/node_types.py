"""All known node types: those that this server runs, and those of GNS3 that it only stores.

A type that runs here is a package with ``TRAITS`` and a module ``node``, whose ``make_type(services)`` returns the
entry for the compute's registry.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Annotated

from gns3trio.compute import emulators
from gns3trio.compute.node_traits import NodeTraits
from gns3trio.compute.nodes import cloud, docker, ethernet_hub, ethernet_switch, nat, qemu, vpcs
from gns3trio.limits import MAX_TEXT, Bound


class NodeTypes(Mapping[str, NodeTraits]):
    """The types by name, first those that run here."""

    def __init__(self, packages: tuple[ModuleType, ...], kept: tuple[NodeTraits, ...]) -> None:
        self.packages: dict[str, ModuleType] = {package.TRAITS.name: package for package in packages}
        self._kept = {traits.name: traits for traits in kept}

    def __getitem__(self, name: str) -> NodeTraits:
        package = self.packages.get(name)
        traits: NodeTraits = package.TRAITS if package is not None else self._kept[name]
        return traits

    def __iter__(self) -> Iterator[str]:
        yield from self.packages
        yield from self._kept

    def __len__(self) -> int:
        return len(self.packages) + len(self._kept)

    @contextmanager
    def with_package(self, package: ModuleType) -> Iterator[None]:
        """Add a type, for servers that start while the ``with`` lasts. Raises ValueError if its name is in use."""
        name = package.TRAITS.name
        if name in self:
            raise ValueError(f"node type {name!r} is there already")
        self.packages[name] = package
        try:
            yield
        finally:
            del self.packages[name]


node_types = NodeTypes((vpcs, ethernet_switch, ethernet_hub, cloud, nat, qemu, docker), emulators.KEPT_TYPES)

NodeTypeName = Annotated[str, Bound(MAX_TEXT, choices=lambda: node_types)]
"""The name of a type, in requests and files."""

RunningTypeName = Annotated[str, Bound(MAX_TEXT, choices=lambda: node_types.packages)]
"""The name of a type that runs here."""
