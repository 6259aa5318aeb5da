"""The registry of the node types that a compute runs. The composition root fills it and passes it on."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from gns3trio.classes import frozen
from gns3trio.compute.emulators import why_not_run
from gns3trio.compute.local.mac_ids import MacIds
from gns3trio.compute.local.node import LocalNode
from gns3trio.compute.node import NodeSpec
from gns3trio.convert import make_strict_converter, structure
from gns3trio.errors import Conflict, Invalid

_properties = make_strict_converter(forbid_extra_keys=True)
_T = TypeVar("_T")


def structure_properties(properties: dict[str, Any], settings_class: type[_T]) -> _T:
    """Check the properties of a node. Raises Invalid with the names of the wrong ones."""
    try:
        return structure(_properties, properties, settings_class)
    except Invalid as error:
        raise Invalid(f"properties.{error}") from None


def _require_no_engine(engine: str | None) -> None:
    if engine is not None:
        raise Invalid("engine: nodes of this type have no choice of engines")


@frozen
class NodeType:
    """A node type: the attrs class of its properties in the API, and the function that creates a node.

    ``create`` returns a stopped node that holds its resources, or raises Conflict or Invalid and leaves nothing behind.
    ``require`` raises Conflict if a new node could not work on this host. ``require_engine`` raises Invalid for an
    engine that the type does not have, and Conflict for one that cannot run nodes on this host. ``mac_ids`` assigns the
    numbers of its MAC addresses, if this server does that. ``check`` checks the properties of a new node, if the class
    does not tell all of it.
    """

    settings_class: type[Any]
    create: Callable[[NodeSpec], Awaitable[LocalNode]]
    require: Callable[[], Awaitable[object]] | None = None
    require_engine: Callable[[str | None], None] = _require_no_engine
    mac_ids: MacIds | None = None
    check: Callable[[dict[str, Any]], Awaitable[None]] | None = None


class NodeRegistry:
    """The node types of a compute, by their names in the API. Those that are ``forbidden`` are not among them."""

    def __init__(self, forbidden: Iterable[str] = ()) -> None:
        self._types: dict[str, NodeType] = {}
        self._forbidden = frozenset(forbidden)

    def add(self, name: str, node_type: NodeType) -> None:
        """Register a type. Raises ValueError if the name is in use."""
        if name in self._types:
            raise ValueError(f"node type {name!r} is registered already")
        self._types[name] = node_type

    def names(self) -> Iterable[str]:
        """The registered names, in order of registration."""
        return self._types.keys()

    @property
    def mac_ids(self) -> list[MacIds]:
        """The numbers of MAC addresses of all types that have them."""
        return [node_type.mac_ids for node_type in self._types.values() if node_type.mac_ids is not None]

    def __contains__(self, name: object) -> bool:
        return name in self._types

    def get(self, name: str) -> NodeType:
        """The type of this name. Raises Conflict if this compute does not run it."""
        try:
            return self._types[name]
        except KeyError:
            if name in self._forbidden:
                text = f"node_type: nodes of type {name} are forbidden here (the setting forbidden_node_types)"
                raise Conflict(text) from None
            raise Conflict(f"node_type: {why_not_run(name)}") from None
