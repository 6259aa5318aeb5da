"""Traits of node types, for all code that does not run the nodes. Sans-IO.

The controller, templates, symbols, topology documents, the page and the command line use only these traits. So a new
type is a package with its traits, and one entry in ``node_types``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

import attrs

from gns3trio.classes import frozen
from gns3trio.compute.form_fields import Form

Category = Literal["router", "switch", "guest", "firewall"]
# Abilities of nodes besides starting and stopping.
Ability = Literal["ping", "mac_table"]


@frozen
class NodePort:
    """A port of a node, with its names in the API."""

    adapter_number: int
    port_number: int
    name: str
    short_name: str


class PortList(tuple[NodePort, ...]):
    """Many ports of a node, among which one is found without a search."""

    @cached_property
    def keys(self) -> frozenset[tuple[int, int]]:
        """The adapter number and port number of each."""
        return frozenset((port.adapter_number, port.port_number) for port in self)


def has_port(ports: Sequence[NodePort], adapter_number: int, port_number: int) -> bool:
    """Whether a port with these numbers is among the ports of a node."""
    if isinstance(ports, PortList):
        return (adapter_number, port_number) in ports.keys
    return any((port.adapter_number, port.port_number) == (adapter_number, port_number) for port in ports)


@frozen(kw_only=True)
class Drawn:
    """The default appearance of a node: the id of its symbol, and the symbol's size in pixels."""

    symbol: str
    width: int
    height: int


@frozen(kw_only=True)
class ScriptTraits:
    """The start-up script of a type: a text file in the node's folder, and the property ``startup_script``.

    ``default`` is the script that clients give a new node if the user gives none. ``expand`` replaces the placeholder
    by the node's name, and raises Invalid if the text becomes too long. ``rename`` changes the name of the node in a
    script. ``base_configs`` are default texts by file name, which templates refer to as ``base_script_file`` and which
    users can replace; ``%h`` in them stands for the node's name.
    """

    file_name: str
    max_bytes: int
    default: str
    expand: Callable[[str, str], str]
    rename: Callable[[str, str], str]
    base_configs: Mapping[str, str] = attrs.field(factory=dict)


@frozen(kw_only=True, eq=False)
class NodeTraits:
    """A type of node.

    ``name`` is its name in the API, ``title`` its name for people, ``label`` the name of a node in messages.
    ``name_format`` is the name of a new node, with ``{0}`` for a number. ``category`` is the category in which clients
    list its templates. ``symbol`` is the picture of its templates.
    """

    name: str
    title: str
    label: str
    name_format: str
    category: Category
    symbol: str
    drawn_as: Drawn | None = None

    template_settings: type[Any] | None = None
    """The attrs class of the additional fields of users' templates; None: templates are stored unchanged."""

    template_extras: type[Any] | None = None
    """The attrs class of the fields of users' templates that only GNS3 3 has, beside those that all types have."""

    has_templates: bool = True
    """Whether users can create templates of it."""

    builtin_template: Mapping[str, Any] | None = None
    """Additional fields of the built-in template; None: there is no built-in template."""

    ports: Callable[[Mapping[str, Any]], Iterable[NodePort]] | None = None
    """Returns the ports of a node with these properties, even if they are invalid or the node cannot run here.

    None: the ports that GNS3 gives to nodes of emulators.
    """

    port_names: tuple[str, int] | None = None
    """The format of port names, and the size of their segments, that GNS3 gives to nodes from templates; None: one
    number without segments.
    """

    script: ScriptTraits | None = None
    console_types: tuple[str, ...] = ("none",)
    can_suspend: bool = False
    can_be_duplicated: bool = True

    always_runs: bool = False
    """Whether a node runs as long as it exists, so that starting and stopping it have no effect."""

    is_numbered: bool = False
    """Whether a compute numbers the nodes of a project in the order of their creation, and derives MAC addresses from
    that. Nodes keep their addresses only if they are created in the same order again.
    """

    reaches_host: bool = False
    """Whether it leads to networks of the host. Two such nodes cannot be linked: the host would be linked to itself."""

    memory_mib: float = 1.0
    """The memory of a host that a node is expected to need, in MiB, if its properties do not tell it as ``ram``."""

    boot_seconds: float | None = None
    """How long a node may load its host after its start; None for a type whose nodes are no load. Few of the others are
    started at a time.
    """

    own_properties: frozenset[str] = frozenset()
    """Properties that GNS3 does not have. They are saved beside its file, and are not shown to another controller."""

    settings: type[Any] | None = None
    """The attrs class of its properties in the API; None: this server does not know them."""

    omits_defaults: bool = False
    """Whether topology documents omit properties that have the defaults of ``settings``."""

    form: Form = Form()
    """What a form for its nodes and templates says beside names, types and limits."""

    untold_properties: frozenset[str] = frozenset()
    """Properties that GNS3's controllers send to a compute and save, but that no compute tells them."""

    abilities: frozenset[Ability] = frozenset()

    engines: tuple[str, ...] = ()
    """What can run a node, if there is a choice. A node keeps its files, port and console if its engine is changed."""

    image_property: str | None = None
    """The property with the image that a new node works with, for which clients should ask."""

    emulator: str | None = None
    """The program of GNS3 that runs it, which this server may lack: then it only stores such nodes."""

    has_images: bool = False
    """Whether its emulator has images on a GNS3 compute."""

    @property
    def property_names(self) -> frozenset[str] | None:
        """The names of all its properties in the API; None: this server does not know them."""
        return None if self.settings is None else frozenset(each.name for each in attrs.fields(self.settings))
