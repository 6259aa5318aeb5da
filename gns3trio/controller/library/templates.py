"""Templates, from which nodes are created: GNS3's built-in ones with their fixed ids, and those of users.

Templates of types that this server does not run are stored for clients, but nodes cannot be created from them.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, Self, get_args
from uuid import NAMESPACE_DNS, NAMESPACE_X500, UUID, uuid3, uuid4, uuid5

import attrs
from attrs import field

from gns3trio import field_checks as v
from gns3trio.classes import define, frozen
from gns3trio.compute.node_traits import Category, NodeTraits
from gns3trio.compute.node_types import node_types
from gns3trio.controller.changes import TemplateChanged, TemplateCreated, TemplateDeleted
from gns3trio.controller.names import Name
from gns3trio.controller.storage.server_state import ServerState
from gns3trio.convert import make_strict_converter, parse_uuid, structure
from gns3trio.dates import now_text
from gns3trio.errors import Conflict, Invalid, NotFound
from gns3trio.limits import MAX_ITEMS
from gns3trio.notifications.feed import ChangeFeed

_CATEGORIES = get_args(Category)
_not_empty: Any = v.min_len(1)


@define(kw_only=True, slots=False)
class TemplateBase:
    """The common fields of templates. ``category`` is the category in which clients list it; GNS3 also has a number for
    it.
    """

    name: Name
    template_type: str
    compute_id: str | None
    category: str = "guest"
    default_name_format: Name = "{name}-{0}"
    symbol: str = field(default=":/symbols/computer.svg", validator=_not_empty)
    builtin: bool = False


@define(kw_only=True)
class OtherTemplate(TemplateBase):
    """A template of a type that this server does not run; its other settings are stored unchanged."""

    IGNORES_UNKNOWN_KEYS: ClassVar = True


@cache
def template_class(traits: NodeTraits) -> type[TemplateBase]:
    """The attrs class of templates of a type."""
    if traits.template_settings is None:
        return OtherTemplate
    defaults: dict[str, Any] = {
        "category": field(default=traits.category, type=str),
        "default_name_format": field(default=traits.name_format, type=Name),
        "symbol": field(default=_symbol_of(traits), validator=_not_empty, type=str),
    }
    return attrs.make_class(
        "Template", defaults, bases=(traits.template_settings, TemplateBase), kw_only=True, slots=False
    )


def _symbol_of(traits: NodeTraits) -> str:
    return f":/symbols/{traits.symbol}.svg"


# The settings of a template that are not properties of its nodes.
_NOT_PROPERTIES = frozenset(
    {field.name for field in attrs.fields(TemplateBase)}
    | {"template_id", "console_type", "console_auto_start", "engine"}
)
# Fields of templates of emulators that are not properties of their nodes, but of every node.
_OF_NODES = ("custom_adapters", "first_port_name", "port_name_format", "port_segment_size")
# Fields that name a base configuration, whose text the node gets. Measured with gns3-server 2.2.61.
CONFIGURATIONS = {"startup_config": "startup_config_content", "private_config": "private_config_content"}
# The key under which the fields of a template that only GNS3 3 has are stored.
_EXTRAS = "gns3_3"
# The fields of a template that cannot change.
FIXED = ("template_id", "template_type", "builtin")
_strict = make_strict_converter(forbid_extra_keys=True)
_lenient = make_strict_converter(forbid_extra_keys=False)


def _builtin(traits: NodeTraits) -> dict[str, Any]:
    return {
        "builtin": True,
        "category": traits.category,
        "compute_id": None,
        "default_name_format": traits.name_format,
        "name": traits.title,
        "symbol": _symbol_of(traits),
        "template_id": str(uuid3(NAMESPACE_DNS, traits.name)),
        "template_type": traits.name,
        **(traits.builtin_template or {}),
    }


def builtin_templates() -> dict[UUID, dict[str, Any]]:
    """The built-in templates, whose ids are the same on every server, in GNS3's order: guests by name, then others."""
    shipped = [traits for traits in node_types.values() if traits.builtin_template is not None]
    shipped.sort(key=lambda traits: (traits.category != "guest", traits.title if traits.category == "guest" else ""))
    templates = map(_builtin, shipped)
    return {UUID(template["template_id"]): template for template in templates}


def id_in_3(template_type: str) -> UUID:
    """The id of the built-in template of a type in GNS3 3. Measured with gns3-server 3.0.6."""
    return uuid5(NAMESPACE_X500, template_type)


@cache
def _ids_in_3() -> Mapping[UUID, UUID]:
    return {template_id: id_in_3(each["template_type"]) for template_id, each in builtin_templates().items()}


def template_id_in_3(template_id: UUID | None) -> UUID | None:
    """The id by which clients of GNS3 3 know the template of a node: a built-in one has another id there."""
    return _ids_in_3().get(template_id, template_id) if template_id is not None else None


@define(kw_only=True)
class _StoredTemplate(TemplateBase):
    """The fields of a stored template that the rest of the server needs."""

    template_id: UUID
    name: str = field(validator=_not_empty)
    category: str
    default_name_format: str = field(validator=_not_empty)
    symbol: str = field(validator=_not_empty)
    builtin: bool
    properties: dict[str, Any] | None = None


def check_stored_templates(value: object) -> None:
    """Raises Invalid if ``Templates`` cannot have stored this data."""
    structure(_lenient, value, list[_StoredTemplate])


class Templates(Mapping[UUID, dict[str, Any]]):
    """All templates by id, as clients store them; their fields depend on the type. Changes are durable when the methods
    return.

    A template is replaced when it changes, so its JSON can be kept as long as it is the same object.

    The fields that only GNS3 3 has are apart (``extras``), so that clients of each GNS3 get those that they know.
    Built-in templates have another id in each GNS3, and are found by both.
    """

    def __init__(self, state: ServerState, changes: ChangeFeed) -> None:
        self._state = state
        self._changes = changes
        self._builtin = builtin_templates()
        self._builtin_of_3 = {
            id_in_3(template["template_type"]): template_id for template_id, template in self._builtin.items()
        }
        self._read: list[dict[str, Any]] | None = None
        self._known: dict[UUID, _Kept] = {}

    def _own(self) -> "dict[UUID, _Kept]":
        stored = self._state.get("templates", [])
        if stored is not self._read:
            before = self._known
            self._known = dict(_kept(template, before) for template in stored)
            self._read = stored
        return self._known

    def __getitem__(self, template_id: UUID) -> dict[str, Any]:
        """A template by its id. Raises NotFound."""
        builtin = self._builtin.get(self._builtin_of_3.get(template_id, template_id))
        if builtin is not None:
            return builtin
        kept = self._own().get(template_id)
        if kept is None:
            raise NotFound(f"Template ID {template_id} doesn't exist")
        return kept.template

    def extras(self, template_id: UUID) -> Mapping[str, Any]:
        """The fields of a template that only GNS3 3 has; none of a built-in one."""
        kept = self._own().get(template_id)
        return kept.extras if kept is not None else {}

    def __contains__(self, template_id: object) -> bool:
        return template_id in self._builtin or template_id in self._builtin_of_3 or template_id in self._own()

    def __iter__(self) -> Iterator[UUID]:
        yield from self._builtin
        yield from self._own()

    def __len__(self) -> int:
        return len(self._builtin) + len(self._own())

    async def create(
        self, body: Mapping[str, Any], extras: Mapping[str, Any] = MappingProxyType({}), *, unique_name: bool = False
    ) -> UUID:
        """Add a template; returns its id. Raises Invalid (with the name of the field), Conflict for an id in use or,
        with ``unique_name``, a name in use, Unavailable.
        """
        fields = dict(body)
        template_id = _take_id(fields.pop("template_id", None))
        template = {**_checked(fields), "template_id": str(template_id), "builtin": False}
        now = now_text()
        extras = {**extras, "created_at": now, "updated_at": now}

        def add(stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
            if len(stored) >= MAX_ITEMS:
                raise Conflict(f"there are {MAX_ITEMS} templates, and can be no more")
            if template_id in self:
                raise Conflict(f"template_id: template {template_id} exists already")
            if unique_name and any(each["name"] == template["name"] for each in stored):
                raise Conflict(f"name: there is a template named {template['name']!r} already")
            return [*stored, {**template, _EXTRAS: extras}]

        await self._change(add)
        self._changes.publish(TemplateCreated(template, extras))
        return template_id

    async def update(
        self, template_id: UUID, body: Mapping[str, Any], extras: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Change a template, except its ``FIXED`` fields.

        Raises NotFound, Conflict for a built-in one, Invalid, Unavailable.
        """
        _require_own(self[template_id])
        changes = {name: value for name, value in body.items() if name not in FIXED}
        template: dict[str, Any] = {}
        new_extras: dict[str, Any] = {}

        def replace(stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
            nonlocal template, new_extras
            old = self[template_id]
            fixed = {name: old[name] for name in ("template_id", "builtin")}
            template = {**_checked({**_without_identity(old), **changes}), **fixed}
            new_extras = {**self.extras(template_id), **extras, "updated_at": now_text()}
            new = {**template, _EXTRAS: new_extras}
            return [new if each["template_id"] == str(template_id) else each for each in stored]

        await self._change(replace)
        self._changes.publish(TemplateChanged(template, new_extras))

    async def duplicate(self, template_id: UUID) -> UUID:
        """Create a copy, and return its id. Raises as ``update``."""
        source = self[template_id]
        _require_own(source)
        return await self.create(_without_identity(source), self.extras(template_id))

    async def delete(self, template_id: UUID) -> None:
        """Delete a template. Raises NotFound, Conflict for a built-in one, Unavailable."""
        template = self[template_id]
        _require_own(template)
        await self._change(lambda stored: [each for each in stored if each["template_id"] != str(template_id)])
        self._changes.publish(TemplateDeleted(template))

    async def _change(self, function: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
        await self._state.change("templates", [], function)


@frozen
class _Kept:
    """A template of a user as it is stored: the fields that GNS3 2.2 has, and those that only GNS3 3 has."""

    stored: Mapping[str, Any]
    template: dict[str, Any]
    extras: Mapping[str, Any]

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        extras = stored.get(_EXTRAS)
        template = {name: value for name, value in stored.items() if name != _EXTRAS}
        return cls(stored, template, extras if isinstance(extras, dict) else {})


def _kept(stored: Mapping[str, Any], before: Mapping[UUID, _Kept]) -> tuple[UUID, _Kept]:
    """A template with its id. One that has not changed is the same object as before."""
    template_id = parse_uuid(stored["template_id"])
    kept = before.get(template_id)
    return template_id, kept if kept is not None and kept.stored is stored else _Kept.of(stored)


def _take_id(value: object) -> UUID:
    if value is None:
        return uuid4()
    try:
        return parse_uuid(value)
    except ValueError as error:
        raise Invalid(f"template_id: {error}") from None


def _require_own(template: Mapping[str, Any]) -> None:
    if template["builtin"]:
        raise Conflict(f"Template '{template['name']}' is built in: it cannot be changed, copied or deleted")


def _without_identity(template: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in template.items() if name not in ("template_id", "builtin")}


def _checked(body: Mapping[str, Any]) -> dict[str, Any]:
    """Check a template and add its defaults. Raises Invalid."""
    template_type = body.get("template_type")
    traits = node_types.get(template_type) if isinstance(template_type, str) else None
    if traits is None or not traits.has_templates:
        raise Invalid(f"template_type: {template_type!r} is not a type of templates")
    fields = dict(body)
    if isinstance(fields.get("category"), int):
        fields["category"] = _CATEGORIES[fields["category"] % len(_CATEGORIES)]
    if fields.get("category", "guest") not in _CATEGORIES:
        raise Invalid(f"category: {fields['category']!r} is not one of {', '.join(_CATEGORIES)}")
    kind = template_class(traits)
    if kind is OtherTemplate:
        fields.setdefault("symbol", _symbol_of(traits))
        return {**fields, **attrs.asdict(structure(_lenient, fields, kind))}
    template = attrs.asdict(structure(_strict, fields, kind))
    # An extension: templates without it have GNS3's fields only.
    return {name: value for name, value in template.items() if name != "engine" or value is not None}


def node_fields(template: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a new node from the template, and its unchecked ``properties``."""
    traits = node_types[template["template_type"]]
    properties = dict(template.get("properties") or {})
    if not template["builtin"]:
        properties |= {name: value for name, value in template.items() if name not in _NOT_PROPERTIES}
    fields: dict[str, Any] = {
        "node_type": template["template_type"],
        "name": template["default_name_format"].replace("{name}", template["name"]),
        "symbol": template["symbol"],
        "template_id": UUID(template["template_id"]),
        "properties": properties,
    }
    for name in ("console_type", "console_auto_start", "engine"):
        if name in template:
            fields[name] = template[name]
    if traits.emulator is not None:
        fields |= {name: properties.pop(name) for name in _OF_NODES if name in properties}
        if traits.port_names is not None:
            fields["port_name_format"], fields["port_segment_size"] = traits.port_names
    return fields
