"""Forms for the settings of nodes and templates: what a client needs to offer each field. Sans-IO.

A form is made from the attrs class of the settings, which has the names, types, limits and defaults. What a class
cannot tell (labels, units, groups, when a change takes effect) is in the notes of the type. So a type without notes has
a form, too.
"""

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from gns3trio.classes import frozen
from gns3trio.field_checks import keywords
from gns3trio.limits import MAX_INTEGER, Bound, split_bound

# How a field is shown: a line of text, several lines, a list with an item per line, a number, one of some choices,
# yes or no, a table with a row per item, the name of an image, the start-up script, a symbol.
Control = Literal["text", "lines", "list", "number", "choice", "flag", "table", "image", "script", "symbol"]
# When a change takes effect: at once, at the next start, or it can be made while the node is stopped only.
Moment = Literal["now", "start", "stopped"]
Group = Literal["General", "Network", "Disks", "Console", "Advanced"]
# Lists of names that only a host or the server knows.
Names = Literal["images", "interfaces", "base_configs", "computes"]


@frozen(kw_only=True)
class OnlyIf:
    """A column of a table matters only in rows in which another column has one of these values."""

    column: str
    values: tuple[str, ...]


@frozen(kw_only=True)
class FieldNote:
    """What the class of a field does not tell of it. What is None follows from the class.

    ``labels`` are names of choices for people. ``choices`` are those of a text whose class does not say them, and
    ``suggestions`` those of a text that may be another. ``rows`` is the class of a table's rows, and ``columns`` are
    notes of these. ``key`` is the column with the number of a row, which ranges such as ``1-8`` refer to. ``made_of``
    is the text of an empty cell, from other cells of its row: ``Ethernet{port_number}``; ``{row}`` is the row's number.
    """

    label: str | None = None
    group: Group = "General"
    control: Control | None = None
    unit: str | None = None
    hint: str | None = None
    takes_effect: Moment | None = None
    labels: Mapping[str, str] = attrs.field(factory=dict)
    choices: tuple[str, ...] | None = None
    suggestions: tuple[str, ...] = ()
    suggested_by: Names | None = None
    rows: type[Any] | None = None
    columns: "Mapping[str, FieldNote]" = attrs.field(factory=dict)
    key: str | None = None
    only_if: OnlyIf | None = None
    made_of: str | None = None
    is_shown: bool = True


# A field that no form shows: clients keep its value.
HIDDEN = FieldNote(is_shown=False)
_PLAIN = FieldNote()


@frozen(kw_only=True)
class Form:
    """The notes of a type, by the names of fields in the order in which they are shown; others come after them.

    ``takes_effect`` is for fields whose notes do not say it. ``of_templates`` are fields that nodes have, too, but that
    count only when a node is made. ``adapters`` are the notes of its ``custom_adapters``, for types whose adapters can
    differ.
    """

    notes: Mapping[str, FieldNote] = attrs.field(factory=dict)
    takes_effect: Moment = "start"
    of_templates: frozenset[str] = frozenset()
    adapters: FieldNote | None = None


@frozen(kw_only=True)
class Choice:
    """One of the values of a field, and its name for people."""

    value: str
    label: str


@frozen(kw_only=True)
class FormField:
    """A field of a form. Lengths are in characters, or bytes of a script; those of a table are in rows."""

    name: str
    label: str
    group: Group
    control: Control
    takes_effect: Moment
    unit: str | None = None
    hint: str | None = None
    default: Any = None
    is_required: bool = False
    may_be_null: bool = False
    is_whole: bool = False
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    choices: tuple[Choice, ...] | None = None
    suggestions: tuple[str, ...] = ()
    suggested_by: Names | None = None
    columns: "tuple[FormField, ...] | None" = None
    key: str | None = None
    only_if: OnlyIf | None = None
    made_of: str | None = None
    is_shown: bool = True


def fields_of_class(settings: type[Any], form: Form) -> Iterator[FormField]:
    """The fields of a form for an attrs class, without those that are hidden or have no form that is known."""
    for field in _described(settings, form.notes, form.takes_effect):
        if field.is_shown:
            yield field


def _described(settings: type[Any], notes: Mapping[str, FieldNote], moment: Moment) -> Iterator[FormField]:
    hints = get_type_hints(settings, include_extras=True)
    attributes = {each.name: each for each in attrs.fields(settings)}
    for name in [*(name for name in notes if name in attributes), *(name for name in attributes if name not in notes)]:
        field = described_field(attributes[name], hints[name], notes.get(name, _PLAIN), moment)
        if field is not None:
            yield field


def described_field(attribute: "attrs.Attribute[Any]", kind: Any, note: FieldNote, moment: Moment) -> FormField | None:
    """The field of a form for an attribute; None for a type for which there is no control."""
    base, bound, may_be_null = _plain(kind)
    control = note.control or _control_of(base, note)
    if control is None:
        return None
    limits = keywords(attribute.validator)
    size = bound if control in ("text", "lines", "list", "table", "image", "script", "symbol") else None
    rows = note.rows or (get_args(base) or (None,))[0] if control == "table" else None
    return FormField(
        name=attribute.name,
        label=note.label or _label(attribute.name),
        group=note.group,
        control=control,
        takes_effect=note.takes_effect or moment,
        unit=note.unit,
        hint=note.hint,
        default=_told_default(attribute),
        is_required=attribute.default is attrs.NOTHING,
        may_be_null=may_be_null,
        is_whole=base is int,
        minimum=limits.get("minimum", _least(base, bound)),
        maximum=limits.get("maximum", _most(base, bound)),
        min_length=max(int(limits.get("minLength", 0)), size.least if size is not None else 0) or None,
        max_length=int(limits.get("maxLength", size.most)) if size is not None else None,
        choices=_choices_of(base, note),
        suggestions=note.suggestions,
        suggested_by=note.suggested_by or ("images" if control == "image" else None),
        columns=tuple(_described(rows, note.columns, note.takes_effect or moment)) if rows is not None else None,
        key=note.key,
        only_if=note.only_if,
        made_of=note.made_of,
        is_shown=note.is_shown,
    )


def _plain(kind: Any) -> tuple[Any, Bound | None, bool]:
    """A type without its limits and without None, the limits, and whether it may be None."""
    base, bound = split_bound(kind)
    if get_origin(base) not in (Union, UnionType):
        return base, bound, False
    others = [each for each in get_args(base) if each is not type(None)]
    inner, inner_bound = split_bound(others[0])
    return inner, inner_bound, len(others) < len(get_args(base))


def _control_of(base: Any, note: FieldNote) -> Control | None:
    if base is bool:
        return "flag"
    if base in (int, float):
        return "number"
    if get_origin(base) is Literal or (base is str and note.choices is not None):
        return "choice"
    if base is str:
        return "text"
    if get_origin(base) is list:
        item = get_args(base)[0]
        if note.rows is not None or attrs.has(item):
            return "table"
        return "list" if split_bound(item)[0] is str else None
    return None


def _choices_of(base: Any, note: FieldNote) -> tuple[Choice, ...] | None:
    values = note.choices if note.choices is not None else get_args(base) if get_origin(base) is Literal else None
    if values is None:
        return None
    return tuple(Choice(value=value, label=note.labels.get(value, value or "none")) for value in values)


def _least(base: Any, bound: Bound | None) -> float | None:
    return bound.least if base is int and bound is not None and bound.least > -MAX_INTEGER else None


def _most(base: Any, bound: Bound | None) -> float | None:
    return bound.most if base is int and bound is not None and bound.most < MAX_INTEGER else None


def default_of(attribute: "attrs.Attribute[Any]") -> Any:
    """The default of an attribute; ``attrs.NOTHING`` if it has none."""
    factory = getattr(attribute.default, "factory", None)
    return attribute.default if factory is None else factory()


def _told_default(attribute: "attrs.Attribute[Any]") -> Any:
    value = default_of(attribute)
    if value is attrs.NOTHING:
        return None
    return [_as_told(item) for item in value] if isinstance(value, list) else value


def _as_told(item: Any) -> Any:
    if not attrs.has(type(item)):
        return item
    return {name: value for name, value in attrs.asdict(item).items() if value is not None}


def _label(name: str) -> str:
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]
