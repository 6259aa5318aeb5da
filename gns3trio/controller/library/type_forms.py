"""The forms of node types: the fields of a node, and those of a template. Sans-IO."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal, get_args

import attrs

from gns3trio import field_checks as v
from gns3trio.classes import frozen
from gns3trio.compute.form_fields import HIDDEN, FieldNote, Form, FormField, fields_of_class
from gns3trio.compute.node_traits import Category, NodeTraits
from gns3trio.compute.node_types import node_types
from gns3trio.controller.library.templates import OtherTemplate, template_class
from gns3trio.controller.names import Name
from gns3trio.limits import Int32

# Where the value of a field is: in a node itself, in its ``properties``, or in a template.
Place = Literal["node", "properties", "template"]

_CATEGORIES: tuple[str, ...] = get_args(Category)
_AUTO_START = FieldNote(
    label="Open the console at the start", group="Console", takes_effect="now", hint="For GNS3's clients."
)
_CONSOLE_TYPES = {
    "vnc": "VNC",
    "spice": "SPICE",
    "spice+agent": "SPICE with agent",
    "http": "web page (HTTP)",
    "https": "web page (HTTPS)",
}


@frozen(kw_only=True)
class PlacedField:
    """A field of a form, and where its value is."""

    place: Place
    field: FormField


@frozen(kw_only=True)
class _NodeFields:
    """What all nodes have."""

    name: Name
    symbol: str = attrs.field(validator=v.min_len(1))


@frozen(kw_only=True)
class _ConsoleFields:
    console_type: str
    console_auto_start: bool = False


@frozen(kw_only=True)
class _PortNameFields:
    """What the machines of emulators have."""

    first_port_name: str | None = ""
    port_name_format: str = "Ethernet{0}"
    port_segment_size: Int32 = attrs.field(default=0, validator=v.ge(0))
    custom_adapters: list[dict[str, Any]] = attrs.field(factory=list)


_NODE_NOTES = {"name": FieldNote(label="Name"), "symbol": FieldNote(label="Symbol", control="symbol")}
_TEMPLATE_NOTES: Mapping[str, FieldNote] = {
    "name": FieldNote(label="Name"),
    "symbol": FieldNote(label="Symbol", control="symbol"),
    "category": FieldNote(label="Category", choices=_CATEGORIES),
    "default_name_format": FieldNote(label="Names of nodes", hint="{0} is a number, {name} the name of the template."),
    "compute_id": FieldNote(
        label="Host", group="Advanced", suggested_by="computes", hint="If it is empty, it is chosen for each node."
    ),
    "template_type": HIDDEN,
    "builtin": HIDDEN,
}
_PORT_NAME_NOTES: Mapping[str, FieldNote] = {
    "first_port_name": FieldNote(label="Name of the first port", group="Network"),
    "port_name_format": FieldNote(
        label="Names of ports", group="Network", hint="{0} is the number of a port, {1} that of its segment."
    ),
    "port_segment_size": FieldNote(label="Ports of a segment", group="Network", hint="0 is no segments."),
}


def _console_notes(traits: NodeTraits) -> Mapping[str, FieldNote]:
    return {
        "console_type": FieldNote(
            label="Console",
            group="Console",
            labels=_CONSOLE_TYPES,
            choices=traits.console_types,
            takes_effect="now" if traits.boot_seconds is None else "stopped",
        ),
        "console_auto_start": _AUTO_START if traits.console_types != ("none",) else HIDDEN,
    }


@cache
def node_form(name: str) -> tuple[PlacedField, ...]:
    """The fields of nodes of a type, in the order in which they are shown."""
    traits = node_types[name]
    return tuple(_node_form(traits))


def _node_form(traits: NodeTraits) -> Iterator[PlacedField]:
    for field in fields_of_class(_NodeFields, Form(notes=_NODE_NOTES, takes_effect="now")):
        yield PlacedField(place="node", field=field)
    if traits.settings is not None:
        for field in fields_of_class(traits.settings, traits.form):
            if field.name not in traits.form.of_templates:
                yield PlacedField(place="properties", field=_with_script_limit(field, traits))
    if traits.form.adapters is not None:
        notes = {**_PORT_NAME_NOTES, "custom_adapters": traits.form.adapters}
        for field in fields_of_class(_PortNameFields, Form(notes=notes)):
            yield PlacedField(place="node", field=field)
    if len(traits.console_types) > 1:
        for field in fields_of_class(_ConsoleFields, Form(notes=_console_notes(traits))):
            yield PlacedField(place="node", field=field)


def _with_script_limit(field: FormField, traits: NodeTraits) -> FormField:
    if field.name != "startup_script" or traits.script is None:
        return field
    most = min(field.max_length or traits.script.max_bytes, traits.script.max_bytes)
    return attrs.evolve(field, control="script", max_length=most)


@cache
def template_form(name: str) -> tuple[PlacedField, ...] | None:
    """The fields of templates of a type; None if there are no such templates, or their fields are not known."""
    traits = node_types[name]
    kind = template_class(traits)
    if not traits.has_templates or kind is OtherTemplate:
        return None
    notes = {**_TEMPLATE_NOTES, **traits.form.notes, **_PORT_NAME_NOTES, **_console_notes(traits)}
    form = Form(notes=notes, takes_effect="now")
    return tuple(
        PlacedField(place="template", field=attrs.evolve(field, takes_effect="now"))
        for field in fields_of_class(kind, form)
    )
