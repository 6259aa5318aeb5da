"""The fields of a ``.gns3`` file of revision 9 or 10: valid values, and replacements for invalid ones. Sans-IO.

GNS3 rejects a whole file because of one invalid value or unknown key. So the reader always produces data that GNS3
would write: an invalid part is replaced or left out, and reported. Parts that have no place in such a file are kept
beside it (see ``own_fields``).
"""

import math
import re
from collections.abc import Callable, Collection, Container, Mapping
from typing import Any
from uuid import UUID

import attrs

from gns3trio.classes import frozen
from gns3trio.compute.host import LOCAL_COMPUTE_ID
from gns3trio.compute.node_types import node_types
from gns3trio.controller.names import clean_name
from gns3trio.convert import json_name, parse_uuid
from gns3trio.free_form import PART
from gns3trio.limits import MAX_FREE_TEXT, MAX_ITEMS, MAX_LINK_ENDS, MAX_PORT, MAX_SVG, MAX_TEXT

CONSOLE_TYPES = frozenset({"vnc", "telnet", "http", "https", "spice", "spice+agent", "none"})
_MAC = re.compile("([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}")
MAX_PROBLEMS = 1000
# The most characters of a value in a message.
_SHOWN = 60

Reader = Callable[[Any], Any]


@frozen
class Findings:
    """The findings about a file: messages for users, parts that are left out, and keys that GNS3 does not know, by the
    name of their object (see ``ProjectRecord``).
    """

    problems: list[str] = attrs.field(factory=list)
    left_out: list[dict[str, Any]] = attrs.field(factory=list)
    unknown: dict[str, dict[str, Any]] = attrs.field(factory=dict)

    def leave_out(self, part: str, content: Any, reason: str) -> None:
        """Record a part that is left out, with the reason."""
        self._note(f"{part} is left out: {reason}", part, content, reason)

    def replace(self, part: str, content: Any, reason: object, instead: Any) -> None:
        """Record a value that is replaced."""
        taken = "nothing" if instead is None else _shown(instead)
        self._note(f"{part}: {reason}; {taken} is taken instead", part, content, str(reason))

    def _note(self, problem: str, part: str, content: Any, reason: str) -> None:
        """Add a message, up to a limit. The original of a file with more problems is kept completely (see
        ``versions``).
        """
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)
            self.left_out.append({"part": part, "reason": reason, "content": content})
        elif len(self.problems) == MAX_PROBLEMS:
            self.problems.append(f"there are more than {MAX_PROBLEMS} such problems")

    def note_unknown(self, path: str, raw: Mapping[str, Any], known: Container[str]) -> None:
        """Record the keys of an object that are not ``known``."""
        others = {key: value for key, value in raw.items() if key not in known}
        if others:
            self.unknown[path] = others


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


@frozen
class Field:
    """How to read a value, which raises ValueError if it is invalid; and the default for invalid, missing or null
    values. Without ``default`` the field is required.
    """

    read: Reader
    default: Callable[[], Any] | None = None


# --- values ---


def whole(lowest: float = -(2**31), highest: float = 2**31 - 1) -> Reader:
    """A whole number in a range, by default 32 bits. GNS3 accepts fractions of pixels, and stores whole ones."""

    def read(value: Any) -> int:
        if type(value) is float and math.isfinite(value):
            value = round(value)
        if type(value) is not int:
            raise ValueError(f"expected an integer, got {json_name(type(value))}")
        if not lowest <= value <= highest:
            raise ValueError(f"{_shown(value)} is not in the range from {lowest} to {highest}")
        return value

    return read


def text(shortest: int = 0, longest: int = MAX_TEXT) -> Reader:
    """A text of limited length, in characters."""

    def read(value: Any) -> str:
        if type(value) is not str:
            raise ValueError(f"expected text, got {json_name(type(value))}")
        if len(value) < shortest:
            raise ValueError("it is empty")
        if len(value) > longest:
            raise ValueError(f"has {len(value)} characters, and may have {longest}")
        return value

    return read


def exactly(kind: type) -> Reader:
    """A value of exactly one JSON type."""

    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise ValueError(f"expected {json_name(kind)}, got {json_name(type(value))}")
        return value

    return read


def list_of(most: int) -> Reader:
    """A list of limited length."""

    def read(value: Any) -> list[Any]:
        values: list[Any] = exactly(list)(value)
        if len(values) > most:
            raise ValueError(f"has {len(values)} items, and may have {most}")
        return values

    return read


def free_object(value: Any) -> dict[str, Any]:
    """An object without a fixed shape."""
    checked: dict[str, Any] = exactly(dict)(value)
    PART.check(checked)
    return checked


def one_of(allowed: Collection[str]) -> Reader:
    """A text that must be one of the given ones."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(f"{_shown(value)} is not one of {', '.join(sorted(allowed))}")
        return value

    return read


def or_null(read: Reader) -> Reader:
    """A value that ``read`` accepts, or null."""
    return lambda value: None if value is None else read(value)


def _template_id(value: Any) -> UUID | None:
    return None if value in (None, "") else parse_uuid(value)


def _mac(value: Any) -> str:
    if not isinstance(value, str) or not _MAC.fullmatch(value):
        raise ValueError(f"{_shown(value)} is not a MAC address")
    return value


def _filters(value: Any) -> dict[str, list[Any]]:
    for name, parameters in free_object(value).items():
        if type(parameters) is not list:
            raise ValueError(f"{name}: expected a list, got {json_name(type(parameters))}")
    return dict(value)


def supplier(value: Any) -> dict[str, Any]:
    checked = free_object(value)
    for name in ("logo", "url"):
        if name in checked:
            text()(checked[name])
    return checked


def _variables(value: Any) -> list[dict[str, Any]]:
    variables: list[dict[str, Any]] = list_of(MAX_ITEMS)(value)
    for variable in variables:
        free_object(variable)
        text(1)(variable.get("name"))
        if "value" in variable:
            text(0, MAX_FREE_TEXT)(variable["value"])
    return variables


def _project_name(value: Any) -> str:
    return clean_name(text(1, MAX_FREE_TEXT)(value), "unnamed")


_rotation = whole(-359, 360)
_yes_or_no = exactly(bool)

# --- objects ---

PROJECT: dict[str, Field] = {
    "name": Field(_project_name, lambda: "unnamed"),
    "auto_close": Field(_yes_or_no, lambda: True),
    "auto_open": Field(_yes_or_no, lambda: False),
    "auto_start": Field(_yes_or_no, lambda: False),
    "scene_height": Field(whole(), lambda: 1000),
    "scene_width": Field(whole(), lambda: 2000),
    "zoom": Field(whole(), lambda: 100),
    "show_layers": Field(_yes_or_no, lambda: False),
    "snap_to_grid": Field(_yes_or_no, lambda: False),
    "show_grid": Field(_yes_or_no, lambda: False),
    "grid_size": Field(whole(), lambda: 75),
    "drawing_grid_size": Field(whole(), lambda: 25),
    "show_interface_labels": Field(_yes_or_no, lambda: False),
    "supplier": Field(or_null(supplier), lambda: None),
    "variables": Field(or_null(_variables), lambda: None),
}
NODE: dict[str, Field] = {
    "node_id": Field(parse_uuid),
    "node_type": Field(one_of(node_types)),
    "name": Field(text(1, MAX_FREE_TEXT)),
    "compute_id": Field(text(), lambda: LOCAL_COMPUTE_ID),
    "aux": Field(or_null(whole(1, MAX_PORT)), lambda: None),
    "aux_type": Field(or_null(one_of(CONSOLE_TYPES)), lambda: None),
    "console": Field(or_null(whole(1, MAX_PORT)), lambda: None),
    "console_auto_start": Field(_yes_or_no, lambda: False),
    "console_type": Field(or_null(one_of(CONSOLE_TYPES)), lambda: None),
    "custom_adapters": Field(list_of(MAX_ITEMS), list),
    "first_port_name": Field(or_null(text()), lambda: None),
    "height": Field(whole(), lambda: 59),
    "label": Field(free_object, dict),
    "locked": Field(_yes_or_no, lambda: False),
    "port_name_format": Field(text(), lambda: "Ethernet{0}"),
    "port_segment_size": Field(whole(0), lambda: 0),
    "properties": Field(free_object, dict),
    "symbol": Field(or_null(text(1)), lambda: ":/symbols/computer.svg"),
    "template_id": Field(_template_id, lambda: None),
    "width": Field(whole(), lambda: 65),
    "x": Field(whole(), lambda: 0),
    "y": Field(whole(), lambda: 0),
    "z": Field(whole(), lambda: 1),
}
LABEL: dict[str, Field] = {
    "text": Field(text(), str),
    "x": Field(or_null(whole()), lambda: None),
    "y": Field(whole(), lambda: -40),
    "rotation": Field(_rotation, lambda: 0),
    "style": Field(or_null(text()), lambda: None),
}
ADAPTER: dict[str, Field] = {
    "adapter_number": Field(whole()),
    "port_name": Field(text(1), lambda: None),
    "adapter_type": Field(text(1), lambda: None),
    "mac_address": Field(_mac, lambda: None),
}
LINK: dict[str, Field] = {
    "link_id": Field(parse_uuid),
    "nodes": Field(list_of(MAX_LINK_ENDS), list),
    "filters": Field(_filters, dict),
    "link_style": Field(free_object, dict),
    "suspend": Field(_yes_or_no, lambda: False),
}
END: dict[str, Field] = {
    "node_id": Field(parse_uuid),
    "adapter_number": Field(whole(0)),
    "port_number": Field(whole(0)),
    "label": Field(or_null(free_object), lambda: None),
}
DRAWING: dict[str, Field] = {
    "drawing_id": Field(parse_uuid),
    "x": Field(whole(), lambda: 0),
    "y": Field(whole(), lambda: 0),
    "z": Field(whole(), lambda: 2),
    "locked": Field(_yes_or_no, lambda: False),
    "rotation": Field(_rotation, lambda: 0),
    "svg": Field(text(0, MAX_SVG), lambda: "<svg></svg>"),
}
COMPUTE: dict[str, Field] = {
    "compute_id": Field(text()),
    "name": Field(text()),
    "protocol": Field(one_of(frozenset({"http", "https"}))),
    "host": Field(text()),
    "port": Field(whole()),
    "user": Field(or_null(text()), lambda: None),
}


class Unusable(ValueError):
    """A required field of an object is missing or invalid."""


def read_fields(
    raw: Mapping[str, Any], fields: Mapping[str, Field], part: str, findings: Findings, *, fill: bool = True
) -> dict[str, Any]:
    """Read the known fields of an object. Without ``fill``, missing fields stay missing.

    Raises Unusable if a field without a default is missing or invalid.
    """
    values: dict[str, Any] = {}
    for name, field in fields.items():
        value = raw.get(name)
        if name not in raw or (value is None and not _takes_null(field)):
            if field.default is None:
                raise Unusable(f"{name}: required field is missing")
            if fill:
                values[name] = field.default()
            continue
        try:
            values[name] = field.read(value)
        except ValueError as error:
            if field.default is None:
                raise Unusable(f"{name}: {error}") from None
            instead = field.default()
            findings.replace(f"{part}.{name}" if part else name, value, error, instead)
            if fill or instead is not None:
                values[name] = instead
    return values


def check_fields(raw: Mapping[str, Any], fields: Mapping[str, Field]) -> None:
    """Raises ValueError for an object that reading would change: with an invalid, unknown or missing field."""
    for name, value in raw.items():
        if name not in fields:
            raise ValueError(f"{name[:_SHOWN]}: unknown field")
        try:
            fields[name].read(value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    for name, field in fields.items():
        if field.default is None and name not in raw:
            raise ValueError(f"{name}: required field is missing")


def _takes_null(field: Field) -> bool:
    try:
        field.read(None)
    except ValueError:
        return False
    return True


def read_label(raw: Mapping[str, Any], part: str, path: str, findings: Findings, *, fill: bool) -> dict[str, Any]:
    """Read the label of a node or of a link end, without adding missing keys."""
    findings.note_unknown(path, raw, LABEL)
    return read_fields(raw, LABEL, part, findings, fill=fill)


def read_adapters(raw: list[Any], part: str, findings: Findings) -> list[dict[str, Any]]:
    """Read the customised adapters of a node."""
    adapters: list[dict[str, Any]] = []
    for index, adapter in enumerate(raw):
        where = f"{part}.custom_adapters[{index}]"
        try:
            adapters.append(read_fields(exactly(dict)(adapter), ADAPTER, where, findings, fill=False))
        except ValueError as error:
            findings.leave_out(where, adapter, str(error))
    return adapters
