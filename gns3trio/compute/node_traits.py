"""What a type of node is, for everything that does not run it. Sans-IO.

The controller, templates, symbols, the topology document, the page and the command line go by these traits alone, so
that a new type is a package with its traits and one entry in ``node_types``.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import attrs

Category = Literal["router", "switch", "guest", "firewall"]
# What can be done with nodes of a type beside starting and stopping them.
Ability = Literal["ping", "mac_table"]


@attrs.frozen
class NodePort:
    """A port of a node, and its names in the API."""

    adapter_number: int
    port_number: int
    name: str
    short_name: str


@attrs.frozen(kw_only=True)
class Drawn:
    """How a node is drawn when its client does not say: the id of a symbol, and the symbol's size in pixels."""

    symbol: str
    width: int
    height: int


@attrs.frozen(kw_only=True)
class ScriptTraits:
    """The start-up script of a type: a text file in the node's folder, and the property ``startup_script``.

    ``default`` is the script of a node that people make without saying one. ``expand`` puts a node's name in the place
    of what stands for it, and raises Invalid when the text becomes too long. ``rename`` gives a script that names its
    node another name. ``base_configs`` are the texts, by file name, that templates may name as ``base_script_file``
    and that are there when nobody has put others in their place; ``%h`` in them stands for the node's name.
    """

    file_name: str
    max_bytes: int
    default: str
    expand: Callable[[str, str], str]
    rename: Callable[[str, str], str]
    base_configs: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True, eq=False)
class NodeTraits:
    """A type of node.

    ``name`` is its name in the API, ``title`` what people read, ``label`` what messages call a node of it.
    ``name_format`` is the name of a new node, with ``{0}`` for a number; ``category`` is where clients list its
    templates; ``symbol`` is the picture of its templates.
    """

    name: str
    title: str
    label: str
    name_format: str
    category: Category
    symbol: str
    drawn_as: Drawn | None = None

    template_settings: type[Any] | None = None
    """The attrs class of what users' templates have beside the common fields; None: templates are kept as they come."""

    has_templates: bool = True
    """Whether users can make templates of it."""

    builtin_template: Mapping[str, Any] | None = None
    """Further fields of the template that every server has; None: there is no such template."""

    ports: Callable[[Mapping[str, Any]], Iterable[NodePort]] | None = None
    """The ports that a node with these properties has, whatever they hold: it may be one that nothing runs here.

    None: as GNS3 gives them to an emulator's nodes.
    """

    script: ScriptTraits | None = None
    console_types: tuple[str, ...] = ("none",)
    can_suspend: bool = False
    can_be_duplicated: bool = True

    always_runs: bool = False
    """Whether a node runs as long as it exists: starting and stopping it means nothing."""

    reaches_host: bool = False
    """Whether it leads to networks of the host. Two of these cannot be linked: the host would be linked to itself."""

    abilities: frozenset[Ability] = frozenset()

    emulator: str | None = None
    """The program that runs it on a GNS3 compute; this server, which does not run that, keeps such nodes."""

    has_images: bool = False
    """Whether its emulator has images on a GNS3 compute."""
