"""The shapes of version 2 replies about node types and templates, with the fields of forms for them; an extension."""

from typing import Any

from gns3trio.api.replies import Whole, fields_of, reply_shape, shown_as
from gns3trio.compute.form_fields import FormField
from gns3trio.controller.library.type_forms import PlacedField


@reply_shape
class FieldChoice(Whole):
    """One of the values that a field may have, and its name for people."""

    value: str
    label: str


@reply_shape
class ColumnCondition(Whole):
    """In rows in which the ``column`` has none of these ``values``, another one does not matter."""

    column: str
    values: list[str]


@reply_shape
class FieldOfForm:
    """A field of a form. What does not apply to it, or is as by default, is left out.

    ``control``: ``text``, ``lines`` (a text of several lines), ``list`` (of texts), ``number``, ``choice``, ``flag``
    (yes or no), ``table`` (a list of objects, of which ``columns`` are the fields), ``image`` (the name of one),
    ``script`` (the start-up script), ``symbol`` (the id of one). ``takes_effect``: ``now``, at the next ``start``, or
    it can be changed while the node is ``stopped`` only. ``default`` is its value in a new node or template.

    Lengths are in characters, those of a script in bytes, those of a table in rows. ``is_whole``: a number without
    fraction. ``suggestions`` are examples; ``suggested_by`` says which list has more: ``images`` or ``interfaces`` of
    the host, ``base_configs``, ``computes``. ``key`` is the column with the number of a row. ``made_of`` is what an
    empty cell becomes, from other cells of the row; ``{row}`` is its place. A column that is not shown has it always.
    """

    name: str
    label: str
    group: str
    control: str
    takes_effect: str
    unit: str | None = None
    hint: str | None = None
    default: Any = None
    is_required: bool = False
    may_be_null: bool = False
    is_whole: bool = False
    is_shown: bool = True
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    choices: list[FieldChoice] | None = None
    suggestions: list[str] | None = None
    suggested_by: str | None = None
    columns: "list[FieldOfForm] | None" = None
    key: str | None = None
    only_if: ColumnCondition | None = None
    made_of: str | None = None


@reply_shape
class NodeField(FieldOfForm):
    """A field of a node's form. Its value is in the node itself (``place`` is ``node``) or in its ``properties``."""

    place: str = "properties"


@reply_shape
class NodeType(Whole):
    """A node type. ``emulator`` is the program that its nodes need and that this server does not run.

    ``default_script`` is the start-up script (property ``startup_script``) that clients should give a new node; null
    for a type without scripts. ``always_runs``: its nodes cannot be started or stopped. ``reaches_host``: two such
    nodes cannot be linked. ``abilities``: ``ping`` is a console with VPCS's ``ping`` command, ``mac_table`` the routes
    of that name. ``engines`` can run a node, if there is a choice. ``image_property`` is the property with the image of
    a new node, for which clients should ask. ``properties`` are the fields of a form for its nodes. ``script_file`` is
    the file of a node that has its start-up script.
    """

    node_type: str
    title: str
    name_format: str
    category: str
    symbol: str
    runs_here: bool
    emulator: str | None
    console_types: list[str]
    default_script: str | None
    always_runs: bool
    can_suspend: bool
    can_be_duplicated: bool
    image_property: str | None
    reaches_host: bool
    abilities: list[str]
    engines: list[str]
    script_file: str | None
    properties: list[NodeField]


@reply_shape
class TemplateType(Whole):
    """A type of templates: what is its name for people, and which fields its templates have."""

    template_type: str
    title: str
    fields: list[FieldOfForm]


_DEFAULTS = {each.name: each.default for each in fields_of(FieldOfForm)}


def field_view(field: FormField) -> dict[str, Any]:
    """A field of a form."""
    view = shown_as(FieldOfForm, field)
    view["suggestions"] = field.suggestions or None
    if field.choices is not None:
        view["choices"] = [shown_as(FieldChoice, each) for each in field.choices]
    if field.columns is not None:
        view["columns"] = [field_view(each) for each in field.columns]
    if field.only_if is not None:
        view["only_if"] = shown_as(ColumnCondition, field.only_if)
    return {name: value for name, value in view.items() if value is not None and value is not _DEFAULTS[name]}


def placed_field_view(placed: PlacedField) -> dict[str, Any]:
    """A field of a node's form."""
    return {**field_view(placed.field), "place": placed.place}
